"""`mtq init`: a safe configuration, and what it needs to serve."""

import os
import pwd
import socket
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from mtq import durable
from mtq.config import paths, template
from mtq.config.model import Config
from mtq.config.read import load, own_certificate
from mtq.errors import MtqError

from . import place
from .console import note, say
from .options import DryRun, Quiet

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
    """Write a safe configuration, an empty users file and a certificate. What is there already is left alone."""
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


def fill(file: Path, quiet: bool = False) -> Config:
    """Write the safe configuration and make all that it needs. Says what, where, and what to type next."""
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    durable.replace(file, _safe().encode(), 0o644)
    config = load(file)
    note(f"wrote the configuration {file}", quiet)
    furnish(config, quiet)
    listening = ", ".join(f"{name} on {service.listen[0]}" for name, service in config.services.items())
    note(f"services: {listening}; clients from this machine and from private networks are let in", quiet)
    note("next: `mtq user add NAME`, then `mtq serve`", quiet)
    return config


def _safe(user_is_made: bool = False) -> str:
    root = os.geteuid() == 0
    user = SERVICE_USER if root and (user_is_made or _user_exists()) else None
    return template.safe(socket.gethostname(), user, root)


def furnish(config: Config, quiet: bool = False) -> None:
    """Make what a configuration needs and is not there yet: users file, folders, mtq's own certificate."""
    owner = _owner(config)
    if not config.users.file.exists():
        durable.replace(config.users.file, b"", 0o600)
        _give(config.users.file, owner)
        note(f"made an empty users file {config.users.file}", quiet)
    _folder(config.server.state_dir, owner)
    before_placeholder = config.mailboxes.path.partition("{")[0]
    if before_placeholder:
        _folder(Path(os.path.dirname(before_placeholder)), owner)
    if config.tls.certificate == own_certificate(config.server.state_dir):
        _certify(config, quiet)


def _certify(config: Config, quiet: bool) -> None:
    from mtq import tls

    try:
        made = tls.make_if_due(config.tls.certificate, config.tls.key, config.server.hostname)
    except (MtqError, OSError) as error:
        if not (config.tls.certificate.exists() and config.tls.key.exists()):
            raise
        # It is renewed a month before its end: a full disk is no reason not to serve with what is there.
        note(f"warning: {config.tls.certificate} could not be renewed: {error}")
        return
    if made is not None:
        note(f"made a certificate {made.certificate}; clients that import {made.authority} trust it", quiet)


def _folder(path: Path, owner: tuple[int, int] | None) -> None:
    if path.is_dir():
        return
    path.mkdir(mode=0o700, parents=True)
    _give(path, owner)


def _give(path: Path, owner: tuple[int, int] | None) -> None:
    if owner is not None:
        os.chown(path, *owner)


def _owner(config: Config) -> tuple[int, int] | None:
    """To whom what is made belongs, when root makes it for a service user."""
    if os.geteuid() != 0 or config.server.user is None:
        return None
    try:
        user = pwd.getpwnam(config.server.user)
    except KeyError:
        raise MtqError(
            f"server.user: there is no user {config.server.user} on this system; `mtq init --create-user` makes one"
        ) from None
    return user.pw_uid, user.pw_gid


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
