"""The lists of ranges in a configuration, a service's or the LAN's, changed entry by entry.

Two ways to write one range are one range. What has expired, in whichever list, goes with every change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mtq.access import ranges
from mtq.access.entry import Entry
from mtq.access.ranges import Range
from mtq.config.document import Document
from mtq.config.durations import parse
from mtq.config.model import Config
from mtq.config.plain import plain
from mtq.config.writing import Plain
from mtq.errors import MtqError, WrongUsage

MOST = 10_000
"""Ranges that a list in the configuration may have; more are at home in a firewall_file, which is read faster."""

SHOWN = 5
"""Ranges that are named when a change is told; of more only the number is."""


@dataclass(frozen=True)
class RangeList:
    """A list of ranges: where it stands, and its name for a person."""

    path: tuple[str, ...]
    name: str

    @classmethod
    def of(cls, service: str | None) -> "RangeList":
        """The list of a service, or (None) of the LAN."""
        if service is None:
            return cls(("server", "lan"), "LAN")
        return cls(("services", service, "firewall"), f"service {service}")

    def add(self, document: Document, config: Config, entries: Sequence[Entry]) -> str:
        """Add ranges, and say what holds now. One that is there stays for as long as it would, or longer.

        Raises MtqError for a service that is not there, and for a list that would be too long.
        """
        self._check(config)
        told = _Told()
        dropped = _drop_expired(document, config)
        wanted = {_identity(entry.range): entry for entry in entries}
        there = {_of(item): item for item in self._items(document, config)}
        new = {identity: _item_of(entry) for identity, entry in wanted.items() if identity not in there}
        for identity, entry in wanted.items():
            if identity in new:
                told.add("added", entry.range.text, _until(entry.until))
            else:
                item, now = there[identity], _prolonged(there[identity], entry)
                told.add("there already" if now == item else "there now", _text(item), _until(_end(now), _end(item)))
        if new and len(there) + len(new) > MOST:
            number = len(there) + len(new)
            raise MtqError(f"{self.name} would have {number} ranges; over {MOST} belong into a firewall_file")
        self._change(document, config, lambda item: _prolonged(item, wanted.get(_of(item))), list(new.values()))
        return "; ".join([f"{self.name}: {told}", *dropped])

    def remove(self, document: Document, config: Config, unwanted: Sequence[Range]) -> str:
        """Remove ranges, and say what holds now. Raises MtqError for a service that is not there."""
        self._check(config)
        told = _Told()
        dropped = _drop_expired(document, config)
        found = self._items(document, config)
        there = {_of(item) for item in found}
        for range in unwanted:
            told.add("removed" if _identity(range) in there else "not there", range.text)
        gone = {_identity(range) for range in unwanted}
        left = [item for item in found if _of(item) not in gone]
        if left != found:
            document.set(self.path, left)
        return "; ".join([f"{self.name}: {told}", *dropped])

    def drop_expired(self, document: Document, now: datetime) -> Sequence[Plain]:
        """Remove what has expired, and say what that was."""
        return document.discard(self.path, lambda item: (end := _end(item)) is not None and end <= now)

    def _check(self, config: Config) -> None:
        if self.path[0] == "services" and self.path[1] not in config.services:
            there = ", ".join(config.services) or "none"
            raise MtqError(f"there is no service {self.path[1]}; there are: {there}")

    def _items(self, document: Document, config: Config) -> list[Plain]:
        """What stands in the list, or in the default that holds without one."""
        written = document.get(self.path)
        if isinstance(written, list):
            return list(written)
        return list(plain(config.server.lan)) if self.path[0] == "server" else []

    def _change(
        self, document: Document, config: Config, changed: Callable[[Plain], Plain], new: list[Plain]
    ) -> None:
        """Change items where they stand, and put others behind them."""
        document.amend(self.path, changed)
        there = self._items(document, config)
        items = [*map(changed, there), *new]
        if items != there:
            document.set(self.path, items)


class _Told:
    """What has become of ranges, in words: `192.0.2.1, 192.0.2.2 added; 192.0.2.3 there already`."""

    def __init__(self) -> None:
        self._by_outcome: dict[str, dict[str, None]] = {}

    def add(self, outcome: str, range: str, until: str = "") -> None:
        """This has become of it."""
        self._by_outcome.setdefault(outcome + until, {})[range] = None

    def __str__(self) -> str:
        said = (f"{_shown(list(found))} {outcome}" for outcome, found in self._by_outcome.items())
        return "; ".join(said) or "no range was given"


def parsed(text: str, exclude: bool = False) -> Range:
    """The range that is written; `exclude` is the same as `!` before it. Raises WrongUsage."""
    bare = text.strip()
    try:
        return ranges.parse(f"!{bare}" if exclude and not bare.startswith("!") else bare)
    except ranges.BadRange:
        raise WrongUsage(f"{bare} is no range; allowed is {ranges.ALLOWED}") from None


def until(duration: str | None) -> datetime | None:
    """When a range expires that is to stand for so long, in whole seconds. Raises WrongUsage."""
    if duration is None:
        return None
    seconds = parse(duration)
    if seconds == 0:
        raise WrongUsage(f"{duration}: a range cannot expire at once; allowed is a second or more")
    return (datetime.now(UTC) + timedelta(seconds=seconds + 1)).replace(microsecond=0)


def _drop_expired(document: Document, config: Config) -> list[str]:
    """Remove what has expired from every list; what that was, in words."""
    now = datetime.now(UTC)
    lists = [RangeList.of(None), *map(RangeList.of, config.services)]
    gone = [(where.name, where.drop_expired(document, now)) for where in lists]
    return [f"{name}: {_shown([_text(item) for item in items])} had expired" for name, items in gone if items]


def _prolonged(item: Plain, entry: Entry | None) -> Plain:
    """An item after it was added again by this entry, if it was."""
    if entry is None:
        return item
    end, comment = _end(item), item.get("comment", "") if isinstance(item, dict) else ""
    last = None if end is None or entry.until is None else max(end, entry.until)
    return _item(_text(item), last, entry.comment or comment)


def _item_of(entry: Entry) -> Plain:
    return _item(entry.range.text, entry.until, entry.comment)


def _item(text: str, until: datetime | None, comment: str) -> Plain:
    if until is None and not comment:
        return text
    return {"range": text} | ({"until": until} if until else {}) | ({"comment": comment} if comment else {})


def _text(item: Plain) -> str:
    text: str = item["range"] if isinstance(item, dict) else item
    return text


def _end(item: Plain) -> datetime | None:
    end: datetime | None = item.get("until") if isinstance(item, dict) else None
    return end


def _until(end: datetime | None, before: datetime | None = None) -> str:
    if end is None:
        return " for good" if before is not None else ""
    return f" until {end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _of(item: Plain) -> object:
    return _identity(ranges.parse(_text(item)))


def _identity(range: Range) -> object:
    """What two ways to write one range have in common."""
    return range.exclude, range.span, range.host


def _shown(found: Sequence[str]) -> str:
    return ", ".join(found) if len(found) <= SHOWN else f"{len(found)} ranges"
