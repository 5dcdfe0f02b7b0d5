"""Which configuration a command works on."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mtq.config import paths

if TYPE_CHECKING:
    from mtq.config.model import Config


@dataclass(frozen=True)
class Place:
    """The configuration file, and whether somebody named it: only the default place is ever filled unasked."""

    file: Path
    named: bool


def place(option: Path | None) -> Place:
    """The configuration of `--config`, of MTQ_CONFIG, or of the default place."""
    named = option or os.environ.get("MTQ_CONFIG")
    if named:
        return Place(Path(named).absolute(), named=True)
    return Place(paths.here().config, named=False)


def of(context: typer.Context) -> Place:
    """The place that the command line named before the sub-command."""
    found = context.obj
    assert isinstance(found, Place)
    return found


def config(context: typer.Context) -> "Config":
    """Its configuration. Raises ConfigInvalid."""
    from mtq.config.read import load

    return load(of(context).file)
