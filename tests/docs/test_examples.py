"""The docs' examples, run as they stand, page by page; and the links between the pages."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.page import DOCS, TOP, blocks, work_through

PAGES = sorted(DOCS.rglob("*.md"))
WITH_EXAMPLES = {str(page.relative_to(DOCS)) for page in PAGES if blocks(page, "sh")}

SAID = {
    "tutorial.md": [
        "wrote the configuration", "(Please bring bread\\.\r?\n(.*\n)*){2}", "fred .*ARGON2ID", "^1 \\d+", "^50$"
    ],
    "install.md": ["^mtq \\d", "^Python 3"],
    "upgrading.md": ["mtq.toml"],
    "howto/postfix.md": ["^fred@example.com  fred/$", "messages +1", "nobody: there is no such user"],
    "howto/exim.md": ["messages +1", "nobody: there is no such user"],
    "howto/dovecot.md": ["fred +1 ", "1 of 1 messages would keep", "1 of 1 messages keep", "^1 0000000100000007"],
    "howto/courier.md": ["wilma .*SHA512-CRYPT", "1 of 1 messages would keep", "^1 UID5-7"],
    "howto/administer.md": [
        "^printers +running +yes +127.0.0.1:2110 ",
        "192.0.2.7 is let in by service pop3: covered by 192.0.2.0/24$",
        "exit code 1: not let in",
        "exit code 1: has no session",
        "^50$",
        "stopped",
    ],
    "howto/cron.md": ["services.pop3s.firewall changed"],
    "howto/old-device.md": ["pop.isp.com", "192.168.1.40 .*is let in"],
    "howto/addresses.md": ["public .*127.0.0.2:2995", "ready"],
    "howto/acme.md": ["live/fullchain.pem"],
    "howto/systemd.md": ["pop3s .*TLSv1.3 ", "reloaded: no key has changed"],
    "howto/monitoring.md": [
        "pop3s .*TLSv1.3 .*yes", "^OK$", '^mtq_sessions{service="pop3"} 0.0$', "\\tfred\\t.*\\tquit$",
        "the server has stopped",
    ],
    "howto/limits.md": ["192.0.2.7 .*is let in", "198.51.100.7 .*is not let in"],
}
"""What the examples of a page have to say, besides that none of them fails."""


def dovecots(home: Path) -> None:
    """What Dovecot leaves: its users and a mailbox that its clients have read."""
    (home / "dovecot").mkdir()
    (home / "dovecot/users").write_text("fred:{PLAIN}flintstone:5000:5000::/var/vmail/fred::\n")
    maildir(home / "dovecot/mail/fred")
    (home / "dovecot/mail/fred/dovecot-uidlist").write_text("3 V7 N2 Gabc\n1 :160.host\n")


def couriers(home: Path) -> None:
    """What Courier leaves: mailboxes, one of which its clients have read."""
    maildir(home / "courier/wilma")
    maildir(home / "courier/fred")
    (home / "courier/fred/courierpop3dsizelist").write_text("/3 9 7\n160.host:2, 12 5:7:0\n")


def maildir(folder: Path) -> None:
    """A Maildir with one message."""
    for subfolder in ("tmp", "new", "cur"):
        (folder / subfolder).mkdir(parents=True)
    (folder / "cur/160.host:2,").write_text("Subject: 1\n")


FOUND: dict[str, Callable[[Path], None]] = {"howto/dovecot.md": dovecots, "howto/courier.md": couriers}
"""What a reader of the page has already."""


def test_every_page_with_examples_is_worked_through() -> None:
    assert set(SAID) == WITH_EXAMPLES


@pytest.mark.parametrize("page", SAID)
def test_the_examples_of_a_page(page: str, tmp_path: Path) -> None:
    if page in FOUND:
        FOUND[page](tmp_path)
    said = work_through(DOCS / page, tmp_path)
    missing = [words for words in SAID[page] if not re.search(words, said, re.MULTILINE)]
    assert missing == [], said


@pytest.mark.parametrize("page", [*PAGES, TOP / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]*)(#[^)]*)?\)", page.read_text())
    broken = [link for link in links if not leads_somewhere(page, *link)]
    assert broken == []


def leads_somewhere(page: Path, file: str, anchor: str) -> bool:
    """Whether the file is there, and in it the heading."""
    target = (page.parent / file) if file else page
    if not target.exists():
        return False
    headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE) if anchor else []
    return not anchor or anchor[1:] in {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "control-protocol.md"], ids=lambda p: p.name)
def test_a_block_says_whether_it_is_an_example_or_other_programs(page: Path) -> None:
    assert set(re.findall(r"^```(\w*)$", page.read_text(), re.MULTILINE)) <= {"", "sh", "text", "crontab"}
    openings = re.findall(r"^```(\w*)\n(?:.*\n)*?```$", page.read_text(), re.MULTILINE)
    assert "" not in openings
