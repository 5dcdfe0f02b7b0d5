"""How a command is called, in one line: the same in the reference and in a man page."""

from mtq.commands.shells.tree import Argument, Command, Option


def usage(command: Command) -> list[str]:
    """The words of the call after the command's own name."""
    required = [called(option) for option in command.options if option.required]
    optional = ["[OPTION…]"] if len(own(command)) > len(required) else []
    arguments = [_argument(argument) for argument in command.arguments]
    return [*optional, *required, *arguments, *(["COMMAND"] if command.commands else [])]


def own(command: Command) -> list[Option]:
    """Its options without the one for help, which every command has."""
    return [option for option in command.options if option.names != ("--help",)]


def called(option: Option) -> str:
    """An option with its names and what it takes."""
    names = ", ".join(sorted(option.names, key=len))
    return names if option.takes is None else f"{names} {option.word}"


def about(option: Option) -> str:
    """What is said of an option."""
    notes = [
        *(["May be given several times."] if option.repeatable and not _says_so(option.text) else []),
        *([f"Default: {option.default}."] if option.default else []),
        *(["Required."] if option.required else []),
    ]
    return " ".join([option.text, *notes]).strip()


def _says_so(text: str) -> bool:
    return "several" in text or "repeatable" in text


def _argument(argument: Argument) -> str:
    word = f"{argument.word}…" if argument.many else argument.word
    return word if argument.required else f"[{word}]"
