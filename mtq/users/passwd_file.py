"""The users: a Dovecot passwd-file, `name:{SCHEME}hash:uid:gid:gecos:home:shell:extra`.

uid, gid and the other fields are read, kept and not acted on: all mail belongs to one user of the system.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mtq import durable
from mtq.errors import MtqError, WrongUsage

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_UNWRITABLE = re.compile(r"[\x00-\x20\x7f:/\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Account:
    """One user."""

    name: str
    stored: str = field(repr=False)
    home: str = ""

    @property
    def scheme(self) -> str:
        """The name in braces before the stored password, in capitals; empty when there is none."""
        return self._split()[0]

    @property
    def secret(self) -> str:
        """The stored password without its scheme."""
        return self._split()[1]

    def _split(self) -> tuple[str, str]:
        scheme, closed, secret = self.stored.partition("}")
        return (scheme[1:].upper(), secret) if closed and scheme.startswith("{") else ("", self.stored)


class UsersUnreadable(MtqError):
    """The users file cannot be read."""


def canonical(name: str) -> str | None:
    """The name as it is looked up: in lower case. None for a name that could leave the mail root."""
    name = name.lower()
    if not name or "/" in name or "\0" in name:
        return None
    if any(part in ("", ".", "..") for part in (name, *name.split("@"))):
        return None
    return name


def parse(text: str) -> dict[str, Account]:
    """The accounts of a file by name. The first line of a name counts, as it does for Dovecot."""
    accounts: dict[str, Account] = {}
    for fields in _rows(text):
        name = canonical(fields[0])
        if name is not None and len(fields) > 1:
            accounts.setdefault(name, Account(name, fields[1], fields[5] if len(fields) > 5 else ""))
    return accounts


def read(file: Path) -> dict[str, Account]:
    """The accounts of a file. One that is not there has none. Raises UsersUnreadable."""
    try:
        return parse(_text(file.read_bytes()))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsersUnreadable(f"{file}: {(error.strerror or str(error)).lower()}") from None


def add(file: Path, name: str, stored: str) -> None:
    """Add a user at the end of the file; every other byte stays. Raises MtqError if there is one already."""
    account = checked(name)
    with durable.writing(file):
        old = _bytes(file)
        if account in parse(_text(old)):
            raise MtqError(f"{account}: there is such a user already; nothing was changed")
        if old and not old.endswith(b"\n"):
            old += b"\n"
        durable.replace(file, old + f"{account}:{stored}::::::\n".encode("utf-8", "surrogateescape"))


def set_password(file: Path, name: str, stored: str) -> None:
    """Store another password for a user; every other byte of the file stays. Raises MtqError if there is none."""

    def with_password(line: bytes) -> bytes:
        user, _, rest = line.partition(b":")
        _, colon, others = rest.partition(b":")
        return user + b":" + stored.encode("utf-8", "surrogateescape") + (colon + others if colon else _end(rest))

    with durable.writing(file):
        lines = _LINE.findall(_bytes(file))
        found = _line_of(lines, name)
        if found is None:
            raise MtqError(f"{name}: there is no such user in {file}")
        lines[found] = with_password(lines[found])
        durable.replace(file, b"".join(lines))


def remove(file: Path, name: str) -> bool:
    """Take a user out of the file, every line of that name; False if there was none."""
    with durable.writing(file):
        lines = _LINE.findall(_bytes(file))
        kept = [line for line in lines if not _is_of(line, name)]
        if len(kept) == len(lines):
            return False
        durable.replace(file, b"".join(kept))
        return True


def _text(content: bytes) -> str:
    """All of it: Python's own reading of text would take a CR within a line for its end."""
    return content.decode("utf-8", "surrogateescape")


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def _line_of(lines: list[bytes], name: str) -> int | None:
    return next((index for index, line in enumerate(lines) if _is_of(line, name)), None)


def _is_of(line: bytes, name: str) -> bool:
    user, colon, _ = line.decode("utf-8", "surrogateescape").partition(":")
    return bool(colon) and not user.startswith("#") and canonical(user) == canonical(name) is not None


def _end(line: bytes) -> bytes:
    return line[len(line.rstrip(b"\r\n")) :]


def checked(name: str) -> str:
    """A name for a new user. Raises WrongUsage for one that could not be written or looked up."""
    found = canonical(name)
    if found is None or _UNWRITABLE.search(found) or found.startswith("#"):
        raise WrongUsage(f"{name!r} cannot be a user name: no space, colon, slash, control character, `.` or `..`")
    return found


def _rows(text: str) -> Iterator[list[str]]:
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            yield line.rstrip("\r").split(":", 7)
