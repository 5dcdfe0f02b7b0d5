"""The users file as a server sees it: read again when it has changed, and summed up for what is offered."""

import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from mtq.users import scram
from mtq.users.passwd_file import Account, UsersUnreadable, read


class Watched:
    """The accounts of a file, read again when the file has changed."""

    def __init__(self, file: Path, heed: Callable[[], None] = lambda: None) -> None:
        """`heed` is called after each reading."""
        self.file = file
        self._path = str(file)      # which os.stat takes quicker than a Path
        self._heed = heed
        self._reading = threading.Lock()      # logins look from several threads: the newest reading has to stand
        self._seen: tuple[int, ...] | None = None
        self._accounts: dict[str, Account] = {}
        self.readings = 0      # how often the file was read: another number is another file
        # Of the file as last read, if it has any users:
        self.all_plain = False
        self.all_scram = False
        self.scram_forms: Counter[scram.Form] = Counter()

    def accounts(self) -> dict[str, Account]:
        """The accounts now; one stat when nothing has changed. Raises UsersUnreadable."""
        with self._reading:
            return self._look()

    def at_hand(self) -> dict[str, Account] | None:
        """The same for the event loop: None if the file has changed and has to be read. Raises UsersUnreadable."""
        if not self._reading.acquire(blocking=False):
            return None
        try:
            return self._accounts if self._stamp() == self._seen else None
        finally:
            self._reading.release()

    def _look(self) -> dict[str, Account]:
        seen = self._stamp()
        if seen != self._seen:
            self._accounts = read(self.file)
            self._seen = seen
            self.readings += 1
            self._sum_up()
            self._heed()
        return self._accounts

    def _stamp(self) -> tuple[int, ...]:
        """Of the file as it is now; empty: there is none."""
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise UsersUnreadable(f"{self.file}: {(error.strerror or str(error)).lower()}") from None
        return status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev

    def _sum_up(self) -> None:
        accounts = self._accounts.values()
        schemes = {account.scheme for account in accounts}
        self.all_plain = schemes == {"PLAIN"}
        self.all_scram = bool(schemes) and schemes <= scram.SCHEMES
        forms = (scram.form(account.scheme, account.secret) for account in accounts)
        self.scram_forms = Counter(form for form in forms if form is not None)
