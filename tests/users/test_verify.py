"""Checking who a client is: every way to be wrong looks the same, and checks never pile up."""

import asyncio
import hashlib
import os
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path

import pytest

from mtq.errors import Code, MtqError, Refusal
from mtq.users import passwd_file, schemes, scram
from mtq.users.passwd_file import Account
from mtq.users.verify import WAITING, WRONG, Verifier

ARGON2ID = "{ARGON2ID}$argon2id$v=19$m=64,t=1,p=2$CVZs2cadqhK8CMU3ZjIHtg$yLEu38GwfcictRfeeM1pai4nocDK3eIfw0CGNAvNmv0"
"""`secret`."""

TIMESTAMP = b"<1896.697170952@dbc.mtview.ca.us>"

USERS = f"""
fred:{{PLAIN}}tanstaaf::::/home/fred::
wilma:{ARGON2ID}
barney:{{MD5-CRYPT}}$1$x
betty:secret
dino:{{ARGON2ID}}damaged
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A users file."""
    (tmp_path / "users").write_text(USERS)
    return tmp_path / "users"


@pytest.fixture
def verifier(file: Path) -> Iterator[Verifier]:
    """A verifier of this file."""
    verifier = Verifier(file)
    yield verifier
    verifier.close()


def refused(call: Coroutine[object, object, Account]) -> Refusal:
    """The refusal in which a check ends."""
    with pytest.raises(Refusal) as caught:
        asyncio.run(call)
    return caught.value


def digest(secret: bytes, timestamp: bytes = TIMESTAMP) -> bytes:
    """What an APOP client sends."""
    return hashlib.md5(timestamp + secret, usedforsecurity=False).hexdigest().encode()


# Passwords


@pytest.mark.parametrize(("user", "password"), [("fred", b"tanstaaf"), ("FRED", b"tanstaaf"), ("wilma", b"secret")])
def test_the_right_password_finds_the_account(verifier: Verifier, user: str, password: bytes) -> None:
    assert asyncio.run(verifier.password(user, password)).name == user.lower()


WAYS_TO_BE_WRONG = [
    ("fred", b"tanstaaF", "wrong password"),
    ("fred", b"", "wrong password"),
    ("wilma", b"wrong", "wrong password"),
    ("nobody", b"tanstaaf", "no such user"),
    ("nobody", b"", "no such user"),
    ("", b"tanstaaf", "no such user"),
    ("../fred", b"tanstaaf", "no such user"),
    ("fr\0ed", b"tanstaaf", "no such user"),
    ("barney", b"secret", "password scheme MD5-CRYPT is not known"),
    ("betty", b"secret", "is not known"),
    ("dino", b"damaged", "wrong password"),
]


@pytest.mark.parametrize(("user", "password", "cause"), WAYS_TO_BE_WRONG)
def test_a_client_is_told_the_same_whatever_is_wrong(
    verifier: Verifier, user: str, password: bytes, cause: str
) -> None:
    refusal = refused(verifier.password(user, password))
    assert (refusal.code, refusal.text) == (Code.AUTH, WRONG)
    assert cause in refusal.cause


def test_without_any_user_everybody_is_wrong(tmp_path: Path) -> None:
    refusal = refused(Verifier(tmp_path / "users").password("fred", b"x"))
    assert (refusal.code, refusal.text) == (Code.AUTH, WRONG)


def test_a_users_file_that_cannot_be_read_is_no_fault_of_the_client(tmp_path: Path) -> None:
    refusal = refused(Verifier(tmp_path).password("fred", b"x"))
    assert refusal.code is Code.SYS_TEMP
    assert str(tmp_path) not in refusal.text
    assert str(tmp_path) in refusal.cause


def test_a_user_that_is_added_can_log_in_at_once(verifier: Verifier, file: Path) -> None:
    assert refused(verifier.password("pebbles", b"x")).code is Code.AUTH
    passwd_file.add(file, "pebbles", "{PLAIN}x")
    assert asyncio.run(verifier.password("pebbles", b"x")).name == "pebbles"


