"""`mtq mailbox adopt`: what it says, its exit codes, and that clients of the server then see the ids they know."""

import os
import poplib
import shutil
from pathlib import Path

import pytest

from tests.commands.desk import Run, process, tree
from tests.house import House
from tests.mail import dovecot, outsider
from tests.mail.dovecot import Dovecot

UIDLIST = b"3 V7 N9 Gabc\n1 :160.host\n2 P%b :161.host\n" % (b"x" * 71)


@pytest.fixture
def mailbox(house: House) -> Path:
    """Fred's mailbox as Dovecot leaves it: two messages that it knows, and one that came later."""
    house.lay("fred", **{"160.host": b"Subject: 1\n", "161.host": b"Subject: 2\n", "162.host": b"Subject: 3\n"})
    (house.mailbox("fred") / "dovecot-uidlist").write_bytes(UIDLIST)
    return house.mailbox("fred")


def test_clients_find_the_unique_ids_that_dovecot_gave_them() -> None:
    with outsider.public_folder() as folder:
        house = House(Path(os.fsdecode(folder)))
        house.user("fred", "secret")
        house.deliver("fred", *(b"Subject: %d\n" % number for number in range(3)))
        dovecot.give(bytes(house.mailbox("fred")))
        before = Dovecot(house.folder, bytes(house.mailbox("fred"))).unique_ids(pop3_uidl_format="%v-%u")
        command = ("mailbox", "adopt", "fred", "--format", "%v-%u", "--quiet")
        assert process("--config", str(house.file), *command).code == 0
        with house.serving():
            client = poplib.POP3("localhost", house.pop3)
            client.user("fred")
            client.pass_("secret")
            rows = [row.split() for row in client.uidl()[1]]
            now = {b"\n".join(client.retr(int(number))[1]): unique_id for number, unique_id in rows}
            client.quit()
        assert now == before


def test_what_was_adopted_is_said(run: Run, mailbox: Path) -> None:
    outcome = run("mailbox", "adopt", "Fred", "--format", "%v-%u")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == (
        "INBOX: 1 of 3 messages keep the UIDLs that they had (Dovecot, %v-%u); 1 are not in its list; "
        "1 had one that POP3 does not allow or that another message has\n"
    )
    assert (mailbox / "mtq-uidl").read_text().endswith("\n7-1 160.host\n")


def test_the_same_again_is_unchanged(run: Run, mailbox: Path) -> None:
    run("mailbox", "adopt", "fred")
    before = tree(mailbox)
    outcome = run("mailbox", "adopt", "fred")
    assert outcome.code == 0
    assert outcome.err.startswith("unchanged: INBOX: 1 of 3 messages keep")
    assert tree(mailbox) == before


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(run: Run, mailbox: Path) -> None:
    before = tree(mailbox)
    outcome = run("mailbox", "adopt", "fred", "--dry-run")
    assert outcome.code == 0
    assert outcome.err.startswith("INBOX: 1 of 3 messages would keep")
    assert tree(mailbox) == before


def test_json_has_stable_keys(run: Run, mailbox: Path) -> None:
    outcome = run("mailbox", "adopt", "fred", "--format", "%v-%u", "--json", "--quiet")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.data == {
        "user": "fred",
        "mailbox": str(mailbox),
        "server": "dovecot",
        "format": "%v-%u",
        "folders": [{"folder": "INBOX", "messages": 3, "kept": 1, "unknown": 1, "unfit": 1}],
        "changed": True,
    }


def test_every_folder_is_told_of(run: Run, mailbox: Path) -> None:
    (mailbox / ".Work" / "cur").mkdir(parents=True)
    (mailbox / ".Work" / "cur" / "9:2,").touch()
    (mailbox / ".Work" / "dovecot-uidlist").write_bytes(b"3 V8 N2\n1 :9\n")
    outcome = run("mailbox", "adopt", "fred", "--json")
    assert [row["folder"] for row in outcome.data["folders"]] == ["INBOX", ".Work"]
    assert [line.split(":")[0] for line in outcome.err.splitlines()] == ["INBOX", ".Work"]


def test_a_mailbox_of_couriers_is_adopted(run: Run, mailbox: Path) -> None:
    (mailbox / "dovecot-uidlist").unlink()
    (mailbox / "courierpop3dsizelist").write_bytes(b"/3 9 7\n160.host:2, 12 5:7:0\n")
    outcome = run("mailbox", "adopt", "fred", "--json")
    assert (outcome.data["server"], outcome.data["format"]) == ("courier", None)
    assert outcome.err == (
        "INBOX: 1 of 3 messages keep the UIDLs that they had (Courier); 2 are not in its list\n"
    )
    assert (mailbox / "mtq-uidl").read_text().endswith("\nUID5-7 160.host\n")


def test_of_two_servers_one_has_to_be_named(run: Run, mailbox: Path) -> None:
    (mailbox / "courierpop3dsizelist").write_bytes(b"/3 9 7\n160.host:2, 12 5:7:0\n")
    outcome = run("mailbox", "adopt", "fred")
    assert outcome.code == 1
    assert outcome.err == f"mtq: {mailbox}: both Dovecot and Courier have left a list; say which with --from\n"
    assert run("mailbox", "adopt", "fred", "--from", "courier", "--json").data["server"] == "courier"
    assert run("mailbox", "adopt", "fred", "--from", "dovecot", "--json").data["server"] == "dovecot"


