"""The server's own secret: made once, whoever asks first."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mtq.errors import MtqError
from mtq.users.secret import SECRET_OCTETS, kept


def test_it_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    secret = kept(tmp_path / "secret")
    assert len(secret) == SECRET_OCTETS == 32
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert kept(tmp_path / "secret") == secret


def test_it_is_never_the_same_twice(tmp_path: Path) -> None:
    assert kept(tmp_path / "one") != kept(tmp_path / "two")


def test_servers_that_start_at_once_agree(tmp_path: Path) -> None:
    for round_ in range(20):
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(kept, [tmp_path / str(round_)] * 8))) == 1


def test_a_secret_that_is_there_needs_no_folder_that_can_be_written(tmp_path: Path) -> None:
    secret = kept(tmp_path / "secret")
    os.unlink(tmp_path / "secret.lock")
    kept(tmp_path / "secret")
    assert kept(tmp_path / "secret") == secret
    assert not (tmp_path / "secret.lock").exists()


@pytest.mark.parametrize("where", ["no/folder/secret", "."])
def test_a_place_that_cannot_be_used_is_named(tmp_path: Path, where: str) -> None:
    with pytest.raises(MtqError, match=str(tmp_path)):
        kept(tmp_path / where)


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_what_is_no_secret_is_left_alone_and_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(MtqError, match="is no secret of 32 octets; remove it"):
        kept(tmp_path / "secret")
    assert (tmp_path / "secret").read_bytes() == content
