"""Make an input that breaks something smaller, as long as it breaks in the same way.

    python -m tests.fuzz.smaller TARGET FILE      FILE is written anew
"""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.fuzz import targets
from tests.fuzz.targets import Check


def smaller(octets: bytes, breaks: Callable[[bytes], bool]) -> bytes:
    """What is left when no part can be cut out any more: halves at first, single octets in the end."""
    size = max(1, len(octets) // 2)
    while size:
        at, before = 0, len(octets)
        while at < len(octets):
            rest = octets[:at] + octets[at + size :]
            if breaks(rest):
                octets = rest
            else:
                at += size
        if size == 1 and len(octets) < before:
            continue
        size //= 2
    return octets


def fault(check: Check, octets: bytes) -> type[BaseException] | None:
    """How an input breaks."""
    try:
        check(octets)
    except Exception as error:
        return type(error)
    return None


def main() -> None:
    """See the module's first lines."""
    name, file = sys.argv[1], Path(sys.argv[2])
    check, octets = targets.check_of(name), file.read_bytes()
    way = fault(check, octets)
    if way is None:
        sys.exit(f"{file} breaks nothing")
    found = smaller(octets, lambda rest: fault(check, rest) is way)
    file.write_bytes(found)
    print(f"{file}: {len(octets)} octets, now {len(found)}: {found!r}")


if __name__ == "__main__":
    main()
