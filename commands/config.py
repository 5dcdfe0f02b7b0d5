"""`mtq config`: what the configuration says, whether it is right, where it is."""

from typing import TYPE_CHECKING, Annotated

import typer

from mtq.errors import ConfigInvalid, MtqError, WrongUsage

from . import place
from .console import counted, note, say, say_json
from .options import DryRun, Json, Quiet

if TYPE_CHECKING:
    from mtq.config.document import Document
    from mtq.config.model import Config

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Show, check and change the configuration.",
)


@app.command()
def show(context: typer.Context, as_json: Json = False) -> None:
    """Print the whole configuration in force, defaults included."""
    from mtq.config.plain import plain

    data = plain(place.config(context))
    if as_json:
        say_json(data)
    else:
        _say_table(data)


@app.command()
def check(context: typer.Context) -> None:
    """Say whether the configuration and the files it names are right."""
    from mtq.config.read import missing_files
    from mtq.server.provisions import shortcomings
    from mtq.server.secrecy import exposed

    config = place.config(context)
    file = place.of(context).file
    wrong = [f"{where}: {path}: there is no such file" for where, path in missing_files(config)]
    wrong = wrong or list(shortcomings(config))
    if wrong:
        raise ConfigInvalid("\n".join(f"{file}: {line}" for line in wrong))
    note(f"{file}: right; {counted(len(config.services), 'service')}")
    for warning in exposed(config):
        note(f"warning: {warning}")


@app.command()
def path(context: typer.Context, as_json: Json = False) -> None:
    """Print the path of the configuration."""
    where = place.of(context)
    if where.named and not where.file.exists():
        raise ConfigInvalid(f"{where.file}: there is no such file; `mtq --config {where.file} init` writes it")
    if as_json:
        say_json({"path": str(where.file)})
    else:
        say(str(where.file))


@app.command()
def get(context: typer.Context, key: Annotated[str, typer.Argument(metavar="KEY")], as_json: Json = False) -> None:
    """Print the value in force of a key. Such as services.pop3.listen; or of a whole table."""
    from mtq.config import assignment, keys
    from mtq.config.plain import plain
    from mtq.config.wording import named
    from mtq.config.writing import written

    path = assignment.key(key)
    config = place.config(context)
    found = keys.find(config, path)
    value = plain(config)
    for name in found.path:
        value = value[name]
    if value is None:
        raise MtqError(f"{named(found.path)}: has no value")
    if as_json:
        say_json(value)
    elif found.kind is None:
        _say_table(value)
    else:
        say(value if isinstance(value, str) else written(value))


@app.command("set")
def set_values(
    context: typer.Context,
    pairs: Annotated[list[str], typer.Argument(metavar="KEY VALUE [KEY VALUE]...")],
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Set a key, or several at once. A value is TOML if it parses, else a string."""
    if len(pairs) % 2:
        raise WrongUsage(f"{pairs[-1]}: the value is missing: `mtq config set {pairs[-1]} VALUE`")
    from mtq.config import assignment

    from .change import assign, change

    settings = [(assignment.key(key), text) for key, text in zip(pairs[::2], pairs[1::2], strict=True)]

    def alter(document: "Document", config: "Config") -> str:
        return ", ".join(assign(document, config, path, text) for path, text in settings)

    change(context, alter, quiet, dry_run)


def _say_table(data: object) -> None:
    import tomlkit

    from mtq.config.plain import without_absent

    if text := tomlkit.dumps(without_absent(data)).rstrip():
        say(text)