# Checks at once


class Gate:
    """A password scheme whose checks stand and wait until the gate is opened, and which counts them."""

    costly = True

    def __init__(self) -> None:
        self.open = threading.Event()
        self.most = 0
        self.runs = 0
        self._within = 0
        self._count = threading.Lock()

    def make(self, password: bytes) -> str:
        return password.decode()

    def check(self, secret: str, password: bytes) -> bool:
        with self._count:
            self.runs += 1
            self._within += 1
            self.most = max(self.most, self._within)
        self.open.wait()
        with self._count:
            self._within -= 1
        return secret.encode() == password


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch, file: Path) -> Iterator[Gate]:
    """The gate, as the scheme of all users but one."""
    gate = Gate()
    monkeypatch.setitem(schemes.SCHEMES, "GATE", gate)
    file.write_text("fred:{GATE}x\nwilma:{PLAIN}y\n")
    yield gate
    gate.open.set()     # no thread outlives its test


CORES = len(os.sched_getaffinity(0))


def test_past_the_bound_of_waiting_checks_a_client_is_told_to_come_back(verifier: Verifier, gate: Gate) -> None:
    async def crowd() -> tuple[set["asyncio.Task[Account]"], list[Account]]:
        tasks = {asyncio.create_task(verifier.password("fred", b"x")) for _ in range(CORES + WAITING + 1)}
        early, late = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        gate.open.set()
        return early, await asyncio.gather(*late)

    early, accounts = asyncio.run(crowd())
    [refused_one] = early
    refusal = refused_one.exception()
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.SYS_TEMP
    assert len(accounts) == CORES + WAITING


def test_no_more_checks_run_at_once_than_there_are_cores(verifier: Verifier, gate: Gate) -> None:
    async def crowd() -> None:
        tasks = [asyncio.create_task(verifier.password("fred", b"x")) for _ in range(CORES + WAITING + 1)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        gate.open.set()
        await asyncio.wait(tasks)

    asyncio.run(crowd())
    assert gate.most <= CORES


def test_there_is_room_again_when_the_crowd_has_gone(verifier: Verifier, gate: Gate) -> None:
    gate.open.set()

    async def crowds() -> list[Refusal]:
        for _ in range(2):
            crowd = (verifier.password("fred", b"wrong") for _ in range(CORES + WAITING))
            outcomes = await asyncio.gather(*crowd, return_exceptions=True)
        return [outcome for outcome in outcomes if isinstance(outcome, Refusal)]

    assert [refusal.code for refusal in asyncio.run(crowds())] == [Code.AUTH] * (CORES + WAITING)


def test_a_check_that_nobody_waits_for_any_more_is_not_made(verifier: Verifier, gate: Gate) -> None:
    """Else who guesses and hangs up would keep everybody from logging in, and need no connection for it."""

    async def crowd() -> list[Account | BaseException]:
        gone = [verifier.password("fred", b"guess", lambda: False) for _ in range(WAITING)]
        gate.open.set()
        return await asyncio.gather(verifier.password("fred", b"x"), *gone, return_exceptions=True)

    outcomes = asyncio.run(crowd())
    assert gate.runs == 1
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Refusal)} == {Code.SYS_TEMP}


def test_a_cheap_check_waits_for_no_costly_one(verifier: Verifier, gate: Gate) -> None:
    async def both() -> str:
        slow = [asyncio.create_task(verifier.password("fred", b"x")) for _ in range(CORES + 1)]
        account = await verifier.password("wilma", b"y")
        assert not any(task.done() for task in slow)
        gate.open.set()
        await asyncio.wait(slow)
        return account.name

    assert asyncio.run(both()) == "wilma"


def test_an_unknown_user_costs_as_much_as_a_known_one(verifier: Verifier, gate: Gate) -> None:
    gate.open.set()
    refused(verifier.password("nobody", b"x"))
    assert gate.most == 1


# Right passwords are remembered


@pytest.fixture
def counted(gate: Gate) -> Gate:
    """The gate, wide open: it only counts the checks."""
    gate.open.set()
    return gate


