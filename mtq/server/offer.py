"""What a service offers, and to whom: worked out of the configuration once, and replaced whole when that changes."""

import os
from dataclasses import dataclass, replace
from functools import lru_cache

from mtq.access.ranges import IPv4, IPv6
from mtq.config.model import Config, Folders, Mechanism, PlaintextAuth, TlsMode
from mtq.config.model import Service as Settings
from mtq.mail import maildrop
from mtq.mail.root import MailRoot
from mtq.protocol import scram
from mtq.protocol.asks import Features
from mtq.server.house import House
from mtq.users.passwd_file import Account

PLACES = 10_000
"""Users whose mailboxes' paths are kept: they are the same at each login."""

STAMP_OCTETS = 16
"""Random octets in an APOP timestamp."""

_SASL = {Mechanism.PLAIN: b"PLAIN", Mechanism.LOGIN: b"LOGIN", Mechanism.SCRAM_SHA_256: scram.NAME}
"""In the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class _Offered:
    """Of the mechanisms: those of AUTH, and whether APOP is there."""

    mechanisms: tuple[bytes, ...]
    apop: bool


class Offer:
    """See the module's first line."""

    def __init__(self, settings: Settings, config: Config) -> None:
        self.idle_timeout = float(settings.idle_timeout)
        self.login_timeout = float(settings.login_timeout)
        self.implicit_tls = settings.tls is TlsMode.IMPLICIT
        self._starttls = settings.tls is TlsMode.STARTTLS
        self._settings = settings
        self._root = MailRoot(config.mailboxes.path)
        self._place = lru_cache(PLACES)(self._root.mailbox)
        self._maildrops = maildrop.Settings(
            self._root.folder,
            all_folders=settings.folders is Folders.ALL,
            lock=settings.lock_mailboxes,
            remove_invalid_message_id=settings.remove_invalid_message_id,
        )
        self._offered = {
            (all_plain, all_scram): _offered(settings, all_plain, all_scram)
            for all_plain in (False, True)
            for all_scram in (False, True)
        }
        self._stamp_host = _stamp_host(config.server.hostname)

    def features(self, address: IPv4 | IPv6, inside_tls: bool, house: House) -> Features:
        """What is offered to this client as things stand."""
        by_all = house.verifier.by_all()
        offered = self._offered[by_all]
        return Features(
            mechanisms=offered.mechanisms,
            clear_text=inside_tls or self._may_show_password(address, house),
            stls=self._starttls and not inside_tls,
            timestamp=self._timestamp() if offered.apop else None,
        )

    def mailbox(self, account: Account) -> tuple[bytes, maildrop.Settings]:
        """Where a user's mail is, and how it is served."""
        settings = self._maildrops
        if settings.root is None:
            settings = replace(settings, root=account.home)      # each mailbox lies in its user's home
        return self._place(account.name, account.home), settings

    def _timestamp(self) -> bytes:
        """Of the greeting, for APOP (RFC 1939, section 7). Never the same twice."""
        return f"<{os.urandom(STAMP_OCTETS).hex()}@{self._stamp_host}>".encode()

    def _may_show_password(self, address: IPv4 | IPv6, house: House) -> bool:
        match self._settings.plaintext_auth:
            case PlaintextAuth.NEVER:
                return False
            case PlaintextAuth.LOCAL:
                return address.is_loopback
            case PlaintextAuth.LAN:
                return house.is_local(address)
            case PlaintextAuth.ALWAYS:
                return True


def _offered(settings: Settings, all_plain: bool, all_scram: bool) -> _Offered:
    """What is offered if all users could log in by APOP, and if all could by SCRAM."""
    if settings.mechanisms is not None:
        listed = set(settings.mechanisms)
    else:
        # A client that is offered more than it can use gives up (PEERS: Cyrus #396, #1475).
        challenges = {Mechanism.SCRAM_SHA_256: all_scram, Mechanism.APOP: all_plain}
        usable = {each for each, by_all in challenges.items() if by_all and not settings.proxy.enabled}
        listed = {Mechanism.PLAIN, Mechanism.LOGIN} | usable
    return _Offered(tuple(name for each, name in _SASL.items() if each in listed), Mechanism.APOP in listed)


def _stamp_host(hostname: str) -> str:
    """The host in an APOP timestamp: letters, digits, dots and hyphens only, because mpop ignores others."""
    return "".join(c for c in hostname if c.isascii() and (c.isalnum() or c in ".-")) or "localhost"
