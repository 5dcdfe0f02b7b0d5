"""The users file: names, what a line means, adding a user, and noticing that somebody else did."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.errors import MtqError, WrongUsage
from mtq.users.passwd_file import Account, UsersUnreadable, add, canonical, checked, parse, read
from mtq.users.watched import Watched

# Names


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("fred", "fred"),
        ("Fred", "fred"),
        ("FRED@Example.COM", "fred@example.com"),
        ("fred.flintstone+ads@example.com", "fred.flintstone+ads@example.com"),
        ("...", "..."),
        (".fred", ".fred"),
        ("fred@..example", "fred@..example"),
        ("JÜRGEN", "jürgen"),
        ("fred#pop.isp.com", "fred#pop.isp.com"),
    ],
)
def test_a_name_is_looked_up_in_lower_case(written: str, name: str) -> None:
    assert canonical(written) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/", "../x", "a/b", "/etc/passwd", "x/..", "@", "@x", "x@", "x@.", "x@..", "..@x", ".@.",
     "a@..@b", "a\0b", "\0"],
)  # fmt: skip
def test_a_name_that_could_leave_the_mail_root_is_nobody(name: str) -> None:
    assert canonical(name) is None


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("./@\0A"), max_size=12))
def test_a_canonical_name_is_a_name_within_its_folder(name: str) -> None:
    found = canonical(name)
    if found is not None:
        assert canonical(found) == found
        local, _, domain = found.partition("@")
        for folder in (found, local, domain):
            assert os.path.normpath(os.path.join("/mail", folder, "x")) in (f"/mail/{folder}/x", "/mail/x")


@pytest.mark.parametrize("name", ["a b", "a:b", "a\tb", "a\nb", "a\x7f", "#fred", " ", "..", "a/b", "", "\udcff"])
def test_a_name_that_the_file_cannot_hold_is_not_added(name: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage):
        add(tmp_path / "users", name, "{PLAIN}x")
    assert not list(tmp_path.iterdir())


def test_a_name_is_added_in_lower_case() -> None:
    assert checked("Fred@Example.com") == "fred@example.com"


# Lines


def test_a_line_has_name_password_and_home_of_a_passwd_file() -> None:
    line = "fred:{PLAIN}secret:1000:1000:Fred Flintstone:/home/fred:/bin/sh:userdb_quota_rule=*:storage=1G"
    assert parse(line) == {"fred": Account("fred", "{PLAIN}secret", "/home/fred")}


@pytest.mark.parametrize("end", ["", ":", "::::", "\r"])
def test_fields_at_the_end_may_be_missing(end: str) -> None:
    assert parse("fred:{PLAIN}secret" + end) == {"fred": Account("fred", "{PLAIN}secret", "")}


def test_comments_and_empty_lines_are_passed_over() -> None:
    assert list(parse("# users\n\n  \n#joe:{PLAIN}x\nfred:{PLAIN}x\n")) == ["fred"]


def test_a_carriage_return_within_a_line_ends_none(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_bytes(b"fred:{PLAIN}a\rwilma:{PLAIN}b\r\nbarney:{PLAIN}c\n")
    assert {name: account.secret for name, account in read(file).items()} == {"fred": "a\rwilma", "barney": "c"}


def test_lines_that_name_nobody_are_passed_over() -> None:
    assert list(parse("joe\n:{PLAIN}x\n../x:{PLAIN}x\nfred:{PLAIN}x\n")) == ["fred"]


def test_the_first_line_of_a_name_counts() -> None:
    assert parse("Fred:{PLAIN}one\nfred:{PLAIN}two\nFRED:{PLAIN}three\n")["fred"].secret == "one"


@pytest.mark.parametrize(
    ("stored", "scheme", "secret"),
    [
        ("{PLAIN}secret", "PLAIN", "secret"),
        ("{argon2id}$argon2id$v=19", "ARGON2ID", "$argon2id$v=19"),
        ("{PLAIN}", "PLAIN", ""),
        ("{PLAIN}{PLAIN}x}", "PLAIN", "{PLAIN}x}"),
        ("$1$abc", "", "$1$abc"),
        ("", "", ""),
        ("{}x", "", "x"),
        ("{PLAIN", "", "{PLAIN"),
        (" {PLAIN}x", "", " {PLAIN}x"),
    ],
)
def test_the_scheme_stands_in_braces_before_the_password(stored: str, scheme: str, secret: str) -> None:
    account = Account("fred", stored)
    assert (account.scheme, account.secret) == (scheme, secret)


def test_a_password_is_not_shown_with_its_account() -> None:
    assert "secret" not in repr(Account("fred", "{PLAIN}secret"))


# Files


def test_a_file_that_is_not_there_has_no_users(tmp_path: Path) -> None:
    assert read(tmp_path / "users") == {}


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsersUnreadable, match="is a directory"):
        read(tmp_path)


def test_bytes_that_are_not_utf8_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_bytes(b"fred:{PLAIN}caf\xe9:::Fr\xe9d:/home/fr\xe9d\n")
    account = read(file)["fred"]
    assert os.fsencode(account.secret) == b"caf\xe9"
    assert os.fsencode(account.home) == b"/home/fr\xe9d"


# Adding


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A users file as somebody else wrote it."""
    file = tmp_path / "users"
    file.write_bytes(b"# caf\xe9\r\n\n  \nJoe:{SSHA}x:1000:1000:Jo\xe9:/home/joe::extra=1:2\n\x00\xff\n# end")
    return file


