"""The users file: the first line is a user name, all after it the file.

Whatever is in it, it is read, and no user's mailbox lies elsewhere than below the mail root. A user is added, given
another password and removed without a change to anybody else.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from mtq.errors import MtqError, WrongUsage
from mtq.mail.root import MailRoot
from mtq.users import passwd_file, schemes, scram
from mtq.users.passwd_file import Account, canonical

STORED = "{PLAIN}open sesame"

PATHS = ("/mail/{user}", "/mail/{domain}/{local}", "/mail/{domain}/x-{local}")


def check(octets: bytes) -> None:
    first, _, content = octets.partition(b"\n")
    name = first.decode("utf-8", "surrogateescape")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "users")
        file.write_bytes(content)
        accounts = passwd_file.read(file)
        for account in accounts.values():
            _stands_by_its_name(account, accounts)
        _add(file, name, content, accounts)
        _give_another_password(file, name)
        _remove(file, name)


def _stands_by_its_name(account: Account, accounts: dict[str, Account]) -> None:
    assert accounts[account.name] is account
    assert canonical(account.name) == account.name
    assert scram.form(account.scheme, account.secret) is None or account.scheme in scram.SCHEMES
    for path in PATHS:
        mailbox = os.path.normpath(MailRoot(path).mailbox(account.name, ""))
        assert mailbox.startswith(b"/mail/"), mailbox
    with suppress(schemes.UnknownScheme):
        schemes.of(account)


def _add(file: Path, name: str, content: bytes, before: dict[str, Account]) -> None:
    try:
        passwd_file.add(file, name, STORED)
    except WrongUsage:
        assert file.read_bytes() == content
        return
    except MtqError:
        assert canonical(name) in before
        assert file.read_bytes() == content
        return
    after = passwd_file.read(file)
    added = after.pop(str(canonical(name)))
    assert (added.stored, added.home) == (STORED, "")
    assert after == before
    assert file.read_bytes().startswith(content)


def _give_another_password(file: Path, name: str) -> None:
    before = passwd_file.read(file)
    try:
        passwd_file.set_password(file, name, "{PLAIN}another")
    except MtqError:
        assert canonical(name) not in before
        return
    after = passwd_file.read(file)
    account = str(canonical(name))
    changed, was = after.pop(account), before.pop(account)
    assert (changed.stored, changed.home) == ("{PLAIN}another", was.home)
    assert after == before


def _remove(file: Path, name: str) -> None:
    before = passwd_file.read(file)
    assert passwd_file.remove(file, name) is (before.pop(str(canonical(name)), None) is not None)
    assert passwd_file.read(file) == before
