"""The Dovecot that the tests of this room share."""

from collections.abc import Iterator

import pytest

from tests.proxy.dovecot import Dovecot
from tests.proxy.dovecot import dovecot as running

pytest.register_assert_rewrite("tests.proxy.calling", "tests.proxy.remote")


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """One for all tests: they do not change what is in it."""
    with running() as server:
        yield server
