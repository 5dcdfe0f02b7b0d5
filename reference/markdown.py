"""The reference as Markdown: one page for the configuration, one for the commands."""

from collections.abc import Iterator

from mtq.commands.shells.tree import Command

from .settings import Key, Table
from .wording import about, called, own, usage

WRITTEN = "<!-- Written by `make reference` from the code. Change it there. -->"

CONFIGURATION = f"""\
{WRITTEN}

# The configuration

One file in [TOML](https://toml.io), `mtq.toml`. Started by root, mtq reads `/etc/mtq/mtq.toml`; by another user,
`~/.config/mtq/mtq.toml`. `mtq --config PATH` and the variable `MTQ_CONFIG` name another one.

`mtq init` writes a safe file. It needs only what differs from the defaults below. `mtq config show` prints all
that is in force, `mtq config check` says whether the file is right, and `mtq config set KEY VALUE` changes one key
and leaves every other byte alone. After a change by hand, `mtq reload` has the running server follow.

A key that is not known, or a value that is not allowed, is an error. The error names the file, the line and what is
allowed, and nothing starts or changes.

| what | as root | as another user |
|---|---|---|
| the file | `/etc/mtq/mtq.toml` | `~/.config/mtq/mtq.toml` |
| `state_dir` | `/var/lib/mtq` | `~/.local/state/mtq` |
| `control_socket` | `/run/mtq/control.sock` | `~/.local/state/mtq/control.sock` |

A path is relative to the folder of the file. NAME and HOST stand for names of your own choice.
"""

COMMANDS = f"""\
{WRITTEN}

# The commands

Every command explains itself: `mtq COMMAND --help`.

What a command prints on standard output is data, with `--json` for programs. Everything else goes to standard error.

| exit code | meaning |
|---|---|
| 0 | done, or the answer is yes |
| 1 | failed, the answer is no, or the thing named is not there |
| 2 | wrong usage |
| 3 | the configuration is missing or wrong |
| 4 | no server is running |

`mtq mailbox deliver` alone answers as mail servers expect it: 0 delivered, 64 usage, 67 no such user, 75 try again.
"""


def configuration(tables: list[Table]) -> str:
    """The page of the configuration."""
    return "\n".join([CONFIGURATION, *(_table(table) for table in tables)])


def commands(root: Command) -> str:
    """The page of the commands."""
    return "\n".join([COMMANDS, *(_command(command) for command in root.all())])


def _table(table: Table) -> str:
    rows = [f"| `{key.name}` | {_cell(key.about)} | {_cell(key.allowed)} | {_default(key)} |" for key in table.keys]
    head = [f"## [{table.name}]", "", f"{_capital(table.about)}.", ""]
    return "\n".join([*head, "| key | what | allowed | default |", "|---|---|---|---|", *rows, ""])


def _command(command: Command) -> str:
    lines = [f"{'##' if len(command.path) < 3 else '###'} {' '.join(command.path)}", ""]
    lines += ["```text", " ".join([*command.path, *usage(command)]), "```", "", command.text, ""]
    lines += _rows(list(_parameters(command)))
    lines += [f"- [`{' '.join(below.path)}`](#{'-'.join(below.path)}): {below.about}." for below in command.commands]
    return "\n".join([*lines, ""] if command.commands else lines)


def _rows(rows: list[str]) -> list[str]:
    return ["| parameter | what |", "|---|---|", *rows, ""] if rows else []


def _parameters(command: Command) -> Iterator[str]:
    for argument in command.arguments:
        if argument.text:
            yield f"| `{argument.word}` | {_cell(argument.text)} |"
    for option in own(command):
        yield f"| `{called(option)}` | {_cell(about(option))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(key: Key) -> str:
    return f"`{_cell(key.default)}`" if key.default else "not set"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
