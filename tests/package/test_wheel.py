"""The wheel: every source file, what shells, man and administrators look for, and nothing but mtq beside others."""

import zipfile
from pathlib import Path

import pytest

from mtq import __version__
from tests.package.conftest import ROOT

COMPLETIONS = {
    "share/bash-completion/completions/mtq": "mtq.bash",
    "share/zsh/site-functions/_mtq": "_mtq",
    "share/fish/vendor_completions.d/mtq.fish": "mtq.fish",
}
"""Where shells look, below the prefix of the installation, and the files in `completions`."""


@pytest.fixture
def inside(wheel: Path) -> dict[str, bytes]:
    """What is in the wheel, by its place there; but for what describes the wheel itself."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def data(inside: dict[str, bytes], below: str) -> dict[str, bytes]:
    """The files that are put below the prefix of the installation."""
    found = {name.partition(".data/data/")[2]: content for name, content in inside.items()}
    return {name: content for name, content in found.items() if name.startswith(below)}


def test_it_has_the_version_that_the_program_says(wheel: Path) -> None:
    assert wheel.name.startswith(f"mtq-{__version__}-")


def test_it_holds_every_source_file_and_no_other(inside: dict[str, bytes]) -> None:
    engine = {str(path.relative_to(ROOT)) for path in own_files(ROOT / "mtq")}
    rooms = {f"mtq/{path.relative_to(ROOT)}" for room in ("commands", "tui") for path in own_files(ROOT / room)}
    assert {name for name in inside if ".data/" not in name} == engine | rooms


def test_it_holds_what_shells_and_man_look_for(inside: dict[str, bytes]) -> None:
    completions = {place: (ROOT / "completions" / file).read_bytes() for place, file in COMPLETIONS.items()}
    pages = {f"share/man/man{page.suffix[1:]}/{page.name}": page.read_bytes() for page in (ROOT / "man").iterdir()}
    expected = completions | pages
    assert {name: content for name, content in data(inside, "share/").items() if name in expected} == expected


def test_it_holds_what_an_administrator_copies(inside: dict[str, bytes]) -> None:
    contrib = {path.relative_to(ROOT / "contrib"): path for path in (ROOT / "contrib").rglob("*") if path.is_file()}
    assert data(inside, "share/mtq/") == {f"share/mtq/{name}": path.read_bytes() for name, path in contrib.items()}


def test_it_puts_nothing_anywhere_else(inside: dict[str, bytes]) -> None:
    others = {name for name in data(inside, "share/") if not name.startswith(("share/mtq/", "share/man/"))}
    assert others == COMPLETIONS.keys()
    assert {name for name in inside if not name.startswith("mtq/") and ".data/data/share/" not in name} == set()


def own_files(folder: Path) -> list[Path]:
    """The source files below a folder; a symbolic link to another room is that room's."""
    found = []
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and path.name != "__pycache__":
            found += own_files(path)
        elif path.suffix in (".py", ".tcss") or path.name == "py.typed":
            found.append(path)
    return found
