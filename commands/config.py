"""`mtq config`: what the configuration says, whether it is right, where it is."""

from typing import Annotated

import typer

from mtq.errors import ConfigInvalid

from . import place
from .console import note, say, say_json

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="The configuration.")


@app.command()
def show(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Print the whole configuration in force, defaults included."""
    from mtq.config.plain import plain, without_absent

    data = plain(place.config(context))
    if as_json:
        say_json(data)
        return
    import tomlkit

    say(tomlkit.dumps(without_absent(data)).rstrip())


@app.command()
def check(context: typer.Context) -> None:
    """Say whether the configuration and the files it names are right."""
    from mtq.config.read import missing_files
    from mtq.server.provisions import shortcomings

    config = place.config(context)
    file = place.of(context).file
    wrong = [f"{where}: {path}: there is no such file" for where, path in missing_files(config)]
    wrong = wrong or list(shortcomings(config))
    if wrong:
        raise ConfigInvalid("\n".join(f"{file}: {line}" for line in wrong))
    note(f"{file}: right; {len(config.services)} services")


@app.command()
def path(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Print which file is the configuration."""
    where = place.of(context)
    if where.named and not where.file.exists():
        raise ConfigInvalid(f"{where.file}: there is no such file; `mtq --config {where.file} init` writes it")
    if as_json:
        say_json({"path": str(where.file)})
    else:
        say(str(where.file))
