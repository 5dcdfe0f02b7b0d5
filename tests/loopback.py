"""The loopback interface of a new network namespace. `python loopback.py COMMAND…` brings it up, runs the command."""

import fcntl
import os
import socket
import struct
import sys

SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def up() -> None:
    """Bring it up. Raises OSError where that is not allowed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


if __name__ == "__main__":
    up()
    os.execvp(sys.argv[1], sys.argv[1:])
