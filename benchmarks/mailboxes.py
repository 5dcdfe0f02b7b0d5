"""The mailboxes of the comparison: made once, served by all servers in turn."""

import os
from pathlib import Path

HASHED_SECRET = (
    "{SHA512-CRYPT}$6$yabbadabbadoo$efxzmHs64DH4BjvYBC7ylD7"
    "QMpq2DQ9Z6Ukx/.b/6pmp05WrCK9gmOc1cmCvgQg.QkpYPVa.lagZivC8ZZCfi1"
)
"""The password `secret` with the 5000 rounds that other programs take; mtq itself takes more."""

LONG_AGO = 1_700_000_000
INDEXES = ("mtq-index", "dovecot.index.cache", "dovecot.index", "dovecot.index.log", "dovecot.index.log.2",
           "dovecot-uidlist", "dovecot.list.index.log", "dovecot.list.index", "maildirsize")
USUAL, HASHED = 200, 20
"""Mailboxes of the usual kind: twenty messages of mixed size."""

MIXED = (900, 2_000, 3_500, 3_500, 5_000, 9_000, 20_000, 2_500, 1_500, 40_000) * 2
LINE = b"Yabba dabba doo, yabba dabba doo, and what else one writes in a letter\n"


def names(kind: str, number: int) -> list[str]:
    """The users of a kind of mailbox; a kind and its number make the name."""
    return [f"{kind}{each:04}" for each in range(number)]


def fill(mail: Path, user: str, sizes: tuple[int, ...], told: bool = True) -> None:
    """Make a mailbox with messages of these sizes; `told`: file names give the size on the wire."""
    mailbox = mail / user
    for folder in ("tmp", "new", "cur"):
        (mailbox / folder).mkdir(parents=True)
    for number, size in enumerate(sizes):
        head = b"Subject: benchmark\nMessage-ID: <%d.%s@example.com>\n\n" % (number, user.encode())
        text = head + LINE * ((size - len(head)) // len(LINE))
        name = f"{LONG_AGO + number * 37}.M{number * 7919 % 10**6:06}P{1000 + number}.mail.example.com"
        if told:
            name += f",S={len(text)},W={len(text) + text.count(10)}"
        (mailbox / "cur" / f"{name}:2,").write_bytes(text)
    for folder in ("new", "cur"):
        os.utime(mailbox / folder, (LONG_AGO, LONG_AGO))


def make(mail: Path, large: tuple[int, ...]) -> None:
    """All of them; `large`: with so many messages there is one whose names tell the size and one whose do not."""
    for user in names("user", USUAL) + names("hash", HASHED):
        fill(mail, user, MIXED)
    for user in names("small", 8):
        fill(mail, user, (4_096,) * 200)
    for user in names("middle", 8):
        fill(mail, user, (75_000,) * 50)
    for user in names("huge", 4):
        fill(mail, user, (5_000_000,) * 3)
    for messages in large:
        fill(mail, f"told{messages}", (1_000,) * messages)
        fill(mail, f"plain{messages}", (1_000,) * messages, told=False)


def users_file(mail: Path) -> str:
    """A Dovecot passwd-file for them."""
    users = sorted(folder.name for folder in mail.iterdir())
    return "".join(f"{user}:{HASHED_SECRET if user.startswith('hash') else '{PLAIN}secret'}\n" for user in users)


def forget(mailbox: Path) -> None:
    """Have it as if no server had ever opened it."""
    for name in INDEXES:
        (mailbox / name).unlink(missing_ok=True)
