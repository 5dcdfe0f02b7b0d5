"""The scripts of completion for a command line that has one of everything, and the tree that they come from."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import pytest
import typer

from mtq.commands.main import app
from mtq.commands.shells import bash, fish, zsh
from mtq.commands.shells.keys import Key, known
from mtq.commands.shells.takes import TAKES, Choices, Source, Takes
from mtq.commands.shells.tree import Argument, Command, Option, describe
from tests.commands.shells import SHELLS, Shell
from tests.house import House

WRITE = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}

everything = typer.Typer(add_completion=False)
service = typer.Typer()
config = typer.Typer()
proxy = typer.Typer()
allow = typer.Typer()
everything.add_typer(service, name="service")
everything.add_typer(config, name="config")
everything.add_typer(proxy, name="proxy")
proxy.add_typer(allow, name="allow", help="The servers that may be used.")

Name = Annotated[str, typer.Argument(metavar="SERVICE")]
Settings = Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE...")]


class Colour(Enum):
    """A choice by its type."""

    RED = "red"
    BLUE_GREEN = "blue-green"


@everything.callback()
def top(config: Annotated[Path | None, typer.Option(metavar="PATH")] = None) -> None:
    """Everything."""


@service.command("add")
def add_service(
    name: str,
    settings: Settings = None,
    listen: Annotated[list[str] | None, typer.Option("--listen", "-l", metavar="WHERE")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing.")] = False,
    colour: Annotated[Colour, typer.Option()] = Colour.RED,
) -> None:
    """Add a service. It is not started."""


@service.command("set")
def set_service(name: Name, settings: Settings = None) -> None:
    """$(touch harm) `touch harm` 'a' "b" [c]: \\d 5%s"""


@service.command(hidden=True)
def secret() -> None:
    """Not for everybody."""


@config.command("set")
def set_config(key: str, value: str) -> None:
    """Set a key."""


@config.command("several")
def set_several(pairs: Annotated[list[str], typer.Argument(metavar="KEY VALUE [KEY VALUE]...")]) -> None:
    """Set several keys."""


@allow.command("add")
def allow_server(
    host: list[str],
    service: Annotated[str, typer.Option()],
    lan: Annotated[bool, typer.Option("--lan/--no-lan", help="$(touch harm) `touch harm` 'a' [c]: \\d.")] = False,
    unseen: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Allow a server."""


@allow.command("remove")
def warn(users: Annotated[list[str], typer.Argument(metavar="[USER]...")], file: Path | None = None) -> None:
    """Warn users."""


