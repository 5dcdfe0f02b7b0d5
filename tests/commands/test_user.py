"""`mtq user`: listing, adding, checking; and passwords, which are seen nowhere."""

import pytest

from mtq.users import passwd_file
from tests.commands.desk import Outcome, Run, at_a_terminal, tree
from tests.house import House


def add(run: Run, name: str, *options: str, password: bytes = b"open sesame\n") -> Outcome:
    return run("user", "add", name, "--password-stdin", *options, stdin=password)


def check(run: Run, name: str, password: bytes) -> int:
    return run("user", "check", name, "--password-stdin", stdin=password).code


# Listing


def test_users_are_listed_with_stable_keys(run: Run, house: House) -> None:
    with house.config.users.file.open("a") as users:
        users.write("wilma:{MD5}x::::/home/wilma::\nbarney:x\n")
    outcome = run("user", "list", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.data == {
        "users": [
            {"name": "fred", "scheme": "PLAIN", "can_log_in": True, "home": None},
            {"name": "wilma", "scheme": "MD5", "can_log_in": False, "home": "/home/wilma"},
            {"name": "barney", "scheme": "none", "can_log_in": False, "home": None},
        ]
    }


def test_no_users_are_an_empty_list(run: Run, house: House) -> None:
    house.config.users.file.unlink()
    assert run("user", "list", "--json").data == {"users": []}


def test_a_person_is_told_how_to_add_the_first_user(run: Run, house: House) -> None:
    house.config.users.file.unlink()
    outcome = run("user", "list")
    assert (outcome.code, outcome.out) == (0, "")
    assert "`mtq user add NAME`" in outcome.err


# Adding


def test_a_user_that_is_added_can_log_in(run: Run) -> None:
    assert add(run, "Wilma").code == 0
    assert check(run, "wilma", b"open sesame\n") == 0


def test_the_password_is_stored_as_argon2id(run: Run, house: House) -> None:
    add(run, "wilma")
    assert passwd_file.read(house.config.users.file)["wilma"].stored.startswith("{ARGON2ID}$argon2id$")


def test_a_password_may_be_stored_for_scram(run: Run, house: House) -> None:
    assert add(run, "wilma", "--scheme", "scram-sha-256").code == 0
    assert passwd_file.read(house.config.users.file)["wilma"].stored.startswith("{SCRAM-SHA-256}4096,")
    assert check(run, "wilma", b"open sesame\n") == 0
    assert check(run, "wilma", b"open sesami\n") == 1


def test_another_scheme_may_be_asked_for(run: Run, house: House) -> None:
    assert add(run, "wilma", "--scheme", "plain").code == 0
    assert passwd_file.read(house.config.users.file)["wilma"].stored == "{PLAIN}open sesame"


@pytest.mark.parametrize("scheme", ["plain", "argon2id"])
@pytest.mark.parametrize("password", [b"caf\xe9", b" spaces ", b"p\xc3\xa4ss", b"{PLAIN}"])
def test_a_password_may_be_any_printable_bytes(run: Run, scheme: str, password: bytes) -> None:
    assert add(run, "wilma", "--scheme", scheme, password=password + b"\n").code == 0
    assert check(run, "wilma", password + b"\n") == 0


def test_what_was_done_is_said_on_stderr(run: Run, house: House) -> None:
    outcome = add(run, "wilma", "--scheme", "plain")
    assert (outcome.out, outcome.err) == ("", f"wilma was added to {house.config.users.file}\n")


def test_quiet_says_nothing(run: Run) -> None:
    outcome = add(run, "wilma", "--scheme", "plain", "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize("name", ["fred", "FRED"])
def test_a_user_that_is_there_already_is_exit_code_1_and_nothing_changes(run: Run, house: House, name: str) -> None:
    before = tree(house.folder)
    outcome = add(run, name)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "mtq: fred: there is such a user already; nothing was changed\n"
    assert tree(house.folder) == before


@pytest.mark.parametrize(
    ("name", "options", "password"),
    [
        ("../wilma", (), b"x\n"),
        ("a b", (), b"x\n"),
        ("a:b", (), b"x\n"),
        ("", (), b"x\n"),
        ("wilma", ("--scheme", "rot13"), b"x\n"),
        ("wilma", ("--scheme", "plain"), b"with:colon\n"),
        ("wilma", (), b"\n"),
        ("wilma", (), b""),
        ("wilma", (), b"with\ttab\n"),
        ("wilma", (), b"with\0nul\n"),
    ],
)
def test_a_malformed_value_is_exit_code_2_and_nothing_changes(
    run: Run, house: House, name: str, options: tuple[str, ...], password: bytes
) -> None:
    before = tree(house.folder)
    outcome = add(run, name, *options, password=password)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert tree(house.folder) == before


# Checking


def test_the_right_password_is_exit_code_0(run: Run) -> None:
    assert check(run, "Fred", b"secret\n") == 0


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\nmore\n"])
def test_the_password_is_the_first_line_without_its_end(run: Run, end: bytes) -> None:
    assert check(run, "fred", b"secret" + end) == 0


def test_a_wrong_password_is_exit_code_1(run: Run) -> None:
    assert check(run, "fred", b"Secret\n") == 1


@pytest.mark.parametrize("name", ["wilma", "../fred", ""])
def test_a_user_that_is_not_there_is_exit_code_1(run: Run, name: str) -> None:
    assert check(run, name, b"secret\n") == 1


@pytest.mark.parametrize("stored", ["{MD5}x", "secret", "{ARGON2ID}damaged"])
def test_a_password_that_cannot_be_checked_is_exit_code_1(run: Run, house: House, stored: str) -> None:
    house.config.users.file.write_text(f"fred:{stored}\n")
    outcome = run("user", "check", "fred", "--password-stdin", stdin=b"secret\n")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)


# Passwords are seen nowhere


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "add", "wilma", "sesame"),
        ("user", "add", "wilma", "--password", "sesame"),
        ("user", "check", "fred", "secret"),
    ],
)
def test_a_password_is_never_an_argument(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "add", "wilma", "--password-stdin"),
        ("user", "add", "wilma", "--password-stdin", "--scheme", "plain"),
        ("user", "add", "fred", "--password-stdin"),
        ("user", "check", "fred", "--password-stdin"),
        ("user", "list", "--json"),
        ("mailbox", "list", "--json"),
        ("config", "show", "--json"),
    ],
)
def test_a_password_is_never_shown(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments, stdin=b"secret\n")
    assert "secret" not in outcome.out + outcome.err


