"""`mtq mailbox deliver`, as a mail server calls it: what arrives, and the exit codes, which decide over the mail.

64 and 67 return the mail to its sender, 75 keeps it in the queue.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.commands.desk import Outcome, process
from tests.house import MTQ, House
from tests.mail.outsider import small_disk

LETTER = b"Subject: hello\n\nhow are you\n"


def deliver(house: House, *arguments: str, stdin: bytes = LETTER, through: tuple[str, ...] = ()) -> Outcome:
    """Run the real command on the house's configuration."""
    return process("--config", str(house.file), "mailbox", "deliver", *arguments, stdin=stdin, through=through)


def laid_down(house: House) -> list[Path]:
    """Every file that lies in a mailbox."""
    return [path for path in house.mailbox("fred").parent.rglob("*") if path.is_file()]


def assert_kept(house: House, outcome: Outcome) -> None:
    """The mail server keeps the mail, one line says why, and nothing of the message is left."""
    assert (outcome.code, outcome.out) == (75, "")
    assert outcome.err.startswith("mtq: ")
    assert outcome.err.endswith("; the message was not delivered, try again later\n")
    assert outcome.err.count("\n") == 1
    assert laid_down(house) == []


# 0: delivered


@pytest.mark.parametrize("message", [LETTER, b"", b"no line end", b"\r\n\0\xff\n.\n", bytes(300_000)])
def test_a_message_arrives_as_it_is(house: House, message: bytes) -> None:
    assert deliver(house, "fred", stdin=message) == Outcome(0, "", "")
    assert house.stored("fred") == [message]


def test_a_name_is_taken_in_any_case(house: House) -> None:
    assert deliver(house, "FRED").code == 0
    assert house.stored("fred") == [LETTER]


def test_the_configuration_may_come_from_the_environment(house: House) -> None:
    assert process("mailbox", "deliver", "fred", stdin=LETTER, environment={"MTQ_CONFIG": str(house.file)}).code == 0
    assert house.stored("fred") == [LETTER]


def test_the_bare_environment_of_a_mail_server_is_enough(house: House) -> None:
    bare = ("env", "-i")
    assert deliver(house, "fred", through=bare) == Outcome(0, "", "")


def test_deliveries_at_once_all_arrive(house: House) -> None:
    command = [MTQ, "--config", str(house.file), "mailbox", "deliver", "fred"]
    deliveries = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(4)]
    for number, delivery in enumerate(deliveries):
        delivery.communicate(b"%d\n" % number)
    assert [delivery.returncode for delivery in deliveries] == [0, 0, 0, 0]
    assert sorted(house.stored("fred")) == [b"0\n", b"1\n", b"2\n", b"3\n"]


# 64: wrong usage


@pytest.mark.parametrize(
    "arguments",
    [
        ("mailbox", "deliver"),
        ("mailbox", "deliver", "fred", "wilma"),
        ("mailbox", "deliver", "--nonsense", "fred"),
        ("mailbox", "deliver", "fred", "--nonsense"),
        ("mailbox", "--nonsense", "deliver", "fred"),
        ("--nonsense", "mailbox", "deliver", "fred"),
    ],
)
def test_wrong_usage_is_64(house: House, arguments: tuple[str, ...]) -> None:
    outcome = process("--config", str(house.file), *arguments, stdin=LETTER)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (64, "", 1)
    assert laid_down(house) == []


def test_the_configuration_may_be_named_in_one_word(house: House) -> None:
    assert process(f"--config={house.file}", "mailbox", "deliver", "--nonsense").code == 64
    assert process(f"--config={house.file}.none", "mailbox", "deliver", "fred").code == 75


# 67: no such user


@pytest.mark.parametrize("name", ["wilma", "", "../fred", "fred@example.com", "fred\n"])
def test_a_user_that_is_not_there_is_67(house: House, name: str) -> None:
    outcome = deliver(house, name)
    assert (outcome.code, outcome.out) == (67, "")
    assert "there is no such user" in outcome.err
    assert laid_down(house) == []


# 75: anything else


@pytest.mark.parametrize("text", ["[sever]\n", "[server\n", "[server]\nshutdown_grace = -1\n", "x = '\udcff'\n"])
def test_a_broken_configuration_is_75(house: House, text: str) -> None:
    house.file.write_bytes(os.fsencode(text))
    assert_kept(house, deliver(house, "fred"))