def tree(application: typer.Typer) -> Command:
    return describe(typer.Context(typer.main.get_command(application), info_name="mtq"))


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell with a script for everything."""
    _, install = SHELLS[request.param]
    return install(tmp_path_factory.mktemp("home"), WRITE[request.param](tree(everything), known()))


# The tree


def find(*path: str) -> Command:
    return next(command for command in tree(everything).all() if command.path == ("mtq", *path))


def parameters(command: Command) -> tuple[Argument | Option, ...]:
    return (*command.arguments, *command.options)


def test_a_command_has_its_first_sentence_its_options_and_its_arguments() -> None:
    add = find("service", "add")
    assert add.about == "Add a service"
    assert add.arguments == (
        Argument("NAME", Source.NOWHERE), Argument("KEY=VALUE", Source.SETTING, many=True, required=False)
    )
    assert add.options == (
        Option(("--listen", "-l"), "", "WHERE", Choices(("pop3", "pop3s")), repeatable=True),
        Option(("--quiet", "-q"), "Say nothing", "QUIET", None, text="Say nothing."),
        Option(("--colour",), "", "COLOUR", Choices(("red", "blue-green")), default="red"),
        Option(("--help",), "Show this message and exit", "HELP", None, text="Show this message and exit."),
    )


def test_groups_are_followed_to_any_depth() -> None:
    assert [command.name for command in find("proxy", "allow").commands] == ["add", "remove"]
    assert find("proxy", "allow").about == "The servers that may be used"


def test_what_is_hidden_is_left_out() -> None:
    assert [command.name for command in find("service").commands] == ["add", "set"]
    assert {name for option in find("proxy", "allow", "add").options for name in option.names} == {
        "--service", "--lan", "--no-lan", "--help",
    }


def test_a_parameter_takes_what_its_word_says_be_it_its_metavar_its_name_or_its_type() -> None:
    def takes(*path: str) -> list[Takes | None]:
        return [parameter.takes for parameter in parameters(find(*path))]

    assert takes("service", "set") == [Source.SERVICES, Source.SETTING, None]
    assert takes("config", "set") == [Source.KEY, Source.VALUE, None]
    assert takes("proxy", "allow", "add") == [Source.NOWHERE, Source.SERVICES, None, None]
    assert takes("proxy", "allow", "remove") == [Source.USERS, Source.FILES, None]


def test_the_words_of_the_command_line_are_known() -> None:
    unknown = {
        f"{' '.join(command.path)}: {parameter.word}"
        for command in tree(app).all()
        for parameter in parameters(command)
        if parameter.takes is Source.NOWHERE and parameter.word not in TAKES
    }
    assert unknown == set(), "say in commands/shells/takes.py what they take"


def test_the_keys_come_from_the_model() -> None:
    keys = known()
    about, levels = "least important lines that are logged", Choices(("debug", "info", "warning", "error"))
    assert Key("log_level", about, levels) not in keys.config
    assert Key("server.log_level", about, levels) in keys.config
    assert Key("tls.key", "its private key, PEM", Source.FILES) in keys.config
    assert Key("enabled", "start with the server", Choices(("true", "false"))) in keys.service
    assert Key("max_connections", "most clients at a time", Source.NOWHERE) in keys.service
    assert {"mechanisms", "proxy.enabled", "proxy.dialup.up"} <= {key.name for key in keys.service}
    assert not any(key.name.startswith(("services", "proxy.targets")) for key in (*keys.config, *keys.service))


# The scripts


@pytest.mark.parametrize(
    ("before", "at", "words"),
    [
        ("", "", {"service", "config", "proxy"}),
        ("service ", "", {"add", "set"}),
        ("proxy ", "", {"allow"}),
        ("proxy allow ", "", {"add", "remove"}),
        ("--config x proxy allow ", "ad", {"add"}),
        ("service set ", "", {"pop3", "pop3s"}),
        ("proxy allow add --service ", "", {"pop3", "pop3s"}),
        ("proxy allow add ", "--service=pop3s", {"--service=pop3s"}),
        ("proxy allow add --service pop3 host.example ", "", set()),
        ("proxy allow add ", "--no", {"--no-lan"}),
        ("proxy allow remove ", "", {"fred"}),
        ("proxy allow remove fred ", "", {"fred"}),
        ("proxy allow remove fred fred --file x ", "", {"fred"}),
        ("service add --colour ", "", {"red", "blue-green"}),
        ("service add -q new --colour ", "b", {"blue-green"}),
        ("service add --listen pop3 --listen ", "", {"pop3", "pop3s"}),
        ("service add -l ", "", {"pop3", "pop3s"}),
    ],
)
def test_commands_options_and_arguments(shell: Shell, house: House, before: str, at: str, words: set[str]) -> None:
    assert shell.offer(before, at, MTQ_CONFIG=str(house.file)).words == words


def test_the_keys_of_a_service(shell: Shell) -> None:
    assert shell.offer("service set pop3 ").words == {f"{key.name}=" for key in known().service}


@pytest.mark.parametrize(
    ("before", "at", "words"),
    [
        ("service set pop3 ", "max_connections_p", {"max_connections_per_address="}),
        ("service set pop3 tls=off access=any ", "proxy.dialup.u", {"proxy.dialup.up="}),
        ("service add new ", "idle", {"idle_timeout="}),
        ("service set pop3 ", "tls=st", {"tls=starttls"}),
        ("service set pop3 ", "access=firewall+", {"access=firewall+lan"}),
        ("service set pop3 ", "proxy.tls=au", {"proxy.tls=auto"}),
        ("service set pop3 tls=off ", "enabled=t", {"enabled=true"}),
        ("service set pop3 ", "max_connections=2", {"max_connections=2"}),
        ("service set pop3 ", "nonsense=2", {"nonsense=2"}),
        ("service set pop3 ", "certificate=of-the-s", {"certificate=of-the-shop.pem"}),
        ("config set ", "server.log_l", {"server.log_level"}),
        ("config set ", "servi", {"services."}),
        ("config set ", "services.pop3.tl", {"services.pop3.tls"}),
        ("config set ", "services.pop3s.proxy.dialup.t", {"services.pop3s.proxy.dialup.timeout"}),
        ("config set server.log_format ", "", {"text", "json"}),
        ("config set tls.certificate ", "of-the-s", {"of-the-shop.pem"}),
        ("config set services.pop3.tls ", "", {"off", "starttls", "implicit"}),
        ("config set services.pop3.proxy.tls ", "", {"auto", "implicit", "starttls", "off"}),
        ("config set server.shutdown_grace ", "", set()),
        ("config set nonsense ", "", set()),
        ("config several ", "server.log_l", {"server.log_level"}),
        ("config several server.log_level ", "", {"debug", "info", "warning", "error"}),
        ("config several server.log_level info ", "server.log_f", {"server.log_format"}),
        ("config several server.log_level info server.log_format ", "", {"text", "json"}),
    ],
)
def test_keys_and_their_values(shell: Shell, house: House, before: str, at: str, words: set[str]) -> None:
    (shell.folder / "of-the-shop.pem").touch()
    offer = shell.offer(before, at, MTQ_CONFIG=str(house.file))
    assert words in (offer.words, {word for word in offer.words if not word.startswith("--")})


def test_a_service_whose_name_would_have_to_be_quoted_in_a_key_is_left_out(shell: Shell, house: House) -> None:
    house.file.write_text('[services."in.house"]\nlisten = 1110\n[services.abroad]\nlisten = 1995\n')
    words = shell.offer("config set ", "services.", MTQ_CONFIG=str(house.file)).words
    assert words == {f"services.abroad.{key.name}" for key in known().service}


@pytest.mark.parametrize(("name", "key_to_list"), [("zsh", "\x04"), ("fish", "")])
def test_help_is_shown_as_it_is_written_and_harms_nothing(tmp_path: Path, name: str, key_to_list: str) -> None:
    _, install = SHELLS[name]
    shell = install(tmp_path, WRITE[name](tree(everything), known()))
    command = rb"""$(touch harm) `touch harm` 'a' "b" [c]: \d 5%s"""
    option = rb"""$(touch harm) `touch harm` 'a' [c]: \d"""
    assert command in shell.offer("service ", key_to_list).shown
    assert option in shell.offer("proxy allow add ", f"--{key_to_list}").shown
    assert not (shell.folder / "harm").exists()
