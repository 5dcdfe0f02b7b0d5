"""A fresh mailbox for each test."""

import os
from pathlib import Path

import pytest

from tests.mail.mailbox import Mailbox


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    """An empty Maildir."""
    path = os.fsencode(tmp_path / "fred")
    for folder in (b"tmp", b"new", b"cur"):
        os.makedirs(os.path.join(path, folder))
    return Mailbox(path)