@pytest.mark.parametrize("command", ["add", "check"])
def test_without_a_terminal_nobody_is_asked(run: Run, command: str) -> None:
    outcome = run("user", command, {"add": "wilma", "check": "fred"}[command], stdin=b"secret\n")
    assert outcome.code == 2
    assert "--password-stdin" in outcome.err


def test_at_a_terminal_a_new_password_is_asked_for_twice_and_not_shown(run: Run, house: House) -> None:
    arguments = ("--config", str(house.file), "user", "add", "wilma", "--scheme", "plain")
    outcome = at_a_terminal(*arguments, typed=["open sesame", "open sesame"])
    assert outcome.code == 0
    assert "sesame" not in outcome.out
    assert check(run, "wilma", b"open sesame\n") == 0


def test_two_passwords_that_differ_change_nothing(house: House) -> None:
    before = tree(house.folder)
    outcome = at_a_terminal("--config", str(house.file), "user", "add", "wilma", typed=["open sesame", "open simsim"])
    assert outcome.code == 1
    assert "the two passwords differ; nothing was changed" in outcome.out
    assert tree(house.folder) == before


def test_a_dry_run_adds_nobody(run: Run, house: House) -> None:
    outcome = run("user", "add", "wilma", "--password-stdin", "--dry-run", stdin=b"secret\n")
    assert (outcome.code, outcome.out) == (0, "")
    assert not house.config.users.file.exists() or b"wilma" not in house.config.users.file.read_bytes()


def test_passwd_changes_the_password_and_no_other_byte(run: Run, house: House) -> None:
    users = house.config.users.file
    fields, others = b":1000:1000:Fred \xff:/home/fred::x=y\r\n", b"wilma:{PLAIN}pebbles\nFred:{PLAIN}x\n"
    users.write_bytes(b"# ours\nfred:{PLAIN}old" + fields + others)
    outcome = run("user", "passwd", "FRED", "--scheme", "plain", "--password-stdin", stdin=b"new\n")
    assert (outcome.code, outcome.out) == (0, "")
    assert users.read_bytes() == b"# ours\nfred:{PLAIN}new" + fields + others


def test_passwd_keeps_the_line_end_of_a_line_that_has_no_other_field(run: Run, house: House) -> None:
    house.config.users.file.write_bytes(b"wilma:{PLAIN}pebbles\r\nfred:{PLAIN}old")
    run("user", "passwd", "wilma", "--scheme", "plain", "--password-stdin", stdin=b"bam\n")
    run("user", "passwd", "fred", "--scheme", "plain", "--password-stdin", stdin=b"new\n")
    assert house.config.users.file.read_bytes() == b"wilma:{PLAIN}bam\r\nfred:{PLAIN}new"


def test_passwd_of_nobody_is_1_and_changes_nothing(run: Run, house: House) -> None:
    before = tree(house.folder)
    outcome = run("user", "passwd", "nobody", "--password-stdin", stdin=b"new\n")
    assert (outcome.code, outcome.out) == (1, "")
    assert "there is no such user" in outcome.err
    assert tree(house.folder) == before


def test_remove_takes_out_every_line_of_the_name_and_leaves_the_mailbox(run: Run, house: House) -> None:
    house.config.users.file.write_bytes(b"# fred:\nfred:{PLAIN}a\nwilma:{PLAIN}b\nFRED:{PLAIN}c\n")
    house.deliver("fred", b"one\n")
    assert run("user", "remove", "fred").code == 0
    assert house.config.users.file.read_bytes() == b"# fred:\nwilma:{PLAIN}b\n"
    assert house.stored("fred") == [b"one\n"]


def test_removing_nobody_is_0_and_unchanged(run: Run, house: House) -> None:
    outcome = run("user", "remove", "nobody")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith("unchanged")


@pytest.mark.parametrize("arguments", [("passwd", "fred", "--password-stdin"), ("remove", "fred")])
def test_a_dry_run_leaves_the_users_as_they_are(run: Run, house: House, arguments: tuple[str, ...]) -> None:
    house.config.users.file.write_bytes(b"fred:{PLAIN}a\n")
    assert run("user", *arguments, "--dry-run", stdin=b"new\n").code == 0
    assert house.config.users.file.read_bytes() == b"fred:{PLAIN}a\n"
