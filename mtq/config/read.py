"""From a file to a valid `Config`, or to errors that name file, line, key, what was found and what is allowed."""

import dataclasses
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard, TypeVar, cast

from mtq.config.kinds import Kind, Listen, Unfit
from mtq.config.model import UNSET, Config, Service
from mtq.config.paths import Places, around, here
from mtq.config.wording import named, unknown, wrong
from mtq.errors import ConfigInvalid

M = TypeVar("M")
KeyPath = tuple[str | int, ...]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\Z")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    path: KeyPath
    what: str

    def __str__(self) -> str:
        return f"{named(self.path)}{self.what}"


class Invalid(ConfigInvalid):
    """The file was read and is wrong. One line a problem."""

    def __init__(self, file: Path, problems: list[tuple[int, Problem]]) -> None:
        self.lines = [f"{file}:{line}: {problem}" for line, problem in problems]
        self.problems = [problem for _, problem in problems]
        super().__init__("\n".join(self.lines))


def load(file: Path, default: Places | None = None) -> Config:
    """Read and validate a configuration file. Raises ConfigInvalid."""
    return parse(text_of(file), file, default or here())


def text_of(file: Path) -> str:
    """The text of a configuration file, its line ends as they are. Raises ConfigInvalid."""
    return _decoded(fetch(file), file)


