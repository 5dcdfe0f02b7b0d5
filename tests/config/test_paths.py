"""The default places of the configuration, the state and the control socket."""

import os
import pwd
from pathlib import Path

import pytest

from mtq.config.paths import Places, around, here, places
from mtq.errors import ConfigInvalid

HOME = {"HOME": "/home/fred"}


def test_root_has_the_places_of_the_system() -> None:
    assert places(0, {}) == Places(
        Path("/etc/mtq/mtq.toml"), Path("/var/lib/mtq"), Path("/run/mtq/control.sock"), privileged=True
    )


def test_root_has_them_whatever_the_environment_says() -> None:
    assert places(0, {**HOME, "XDG_CONFIG_HOME": "/x", "XDG_STATE_HOME": "/y"}) == places(0, {})


def test_another_user_has_the_usual_places_of_a_home() -> None:
    assert places(1000, HOME) == Places(
        Path("/home/fred/.config/mtq/mtq.toml"),
        Path("/home/fred/.local/state/mtq"),
        Path("/home/fred/.local/state/mtq/control.sock"),
        privileged=False,
    )


def test_xdg_variables_move_them() -> None:
    found = places(1000, {**HOME, "XDG_CONFIG_HOME": "/x/config", "XDG_STATE_HOME": "/x/state"})
    assert found.config == Path("/x/config/mtq/mtq.toml")
    assert found.state == Path("/x/state/mtq")
    assert found.control_socket == Path("/x/state/mtq/control.sock")


@pytest.mark.parametrize("value", ["", "relative", "./relative", "~/config"])
def test_xdg_variables_that_are_not_absolute_are_ignored(value: str) -> None:
    assert places(1000, {**HOME, "XDG_CONFIG_HOME": value, "XDG_STATE_HOME": value}) == places(1000, HOME)


def test_the_control_socket_is_the_same_for_cron_and_for_a_login() -> None:
    """A login has XDG_RUNTIME_DIR and cron has not: the socket must not depend on it."""
    assert places(1000, {**HOME, "XDG_RUNTIME_DIR": "/run/user/1000"}) == places(1000, HOME)


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}])
def test_without_home_the_passwd_database_has_it(environment: dict[str, str]) -> None:
    daemon = next(user for user in pwd.getpwall() if user.pw_uid != 0)
    assert places(daemon.pw_uid, environment).config == Path(daemon.pw_dir, ".config/mtq/mtq.toml")


def test_a_user_without_any_home_is_told_what_to_set() -> None:
    strange = max(user.pw_uid for user in pwd.getpwall()) + 1
    with pytest.raises(ConfigInvalid, match="HOME"):
        places(strange, {})


def test_here_is_where_this_process_is() -> None:
    assert here() == places(os.geteuid(), dict(os.environ))


def test_around_roots_configuration_the_places_are_roots_whoever_reads_it() -> None:
    another = places(1000, HOME)
    assert around(Path("/etc/mtq/mtq.toml"), another) == places(0, {})
    assert around(Path("/srv/mtq.toml"), another) == another
