"""`mtq init`: a safe configuration, and what it needs to serve."""

import os
import pwd
import socket
import subprocess
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtq import durable
from mtq.config import paths, template
from mtq.config.model import Config
from mtq.config.read import load, own_certificate
from mtq.errors import MtqError
from mtq.server.privsep.account import Account, acting_as, can_work_in, unreadable_program, worker_of
from mtq.server.privsep.folders import control_folder, hand_over

from . import place
from .console import note, say
from .options import DryRun, Quiet

if TYPE_CHECKING:
    from mtq.authority import Made

app = typer.Typer(add_completion=False, rich_markup_mode=None)

SERVICE_USER = "mtq"


@app.command()
def init(
    context: typer.Context,
    create_user: Annotated[
        bool, typer.Option("--create-user", help=f"As root: make the system user {SERVICE_USER} if it is not there.")
    ] = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Write a safe configuration and make what it needs.

    That is an empty users file, folders and a certificate. What is there already is left alone.
    """
    file = place.of(context).file
    if dry_run:
        if file.exists():
            note(f"unchanged: {file} is there already", quiet)
        else:
            note(f"would write {file}:", quiet)
            say(_safe(create_user))
        return
    if create_user:
        _make_user(quiet)
    if file.exists():
        config = load(file)
        note(f"unchanged: {file} is there already", quiet)
        furnish(config, quiet)
        return
    fill(file, quiet)


def fill(file: Path, quiet: bool = False, serving: bool = False) -> Config:
    """Write the safe configuration and make all that it needs. Says what, where, and what to type next.

    `serving`: the server starts right away.
    """
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    durable.replace(file, _safe().encode(), 0o644)
    config = load(file)
    note(f"wrote the configuration {file}", quiet)
    furnish(config, quiet)
    listening = ", ".join(f"{name} on {service.listen[0]}" for name, service in config.services.items())
    note(f"services: {listening}; clients from this machine and from private networks are let in", quiet)
    note(f"next: `mtq user add NAME`{' in another terminal' if serving else ', then `mtq serve`'}", quiet)
    return config


def _safe(user_is_made: bool = False) -> str:
    root = os.geteuid() == 0
    user = SERVICE_USER if root and (user_is_made or _user_exists()) else None
    return template.safe(socket.gethostname(), user, root)


def furnish(config: Config, quiet: bool = False) -> None:
    """Make what a configuration needs and is not there yet: users file, folders, mtq's own certificate."""
    owner = worker_of(config)
    if not config.users.file.exists():
        durable.replace(config.users.file, b"", 0o600)
        _give(config.users.file, owner)
        note(f"made an empty users file {config.users.file}", quiet)
    _folder(config.server.state_dir, owner)
    if owner is not None:
        control_folder(config.server.control_socket, owner)
    before_placeholder = config.mailboxes.path.partition("{")[0]
    if before_placeholder:
        _folder(Path(os.path.dirname(before_placeholder)), owner)
    if config.tls.certificate == own_certificate(config.server.state_dir):
        _certify(config, owner, quiet)


def _folder(path: Path, owner: Account | None) -> None:
    if path.is_dir():
        return
    path.mkdir(mode=0o700, parents=True)
    _give(path, owner)


def _give(path: Path, owner: Account | None) -> None:
    if owner is not None:
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)


def _certify(config: Config, owner: Account | None, quiet: bool) -> None:
    """Make or renew mtq's own certificate, which belongs to the server: it renews it, too."""
    folder, state = config.tls.certificate.parent, config.server.state_dir
    maker: AbstractContextManager[None] = nullcontext()
    if owner is not None:
        hand_over(folder, owner)        # made when there was no server.user yet
        if can_work_in(state, owner) and not unreadable_program(owner):
            maker = acting_as(owner)    # root would follow any link that somebody has laid in the server's folder
    with maker:
        made = _made(config)
    if owner is not None:
        hand_over(folder, owner)
    if made is not None:
        note(f"made a certificate {made.certificate}; clients that import {made.authority} trust it", quiet)


def _made(config: Config) -> "Made | None":
    from mtq import tls

    try:
        return tls.make_if_due(config.tls.certificate, config.tls.key, config.server.hostname)
    except (MtqError, OSError) as error:
        if not (config.tls.certificate.exists() and config.tls.key.exists()):
            raise
        # It is renewed a month before its end: a full disk is no reason not to serve with what is there.
        note(f"warning: {config.tls.certificate} could not be renewed: {error}")
        return None


def _user_exists() -> bool:
    try:
        pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return False
    return True


def _make_user(quiet: bool) -> None:
    if os.geteuid() != 0:
        raise MtqError("only root can make a system user")
    if _user_exists():
        note(f"unchanged: there is a user {SERVICE_USER} already", quiet)
        return
    home = str(paths.here().state)
    command = ["useradd", "--system", "--home-dir", home, "--shell", "/usr/sbin/nologin", SERVICE_USER]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    except FileNotFoundError:
        raise MtqError(f"useradd is not on this system; make a user {SERVICE_USER} by its own means") from None
    if done.returncode != 0:
        raise MtqError(f"useradd failed: {done.stderr.strip()}")
    note(f"made the system user {SERVICE_USER}", quiet)
