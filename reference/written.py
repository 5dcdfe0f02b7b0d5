"""All files of the reference: where each lies, and what stands in it."""

import typer

from mtq.commands.main import app
from mtq.commands.shells.tree import describe

from . import markdown, roff, settings


def files() -> dict[str, str]:
    """The text of each file, by its path from the top of the source tree."""
    root = describe(typer.Context(typer.main.get_command(app), info_name="mtq"))
    tables = settings.tables()
    return {
        "docs/configuration.md": markdown.configuration(tables),
        "docs/commands.md": markdown.commands(root),
        **{f"man/{page.file}": page.text for page in roff.pages(root, tables)},
    }
