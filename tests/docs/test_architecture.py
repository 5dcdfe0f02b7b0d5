"""ARCHITECTURE.md against the code: the files, classes and functions that it names are there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.page import TOP

TEXT = (TOP / "ARCHITECTURE.md").read_text()
WORDS = re.findall(r"`([^`\n]+)`", TEXT)
FILE = re.compile(r"(?:\w+/)*\w+\.py")


def found(file: str) -> Path | None:
    """A file by its path from the top, or from a room's."""
    places = [TOP / file, TOP / "mtq" / file]
    return next((place for place in places if place.is_file()), None)


def defined(file: Path) -> Iterator[str]:
    """The names of a module's functions and classes, and of the classes' methods: `Session.take`."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
            for below in getattr(node, "body", []):
                if isinstance(below, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}.{below.name}"


def everything() -> set[str]:
    """All that is defined anywhere."""
    return {name for file in (TOP / "mtq").rglob("*.py") for name in defined(file)}


def test_the_files_that_it_names_are_there() -> None:
    files = {word.partition(":")[0] for word in WORDS if FILE.match(word)}
    assert len(files) > 20
    assert {file for file in files if found(file) is None} == set()


def test_what_it_names_in_a_file_is_defined_there() -> None:
    named = [word.split(": ") for word in WORDS if re.fullmatch(rf"{FILE.pattern}: [\w.]+", word)]
    assert len(named) > 10
    missing = [f"{file}: {name}" for file, name in named if name not in set(defined(found(file) or TOP))]
    assert missing == []


def test_the_methods_that_it_names_are_those_of_a_class() -> None:
    methods = {word for word in WORDS if re.fullmatch(r"[A-Z]\w+\.\w+", word)}
    assert len(methods) > 30
    assert methods - everything() == set()


def test_every_room_of_the_engine_has_its_place() -> None:
    rooms = {path.stem for path in (TOP / "mtq").iterdir() if path.suffix == ".py" or path.is_dir()}
    rooms -= {"__init__", "__pycache__", "py"}
    assert {room for room in rooms if not re.search(rf"`(?:mtq/)?{room}(?:/|\.py)`", TEXT)} == set()
