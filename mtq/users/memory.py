"""Passwords that were found right, so that a client that polls each minute does not cost an Argon2 run each minute.

Kept are hashes under a key that is drawn at start and leaves this process never. They hold the user's stored
password, too: once that changes, what was right before is not known any more.
"""

import hashlib
import secrets
from collections import OrderedDict

from mtq.users.passwd_file import Account

KEPT = 10_000
"""Passwords that are remembered. Past that the one that was checked the longest ago goes."""

SECONDS = 3600.0
"""How long one is believed; then it is checked in full again."""


class Memory:
    """The passwords found right lately. Every call says what time it is, on a clock that only goes forward."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._checked: OrderedDict[bytes, float] = OrderedDict()      # the longest ago first

    def knows(self, account: Account, password: bytes, now: float) -> bool:
        """Whether this was found to be the account's password, not too long ago."""
        checked = self._checked.get(self._print(account, password))
        return checked is not None and now < checked + SECONDS

    def keep(self, account: Account, password: bytes, now: float) -> None:
        """Remember that this is the account's password."""
        mark = self._print(account, password)
        self._checked[mark] = now
        self._checked.move_to_end(mark)
        if len(self._checked) > KEPT:
            self._checked.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        self._checked.clear()

    def __len__(self) -> int:
        return len(self._checked)

    def _print(self, account: Account, password: bytes) -> bytes:
        mark = hashlib.blake2b(key=self._key, digest_size=16)
        for part in (account.name, account.stored):
            text = part.encode("utf-8", "surrogateescape")
            mark.update(len(text).to_bytes(4) + text)
        mark.update(password)
        return mark.digest()
