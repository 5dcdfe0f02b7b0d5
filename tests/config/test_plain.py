"""A configuration as plain data, for `mtq config show`."""

import pytest
import tomlkit

from mtq.config.plain import plain, without_absent
from tests.config.written import EXAMPLE, UNUSUAL, config


@pytest.mark.parametrize("text", ["", EXAMPLE, UNUSUAL], ids=["empty", "EXAMPLE", "UNUSUAL"])
def test_what_is_shown_means_the_same_again(text: str) -> None:
    shown = tomlkit.dumps(without_absent(plain(config(text))))
    assert config(shown) == config(text)


def test_a_plain_range_is_shown_as_it_was_written() -> None:
    assert plain(config('[server]\nlan = ["! 10.1.*"]'))["server"]["lan"] == ["!10.1.*"]


def test_what_is_absent_is_none() -> None:
    assert plain(config("[services.pop3]"))["services"]["pop3"]["certificate"] is None


def test_mechanisms_left_to_the_server_are_shown_as_they_are_written() -> None:
    assert plain(config("[services.pop3]"))["services"]["pop3"]["mechanisms"] == "auto"


def test_toml_leaves_out_what_is_absent() -> None:
    assert without_absent({"a": None, "b": {"c": None, "d": 0}}) == {"b": {"d": 0}}
