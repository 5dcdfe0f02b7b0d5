"""Why a proxied login is refused: what the client is told of it, and what the log."""

import errno
import ssl
from enum import Enum

from mtq.access.servers import Server
from mtq.errors import Code, Refusal
from mtq.protocol.client import Reply


class NotAllowed(Refusal):
    """The target is not to be used: nothing is connected. `reason` names the rule, for the log alone."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(Code.AUTH, text, reason)


class SaidNo(Refusal):
    """The remote server said no. The client gets its words."""

    def __init__(self, reply: Reply, server: Server, to_login: bool) -> None:
        code = reply.code
        if code is Code.NONE and not to_login:
            code = Code.SYS_TEMP      # it was not asked about a password yet: the client's is not wrong
        super().__init__(code, reply.text or "the remote server says no", f"{server} says no: {reply.text}")
        self._to_login = to_login

    @property
    def counts(self) -> bool:
        """A no without a code is what old servers say to a wrong password."""
        return self._to_login and is_about_password(self.code)


def is_about_password(code: Code) -> bool:
    """Whether a no with this code may be one to the name or password; the others say that it was not looked at."""
    return code in (Code.AUTH, Code.NONE)


class Trouble(Enum):
    """What failed, as the client is told."""

    LINK = "the dial-up link does not come up"
    NAME = "name not found"
    ROUTE = "no route"
    REFUSED = "connection refused"
    TIME_OUT = "time-out"
    CERTIFICATE = "certificate not trusted"
    TLS = "no TLS"
    HUNG_UP = "it hung up"
    BABBLE = "it does not speak POP3"


class Unreachable(Refusal):
    """The remote server cannot be reached, or not be talked to. `detail` is for the log alone."""

    def __init__(self, trouble: Trouble, server: Server, detail: str = "") -> None:
        super().__init__(
            Code.SYS_TEMP,
            f"cannot reach {server}: {trouble.value}",
            f"cannot reach {server}: {trouble.value}" + (f" ({detail})" if detail else ""),
        )
        self.trouble = trouble
        self.detail = detail


_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL)


def unreachable(error: OSError, server: Server) -> Unreachable:
    """What an error of the system or of TLS means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unreachable(Trouble.CERTIFICATE, server, error.verify_message)
    if isinstance(error, ssl.SSLEOFError):
        return Unreachable(Trouble.HUNG_UP, server)
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error) or "handshake failed"
        return Unreachable(Trouble.TLS, server, reason.replace("_", " ").lower())
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(Trouble.REFUSED, server)
    if isinstance(error, TimeoutError):
        return Unreachable(Trouble.TIME_OUT, server)
    detail = (error.strerror or str(error) or type(error).__name__).lower()
    if isinstance(error, ConnectionError):
        return Unreachable(Trouble.HUNG_UP, server, detail)
    return Unreachable(Trouble.ROUTE, server, "" if error.errno in _ROUTE else detail)
