"""A service's `firewall_file`: more ranges, one a line."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mtq.access import ranges
from mtq.access.ranges import Range
from mtq.errors import ConfigInvalid


def read(file: Path | None, content: Callable[[Path], bytes] = Path.read_bytes) -> Sequence[Range]:
    """The ranges of the file; without one there are none. `content` gives what is in it, or raises OSError.

    Raises ConfigInvalid, with the line that is wrong.
    """
    if file is None:
        return ()
    try:
        raw = content(file)
    except OSError as error:
        raise ConfigInvalid(f"{file}: {(error.strerror or str(error)).lower()}") from None
    try:
        return ranges.parse_file(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigInvalid(f"{file}: line {line}: not UTF-8") from None
    except ranges.BadRange as error:
        raise ConfigInvalid(f"{file}: {error}") from None
