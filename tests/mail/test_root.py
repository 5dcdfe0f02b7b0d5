"""From a user to the folder of the mailbox."""

import pytest

from mtq.errors import Code, Refusal
from mtq.mail.root import MailRoot


@pytest.mark.parametrize(
    ("template", "folder"),
    [
        ("/var/lib/mtq/mail/{user}", "/var/lib/mtq/mail"),
        ("/srv/{domain}/{local}/Maildir", "/srv"),
        ("/srv/mail/box-{user}", "/srv/mail"),
        ("{home}/Maildir", None),
    ],
)
def test_the_root_is_what_stands_before_the_first_placeholder(template: str, folder: str | None) -> None:
    assert MailRoot(template).folder == folder


@pytest.mark.parametrize(
    ("template", "name", "path"),
    [
        ("/mail/{user}", "fred", b"/mail/fred"),
        ("/mail/{user}", "fred@bedrock.example", b"/mail/fred@bedrock.example"),
        ("/mail/{domain}/{local}", "fred@bedrock.example", b"/mail/bedrock.example/fred"),
        ("/mail/{domain}/{local}", "fred@rubble@bedrock.example", b"/mail/rubble@bedrock.example/fred"),
        ("/mail/{local}/{local}", "fred", b"/mail/fred/fred"),
        ("{home}/Maildir", "fred", b"/home/fred/Maildir"),
        ("/mail/{user}", "fr\u00e9d", "/mail/fr\u00e9d".encode()),
        ("/mail/{user}", "fr\udce9d", b"/mail/fr\xe9d"),
    ],
)
def test_the_user_s_own_stands_in_for_each_placeholder(template: str, name: str, path: bytes) -> None:
    assert MailRoot(template).mailbox(name, "/home/fred") == path


@pytest.mark.parametrize("name", ["{home}", "{local}@x", "{domain}@x", "{user}"])
def test_braces_in_a_name_are_no_placeholders(name: str) -> None:
    assert MailRoot("/mail/{user}").mailbox(name, "/home/fred") == b"/mail/" + name.encode()


@pytest.mark.parametrize("home", ["", "fred", "./fred"])
def test_a_user_without_the_home_that_the_path_needs_has_no_mailbox(home: str) -> None:
    with pytest.raises(Refusal) as refusal:
        MailRoot("{home}/Maildir").mailbox("fred", home)
    assert refusal.value.code is Code.SYS_PERM


def test_a_user_needs_no_home_where_the_path_does_not_name_it() -> None:
    assert MailRoot("/mail/{user}").mailbox("fred", "") == b"/mail/fred"


def test_the_root_of_a_user_is_that_of_all_mailboxes_or_else_the_home() -> None:
    assert MailRoot("/var/mail/{user}").root("/home/fred") == "/var/mail"
    assert MailRoot("{home}/Maildir").root("/home/fred") == "/home/fred"
