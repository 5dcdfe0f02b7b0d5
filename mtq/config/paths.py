"""Where the configuration, the users, the state and the control socket are: the only module that knows."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from mtq.errors import ConfigInvalid

CONFIG_NAME = "mtq.toml"


@dataclass(frozen=True)
class Places:
    """The default places, for root or for another user."""

    config: Path
    state: Path
    control_socket: Path
    privileged: bool


def places(uid: int, env: dict[str, str]) -> Places:
    """The default places for this user and environment. Raises ConfigInvalid for a user without a home.

    Cron gives neither XDG variables nor, at times, HOME: then the home is the one in the passwd database.
    """
    if uid == 0:
        return Places(
            Path("/etc/mtq") / CONFIG_NAME, Path("/var/lib/mtq"), Path("/run/mtq/control.sock"), privileged=True
        )
    home = Path(env.get("HOME") or _home(uid))
    config = _absolute(env.get("XDG_CONFIG_HOME")) or home / ".config"
    state = (_absolute(env.get("XDG_STATE_HOME")) or home / ".local/state") / "mtq"
    return Places(config / "mtq" / CONFIG_NAME, state, state / "control.sock", privileged=False)


def here() -> Places:
    """The default places of whoever runs this process."""
    return places(os.geteuid(), dict(os.environ))


def around(file: Path, default: Places) -> Places:
    """The default places for a configuration: around root's own they are root's, whoever reads it.

    The service user does: it delivers mail, and may ask the running server.
    """
    root = places(0, {})
    return root if file == root.config else default


def _home(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_dir
    except KeyError:
        raise ConfigInvalid(f"user id {uid} has no home, where a configuration could be; set HOME") from None


def _absolute(value: str | None) -> Path | None:
    # The XDG specification: a relative path in these variables is to be ignored.
    return Path(value) if value and value.startswith("/") else None
