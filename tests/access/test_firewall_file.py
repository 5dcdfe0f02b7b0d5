"""The `firewall_file`: what is read from it, and what is said of one that cannot be used."""

from pathlib import Path

import pytest

from mtq.access.firewall_file import read
from mtq.errors import ConfigInvalid


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "blocklist.txt"


def refused(file: Path) -> str:
    """What is said of the file."""
    with pytest.raises(ConfigInvalid) as caught:
        read(file)
    return str(caught.value)


def test_a_file_gives_its_ranges(file: Path) -> None:
    file.write_text("# all\n10.0.0.0/8\n!10.0.0.13\nprinter.example\n")
    assert [found.text for found in read(file)] == ["10.0.0.0/8", "!10.0.0.13", "printer.example"]


def test_no_file_has_no_ranges() -> None:
    assert list(read(None)) == []


def test_a_file_that_a_windows_editor_has_saved_is_read(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf10.0.0.1\r\n10.0.0.2\r\n")
    assert [found.text for found in read(file)] == ["10.0.0.1", "10.0.0.2"]


def test_a_wrong_line_is_named_with_its_file(file: Path) -> None:
    file.write_text("10.0.0.1\n10.0.0.300\n")
    assert refused(file).startswith(f"{file}: line 2: 10.0.0.300 is not an address")


def test_what_is_not_utf_8_is_named_with_its_line(file: Path) -> None:
    file.write_bytes(b"10.0.0.1\n\n# caf\xe9\n")
    assert refused(file) == f"{file}: line 3: not UTF-8"


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    assert refused(file) == f"{file}: no such file or directory"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"{tmp_path}: is a directory"
