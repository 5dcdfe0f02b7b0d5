"""The certificates that a configuration serves: what their files say, and what is wrong with them."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mtq import certificates, tls
from mtq.authority import RENEW_BEFORE
from mtq.certificates import Chain
from mtq.config.model import Config, TlsMode
from mtq.config.read import enabled, own_certificate
from mtq.errors import MtqError


@dataclass(frozen=True)
class Pair:
    """A certificate's file and its key's, and the services that serve them."""

    services: tuple[str, ...]
    certificate: Path
    key: Path
    min_version: str
    """The highest of those that the services ask for: OpenSSL is stricter with it."""
    ours: bool
    """Whether this is the place of the certificate that mtq keeps itself."""


@dataclass(frozen=True)
class Finding:
    """What the files of a pair say. None is what cannot be known."""

    pair: Pair
    chain: Chain | None
    key_fits: bool | None
    complete: bool | None
    """Whether the chain leads to an authority: in its file, of this system, or mtq's own."""
    error: str | None
    """Why a service cannot serve it."""


def pairs(config: Config, service: str | None = None) -> list[Pair]:
    """What one service serves when it runs, or what all that are enabled do. Raises MtqError for none such."""
    chosen = enabled(config)
    if service is not None:
        if service not in config.services:
            raise MtqError(f"there is no service {service}; there are: {', '.join(config.services) or 'none'}")
        chosen = {service: config.services[service]}
        if chosen[service].tls is TlsMode.OFF:
            raise MtqError(f'{service}: it has no certificate; its tls is "off"')
    found: dict[tuple[Path, Path], dict[str, str]] = {}
    for name, settings in chosen.items():
        if settings.tls is not TlsMode.OFF:
            files = settings.certificate or config.tls.certificate, settings.key or config.tls.key
            found.setdefault(files, {})[name] = (settings.min_version or config.tls.min_version).value
    return [_pair(config, tuple(by), *files, max(by.values())) for files, by in found.items()]


def unserved(config: Config) -> list[Pair]:
    """What [tls] names, if it is there and no enabled service serves it."""
    certificate, key = config.tls.certificate, config.tls.key
    served = [(pair.certificate, pair.key) for pair in pairs(config)]
    if (certificate, key) in served or not certificate.exists():
        return []
    return [_pair(config, (), certificate, key, config.tls.min_version.value)]


def examine(pair: Pair) -> Finding:
    """Read the files. Whatever is wrong with them is in the finding."""
    try:
        chain = certificates.read_chain(pair.certificate)
    except FileNotFoundError:
        hint = " yet; `mtq cert create` makes it" if pair.ours else ""
        return Finding(pair, None, None, None, f"{pair.certificate}: is not there{hint}")
    except (MtqError, OSError) as error:
        return Finding(pair, None, None, None, _said(pair.certificate, error))
    try:
        key = certificates.read_key(pair.key)
    except (MtqError, OSError) as error:
        return Finding(pair, chain, None, chain.ends_in_root or None, _said(pair.key, error))
    if chain.leaf.public_key not in (key, b""):
        return Finding(pair, chain, False, chain.ends_in_root or None, _misfit(pair, chain, key))
    try:
        context = tls.server_context(pair.certificate, pair.key, pair.min_version)
    except tls.BadCertificate as error:
        weak = next(certificates.weaknesses(chain), None)
        refused = f"{pair.certificate}: {weak}; OpenSSL does not serve it" if weak else str(error)
        fits = key == chain.leaf.public_key or None
        return Finding(pair, chain, fits, chain.ends_in_root or None, refused)
    beside = pair.certificate.parent / "ca.pem"
    authority = beside if chain.leaf.own and beside.exists() else None
    complete = chain.ends_in_root or tls.leads_to_an_authority(context, authority)
    return Finding(pair, chain, True, complete, None)


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a finding, a line each."""

    finding: Finding
    problems: tuple[str, ...]
    """Why clients refuse what is served, or will soon, or nothing is served at all."""
    warnings: tuple[str, ...]
    """What keeps some clients out, or is meant to be so: the administrator knows."""


def judge(finding: Finding, hostname: str, now: datetime, days: int) -> Verdict:
    """Look for what goes wrong with a pair within this many days."""
    remedy = "; `mtq cert create` makes another" if _renewable(finding, now) else ""
    problems = tuple(problem + remedy for problem in _problems(finding, now, days))
    return Verdict(finding, problems, tuple(_warnings(finding, hostname)))


def _renewable(finding: Finding, now: datetime) -> bool:
    """Whether mtq made it, keeps it, and would make another now."""
    if not finding.pair.ours or finding.chain is None or not finding.chain.leaf.own:
        return False
    return finding.key_fits is False or finding.chain.not_after - now <= RENEW_BEFORE


def _problems(finding: Finding, now: datetime, days: int) -> Iterator[str]:
    file = finding.pair.certificate
    if finding.error:
        yield finding.error
    if finding.chain is not None:
        for fault in certificates.faults(finding.chain, now, days):
            yield f"{file}: {fault}"
    if finding.chain is not None and not finding.error:
        for weakness in certificates.weaknesses(finding.chain):
            yield f"{file}: {weakness}: clients of today refuse it"


def _warnings(finding: Finding, hostname: str) -> Iterator[str]:
    if finding.chain is None:
        return
    file, leaf = finding.pair.certificate, finding.chain.leaf
    if not leaf.names:
        yield f"{file}: it has no alternative names, and most clients go by nothing else"
    elif not certificates.covers(leaf.names, hostname):
        yield f"{file}: it is not for {hostname}, which is server.hostname, but for {', '.join(leaf.names)}"
    if leaf.common_name is None:
        yield f"{file}: it has no common name, and fetchmail accepts none without"
    if finding.complete is False:
        issuer = finding.chain.path[-1].issuer
        yield f"{file}: the chain ends before an authority that this system knows: {issuer} is not in the file"
    if not finding.chain.in_order:
        yield f"{file}: the certificates after the first are not in order, each followed by its issuer"
    if _open_to_all(finding.pair.key):
        yield f"{finding.pair.key}: every user of this machine can read the key; `chmod o-rwx` ends that"


def _misfit(pair: Pair, chain: Chain, key: bytes) -> str:
    for number, certificate in enumerate(chain.certificates, 1):
        if certificate.public_key == key:
            return (
                f"{pair.certificate}: the certificate that {pair.key} belongs to is number {number} in it, "
                "and has to be the first"
            )
    return f"{pair.key}: it is not the key of {pair.certificate}"


def _open_to_all(key: Path) -> bool:
    try:
        return bool(key.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False        # said already, by `examine`


def _said(file: Path, error: MtqError | OSError) -> str:
    if isinstance(error, MtqError):
        return str(error)
    return f"{file}: {(error.strerror or str(error)).lower()}"


def _pair(config: Config, services: tuple[str, ...], certificate: Path, key: Path, min_version: str) -> Pair:
    ours = certificate == own_certificate(config.server.state_dir)
    return Pair(services, certificate, key, min_version, ours)
