"""Whether a client is who it says it is, found out without holding up the event loop."""

import asyncio
import hashlib
import hmac
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from mtq.errors import Code, Refusal
from mtq.users import schemes, scram
from mtq.users.decoys import Decoys
from mtq.users.memory import Memory
from mtq.users.passwd_file import Account, UsersUnreadable, canonical
from mtq.users.secret import SECRET_OCTETS, kept
from mtq.users.watched import Watched

T = TypeVar("T")

WRONG = "wrong user name or password"
"""What a client is told, whatever was wrong."""

BUSY = "too many logins at the moment, try again later"

LOOK_AGAIN = 1.0
"""Seconds after which a greeting has the users file looked at again."""

WAITING = 64
"""Checks that may wait for a core. Past that a client is told to try again later: an Argon2 run takes 64 MiB."""


class Verifier:
    """Checks credentials against the users file. One costly check a core at a time."""

    def __init__(self, file: Path, heed: Callable[[], None] = lambda: None) -> None:
        """`heed` is called when the file was read anew, in the thread that has read it."""
        self._heed = heed
        self._watched = Watched(file, heed)
        self._cores = max(1, len(os.sched_getaffinity(0)))
        self._pool = ThreadPoolExecutor(self._cores, thread_name_prefix="password")
        self._running = 0
        self._looked = float("-inf")
        self._memory = Memory()
        self._remembered_of = (file, 0)      # the reading of the users file that the memory belongs to
        self._decoys = Decoys(os.urandom(SECRET_OCTETS))

    def turn_to(self, file: Path) -> None:
        """Go by this users file from now on."""
        if file != self._watched.file:
            self._watched = Watched(file, self._heed)
            self._looked = float("-inf")

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def look(self) -> None:
        """Read the users before the first client comes. One that cannot be read is told to who logs in."""
        with suppress(Refusal):
            await self._find("")

    async def keep_secret(self, file: Path) -> None:
        """Make up unknown users by the secret in this file, which is made if need be. Raises MtqError.

        Without it they look different after a restart, which tells them from the others.
        """
        self._decoys = Decoys(await asyncio.get_running_loop().run_in_executor(None, kept, file))

    def by_all(self) -> tuple[bool, bool]:
        """Whether every user could log in by APOP, and whether by SCRAM-SHA-256, as of the last look at the file.

        For a greeting, which must not wait for a disk: a new look is on its way.
        """
        now = asyncio.get_running_loop().time()
        if now - self._looked > LOOK_AGAIN:
            self._looked = now
            look = asyncio.get_running_loop().run_in_executor(None, self._look_up, None)
            look.add_done_callback(_let_pass)
        return self._watched.all_plain, self._watched.all_scram

    async def password(
        self, user: str, password: bytes, waited_for: Callable[[], bool] = lambda: True
    ) -> Account:
        """The account, if this is its password. Raises Refusal.

        For a user that is not there another's password is checked, so that the work done does not tell. `waited_for`
        is asked, by another thread, when a costly check's turn has come: one for a client that is gone is not made.
        """
        account, stand_in = await self._find(user)
        if stand_in is None:
            raise Refusal(Code.AUTH, WRONG, "there are no users")
        try:
            scheme = schemes.of(stand_in)
        except schemes.UnknownScheme as unknown:
            raise Refusal(Code.AUTH, WRONG, f"password scheme {unknown} is not known") from None
        right = await self._check(scheme, stand_in, password, waited_for)
        if account is None:
            raise Refusal(Code.AUTH, WRONG, "no such user")
        if not right:
            raise Refusal(Code.AUTH, WRONG, "wrong password")
        return account

    def at_hand(self, user: str, password: bytes, now: float) -> Account | None:
        """The account, if this is its password and that can be told at once; None: ask `password`.

        For the event loop, whose time is `now`.
        """
        try:
            accounts = self._watched.at_hand()
            account = None if accounts is None else accounts.get(user.lower())
            if account is None:
                return None
            scheme = schemes.of(account)
        except (UsersUnreadable, schemes.UnknownScheme):
            return None
        if scheme.costly:
            current = self._remembered_of == (self._watched.file, self._watched.readings)
            right = current and self._memory.knows(account, password, now)
        else:
            right = scheme.check(account.secret, password)
        return account if right else None

    async def _check(
        self, scheme: schemes.Scheme, account: Account, password: bytes, waited_for: Callable[[], bool]
    ) -> bool:
        if not scheme.costly:
            return scheme.check(account.secret, password)
        memory, now = self._memory, asyncio.get_running_loop().time()
        reading = (self._watched.file, self._watched.readings)
        if self._remembered_of != reading:
            memory.clear()
            self._remembered_of = reading
        if memory.knows(account, password, now):
            return True
        right = await self._in_thread(lambda: scheme.check(account.secret, password) if waited_for() else None)
        if right is None:
            raise Refusal(Code.SYS_TEMP, BUSY, "the client has gone before its password was checked")
        if right:
            memory.keep(account, password, now)
        return right

    async def apop(self, user: str, timestamp: bytes, digest: bytes) -> Account:
        """The account, if the digest is of the timestamp and its password (RFC 1939, section 7). Raises Refusal."""
        account, _ = await self._find(user)
        known = account is not None and account.scheme == "PLAIN" and bool(account.secret)
        secret = account.secret.encode("utf-8", "surrogateescape") if account and known else b""
        wanted = hashlib.md5(timestamp + secret, usedforsecurity=False).hexdigest().encode()
        right = hmac.compare_digest(wanted, digest)
        if account is None:
            raise Refusal(Code.AUTH, WRONG, "no such user")
        if not known:
            raise Refusal(Code.AUTH, WRONG, "APOP needs a password stored as {PLAIN}")
        if not right:
            raise Refusal(Code.AUTH, WRONG, "wrong password")
        return account

    async def keys(self, user: str) -> scram.Keys:
        """What SCRAM has to know of a user's password. Raises Refusal.

        A user that is not there, or whose stored password does not allow it, gets keys that no proof fits, of a form
        that others have and with as much work.
        """
        account, stand_in = await self._find(user)
        name = user.lower() if account is None else account.name
        # Keys are made up for those that have some, and an entry is read for those that have none.
        form = self._decoys.form(name, self._watched.scram_forms)
        made_up = self._decoys.keys(name, form)
        usable = None if stand_in is None else scram.usable(stand_in.scheme, stand_in.secret)
        match None if account is None else usable:
            case scram.Keys() as keys:
                return keys
            case bytes() as password:
                return await self._derived(password, self._decoys.salt(name, scram.DERIVED))
            case None if form.derived:
                return await self._derived(made_up.stored_key, made_up.salt)
            case None:
                return made_up

    async def proof(self, user: str, right: bool) -> Account:
        """The account, if the proof of its SCRAM exchange was right. Raises Refusal."""
        account, _ = await self._find(user)
        if account is None:
            raise Refusal(Code.AUTH, WRONG, "no such user")
        if scram.usable(account.scheme, account.secret) is None:
            raise Refusal(Code.AUTH, WRONG, "this stored password does not allow SCRAM-SHA-256")
        if not right:
            raise Refusal(Code.AUTH, WRONG, "wrong password")
        return account

    async def _derived(self, password: bytes, salt: bytes) -> scram.Keys:
        return await self._in_thread(lambda: scram.derive(scram.prepared(password), salt, scram.ITERATIONS))

    async def _find(self, user: str) -> tuple[Account | None, Account | None]:
        """The account of this name, and the one to check: the same or, for an unknown name, any."""
        try:
            return await asyncio.get_running_loop().run_in_executor(None, self._look_up, canonical(user))
        except UsersUnreadable as error:
            raise Refusal(Code.SYS_TEMP, "users cannot be looked up at the moment", str(error)) from None

    def _look_up(self, name: str | None) -> tuple[Account | None, Account | None]:
        accounts = self._watched.accounts()
        account = accounts.get(name) if name is not None else None
        return account, account or next(iter(accounts.values()), None)

    async def _in_thread(self, check: Callable[[], T]) -> T:
        if self._running >= self._cores + WAITING:
            raise Refusal(Code.SYS_TEMP, BUSY)
        self._running += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, check)
        finally:
            self._running -= 1


def _let_pass(look: "asyncio.Future[tuple[Account | None, Account | None]]") -> None:
    # A file that cannot be read is told to the client that logs in, and logged there.
    if not look.cancelled():
        look.exception()
