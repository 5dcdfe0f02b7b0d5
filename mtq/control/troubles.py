"""What can be wrong with a server that one wants to speak to, said to a person."""

from collections.abc import Collection, Mapping
from pathlib import Path

from mtq.control import wire
from mtq.errors import MtqError, NoServer

_FATES = {"running": "goes on as before"}
"""What becomes of a service that could not follow, by its state then; else it does not run."""


class HungUp(MtqError):
    """The server has closed the connection."""


def unconnected(path: Path, error: OSError) -> MtqError:
    """Why nobody can be reached there."""
    match error:
        case FileNotFoundError() | NotADirectoryError() | ConnectionRefusedError():
            return NoServer(f"no server is running ({path}); start it with `mtq serve`")
        case PermissionError():
            return MtqError(f"control socket {path}: permission denied; root and the server's own user may use it")
        case BlockingIOError():
            return silent(path)
        case _:
            return MtqError(f"control socket {path}: {(error.strerror or str(error)).lower()}")


def check_version(path: Path, status: Mapping[str, object]) -> None:
    """Raises MtqError for a server of another protocol version. `status` is what its `server.status` said."""
    spoken = status.get("protocol")
    if spoken != wire.VERSION:
        raise MtqError(
            f"the server on {path} speaks version {spoken!r:.20} of the control protocol and this mtq "
            f"version {wire.VERSION}: restart the server, or use the mtq that it was started with"
        )


def silent(path: Path) -> MtqError:
    """It takes too long."""
    return MtqError(f"the server on {path} does not answer")


def garbled(path: Path) -> MtqError:
    """What it says is not the protocol."""
    return MtqError(f"what listens on {path} does not answer as mtq does")


def hung_up(path: Path) -> HungUp:
    """It has closed the connection."""
    return HungUp(f"the server on {path} has hung up")


def unfollowed(reload: Mapping[str, object], services: Collection[str] | None = None) -> MtqError | None:
    """What to complain of after a `server.reload`: those of the services (None: of all) that could not follow.

    None if all could.
    """
    failed = reload.get("failed")
    rows = failed if isinstance(failed, list) else []
    said = [
        f"service {row['service']} {_FATES.get(row['state'], 'does not run')}: {row['error']}"
        for row in rows
        if services is None or row["service"] in services
    ]
    return MtqError("\n".join(said)) if said else None