def fetch(file: Path) -> bytes:
    """What is in a configuration file. Raises ConfigInvalid."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise ConfigInvalid(f"{file}: there is no such file; `mtq init` writes a safe configuration") from None
    except OSError as error:
        raise ConfigInvalid(f"{file}: {(error.strerror or str(error)).lower()}") from None


def parse_bytes(raw: bytes, file: Path, default: Places) -> Config:
    """Validate the content of a configuration file, as `parse` does its text. Raises ConfigInvalid."""
    return parse(_decoded(raw, file), file, default)


def _decoded(raw: bytes, file: Path) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigInvalid(f"{file}:{line}: not UTF-8, which TOML has to be") from None


def control_socket(file: Path) -> Path | None:
    """Where a server that runs with this file listens, even if the file is wrong by now; None if it does not say."""
    try:
        server = _server_table(text_of(file))
    except ConfigInvalid:
        return None
    if server is None:
        return None
    base, default = file.parent, around(file, here())
    if isinstance(given := server.get("control_socket"), str):
        return base / given
    if isinstance(state := server.get("state_dir"), str) and not default.privileged:
        return base / state / "control.sock"
    return default.control_socket


def _server_table(text: str) -> Mapping[str, object] | None:
    """What stands in [server], whatever is wrong elsewhere; None if that table itself is no TOML."""
    whole = _server_in(text)
    if whole is not None:
        return whole
    server: dict[str, object] = {}
    for part in re.split(r"^(?=[ \t]*\[)", text, flags=re.MULTILINE):
        found = _server_in(part)
        if found is None and "server" in part:
            return None
        server |= found or {}
    return server


def _server_in(text: str) -> Mapping[str, object] | None:
    """The same; None for any text that is no TOML."""
    try:
        found = tomllib.loads(text).get("server", {})
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else {}


def parse(text: str, file: Path, default: Places) -> Config:
    """Validate the text of a configuration file and fill in the defaults of its place. Raises ConfigInvalid."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, where = str(error).rpartition(" (at ")      # the last: a key may hold such words, too
        match = re.match(r"line (\d+)", where)
        line = int(match.group(1)) if match else text.count("\n") + 1
        raise ConfigInvalid(f"{file}:{line}: not TOML: {message[:1].lower()}{message[1:]}") from None
    except (ValueError, RecursionError) as error:       # a number of thousands of digits, tables thousands deep
        raise ConfigInvalid(f"{file}: too much for a configuration: {error}") from None
    problems: list[Problem] = []
    config = _table(Config, found, (), file.parent, problems)
    if not problems:
        problems += _contradictions(config)
    if problems:
        from mtq.config.locate import line_of

        raise Invalid(file, sorted(((line_of(text, p.path), p) for p in problems), key=lambda item: item[0]))
    return _fill(config, file.parent, around(file, default))


def _table(
    model: type[M], found: Mapping[str, object], path: KeyPath, base: Path, problems: list[Problem]
) -> M:
    """One table of the file as a dataclass. What is wrong goes into `problems`."""
    fields = {field.name: field for field in dataclasses.fields(cast(Any, model))}
    values: dict[str, object] = {}
    for name, value in found.items():
        here = (*path, name)
        field = fields.get(name)
        if field is None:
            problems.append(Problem(here, unknown(name, fields)))
        elif "table" in field.metadata:
            if _is_table(value, here, problems):
                values[name] = _table(field.metadata["table"], value, here, base, problems)
        elif "tables" in field.metadata:
            if _is_table(value, here, problems):
                names = field.metadata.get("names", _NameKind())
                values[name] = _named_tables(field.metadata["tables"], names, value, here, base, problems)
        else:
            values[name] = _value(field.metadata["kind"], value, here, base, problems)
    return model(**values)


@dataclass(frozen=True)
class _NameKind:
    """What is named here by the person who writes."""

    allowed = "letters, digits, dots, hyphens and underscores, 63 at most"

    def read(self, found: object) -> str:
        if not isinstance(found, str) or not _NAME.match(found):
            raise Unfit(found)
        return found


def _named_tables(
    model: type[M],
    names: Kind[str],
    found: Mapping[str, object],
    path: KeyPath,
    base: Path,
    problems: list[Problem],
) -> dict[str, M]:
    tables: dict[str, M] = {}
    for name, value in found.items():
        here = (*path, name)
        try:
            names.read(name)
        except Unfit:
            problems.append(Problem(here, f": found this name; allowed is {names.allowed}"))
            continue
        if _is_table(value, here, problems):
            tables[name] = _table(model, value, here, base, problems)
    return tables


def _is_table(value: object, path: KeyPath, problems: list[Problem]) -> TypeGuard[dict[str, object]]:
    if isinstance(value, dict):
        return True
    problems.append(Problem(path, wrong(value, "a table")))
    return False


def _value(kind: Kind[object], value: object, path: KeyPath, base: Path, problems: list[Problem]) -> object:
    try:
        read = kind.read(value)
    except Unfit as unfit:
        where = path if unfit.item is None else (*path, unfit.item)
        problems.append(Problem(where, wrong(unfit.found, kind.allowed)))
        return None
    return base / read if isinstance(read, Path) else read


def _contradictions(config: Config) -> Iterator[Problem]:
    """What is wrong between keys that are each right."""
    taken: dict[int, list[tuple[Listen, str]]] = {}
    for name, service in config.services.items():
        if bool(service.certificate) != bool(service.key):
            yield Problem(("services", name), ": certificate and key come together")
        if service.proxy.dialup.enabled and not service.proxy.dialup.up:
            yield Problem(("services", name, "proxy", "dialup"), ": enabled without a command in up")
        if not service.enabled:
            continue
        for listen in service.listen:
            for other, owner in taken.setdefault(listen.port, []):
                if _clash(listen, other):
                    yield Problem(
                        ("services", name, "listen"),
                        f": port {listen.port} is taken by services.{owner}; allowed is another port, "
                        "or a different address in each",
                    )
            taken[listen.port].append((listen, name))
    if (metrics := config.server.metrics_listen) is not None:
        for other, owner in taken.get(metrics.port, ()):
            if _clash(metrics, other):
                yield Problem(("server", "metrics_listen"), f": port {metrics.port} is taken by services.{owner}")
    if (config.tls.certificate == UNSET) != (config.tls.key == UNSET):
        yield Problem(("tls",), ": certificate and key come together")


def _clash(one: Listen, other: Listen) -> bool:
    return one.address is None or other.address is None or one.address == other.address


def _fill(config: Config, base: Path, default: Places) -> Config:
    """Put the place's defaults where nothing was given."""
    server = config.server
    own_state = server.state_dir != UNSET
    state = server.state_dir if own_state else default.state
    socket_default = state / "control.sock" if own_state and not default.privileged else default.control_socket
    tls = config.tls
    if tls.certificate == UNSET:
        tls = dataclasses.replace(tls, certificate=own_certificate(state), key=own_key(state))
    mail = config.mailboxes.path
    return dataclasses.replace(
        config,
        server=dataclasses.replace(
            server,
            hostname=server.hostname or os.uname().nodename,
            state_dir=state,
            control_socket=server.control_socket if server.control_socket != UNSET else socket_default,
        ),
        mailboxes=dataclasses.replace(
            config.mailboxes,
            path=os.path.join(base, mail) if mail and not mail.startswith("{home}") else mail
            or f"{state}/mail/{{user}}",
        ),
        users=dataclasses.replace(config.users, file=base / config.users.file),
        tls=tls,
    )


def own_certificate(state: Path) -> Path:
    """Where the certificate is that mtq makes itself."""
    return state / "tls" / "server.pem"


def own_key(state: Path) -> Path:
    """Its key."""
    return state / "tls" / "server.key"


def enabled(config: Config) -> dict[str, Service]:
    """The services that start with the server."""
    return {name: service for name, service in config.services.items() if service.enabled}


def named_files(config: Config) -> list[tuple[str, Path]]:
    """Certificates, keys and lists that the configuration names: key and path. The users file is none of them."""
    files: list[tuple[str, Path | None]] = [("tls.certificate", config.tls.certificate), ("tls.key", config.tls.key)]
    for name, service in config.services.items():
        keys = ("certificate", "key", "firewall_file")
        files += [(f"services.{name}.{key}", getattr(service, key)) for key in keys]
        files.append((f"services.{name}.proxy.ca_file", service.proxy.ca_file))
        files += [
            (named(("services", name, "proxy", "targets", host, "ca_file")), target.ca_file)
            for host, target in service.proxy.targets.items()
        ]
    return [(key, path) for key, path in files if path is not None]


def missing_files(config: Config) -> list[tuple[str, Path]]:
    """Files that the configuration names and that are not there: key and path. mtq's own certificate is made."""
    own = config.tls.certificate == own_certificate(config.server.state_dir)
    made = (config.tls.certificate, config.tls.key) if own else ()
    return [(key, path) for key, path in named_files(config) if path not in made and not path.exists()]
