"""`mtq mailbox import`: what it says and its exit codes. What it does with mail is in tests/mail/test_imports.py."""

import os
from pathlib import Path

import pytest

from tests.commands.desk import Run, at_a_terminal, process, tree
from tests.house import House

FROM = b"From wilma@bedrock.example Wed Nov 25 08:00:00 2026\n"


def mbox(house: House, count: int = 3) -> Path:
    """An mbox with so many messages."""
    path = house.folder / "old.mbox"
    path.write_bytes(b"".join(FROM + b"Subject: %d\n\nYabba\n\n" % number for number in range(count)))
    return path


def maildir(house: House) -> Path:
    """A Maildir with a message, and one in a folder."""
    path = house.folder / "old"
    for place in ("cur", "new", "tmp", ".Work/cur"):
        (path / place).mkdir(parents=True)
    (path / "cur" / "160.host:2,S").write_bytes(b"Subject: hi\n")
    (path / ".Work" / "cur" / "161.host:2,S").write_bytes(b"Subject: ho\n")
    return path


def test_an_mbox_is_imported(run: Run, house: House) -> None:
    outcome = run("mailbox", "import", "Fred", str(mbox(house)))
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == f"3 of 3 messages were imported into {house.mailbox('fred')}\n"
    assert house.stored("fred") == [b"Subject: %d\n\nYabba\n" % number for number in range(3)]


def test_the_same_again_is_unchanged(run: Run, house: House) -> None:
    path = mbox(house)
    run("mailbox", "import", "fred", str(path))
    before = tree(house.mailbox("fred"))
    outcome = run("mailbox", "import", "fred", str(path))
    assert outcome.code == 0
    assert outcome.err == f"unchanged: {path} has no message that was not imported before\n"
    assert tree(house.mailbox("fred")) == before


def test_a_maildir_is_imported_and_its_folders_are_named(run: Run, house: House) -> None:
    outcome = run("mailbox", "import", "fred", str(maildir(house)))
    assert outcome.code == 0
    assert outcome.err.splitlines() == [
        "left alone: the folders .Work; each can be imported by its own path",
        f"1 of 1 messages were imported into {house.mailbox('fred')}",
    ]
    assert house.stored("fred") == [b"Subject: hi\n"]


def test_json_has_stable_keys(run: Run, house: House) -> None:
    run("mailbox", "import", "fred", str(mbox(house, 2)))
    outcome = run("mailbox", "import", "fred", str(mbox(house, 3)), "--json", "--quiet")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.data == {
        "user": "fred",
        "mailbox": str(house.mailbox("fred")),
        "kind": "mbox",
        "messages": 3,
        "imported": 1,
        "known": 2,
    }


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(run: Run, house: House) -> None:
    path = mbox(house)
    before = tree(house.folder)
    outcome = run("mailbox", "import", "fred", str(path), "--dry-run")
    assert outcome.code == 0
    assert outcome.err == f"3 of 3 messages would be imported into {house.mailbox('fred')}\n"
    assert tree(house.folder) == before


def test_quiet_says_nothing(run: Run, house: House) -> None:
    path = str(mbox(house))
    assert run("mailbox", "import", "fred", path, "--quiet").err == ""
    assert run("mailbox", "import", "fred", path, "--quiet").err == ""


def test_on_a_terminal_there_is_a_bar(house: House) -> None:
    shown = at_a_terminal("--config", str(house.file), "mailbox", "import", "fred", str(mbox(house))).out
    assert "importing for fred" in shown
    assert "100%" in shown
    assert "3 of 3 messages were imported" in shown


def test_quiet_on_a_terminal_shows_no_bar(house: House) -> None:
    path = str(mbox(house))
    assert at_a_terminal("--config", str(house.file), "mailbox", "import", "fred", path, "--quiet").out == ""


def test_one_that_is_interrupted_says_how_far_it_came_and_goes_on(house: House) -> None:
    command = ("--config", str(house.file), "mailbox", "import", "fred", str(mbox(house, 200)))
    # What runs the tests may have been started in the background, where Ctrl-C is ignored.
    listening = ("env", "--default-signal=INT")
    interrupted = (*listening, "strace", "--output", os.devnull, "--inject", "rename:signal=INT:when=20")
    outcome = process(*command, through=interrupted)
    done = len(house.stored("fred"))
    assert 0 < done < 200
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("mtq: broken off; ")
    assert outcome.err.endswith(" messages were imported; the same command goes on\n")
    assert process(*command).err == f"{200 - done} of 200 messages were imported into {house.mailbox('fred')}\n"
    assert len(house.stored("fred")) == 200


def test_a_disk_that_is_full_is_told_of(house: House) -> None:
    path = house.folder / "old.mbox"
    path.write_bytes(FROM + b"Subject: big\n\n" + b"x" * 300_000)
    full = ("sh", "-c", 'ulimit -f 100; exec "$@"', "sh")
    outcome = process("--config", str(house.file), "mailbox", "import", "fred", str(path), through=full)
    assert outcome.code == 1
    assert outcome.err == "mtq: file too large; 0 messages were imported; the same command goes on\n"


# What cannot be


def test_a_user_that_is_not_there_is_exit_code_1(run: Run, house: House) -> None:
    outcome = run("mailbox", "import", "wilma", str(mbox(house)))
    assert outcome.code == 1
    assert outcome.err == f"mtq: wilma: there is no such user in {house.config.users.file}\n"


def test_a_path_that_leads_to_no_mail_is_exit_code_1_with_what_was_found(run: Run, house: House) -> None:
    outcome = run("mailbox", "import", "fred", str(house.file))
    assert outcome.code == 1
    assert outcome.err == (
        f"mtq: {house.file}: neither an mbox nor a Maildir but a file that does not begin with a line `From …`\n"
    )
    assert not house.mailbox("fred").exists()


def test_a_path_that_leads_nowhere_is_exit_code_1(run: Run, house: House) -> None:
    outcome = run("mailbox", "import", "fred", str(house.folder / "nothing"))
    assert outcome.code == 1
    assert outcome.err == f"mtq: {house.folder}/nothing: no such file or directory\n"


@pytest.mark.parametrize("arguments", [("fred",), (), ("fred", "a", "b"), ("fred", "a", "--nonsense")])
def test_wrong_usage_is_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("mailbox", "import", *arguments).code == 2


def test_a_missing_mail_root_is_not_made(run: Run, house: House) -> None:
    """It may be a disk that is not mounted."""
    root = house.mailbox("fred").parent
    root.rmdir()
    outcome = run("mailbox", "import", "fred", str(mbox(house)))
    assert outcome.code == 1
    assert outcome.err == f"mtq: {root}: the folder of the mailboxes is not there; `mtq init` makes it\n"
    assert not root.exists()
