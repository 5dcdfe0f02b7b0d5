"""A property that does not hold is shown with its values."""

import pytest

pytest.register_assert_rewrite("tests.fuzz.targets", "tests.fuzz.loopback")
