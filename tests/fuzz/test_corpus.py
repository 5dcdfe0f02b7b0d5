"""What every target is shown in every run: the inputs that are kept, and others made of them and of its words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import targets
from tests.fuzz.room import corpus, dictionary, words

MOST = 40
"""Words of an input that is made."""


def kept() -> Iterator[object]:
    """Every input that is kept, with its target."""
    for target in targets.names():
        for file in sorted(corpus(target).iterdir()):
            yield pytest.param(target, file, id=f"{target}-{file.name}")


@st.composite
def mutated(draw: st.DrawFn, whole: list[bytes], parts: list[bytes]) -> bytes:
    """An input that is kept, with some of it cut out, doubled or replaced."""
    octets = draw(st.sampled_from(whole))
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted(draw(st.tuples(st.integers(0, len(octets)), st.integers(0, len(octets)))))
        between = draw(st.sampled_from([b"", octets[start:end] * 2, *parts]) | st.binary(max_size=4))
        octets = octets[:start] + between + octets[end:]
    return octets


def inputs(target: str) -> st.SearchStrategy[bytes]:
    """Inputs that look like those of a target."""
    parts = words(target)
    of_words = st.lists(st.sampled_from(parts) | st.binary(max_size=3), max_size=MOST).map(b"".join)
    options = st.binary(min_size=2, max_size=2)
    whole = [file.read_bytes() for file in sorted(corpus(target).iterdir())]
    return mutated(whole, parts) | st.tuples(options, of_words).map(b"".join)


def test_every_target_has_a_corpus_and_words_and_nothing_is_left_of_others() -> None:
    for folder in (corpus(""), dictionary("").parent):
        assert {path.stem for path in folder.iterdir()} == set(targets.names())


@pytest.mark.parametrize(("target", "file"), [*kept()])
def test_an_input_that_is_kept_breaks_nothing(target: str, file: Path) -> None:
    targets.check_of(target)(file.read_bytes())


@pytest.mark.parametrize("target", targets.names())
@settings(max_examples=settings().max_examples // 2)
@given(st.data())
def test_nothing_breaks_whatever_comes(target: str, data: st.DataObject) -> None:
    targets.check_of(target)(data.draw(inputs(target)))
