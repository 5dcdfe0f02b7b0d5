"""Changing the configuration file: one writer at a time, validated before the file is replaced in one step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mtq import durable
from mtq.config.document import Document
from mtq.config.model import Config
from mtq.config.paths import here
from mtq.config.read import Invalid, parse, text_of
from mtq.errors import MtqError, WrongUsage

Change = Callable[[Document, Config], object]
"""Changes the document. It is given what is in force before, too; what it returns means nothing."""


class Rejected(WrongUsage):
    """With the change the configuration would be wrong. One line a problem; nothing was changed."""


class Outcome(NamedTuple):
    """What came of a change, or would come of it: the file's text before and after, and the configuration after."""

    file: Path
    before: str
    after: str
    config: Config

    @property
    def changed(self) -> bool:
        """Whether the file is another one now."""
        return self.before != self.after

    def difference(self) -> list[str]:
        """The difference as lines of a unified diff, without their ends."""
        from difflib import unified_diff

        old, new = (text.replace("\r\n", "\n").removesuffix("\n").split("\n") for text in (self.before, self.after))
        return list(unified_diff(old, new, str(self.file), str(self.file), lineterm=""))


def edit(file: Path, change: Change, dry_run: bool = False) -> Outcome:
    """Change a configuration file. Owner, mode and symbolic links stay; what changes nothing writes nothing.

    Other mtq processes that change it wait meanwhile. `dry_run`: nothing is written at all. Raises ConfigInvalid for
    a file that is missing or wrong already, Rejected for a change that would make it wrong, Unchangeable for one that
    cannot be made in this file, MtqError if it cannot be written.
    """
    text_of(file)       # no lock is laid beside a file that is not there
    with _alone(file, dry_run):
        outcome = _changed(file, change)
        if outcome.changed and not dry_run:
            durable.replace(file, outcome.after.encode())
    return outcome


@contextmanager
def _alone(file: Path, dry_run: bool) -> Iterator[None]:
    if dry_run:
        yield
        return
    try:
        with durable.writing(file):
            yield
    except OSError as error:
        raise MtqError(f"{file}: cannot be changed: {(error.strerror or str(error)).lower()}") from None


def _changed(file: Path, change: Change) -> Outcome:
    before, place = text_of(file), here()
    config = parse(before, file, place)
    document = Document(before)
    change(document, config)
    try:
        after = parse(document.text, file, place)
    except Invalid as invalid:
        raise Rejected("\n".join(f"{problem}; nothing was changed" for problem in invalid.problems)) from None
    return Outcome(file, before, document.text, after)
