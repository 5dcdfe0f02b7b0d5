"""What the server may ask for that can take root: its configuration, ports, and the files that it names."""

import socket
from pathlib import Path
from typing import Protocol

from mtq.config.kinds import Listen
from mtq.config.model import Config
from mtq.config.paths import Places
from mtq.config.read import load
from mtq.server import listeners


class Privileges(Protocol):
    """See the module's first line. Each call may block; any thread may make it, but not the event loop's."""

    def config(self) -> Config:
        """The configuration as it stands on disk; from now on it says what `bind` and `read` give.

        Raises ConfigInvalid; then the last one counts on.
        """

    def peek(self) -> Config:
        """The same, to look at: what `bind` and `read` give does not change. Raises ConfigInvalid."""

    def bind(self, listen: Listen) -> list[socket.socket]:
        """The listening sockets of a place where one of the configuration's services listens. Raises CannotListen."""

    def read(self, file: Path) -> bytes:
        """The content of a certificate, key or list that the configuration names. Raises OSError, MtqError."""


class Direct:
    """All by the process itself, with the rights that it has."""

    def __init__(self, file: Path, default: Places) -> None:
        self._file = file
        self._default = default

    def config(self) -> Config:
        """See Privileges."""
        return load(self._file, self._default)

    def peek(self) -> Config:
        """See Privileges."""
        return load(self._file, self._default)

    def bind(self, listen: Listen) -> list[socket.socket]:
        """See Privileges."""
        return listeners.bind(listen)

    def read(self, file: Path) -> bytes:
        """See Privileges."""
        return file.read_bytes()
