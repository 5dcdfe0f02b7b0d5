"""`mtq lock`: who has which mailbox, told by the running server or by the mailbox alone; and its release."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtq.mail.lock import NAME, Holder, Lock, Locks
from tests.commands.desk import Run, process, tree
from tests.house import House
from tests.mail import outsider
from tests.server.pop import Client

KEYS = ["mailbox", "user", "service", "session", "address", "since", "idle_seconds", "releases_in"]
HOLDER = Holder("fred", "pop3", "7", "192.0.2.7", "2026-11-25T08:00:00.000Z")


@contextmanager
def locked(house: House, user: str = "fred", holder: Holder = HOLDER) -> Iterator[Lock]:
    """A mailbox that a server has locked of which the control socket knows nothing."""
    house.lay(user)
    lock = Locks().take(os.fsencode(house.mailbox(user)), holder)
    yield lock
    lock.release()


@pytest.fixture
def fred(house: House) -> Iterator[Client]:
    """Fred, who holds his mailbox on a running server and has marked a message."""
    house.deliver("fred", b"one\n")
    with house.serving(), Client(house.pop3) as client:
        client.login()
        client.ask(b"DELE 1")
        yield client


# Told by the running server


def test_locks_are_listed_with_stable_keys(run: Run, house: House, fred: Client) -> None:
    outcome = run("lock", "list", "--json")
    [row] = outcome.data["locks"]
    assert (outcome.code, outcome.err) == (0, "")
    assert list(row) == KEYS
    assert (row["mailbox"], row["user"], row["service"]) == (str(house.mailbox("fred")), "fred", "pop3")
    assert row["address"] == "127.0.0.1"
    assert datetime.now(UTC) - datetime.fromisoformat(row["since"]) < timedelta(minutes=5)
    assert 0 <= row["idle_seconds"] < 60
    assert 0 < row["releases_in"] <= 60


def test_locks_are_listed_for_a_person(run: Run, house: House, fred: Client) -> None:
    heading, row = run("lock", "list").out.splitlines()
    assert heading.split() == [key.upper() for key in KEYS]
    assert row.split()[:3] == [str(house.mailbox("fred")), "fred", "pop3"]


@pytest.mark.parametrize("json", [True, False])
def test_without_a_lock_there_is_nothing_to_list(run: Run, house: House, json: bool) -> None:
    with house.serving():
        outcome = run("lock", "list", *(["--json"] if json else []))
    assert outcome.code == 0
    assert outcome.data == {"locks": []} if json else outcome.err == "No mailbox is locked.\n"


@pytest.mark.parametrize("by", ["user", "USER", "path", "path from here", "another path"])
def test_a_lock_is_shown_by_user_or_path(
    run: Run, house: House, fred: Client, by: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mailbox = house.mailbox("fred")
    (tmp_path / "link").symlink_to(mailbox)
    monkeypatch.chdir(mailbox.parent)
    named = {
        "user": "fred", "USER": "Fred", "path": str(mailbox), "path from here": "./fred/",
        "another path": str(tmp_path / "link"),
    }[by]
    outcome = run("lock", "show", named, "--json")
    assert outcome.code == 0
    assert list(outcome.data) == KEYS
    assert (outcome.data["mailbox"], outcome.data["user"]) == (str(mailbox), "fred")
    assert outcome.data["releases_in"] is not None


def test_a_lock_is_shown_to_a_person(run: Run, house: House, fred: Client) -> None:
    shown = dict(line.split(None, 1) for line in run("lock", "show", "fred").out.splitlines()[1:])
    assert list(shown) == KEYS
    assert shown["mailbox"] == str(house.mailbox("fred"))


def test_what_a_running_server_holds_is_shown_while_the_configuration_is_edited(
    run: Run, house: House, fred: Client
) -> None:
    house.file.write_text(house.file.read_text() + "\nnonsense = 1\n")
    assert run("lock", "show", "fred", "--json").data["user"] == "fred"


def test_a_lock_of_another_process_is_shown_beside_a_running_server(run: Run, house: House) -> None:
    with house.serving(), locked(house):
        outcome = run("lock", "show", "fred", "--json")
    assert (outcome.data["address"], outcome.data["releases_in"]) == ("192.0.2.7", None)


# Told by the mailbox alone


def test_without_a_server_the_mailboxes_tell(run: Run, house: House) -> None:
    with locked(house):
        outcome = run("lock", "list", "--json")
        shown = run("lock", "show", "fred", "--json")
    [row] = outcome.data["locks"]
    assert (outcome.code, outcome.err) == (0, "")
    assert row == shown.data == {
        "mailbox": str(house.mailbox("fred")),
        "user": "fred",
        "service": "pop3",
        "session": "7",
        "address": "192.0.2.7",
        "since": "2026-11-25T08:00:00.000Z",
        "idle_seconds": None,
        "releases_in": None,
    }
    assert list(row) == KEYS


def test_what_a_person_is_shown_leaves_out_what_is_not_known(run: Run, house: House) -> None:
    with locked(house):
        shown = run("lock", "show", str(house.mailbox("fred"))).out
    assert [line.split()[0] for line in shown.splitlines()] == ["FIELD", *KEYS[:6]]


def test_a_server_that_was_killed_holds_nothing(run: Run, house: House) -> None:
    house.deliver("fred", b"one\n")
    with house.process() as server, Client(house.pop3) as client:
        client.login()
        assert run("lock", "show", "fred").code == 0
        server.send_signal(signal.SIGKILL)
        server.wait()
        assert run("lock", "list", "--json").data == {"locks": []}


def test_a_lock_whose_file_tells_nothing_is_the_user_s_and_nothing_more(run: Run, house: House) -> None:
    with locked(house):
        (house.mailbox("fred") / os.fsdecode(NAME)).write_bytes(b"\xff{nonsense")
        row = run("lock", "show", "fred", "--json").data
    assert row == {**dict.fromkeys(KEYS), "mailbox": str(house.mailbox("fred")), "user": "fred"}


def test_a_mailbox_that_several_users_have_is_listed_once(run: Run, house: House) -> None:
    path = house.mailbox("fred").parent / "{local}"
    house.file.write_text(f'{house.file.read_text()}\n[mailboxes]\npath = "{path}"\n')
    house.user("fred@example.com", "secret")
    with locked(house):
        assert len(run("lock", "list", "--json").data["locks"]) == 1


def test_looking_leaves_no_trace(run: Run, house: House) -> None:
    house.lay("fred", **{"1": b"one\n"})
    before = tree(house.folder)
    run("lock", "list")
    run("lock", "show", "fred")
    assert tree(house.folder) == before


def test_a_mailbox_that_cannot_be_looked_at_is_told_of_and_the_others_are_listed(house: House) -> None:
    with outsider.public_folder() as folder:
        public = House(Path(os.fsdecode(folder)))
        for user in ("fred", "wilma"):
            public.user(user, "secret")
            public.lay(user)
        for path in (public.file, public.config.users.file):
            path.chmod(0o644)
        closed = public.mailbox("wilma") / "mtq.lock"
        closed.touch(0o600)
        with locked(public):
            (public.mailbox("fred") / "mtq.lock").chmod(0o644)
            outcome = process(
                "--config", str(public.file), "lock", "list", "--json",
                through=["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else [],
            )
        assert outcome.code == 1
        assert [row["user"] for row in outcome.data["locks"]] == ["fred"]
        assert outcome.err == f"mtq: {closed}: permission denied\n"


# The answer is no


@pytest.mark.parametrize("serving", [True, False])
@pytest.mark.parametrize("json", [True, False])
def test_a_mailbox_that_nobody_holds_is_exit_1(run: Run, house: House, serving: bool, json: bool) -> None:
    house.lay("fred")
    words = ["lock", "show", "fred", *(["--json"] if json else [])]
    if serving:
        with house.serving():
            outcome = run(*words)
    else:
        outcome = run(*words)
    assert (outcome.code, outcome.err) == (1, "fred is not locked\n")
    assert outcome.data is None if json else outcome.out == ""


def test_a_user_without_mail_yet_is_not_locked(run: Run) -> None:
    outcome = run("lock", "show", "fred")
    assert (outcome.code, outcome.err) == (1, "fred is not locked\n")


@pytest.mark.parametrize("mailbox", ["nobody", "./nowhere"])
def test_what_is_not_there_is_exit_1_and_said_to_be_so(run: Run, mailbox: str) -> None:
    outcome = run("lock", "show", mailbox)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"mtq: {mailbox}: there is no such ")


# Release


@pytest.mark.parametrize("by", ["user", "path"])
def test_a_release_ends_the_session_and_removes_nothing(run: Run, house: House, fred: Client, by: str) -> None:
    outcome = run("lock", "release", "fred" if by == "user" else str(house.mailbox("fred")))
    assert outcome.code == 0
    assert outcome.err.startswith(f"{house.mailbox('fred')} was released: session ")
    assert outcome.err.endswith(" of fred from 127.0.0.1 was ended\n")
    assert fred.line() == b"-ERR [SYS/TEMP] session ended by the administrator"
    assert fred.rest() == b""
    with Client(house.pop3) as client:
        assert client.login() == b"+OK 1 messages (5 octets)"


def test_a_quiet_release_says_nothing(run: Run, fred: Client) -> None:
    outcome = run("lock", "release", "fred", "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_a_dry_run_says_who_would_be_ended_and_ends_nobody(run: Run, fred: Client) -> None:
    outcome = run("lock", "release", "fred", "--dry-run")
    assert outcome.code == 0
    assert outcome.err.endswith(" of fred from 127.0.0.1 would be ended\n")
    assert fred.ask(b"NOOP") == b"+OK"


@pytest.mark.parametrize("mailbox", ["fred", "nobody", "./nowhere"])
def test_to_release_what_nobody_holds_changes_nothing(run: Run, house: House, mailbox: str) -> None:
    house.lay("fred")
    with house.serving():
        outcome = run("lock", "release", mailbox)
    assert (outcome.code, outcome.err) == (0, f"unchanged: {mailbox} is not locked\n")


def test_what_another_process_holds_cannot_be_released_here(run: Run, house: House) -> None:
    with house.serving(), locked(house):
        outcome = run("lock", "release", "fred")
    assert outcome.code == 1
    assert f"is locked by process {os.getpid()}, not by the server that is running" in outcome.err


def test_a_release_needs_a_server(run: Run, house: House) -> None:
    with locked(house):
        outcome = run("lock", "release", "fred")
    assert outcome.code == 4
    assert "no server is running" in outcome.err


def test_a_lock_is_not_looked_for_in_a_mailbox_that_has_gone(run: Run, house: House) -> None:
    house.lay("fred")
    shutil.rmtree(house.mailbox("fred"))
    assert run("lock", "list", "--json").data == {"locks": []}
