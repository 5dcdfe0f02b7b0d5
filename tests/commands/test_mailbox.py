"""`mtq mailbox list` and `status`: what lies in the mailboxes, looked at without a trace."""

from mtq.mail.lock import Holder, Locks
from tests.commands.desk import Run, tree
from tests.house import House

LETTER = b"Subject: hello\n\nhow are you\n"
OCTETS = len(LETTER) + LETTER.count(b"\n")


def test_a_mailbox_is_shown_with_stable_keys(run: Run, house: House) -> None:
    house.deliver("fred", LETTER, LETTER)
    outcome = run("mailbox", "status", "Fred", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.data == {
        "user": "fred",
        "mailbox": str(house.mailbox("fred")),
        "messages": 2,
        "octets": 2 * OCTETS,
        "error": None,
    }


def test_a_mailbox_is_shown_to_a_person(run: Run, house: House) -> None:
    house.deliver("fred", LETTER)
    outcome = run("mailbox", "status", "fred")
    assert outcome.out.split("\n") == [
        "FIELD     VALUE",
        "user      fred",
        f"mailbox   {house.mailbox('fred')}",
        "messages  1",
        f"octets    {OCTETS}",
        "",
    ]


def test_a_user_without_mail_yet_has_an_empty_mailbox(run: Run) -> None:
    outcome = run("mailbox", "status", "fred", "--json")
    assert (outcome.code, outcome.data["messages"], outcome.data["octets"]) == (0, 0, 0)


def test_every_user_is_listed(run: Run, house: House) -> None:
    house.user("wilma", "secret")
    house.deliver("wilma", LETTER)
    outcome = run("mailbox", "list", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert [(row["user"], row["messages"], row["octets"]) for row in outcome.data["mailboxes"]] == [
        ("fred", 0, 0),
        ("wilma", 1, OCTETS),
    ]


def test_no_users_are_an_empty_list(run: Run, house: House) -> None:
    house.config.users.file.unlink()
    assert run("mailbox", "list", "--json").data == {"mailboxes": []}


def test_the_list_for_a_person_has_columns(run: Run, house: House) -> None:
    house.deliver("fred", LETTER)
    assert run("mailbox", "list").out.split("\n") == [
        "USER  MESSAGES  OCTETS  MAILBOX",
        f"fred  1         {OCTETS}      {house.mailbox('fred')}",
        "",
    ]


def test_a_mailbox_that_cannot_be_read_is_exit_code_1_with_its_reason(run: Run, house: House) -> None:
    house.mailbox("fred").touch()
    outcome = run("mailbox", "status", "fred", "--json")
    assert outcome.code == 1
    assert outcome.data["messages"] is None
    assert outcome.data["error"]
    assert outcome.err == f"mtq: {outcome.data['error']}\n"


def test_one_that_cannot_be_read_does_not_hide_the_others(run: Run, house: House) -> None:
    house.user("wilma", "secret")
    house.deliver("wilma", LETTER)
    house.mailbox("fred").touch()
    outcome = run("mailbox", "list", "--json")
    assert outcome.code == 0
    assert [(row["messages"], bool(row["error"])) for row in outcome.data["mailboxes"]] == [(None, True), (1, False)]


def test_a_user_without_the_home_that_the_mailbox_is_in_is_shown_with_that(run: Run, house: House) -> None:
    house.file.write_text('[mailboxes]\npath = "{home}/Maildir"\n')
    outcome = run("mailbox", "list", "--json")
    assert (outcome.code, outcome.data["mailboxes"][0]["error"]) == (0, "fred has no home in the users file")


def test_a_user_that_is_not_there_is_exit_code_1(run: Run, house: House) -> None:
    outcome = run("mailbox", "status", "wilma")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == f"mtq: wilma: there is no such user in {house.config.users.file}\n"


def test_looking_leaves_no_trace(run: Run, house: House) -> None:
    house.deliver("fred", LETTER)
    before = tree(house.folder)
    run("mailbox", "list")
    run("mailbox", "status", "fred")
    assert tree(house.folder) == before


def test_a_mailbox_that_a_session_has_open_is_shown_too(run: Run, house: House) -> None:
    house.deliver("fred", LETTER)
    lock = Locks().take(bytes(house.mailbox("fred")), Holder("fred", "pop3", "1", "127.0.0.1", ""))
    try:
        assert run("mailbox", "status", "fred", "--json").data["messages"] == 1
    finally:
        lock.release()
