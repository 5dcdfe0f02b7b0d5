"""What root does for the worker, and nothing else. The worker may be in a stranger's hands."""

import os
from pathlib import Path

from mtq.config.kinds import Listen
from mtq.config.model import Config
from mtq.config.paths import Places
from mtq.config.read import fetch, named_files, parse_bytes
from mtq.errors import MtqError
from mtq.memfile import memfile
from mtq.server import listeners
from mtq.server.listeners import CannotListen
from mtq.server.privsep import wire
from mtq.server.privsep.account import Account
from mtq.server.privsep.opening import open_as_root


class Grants:
    """Judged by the configuration in use: the one the worker started with, or the last that it was given since.

    A place to listen that was given once is given again: a service that cannot go by its new settings goes back to
    the old ones. The worker could have kept it anyway.
    """

    def __init__(self, config: Config, file: Path, default: Places, account: Account) -> None:
        self._config = config
        self._file = file
        self._default = default
        self._account = account
        self._given: set[Listen] = set()

    def carry_out(self, asked: wire.Configuration | wire.Bind | wire.Read) -> list[int]:
        """Open what is asked for: the caller's to close. Raises MtqError, OSError."""
        match asked:
            case wire.Configuration(to_look_at):
                return [self._configuration(to_look_at)]
            case wire.Bind(listen):
                return self._bind(listen)
            case wire.Read(file):
                return [self._open(file)]

    def _configuration(self, to_look_at: bool) -> int:
        raw = fetch(self._file)
        config = parse_bytes(raw, self._file, self._default)
        if not to_look_at:
            self._config = config
        # A copy, so that both read the same while somebody writes.
        with memfile(raw) as copy:
            return os.dup(copy.fileno())

    def _bind(self, listen: Listen) -> list[int]:
        if listen not in self._given and not any(listen in s.listen for s in self._config.services.values()):
            raise CannotListen(f"port {listen}: no service of the configuration in use listens there")
        bound = listeners.bind(listen)
        self._given.add(listen)
        return [sock.detach() for sock in bound]

    def _open(self, file: Path) -> int:
        if all(file != named for _, named in named_files(self._config)):
            raise MtqError(f"{file}: the configuration in use does not name it")
        return open_as_root(file, self._account)
