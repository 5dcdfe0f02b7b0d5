"""The lists of ranges in a configuration, a service's or the LAN's, changed entry by entry.

Two ways to write one range are one range. What has expired goes with every change.
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

Items = Sequence[Plain]
"""Ranges as they stand in the file: strings and tables."""


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
        """Add ranges; one that is there gets the expiry and the comment that are given. Says what holds now.

        Raises MtqError for a service that is not there, and for a list that would be too long.
        """
        changed = self._change(document, config, lambda items: _added(items, entries))
        texts = _shown([entry.range for entry in entries])
        return f"{self.name}: {texts} {'added' if changed else 'there already'}"

    def remove(self, document: Document, config: Config, unwanted: Sequence[Range]) -> str:
        """Remove ranges, and say what holds now. Raises MtqError for a service that is not there."""
        gone = {_identity(range) for range in unwanted}
        changed = self._change(document, config, lambda items: [item for item in items if _of(item) not in gone])
        return f"{self.name}: {_shown(unwanted)} {'removed' if changed else 'not there'}"

    def _change(self, document: Document, config: Config, altered: Callable[[Items], Items]) -> bool:
        if self.path[0] == "services" and self.path[1] not in config.services:
            there = ", ".join(config.services) or "none"
            raise MtqError(f"there is no service {self.path[1]}; there are: {there}")
        written = document.get(self.path)
        before = written if isinstance(written, list) else plain(config.server.lan) if self.name == "LAN" else []
        now = datetime.now(UTC)
        after = list(altered([item for item in before if not _is_expired(item, now)]))
        if len(after) > MOST:
            raise MtqError(f"{self.name} would have {len(after)} ranges; over {MOST} belong into a firewall_file")
        return after != before and document.set(self.path, after)


def parsed(text: str, exclude: bool = False) -> Range:
    """The range that is written; `exclude` is the same as `!` before it. Raises WrongUsage."""
    bare = text.strip()
    try:
        return ranges.parse(f"!{bare}" if exclude and not bare.startswith("!") else bare)
    except ranges.BadRange:
        raise WrongUsage(f"{bare} is no range; allowed: {ranges.ALLOWED}") from None


def until(duration: str | None) -> datetime | None:
    """When a range expires that is to stand for so long. Raises WrongUsage."""
    if duration is None:
        return None
    return (datetime.now(UTC) + timedelta(seconds=parse(duration))).replace(microsecond=0)


def _added(items: Items, entries: Sequence[Entry]) -> Items:
    found = list(items)
    at = {_of(item): index for index, item in enumerate(found)}
    for entry in entries:
        index = at.get(_identity(entry.range))
        if index is None:
            at[_identity(entry.range)] = len(found)
            found.append(_item(entry.range.text, entry.until, entry.comment))
        else:
            said = found[index].get("comment", "") if isinstance(found[index], dict) else ""
            found[index] = _item(_text(found[index]), entry.until, entry.comment or said)
    return found


def _item(text: str, until: datetime | None, comment: str) -> Plain:
    if until is None and not comment:
        return text
    return {"range": text} | ({"until": until} if until else {}) | ({"comment": comment} if comment else {})


def _text(item: Plain) -> str:
    text: str = item["range"] if isinstance(item, dict) else item
    return text


def _is_expired(item: Plain, now: datetime) -> bool:
    return isinstance(item, dict) and "until" in item and item["until"] <= now


def _of(item: Plain) -> object:
    return _identity(ranges.parse(_text(item)))


def _identity(range: Range) -> object:
    """What two ways to write one range have in common."""
    return range.exclude, range.span, range.host


def _shown(found: Sequence[Range]) -> str:
    return ", ".join(range.text for range in found) if len(found) <= 5 else f"{len(found)} ranges"