async def polls(verifier: Verifier, *passwords: bytes) -> list[bool]:
    """Whether fred could log in with each, one after the other."""
    outcomes = []
    for password in passwords:
        try:
            await verifier.password("fred", password)
            outcomes.append(True)
        except Refusal:
            outcomes.append(False)
    return outcomes


def test_a_client_that_polls_costs_one_check(verifier: Verifier, counted: Gate) -> None:
    assert asyncio.run(polls(verifier, *[b"x"] * 10)) == [True] * 10
    assert counted.runs == 1


def test_a_wrong_password_is_checked_each_time(verifier: Verifier, counted: Gate) -> None:
    assert asyncio.run(polls(verifier, b"x", b"y", b"y", b"x")) == [True, False, False, True]
    assert counted.runs == 3


def test_a_changed_password_is_not_remembered(verifier: Verifier, counted: Gate, file: Path) -> None:
    async def changed_meanwhile() -> list[bool]:
        before = await polls(verifier, b"x")
        passwd_file.set_password(file, "fred", "{GATE}y")
        return before + await polls(verifier, b"x", b"y")

    assert asyncio.run(changed_meanwhile()) == [True, False, True]


def test_any_change_of_the_file_has_all_checked_again(verifier: Verifier, counted: Gate, file: Path) -> None:
    async def changed_meanwhile() -> None:
        await polls(verifier, b"x")
        passwd_file.add(file, "pebbles", "{PLAIN}z")
        await polls(verifier, b"x")

    asyncio.run(changed_meanwhile())
    assert counted.runs == 2


def test_what_is_remembered_of_one_user_opens_no_unknown_one(verifier: Verifier, counted: Gate) -> None:
    asyncio.run(polls(verifier, b"x"))
    assert refused(verifier.password("nobody", b"x")).cause == "no such user"


# What can be told at once


def at_hand(verifier: Verifier, user: str, password: bytes) -> str | None:
    account = verifier.at_hand(user, password, 0.0)
    return None if account is None else account.name


def test_a_password_that_is_cheap_to_check_is_known_at_once_when_the_file_was_read(verifier: Verifier) -> None:
    assert at_hand(verifier, "fred", b"tanstaaf") is None
    asyncio.run(verifier.look())
    assert at_hand(verifier, "FRED", b"tanstaaf") == "fred"
    assert at_hand(verifier, "fred", b"wrong") is None
    assert at_hand(verifier, "../fred", b"tanstaaf") is None
    assert at_hand(verifier, "nobody", b"tanstaaf") is None
    assert at_hand(verifier, "barney", b"secret") is None


def test_a_changed_file_is_for_a_thread_to_read(verifier: Verifier, file: Path) -> None:
    asyncio.run(verifier.look())
    passwd_file.add(file, "pebbles", "{PLAIN}z")
    assert at_hand(verifier, "fred", b"tanstaaf") is None
    asyncio.run(verifier.look())
    assert at_hand(verifier, "fred", b"tanstaaf") == "fred"


def test_a_costly_check_is_known_at_once_when_it_was_done_before(verifier: Verifier, counted: Gate) -> None:
    async def once() -> list[str | None]:
        now = asyncio.get_running_loop().time()
        await verifier.look()
        before = verifier.at_hand("fred", b"x", now)
        await verifier.password("fred", b"x")
        after = [verifier.at_hand("fred", password, now) for password in (b"x", b"y")]
        return [None if account is None else account.name for account in (before, *after)]

    assert asyncio.run(once()) == [None, "fred", None]
    assert counted.runs == 1


# APOP


def test_the_example_of_the_rfc(verifier: Verifier) -> None:
    """RFC 1939, section 7."""
    answer = b"c4c9334bac560ecc979e58001b3e22fb"
    account = asyncio.run(verifier.apop("fred", TIMESTAMP, answer))
    assert account == Account("fred", "{PLAIN}tanstaaf", "/home/fred")


