"""What is fuzzed: a module for each thing that reads octets from outside.

Its `check(octets)` makes of them what that thing reads, has it read, and raises only if a property does not hold.
It keeps nothing for the next call.
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

Check = Callable[[bytes], None]


def names() -> list[str]:
    """All targets."""
    return sorted(module.name for module in iter_modules(__path__))


def check_of(name: str) -> Check:
    """A target's check."""
    check: Check = import_module(f"{__name__}.{name}").check
    return check