def test_adding_keeps_every_other_byte(file: Path) -> None:
    before = file.read_bytes()
    add(file, "fred", "{PLAIN}secret")
    assert file.read_bytes() == before + b"\nfred:{PLAIN}secret::::::\n"


def test_who_was_added_is_found(file: Path) -> None:
    add(file, "Fred", "{PLAIN}secret")
    assert read(file)["fred"] == Account("fred", "{PLAIN}secret")


def test_a_password_that_is_not_utf8_is_added_as_it_is(file: Path) -> None:
    add(file, "fred", "{PLAIN}caf\udce9")
    assert file.read_bytes().endswith(b"\nfred:{PLAIN}caf\xe9::::::\n")


@pytest.mark.parametrize("name", ["joe", "JOE"])
def test_who_is_there_already_is_not_added(file: Path, name: str) -> None:
    before = file.read_bytes()
    with pytest.raises(MtqError, match="joe: there is such a user already; nothing was changed"):
        add(file, name, "{PLAIN}secret")
    assert file.read_bytes() == before


def test_adding_keeps_owner_and_mode(file: Path) -> None:
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 1234, 2345)
    before = file.stat()
    add(file, "fred", "{PLAIN}secret")
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    add(tmp_path / "users", "fred", "{PLAIN}secret")
    assert (tmp_path / "users").stat().st_mode & 0o777 == 0o600


ADDING = """
import sys
from pathlib import Path
from mtq.users.passwd_file import add
for number in range(10):
    add(Path(sys.argv[1]), f"{sys.argv[2]}-{number}", "{PLAIN}x")
"""


def test_processes_that_add_at_once_lose_nobody(tmp_path: Path) -> None:
    file = tmp_path / "users"
    commands = [[sys.executable, "-c", ADDING, str(file), f"process{number}"] for number in range(8)]
    processes = [subprocess.Popen(command) for command in commands]
    assert [process.wait() for process in processes] == [0] * 8
    assert read(file).keys() == {f"process{process}-{number}" for process in range(8) for number in range(10)}


# Watching


def test_a_watched_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "users"
    watched = Watched(file)
    assert list(watched.accounts()) == []
    add(file, "fred", "{PLAIN}secret")
    assert list(watched.accounts()) == ["fred"]
    add(file, "joe", "{PLAIN}secret")
    assert list(watched.accounts()) == ["fred", "joe"]
    file.unlink()
    assert list(watched.accounts()) == []


def test_a_watched_file_that_is_as_it_was_is_not_read_again(tmp_path: Path) -> None:
    add(tmp_path / "users", "fred", "{PLAIN}secret")
    watched = Watched(tmp_path / "users")
    assert watched.accounts() is watched.accounts()


def test_another_file_in_its_place_is_noticed_though_it_looks_the_same(tmp_path: Path) -> None:
    file, other = tmp_path / "users", tmp_path / "other"
    file.write_text("fred:{PLAIN}one\n")
    watched = Watched(file)
    assert watched.accounts()["fred"].secret == "one"
    other.write_text("fred:{PLAIN}two\n")
    status = file.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.rename(file)
    assert watched.accounts()["fred"].secret == "two"


def test_a_watched_file_that_cannot_be_read_says_so_until_it_can(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.mkdir()
    watched = Watched(file)
    for _ in range(2):
        with pytest.raises(UsersUnreadable):
            watched.accounts()
    file.rmdir()
    add(file, "fred", "{PLAIN}secret")
    assert list(watched.accounts()) == ["fred"]


@pytest.mark.parametrize(
    ("text", "all_plain"),
    [
        ("", False),
        ("fred:{PLAIN}x\n", True),
        ("fred:{PLAIN}x\njoe:{plain}x\n", True),
        ("fred:{PLAIN}x\njoe:{ARGON2ID}x\n", False),
        ("fred:x\n", False),
    ],
)
def test_a_watched_file_knows_whether_every_password_is_plain(tmp_path: Path, text: str, all_plain: bool) -> None:
    (tmp_path / "users").write_text(text)
    watched = Watched(tmp_path / "users")
    watched.accounts()
    assert watched.all_plain is all_plain