def test_a_configuration_that_is_not_there_is_75(house: House) -> None:
    house.file.unlink()
    assert_kept(house, deliver(house, "fred"))


def test_an_option_without_its_value_is_wrong_before_it_is_a_delivery() -> None:
    assert process("--config", "mailbox", "deliver", "fred").code == 2


def test_a_users_file_that_is_not_there_is_75(house: House) -> None:
    """All mail of everybody would be returned otherwise, because of one file that is being restored."""
    house.config.users.file.unlink()
    assert_kept(house, deliver(house, "fred"))


def test_a_users_file_that_cannot_be_read_is_75(house: House) -> None:
    house.config.users.file.unlink()
    house.config.users.file.mkdir()
    assert_kept(house, deliver(house, "fred"))


def test_a_missing_mail_root_is_75_and_is_not_made(house: House) -> None:
    """It may be a disk that is not mounted."""
    root = house.mailbox("fred").parent
    root.rmdir()
    assert_kept(house, deliver(house, "fred"))
    assert not root.exists()


def test_a_file_in_place_of_the_mail_root_is_75(house: House) -> None:
    root = house.mailbox("fred").parent
    root.rmdir()
    root.touch()
    outcome = deliver(house, "fred")
    assert outcome.code == 75
    assert root.read_bytes() == b""


def test_a_file_in_place_of_the_mailbox_is_75(house: House) -> None:
    house.mailbox("fred").write_bytes(b"untouched")
    assert deliver(house, "fred").code == 75
    assert house.mailbox("fred").read_bytes() == b"untouched"


@pytest.mark.parametrize("name", ["tmp", "new"])
def test_a_file_in_place_of_a_folder_of_the_mailbox_is_75(house: House, name: str) -> None:
    house.mailbox("fred").mkdir()
    (house.mailbox("fred") / name).write_bytes(b"untouched")
    assert deliver(house, "fred").code == 75
    assert [path.name for path in laid_down(house)] == [name]


def test_a_full_disk_is_75(house: House) -> None:
    full = ("sh", "-c", 'ulimit -f 1; exec "$@"', "sh")
    assert_kept(house, deliver(house, "fred", stdin=bytes(300_000), through=full))


def test_a_full_disk_is_75_until_there_is_room_again(house: House, tmp_path: Path) -> None:
    letter, mail = tmp_path / "letter", house.mailbox("fred").parent
    letter.write_bytes(bytes(30_000))
    once = f'"$@" < {letter}; echo $?'
    script = f"head -c 90000 /dev/zero > {mail}/ballast; {once}; rm {mail}/ballast; {once}; wc -c {mail}/*/*/*"
    disk = small_disk(os.fsencode(mail), 100_000)
    command = [*disk, "sh", "-c", script, "sh", MTQ, "--config", house.file, "mailbox", "deliver", "fred"]
    done = subprocess.run(command, capture_output=True, text=True)
    full, room, stored = done.stdout.splitlines()
    assert (full, room, stored.split()[0]) == ("75", "0", "30000")
    assert done.stderr == "mtq: no space left on device; the message was not delivered, try again later\n"


def test_a_closed_standard_input_is_75(house: House) -> None:
    outcome = deliver(house, "fred", through=("sh", "-c", 'exec "$@" <&-', "sh"))
    assert_kept(house, outcome)
    assert "standard input" in outcome.err


def test_a_standard_input_that_cannot_be_read_is_75(house: House) -> None:
    assert_kept(house, deliver(house, "fred", through=("sh", "-c", 'exec "$@" 0>/dev/null', "sh")))


def test_a_user_without_the_home_that_the_mailbox_is_in_is_75(house: House) -> None:
    """Without its home the path would begin at the root of the file system."""
    astray = house.folder / "astray"
    house.file.write_text(f'[server]\nstate_dir = "state"\n[mailboxes]\npath = "{{home}}{astray}"\n')
    assert_kept(house, deliver(house, "fred"))
    assert not astray.exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("fred",), 75), (("nobody",), 67), ((), 64)],
    ids=["no_mail_root", "no_such_user", "usage"],
)
def test_the_exit_code_holds_when_not_even_the_error_can_be_written(
    house: House, arguments: tuple[str, ...], code: int
) -> None:
    house.mailbox("fred").parent.rename(house.folder / "elsewhere")
    through = ("bash", "-c", 'exec "$@" 2> /dev/full', "bash")
    outcome = process("--config", str(house.file), "mailbox", "deliver", *arguments, through=through)
    assert outcome.code == code
