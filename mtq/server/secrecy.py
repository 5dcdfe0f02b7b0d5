"""Files that hold secrets, and whether others than those who should can read or change them."""

import asyncio
import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from mtq.config.model import Config, TlsMode
from mtq.config.read import own_certificate
from mtq.ledger import Ledger, Remark
from mtq.server.provisions import certificate_of

_OTHERS = stat.S_IWGRP | stat.S_IRWXO
"""What nobody but the owner, and a group that reads, needs of such a file."""


def exposed(config: Config) -> Iterator[str]:
    """What is to be changed about the modes of secret files, one line a file. Waits for the disk.

    A file that is not there, or lies where this process cannot even look, is nobody's concern here.
    """
    for file, kind in _secrets(config).items():
        try:
            mode = stat.S_IMODE(os.stat(file).st_mode)
        except OSError:
            continue
        if (danger := _danger(mode)) is not None:
            yield f"{file}, {kind}: {danger}; `chmod {mode & ~_OTHERS:o} {shlex.quote(str(file))}`"


def _danger(mode: int) -> str | None:
    """Who can do what by these bits; None if they are tight. A group that may read is an administrator's choice."""
    found = [verb for bit, verb in ((stat.S_IROTH, "read"), (stat.S_IWOTH, "change")) if mode & bit]
    if found:
        return f"everybody on this machine can {' and '.join(found)} it"
    return "its whole group can change it" if mode & stat.S_IWGRP else None


def _secrets(config: Config) -> dict[Path, str]:
    """Every such file once, and what it is."""
    own = own_certificate(config.server.state_dir)
    inside_tls = [service for service in config.services.values() if service.tls is not TlsMode.OFF]
    keys = [certificate_of(service, config)[1] for service in inside_tls]
    if config.tls.certificate == own:
        keys.append(own.parent / "ca.key")
    return {
        config.users.file: "the users file",
        **dict.fromkeys(keys, "a private key"),
        config.server.state_dir / "secret": "a secret of the server's",
    }


class Secrecy:
    """Looks at the files of a server again and again, and warns once of each that is open to others."""

    def __init__(self, ledger: Ledger) -> None:
        self.warnings: list[str] = []
        """What the last look has found."""

        self._ledger = ledger

    async def find(self, config: Config) -> list[str]:
        """Look; what was not so before. What has been put right is forgotten, and new if it comes again."""
        found = await asyncio.get_running_loop().run_in_executor(None, lambda: list(exposed(config)))
        news = [warning for warning in found if warning not in self.warnings]
        self.warnings = found
        return news

    async def look(self, config: Config) -> None:
        """Look, and remark what is new."""
        for warning in await self.find(config):
            self._ledger.enter(Remark("warning", warning))