@pytest.mark.parametrize(
    ("user", "answer", "cause"),
    [
        ("fred", digest(b"wrong"), "wrong password"),
        ("fred", digest(b"tanstaaf", b"<another@timestamp>"), "wrong password"),
        ("fred", digest(b"tanstaaf").upper(), "wrong password"),
        ("fred", digest(b"tanstaaf")[:-1], "wrong password"),
        ("fred", b"", "wrong password"),
        ("nobody", digest(b""), "no such user"),
        ("../fred", digest(b"tanstaaf"), "no such user"),
        ("wilma", digest(b"secret"), "APOP needs a password stored as {PLAIN}"),
        ("wilma", digest(b""), "APOP needs a password stored as {PLAIN}"),
        ("betty", digest(b"secret"), "APOP needs a password stored as {PLAIN}"),
    ],
)
def test_a_wrong_apop_is_told_like_a_wrong_password(verifier: Verifier, user: str, answer: bytes, cause: str) -> None:
    refusal = refused(verifier.apop(user, TIMESTAMP, answer))
    assert (refusal.code, refusal.text, refusal.cause) == (Code.AUTH, WRONG, cause)


# SCRAM


@pytest.fixture
def scram_users(file: Path) -> dict[str, scram.Keys]:
    """A file of users whose passwords are kept for SCRAM, and their keys."""
    entries = {"fred": scram.derive(b"one", b"s" * 16, 4096), "wilma": scram.derive(b"two", b"t" * 16, 4096)}
    file.write_text("".join(f"{name}:{{SCRAM-SHA-256}}{keys}\n" for name, keys in entries.items()))
    return entries


def keys(verifier: Verifier, user: str) -> scram.Keys:
    """What SCRAM is told of a user."""
    return asyncio.run(verifier.keys(user))


@pytest.mark.parametrize("user", ["fred", "FRED"])
def test_what_is_stored_for_scram_is_given_as_it_is(
    verifier: Verifier, scram_users: dict[str, scram.Keys], user: str
) -> None:
    assert keys(verifier, user) == scram_users["fred"]


@pytest.mark.parametrize("user", ["fred", "FRED"])
def test_from_a_plain_password_the_same_keys_are_derived_each_time(verifier: Verifier, user: str) -> None:
    found = keys(verifier, user)
    assert found == keys(verifier, "fred") == scram.derive(b"tanstaaf", found.salt, 4096)


def test_a_plain_password_is_prepared(verifier: Verifier, file: Path) -> None:
    passwd_file.add(file, "hulk", "{PLAIN}u\u0308")
    found = keys(verifier, "hulk")
    assert found == scram.derive("ü".encode(), found.salt, 4096)


STRANGERS = ["nobody", "Nobody", "", "../fred", "fr\0ed", "fr\udcffed", "x" * 500]


@pytest.mark.parametrize("user", STRANGERS)
@pytest.mark.parametrize("text", ["", "fred:{PLAIN}x\n", "wilma:" + ARGON2ID + "\n", "fred:{PLAIN}\n"])
def test_a_user_that_is_not_there_has_keys_like_others_and_always_the_same(
    verifier: Verifier, file: Path, text: str, user: str
) -> None:
    file.write_text(text)
    found = keys(verifier, user)
    assert (len(found.salt), found.iterations, len(found.stored_key), len(found.server_key)) == (16, 4096, 32, 32)
    assert found == keys(verifier, user.upper())


def test_a_user_that_is_not_there_has_the_form_of_those_that_are(verifier: Verifier, file: Path) -> None:
    file.write_text(f"fred:{{SCRAM-SHA-256}}{scram.derive(b'one', b's' * 24, 5000)}\n")
    found = keys(verifier, "nobody")
    assert (len(found.salt), found.iterations) == (24, 5000)


def test_a_user_whose_password_is_stored_otherwise_looks_like_the_others(
    verifier: Verifier, scram_users: dict[str, scram.Keys], file: Path
) -> None:
    unknown = keys(verifier, "barney")
    passwd_file.add(file, "barney", ARGON2ID)
    assert keys(verifier, "barney") == unknown


