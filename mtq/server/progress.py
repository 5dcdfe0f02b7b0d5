"""Whether a client still reads, as the kernel sees it: its own kernel acknowledges further octets, or does not."""

import socket
import struct
from dataclasses import dataclass

# struct tcp_info of linux/tcp.h, up to tcpi_notsent_bytes
_TCP_INFO = struct.Struct("=8B24I4Q2I I")
_UNACKED, _LAST_ACK_RECEIVED, _BYTES_ACKED, _NOT_SENT = 12, 20, 34, 38
_OPTION: int | None = getattr(socket, "TCP_INFO", None)     # Linux; elsewhere a slow reader counts as idle


@dataclass(frozen=True, slots=True)
class Progress:
    """What has reached the client's machine."""

    acked: int
    """Octets acknowledged so far."""

    outstanding: bool
    """Whether something sent is not acknowledged yet."""

    last_ack: float
    """Seconds since the last acknowledgement."""


def of(sock: socket.socket | None) -> Progress | None:
    """The connection's progress; None where the system does not tell, or the connection is closed already."""
    if _OPTION is None or sock is None:
        return None
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, _OPTION, _TCP_INFO.size)
    except (OSError, ValueError):      # the latter of uvloop's sockets that are closed
        return None
    if len(raw) < _TCP_INFO.size:
        return None
    fields = _TCP_INFO.unpack(raw)
    outstanding = bool(fields[_UNACKED] or fields[_NOT_SENT])
    return Progress(fields[_BYTES_ACKED], outstanding, fields[_LAST_ACK_RECEIVED] / 1000)
