"""Reads a transcript: a conversation as a client and a server have it, and what it takes to have it.

Every line is a letter, a colon, a space and a text; empty lines and lines that begin with `#` are left out:

    U: name password      a user
    M: text               a line of a stored message; an empty line in the file ends the message
    O: word               what is offered: stls, tls-only (stls, and no password before it) or apop <timestamp>
    C: text               the client sends this line; lines that follow each other go in one packet
    S: text               the server answers this line, exactly; `...` at its end stands for any rest
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from pathlib import Path

from mtq.protocol.asks import Features

FOLDER = Path(__file__).parent / "transcripts"


@dataclass(frozen=True, slots=True)
class Turn:
    """One packet of the client and the lines it is answered. The first turn sends nothing and is the greeting."""

    sent: bytes
    expected: tuple[str, ...]

    def read(self, got: bytes) -> tuple[str, ...]:
        """The lines that came; one that is as open in the transcript as `...` lets it, as written there."""
        lines = got.decode().split("\r\n")
        assert lines.pop() == "", "the last line does not end"
        wanted = chain(self.expected, repeat(""))
        return tuple(want if _fits(line, want) else line for line, want in zip(lines, wanted, strict=False))


@dataclass(frozen=True, slots=True)
class Script:
    """A transcript, read."""

    name: str
    users: Mapping[str, bytes]
    messages: tuple[bytes, ...]
    features: Features
    turns: tuple[Turn, ...]


def paths() -> list[Path]:
    """All transcripts there are."""
    return sorted(FOLDER.glob("*.txt"))


def parse(path: Path) -> Script:
    """Read one. Raises ValueError for a line that says nothing."""
    users: dict[str, bytes] = {}
    messages: list[bytes] = []
    offers: list[str] = []
    talk: list[tuple[str, str]] = []
    for letter, group in groupby(_lines(path), key=lambda line: line[0]):
        texts = [text for _, text in group]
        match letter:
            case "U":
                pairs = [text.split(" ", 1) for text in texts]
                users.update({name: password.encode() for name, password in pairs})
            case "M":
                messages.append("".join(text + "\n" for text in texts).encode())
            case "O":
                offers += texts
            case "C" | "S":
                talk += [(letter, text) for text in texts]
            case "":
                pass
            case _:
                raise ValueError(f"{path.name}: a line cannot begin with {letter!r}")
    return Script(path.stem, users, tuple(messages), _features(offers), tuple(_turns(talk)))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            letter, _, text = line.partition(":")
            yield letter, text.removeprefix(" ")


def _turns(talk: list[tuple[str, str]]) -> Iterator[Turn]:
    sent = b""
    for letter, group in groupby(talk, key=lambda line: line[0]):
        texts = [text for _, text in group]
        if letter == "C":
            sent = "".join(text + "\r\n" for text in texts).encode()
        else:
            yield Turn(sent, tuple(texts))
            sent = b""
    if sent:
        yield Turn(sent, ())


def _features(offers: list[str]) -> Features:
    timestamp = None
    for offer in offers:
        word, _, rest = offer.partition(" ")
        if word == "apop":
            timestamp = rest.encode()
        elif word not in ("stls", "tls-only"):
            raise ValueError(f"{word} cannot be offered")
    tls_only = "tls-only" in offers
    return Features(clear_text=not tls_only, stls=tls_only or "stls" in offers, timestamp=timestamp)


def _fits(line: str, want: str) -> bool:
    return want.endswith("...") and line.startswith(want[:-3])