def test_a_damaged_entry_looks_like_the_others(
    verifier: Verifier, scram_users: dict[str, scram.Keys], file: Path
) -> None:
    unknown = keys(verifier, "barney")
    passwd_file.add(file, "barney", "{SCRAM-SHA-256}4096,damaged")
    assert keys(verifier, "barney") == unknown


def test_a_user_whose_password_is_plain_had_the_salt_before(verifier: Verifier, file: Path) -> None:
    file.write_text("fred:{PLAIN}tanstaaf\n")
    unknown = keys(verifier, "barney")
    passwd_file.add(file, "barney", "{PLAIN}x")
    assert keys(verifier, "barney").salt == unknown.salt
    assert keys(verifier, "barney").stored_key != unknown.stored_key


@pytest.mark.parametrize("user", ["nobody", "fred"])
def test_where_passwords_are_plain_everybody_costs_a_derivation(
    verifier: Verifier, file: Path, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    file.write_text("fred:{PLAIN}tanstaaf\n")
    assert derivations(verifier, monkeypatch, user) == 1


@pytest.mark.parametrize("user", ["nobody", "fred"])
def test_where_keys_are_stored_nobody_costs_one(
    verifier: Verifier, scram_users: dict[str, scram.Keys], monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    assert derivations(verifier, monkeypatch, user) == 0


def derivations(verifier: Verifier, monkeypatch: pytest.MonkeyPatch, user: str) -> int:
    """How often keys are worked out, off the event loop, to know those of a user."""
    within: list[threading.Thread] = []

    def counted(password: bytes, salt: bytes, iterations: int) -> scram.Keys:
        within.append(threading.current_thread())
        return derive(password, salt, iterations)

    derive = scram.derive
    monkeypatch.setattr(scram, "derive", counted)
    keys(verifier, user)
    assert threading.main_thread() not in within
    return len(within)


@pytest.mark.parametrize("user", ["nobody", "wilma"])
def test_derivations_wait_in_the_queue_of_the_checks_and_not_without_end(
    verifier: Verifier, gate: Gate, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    def derive(password: bytes, salt: bytes, iterations: int) -> scram.Keys:
        gate.check("", password)
        return scram.Keys(iterations, salt, bytes(32), bytes(32))

    monkeypatch.setattr(scram, "derive", derive)

    async def crowd() -> list[BaseException | None]:
        checks = {asyncio.create_task(verifier.password("fred", b"x"))}
        tasks = {asyncio.create_task(verifier.keys(user)) for _ in range(CORES + WAITING)}
        await asyncio.wait(checks | tasks, return_when=asyncio.FIRST_COMPLETED)
        gate.open.set()
        await asyncio.wait(checks | tasks)
        return [task.exception() for task in checks | tasks]

    [refusal] = [outcome for outcome in asyncio.run(crowd()) if outcome is not None]
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.SYS_TEMP
    assert gate.most <= CORES


def test_a_users_file_that_cannot_be_read_is_no_fault_of_a_scram_client(tmp_path: Path) -> None:
    verifier = Verifier(tmp_path)
    with pytest.raises(Refusal) as caught:
        asyncio.run(verifier.keys("fred"))
    assert caught.value.code is Code.SYS_TEMP
    assert refused(verifier.proof("fred", right=True)).code is Code.SYS_TEMP


def test_two_servers_with_one_secret_show_the_same_of_a_user_that_is_not_there(file: Path, tmp_path: Path) -> None:
    one, two, other = Verifier(file), Verifier(file), Verifier(file)
    for verifier, name in ((one, "secret"), (two, "secret"), (other, "other")):
        asyncio.run(verifier.keep_secret(tmp_path / name))
    assert keys(one, "nobody") == keys(two, "nobody")
    assert keys(one, "fred") == keys(two, "fred")
    assert keys(one, "nobody").salt != keys(other, "nobody").salt


def test_without_a_place_for_the_secret_it_is_kept_in_memory(verifier: Verifier, tmp_path: Path) -> None:
    before = keys(verifier, "nobody")
    with pytest.raises(MtqError):
        asyncio.run(verifier.keep_secret(tmp_path / "nowhere" / "secret"))
    assert keys(verifier, "nobody") == before


@pytest.mark.parametrize("user", ["fred", "Fred"])
def test_a_right_proof_finds_the_account(verifier: Verifier, user: str) -> None:
    assert asyncio.run(verifier.proof(user, right=True)).name == "fred"


@pytest.mark.parametrize(
    ("user", "right", "cause"),
    [
        ("fred", False, "wrong password"),
        ("nobody", False, "no such user"),
        ("nobody", True, "no such user"),
        ("../fred", True, "no such user"),
        ("wilma", False, "this stored password does not allow SCRAM-SHA-256"),
        ("wilma", True, "this stored password does not allow SCRAM-SHA-256"),
        ("betty", True, "this stored password does not allow SCRAM-SHA-256"),
    ],
)
def test_a_wrong_proof_is_told_like_a_wrong_password(verifier: Verifier, user: str, right: bool, cause: str) -> None:
    refusal = refused(verifier.proof(user, right))
    assert (refusal.code, refusal.text, refusal.cause) == (Code.AUTH, WRONG, cause)


def test_a_user_that_is_removed_between_proof_and_login_does_not_get_in(verifier: Verifier, file: Path) -> None:
    keys(verifier, "fred")
    passwd_file.remove(file, "fred")
    assert refused(verifier.proof("fred", right=True)).cause == "no such user"


# What a greeting offers


async def offered(verifier: Verifier) -> bool:
    """Whether a greeting would offer APOP now."""
    return verifier.by_all()[0]


async def scram_offered(verifier: Verifier) -> bool:
    """Whether a greeting would offer SCRAM-SHA-256 now."""
    return verifier.by_all()[1]


STORED = f"{{SCRAM-SHA-256}}{scram.derive(b'one', b's' * 16, 4096)}"


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("fred:{PLAIN}tanstaaf\n", True),
        (f"fred:{STORED}\n", True),
        (f"fred:{STORED}\nwilma:{{plain}}x\n", True),
        (f"fred:{STORED}\nwilma:{ARGON2ID}\n", False),
        (f"fred:{STORED}\nbetty:secret\n", False),
        (USERS, False),
        ("", False),
    ],
)
def test_scram_is_worth_an_offer_while_every_password_allows_it(
    verifier: Verifier, file: Path, text: str, worth: bool
) -> None:
    file.write_text(text)
    asyncio.run(verifier.look())
    assert asyncio.run(scram_offered(verifier)) is worth


def test_the_offer_follows_the_file(verifier: Verifier, file: Path) -> None:
    file.write_text("fred:{PLAIN}tanstaaf\n")
    asyncio.run(verifier.look())
    passwd_file.add(file, "wilma", ARGON2ID)
    asyncio.run(scram_offered(verifier))      # begins a look, which has ended when run() does
    assert asyncio.run(scram_offered(verifier)) is False


@pytest.mark.parametrize(("text", "worth"), [("fred:{PLAIN}tanstaaf\n", True), (USERS, False)])
def test_apop_is_worth_an_offer_when_every_password_is_plain(
    verifier: Verifier, file: Path, text: str, worth: bool
) -> None:
    file.write_text(text)
    asyncio.run(verifier.password("fred", b"tanstaaf"))      # has looked at the file
    assert asyncio.run(offered(verifier)) is worth


def test_a_greeting_has_the_file_looked_at_for_those_to_come(verifier: Verifier, file: Path) -> None:
    file.write_text("fred:{PLAIN}tanstaaf\n")
    asyncio.run(offered(verifier))       # run() ends when the look that was begun has ended
    assert asyncio.run(offered(verifier)) is True


def test_a_file_that_cannot_be_read_does_not_disturb_a_greeting(tmp_path: Path) -> None:
    assert asyncio.run(offered(Verifier(tmp_path))) is False