# The format


def test_without_a_format_it_is_what_this_hosts_dovecot_is_configured_to(house: House, mailbox: Path) -> None:
    configuration = house.folder / "dovecot.conf"
    configuration.write_text("protocols = pop3\nssl = no\nprotocol pop3 {\n  pop3_uidl_format = %v.%u\n}\n")
    command = ("--config", str(house.file), "mailbox", "adopt", "fred", "--json")
    outcome = process(*command, environment={"CONFIG_FILE": str(configuration)})
    assert outcome.data["format"] == "%v.%u"
    assert (mailbox / "mtq-uidl").read_text().endswith("\n7.1 160.host\n")


def test_without_a_dovecot_it_is_dovecots_default(house: House, mailbox: Path) -> None:
    outcome = process(
        "--config", str(house.file), "mailbox", "adopt", "fred", "--json", environment={"PATH": str(house.folder)}
    )
    assert outcome.data["format"] == "%08Xu%08Xv"
    assert (mailbox / "mtq-uidl").read_text().endswith("\n0000000100000007 160.host\n")


def test_a_dovecot_that_does_not_say_is_told_of(house: House, mailbox: Path) -> None:
    configuration = house.folder / "dovecot.conf"
    configuration.write_text("rubbish\n")
    command = ("--config", str(house.file), "mailbox", "adopt", "fred")
    outcome = process(*command, environment={"CONFIG_FILE": str(configuration)})
    assert outcome.code == 0
    assert outcome.err.splitlines()[0] == (
        "doveconf does not say what pop3_uidl_format is: taking Dovecot's default, %08Xu%08Xv"
    )


def test_a_format_of_this_hosts_dovecot_that_no_maildir_can_follow_is_exit_code_1(
    house: House, mailbox: Path
) -> None:
    configuration = house.folder / "dovecot.conf"
    configuration.write_text("protocols = pop3\nssl = no\npop3_uidl_format = %m\n")
    command = ("--config", str(house.file), "mailbox", "adopt", "fred")
    outcome = process(*command, environment={"CONFIG_FILE": str(configuration)})
    assert outcome.code == 1
    assert outcome.err.startswith("mtq: Dovecot's configuration: '%m' cannot be used as a UIDL format")
    assert not (mailbox / "mtq-uidl").exists()


# What cannot be


@pytest.mark.parametrize(
    "arguments",
    [(), ("fred", "wilma"), ("fred", "--nonsense"), ("fred", "--format", "%m"), ("fred", "--from", "exchange")],
)
def test_wrong_usage_is_exit_code_2(run: Run, mailbox: Path, arguments: tuple[str, ...]) -> None:
    outcome = run("mailbox", "adopt", *arguments)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert not (mailbox / "mtq-uidl").exists()


def test_a_user_that_is_not_there_is_exit_code_1(run: Run) -> None:
    assert run("mailbox", "adopt", "wilma").code == 1


def test_a_mailbox_without_a_list_is_exit_code_1(run: Run, mailbox: Path) -> None:
    (mailbox / "dovecot-uidlist").unlink()
    outcome = run("mailbox", "adopt", "fred")
    assert outcome.code == 1
    assert outcome.err == (
        f"mtq: {mailbox}: there is no dovecot-uidlist or courierpop3dsizelist; "
        "does it lie elsewhere (CONTROL=)? Copy it here\n"
    )


def test_a_mailbox_without_the_list_of_the_server_named_is_exit_code_1(run: Run, mailbox: Path) -> None:
    outcome = run("mailbox", "adopt", "fred", "--from", "courier")
    assert outcome.code == 1
    assert outcome.err.startswith(f"mtq: {mailbox}: there is no courierpop3dsizelist;")


def test_a_mailbox_that_is_not_there_is_exit_code_1(run: Run, house: House, mailbox: Path) -> None:
    shutil.rmtree(mailbox)
    outcome = run("mailbox", "adopt", "fred")
    assert (outcome.code, outcome.err) == (1, f"mtq: {mailbox}: no such file or directory\n")


def test_a_damaged_list_is_exit_code_1_and_changes_nothing(run: Run, mailbox: Path) -> None:
    (mailbox / "dovecot-uidlist").write_bytes(UIDLIST + b"rubbish\n")
    before = tree(mailbox)
    outcome = run("mailbox", "adopt", "fred")
    assert outcome.code == 1
    assert outcome.err == f"mtq: {mailbox}/dovecot-uidlist: damaged: line 4 is no entry; nothing was changed\n"
    assert tree(mailbox) == before


def test_a_damaged_file_of_our_own_shows_in_the_status(run: Run, mailbox: Path) -> None:
    (mailbox / "mtq-uidl").write_bytes(b"rubbish\n")
    outcome = run("mailbox", "status", "fred", "--json")
    assert (outcome.code, outcome.data["messages"]) == (1, None)
    assert outcome.data["error"] == f"{mailbox}/mtq-uidl: damaged; adopt the mailbox again, or remove the file"
    assert run("mailbox", "adopt", "fred").code == 0
    assert run("mailbox", "status", "fred", "--json").data["messages"] == 3
