"""Man pages in the language of man(7)."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from mtq import __version__
from mtq.commands.shells.tree import Command

from .settings import Key, Table
from .wording import about, called, own, usage

DATE = "2026-11-25"
"""Of the pages' words. It stands here because a page must not change by being written again."""

EXITS = (
    ("0", "Done, or the answer is yes."),
    ("1", "Failed, the answer is no, or the thing named is not there."),
    ("2", "Wrong usage."),
    ("3", "The configuration is missing or wrong."),
    ("4", "No server is running."),
)

DELIVERY = (
    "`mtq mailbox deliver` answers as sysexits.h has it: 0 delivered, 64 usage, 67 no such user, 75 anything else: "
    "try again later."
)

FILES = (
    ("/etc/mtq/mtq.toml, ~/.config/mtq/mtq.toml", "The configuration of root, and of another user."),
    ("/etc/mtq/users, ~/.config/mtq/users", "The users, in the format of Dovecot's passwd-file."),
    ("/var/lib/mtq, ~/.local/state/mtq", "Mail, indexes and generated certificates."),
    ("/run/mtq/control.sock, ~/.local/state/mtq/control.sock", "Where commands reach the running server."),
)

TOML = (
    "mtq.toml is a file in TOML. It needs only what differs from the defaults. `mtq init` writes a safe one, "
    "`mtq config show` prints all that is in force, `mtq config check` says whether the file is right, and after a "
    "change by hand `mtq reload` has the running server follow.",
    "A path is relative to the folder of the file. NAME and HOST stand for names of one's own choice.",
)


@dataclass(frozen=True)
class Page:
    """A page: `mtq-user.1` and its text."""

    name: str
    section: int
    text: str

    @property
    def file(self) -> str:
        return f"{self.name}.{self.section}"


def pages(root: Command, tables: list[Table]) -> list[Page]:
    """One page for mtq and the commands that stand alone, one for each group, one for the configuration."""
    groups = [command for command in root.commands if command.commands]
    return [_top(root, groups), *(_group(group) for group in groups), _configuration(tables)]


def _top(root: Command, groups: list[Command]) -> Page:
    lone = [command for command in root.commands if not command.commands]
    lines = [*_head("mtq", 1, "POP3 server and POP3 proxy"), ".SH SYNOPSIS", *_call(root), ".SH DESCRIPTION"]
    lines += [*_paragraphs(_capital(root.text.removeprefix("mtq: "))), *_parameters(root)]
    for command in lone:
        lines += _section(command, "SH")
    lines += [".SH GROUPS", "Each has a page of its own."]
    for group in groups:
        lines += [".TP", f".BR {_word(_page(group))} (1)", *_paragraphs(group.text)]
    lines += [".SH ENVIRONMENT", ".TP", ".B MTQ_CONFIG", "The configuration, where no \\-\\-config names one."]
    lines += [".SH FILES", *_listed(FILES), *_exit_status([DELIVERY])]
    return Page("mtq", 1, _joined([*lines, *_see_also("mtq.toml(5)")]))


def _group(group: Command) -> Page:
    name = _page(group)
    lines = [*_head(name, 1, group.about), ".SH SYNOPSIS", *_call(group), ".SH DESCRIPTION", *_paragraphs(group.text)]
    lines.append(".SH COMMANDS")
    for command in group.all():
        if not command.commands:
            lines += _section(command, "SS")
    delivery = [DELIVERY] if group.name == "mailbox" else []
    return Page(name, 1, _joined([*lines, *_exit_status(delivery), *_see_also("mtq(1)", "mtq.toml(5)")]))


def _configuration(tables: list[Table]) -> Page:
    lines = [*_head("mtq.toml", 5, "configuration of mtq"), ".SH DESCRIPTION", *_paragraphs("\n\n".join(TOML))]
    for table in tables:
        lines += [f'.SH "[{_quoted(table.name)}]"', *_filled(_sentence(table.about))]
        for key in table.keys:
            lines += _key(key)
    return Page("mtq.toml", 5, _joined([*lines, ".SH FILES", *_listed(FILES), *_see_also("mtq(1)", "mtq-config(1)")]))


def _key(key: Key) -> Iterator[str]:
    yield from (".TP", f".B {_word(key.name)}", *_filled(_sentence(key.about)))
    yield from (".br", *_filled(f"Allowed: {key.allowed}."))
    if key.default:
        yield from (".br", *_filled(f"Default: {key.default}"))


def _head(name: str, section: int, about: str) -> list[str]:
    title = f'.TH {name.upper()} {section} {DATE} "mtq {__version__}" "mtq"'
    what = about[:1].lower() + about[1:] if about[1:2].islower() else about
    return ['.\\" Written by `make reference` from the code.', title, ".SH NAME", f"{_word(name)} \\- {_word(what)}"]


def _section(command: Command, level: str) -> Iterator[str]:
    yield f'.{level} "{_quoted(" ".join(command.path))}"'
    yield from _call(command)
    paragraphs = list(_paragraphs(command.text))
    if paragraphs:
        yield ".PP"
    yield from paragraphs
    yield from _parameters(command)


def _call(command: Command) -> list[str]:
    return [f".B {_word(' '.join(command.path))}", *([_word(" ".join(usage(command)))] if usage(command) else [])]


def _parameters(command: Command) -> Iterator[str]:
    for argument in command.arguments:
        if argument.text:
            yield from (".TP", f".I {_word(argument.word)}", *_paragraphs(argument.text))
    for option in own(command):
        yield from (".TP", f".B {_word(called(option))}", *_paragraphs(about(option)))


def _exit_status(further: list[str]) -> list[str]:
    return [".SH EXIT STATUS", *_listed(EXITS), *(line for text in further for line in (".PP", *_filled(text)))]


def _listed(rows: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for word, what in rows:
        yield from (".TP", f".B {_word(word)}", *_filled(what))


def _see_also(*pages: str) -> list[str]:
    named = [re.sub(r"^(.*)(\(\d\))$", r"\1 \2", page) for page in pages]
    return [".SH SEE ALSO", *(f".BR {_word(page)}{',' if page != named[-1] else ''}" for page in named)]


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(filter(None, text.split("\n\n"))):
        if number:
            yield ".PP"
        yield from _filled(paragraph)


def _page(group: Command) -> str:
    return "-".join(group.path)


def _sentence(text: str) -> str:
    return f"{_capital(text)}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _filled(text: str) -> list[str]:
    """Running text in lines of a length that a terminal shows; what stands between backticks is bold."""
    shown = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", _word(" ".join(text.split())))
    lines = textwrap.wrap(shown, 78, break_long_words=False, break_on_hyphens=False)
    return [f"\\&{line}" if line.startswith(".") else line for line in lines]


def _word(text: str) -> str:
    for char, written in (("\\", "\\e"), ("-", "\\-"), ("…", "..."), ("'", "\\(aq")):
        text = text.replace(char, written)
    return text


def _quoted(text: str) -> str:
    return _word(text).replace('"', "\\(dq")


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
