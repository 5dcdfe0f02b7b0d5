"""Whatever happens to a mailbox between sessions, and whatever becomes of its index: each session is told the truth.

Time is made by hand here: a change stamps the folder that it happens in, as a file system with a coarse clock does,
and may share its tick with a session.
"""

import os
import shutil
import tempfile

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mtq.mail.index import NAME as INDEX
from mtq.mail.maildir import base, hashed_id
from mtq.mail.scan import QUIET
from tests.mail.cleaning import HEADERS, cleaned
from tests.mail.mailbox import LONG_AGO, Mailbox, rows, text
from tests.mail.wire import sent

TICK = 2 * 10**9
"""Nanoseconds between the ticks of the coarsest clock that a file system has (FAT)."""

folders = st.sampled_from([b"", b".A", b".B.c"])
subfolders = st.sampled_from([b"new", b"cur"])
flags = st.sampled_from([b"", b":2,", b":2,S", b":2,FRS"])
contents = st.sampled_from(sorted(HEADERS.values()))
choices = st.integers(0, 1000)
waits = st.sampled_from([1, QUIET * 3 // 4, QUIET - 1, QUIET, QUIET + 1, 10 * QUIET])


class History(RuleBasedStateMachine):
    """A mailbox, what it holds by place, and the time."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.mkdtemp()
        self.mailbox = Mailbox(os.fsencode(self._folder))
        self.there: dict[bytes, bytes] = {}
        self.clock = LONG_AGO + TICK
        self.serial = 0

    def teardown(self) -> None:
        """Nothing stays."""
        shutil.rmtree(self._folder)

    # What other programs do

    @rule(folder=folders, subfolder=subfolders, content=contents, sized=st.booleans(), twin=st.booleans())
    def deliver(self, folder: bytes, subfolder: bytes, content: bytes, sized: bool, twin: bool) -> None:
        """A new message; with a `twin`, another folder gets one of the same name."""
        self.serial += 1
        name = b"%d" % self.serial + (b",W=%d" % len(sent(content)) if sized else b"")
        for where in (folder, b".B.c") if twin and folder != b".B.c" else (folder,):
            place = os.path.join(where, subfolder, name)
            self.mailbox.put(place, content)
            self.there[place] = content
            self.stamp(place)

    @rule(which=choices, subfolder=subfolders, info=flags)
    def move(self, which: int, subfolder: bytes, info: bytes) -> None:
        """A message is seen, flagged, or both."""
        if self.there:
            place = sorted(self.there)[which % len(self.there)]
            folder = os.path.dirname(os.path.dirname(place))
            to = os.path.join(folder, subfolder, base(os.path.basename(place)) + info)
            os.makedirs(os.path.dirname(self.mailbox.at(to)), exist_ok=True)
            self.mailbox.move(place, to)
            self.there[to] = self.there.pop(place)
            self.stamp(place)
            self.stamp(to)

    @rule(which=choices)
    def remove(self, which: int) -> None:
        """A message is removed by another program."""
        if self.there:
            place = sorted(self.there)[which % len(self.there)]
            os.unlink(self.mailbox.at(place))
            del self.there[place]
            self.stamp(place)

    @rule(folder=folders)
    def drop(self, folder: bytes) -> None:
        """A whole folder is removed."""
        if folder:
            shutil.rmtree(self.mailbox.at(folder), ignore_errors=True)
            self.there = {place: text for place, text in self.there.items() if not place.startswith(folder + b"/")}

    @rule(wait=waits)
    def wait(self, wait: int) -> None:
        """Time goes by."""
        self.clock += wait

    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        """The index is cut off, overwritten in part, or gone."""
        if INDEX in self.mailbox.names(b""):
            whole = self.mailbox.content(INDEX)
            start = data.draw(st.integers(0, len(whole)))
            self.mailbox.put(INDEX, whole[:start] + data.draw(st.binary(max_size=9)) + whole[start + 9 :])

    # Sessions

    @rule(everything=st.booleans(), clean=st.booleans())
    def session(self, everything: bool, clean: bool) -> None:
        """A session lists everything, reads everything, and may be of any service."""
        maildrop = self.mailbox.login(everything, now=lambda: self.clock, clean=clean)
        expected = self.expected(everything, clean)
        assert rows(maildrop) == [(unique_id, len(sent(content))) for unique_id, content in expected]
        for number, (_, content) in enumerate(expected, 1):
            assert text(maildrop, number) == content
        maildrop.close()

    @rule(which=choices, everything=st.booleans())
    def removal(self, which: int, everything: bool) -> None:
        """A session removes a message."""
        maildrop = self.mailbox.login(everything, now=lambda: self.clock)
        listed = self.places(everything)
        if listed:
            at = which % len(listed)
            assert maildrop.remove((at + 1,)) == 0
            del self.there[listed[at]]
            self.stamp(listed[at])
        maildrop.close()

    @invariant()
    def nothing_else_goes(self) -> None:
        """What is there is what should be."""
        assert all(os.path.exists(self.mailbox.at(place)) for place in self.there)

    # What must be

    def stamp(self, place: bytes) -> None:
        """A change in a folder happens now, as far as the file system tells."""
        tick = self.clock - self.clock % TICK
        os.utime(os.path.dirname(self.mailbox.at(place)), ns=(tick, tick))

    def places(self, everything: bool) -> list[bytes]:
        """The messages in the order of a listing."""

        def order(place: bytes) -> tuple[bytes, bytes]:
            return os.path.dirname(os.path.dirname(place)), base(os.path.basename(place))

        return sorted((place for place in self.there if everything or not place.startswith(b".")), key=order)

    def expected(self, everything: bool, clean: bool) -> list[tuple[bytes, bytes]]:
        """Unique-ids, and what is sent."""
        found = []
        seen: dict[bytes, bytes] = {}
        for place in self.places(everything):
            folder, name = os.path.dirname(os.path.dirname(place)), base(os.path.basename(place))
            unique_id = name if seen.setdefault(name, folder) == folder else hashed_id(folder, name)
            content = self.there[place]
            found.append((unique_id, cleaned(content) if clean else content))
        return found


TestAnyHistory = History.TestCase
TestAnyHistory.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
