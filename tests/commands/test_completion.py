"""Completion in the real shells: what is offered, and that it harms nothing."""

import os
import re
from pathlib import Path

import pytest

from mtq.users import schemes
from tests.commands.desk import Run, process
from tests.commands.shells import SHELLS, TAB, Shell, bash_with_its_package
from tests.house import House

ROOT = Path(__file__).parent.parent.parent

HARMFUL = ["$(touch harm)", "`touch harm`", ";touch harm;", "';touch harm;'", '";touch harm;"']
ODD = [
    "&touch harm&", "|touch harm", "a b", "o'brien", 'say"', "back\\slash", "*", "?", "[a]", "{a,b}", "!!", "$HOME",
    "%s", "#", "müller", "x=y", "n@a.b",
]


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell with the script that is in the package."""
    file, install = SHELLS[request.param]
    return install(tmp_path_factory.mktemp("home"), (ROOT / "completions" / file).read_text())


@pytest.mark.parametrize("name", SHELLS)
def test_the_files_are_what_would_be_written_now(name: str) -> None:
    file, _ = SHELLS[name]
    assert process("completion", name).out == (ROOT / "completions" / file).read_text(), "`make completions` is due"


def test_the_package_bash_completion_finds_the_script(tmp_path: Path) -> None:
    shell = bash_with_its_package(tmp_path, (ROOT / "completions" / "mtq.bash").read_text())
    assert shell.offer("user ", "pass").words == {"passwd"}


# What is written into the scripts


@pytest.mark.parametrize(
    ("before", "at", "words"),
    [
        ("", "mail", {"mailbox"}),
        ("completion ", "", {"bash", "zsh", "fish"}),
        ("user ", "pass", {"passwd"}),
        ("--config x user ", "rem", {"remove"}),
        ("--config=x user ", "rem", {"remove"}),
        ("--config 'a b' -- user ", "rem", {"remove"}),
        ("nonsense ", "", set()),
        ("user nonsense ", "", set()),
    ],
)
def test_sub_commands(shell: Shell, before: str, at: str, words: set[str]) -> None:
    assert arguments(shell, before, at) == words


@pytest.mark.parametrize(
    ("before", "at", "words"),
    [
        ("", "--", {"--config", "--version", "--help"}),
        ("completion bash ", "-", {"--help"}),
        ("user passwd ", "--passw", {"--password-stdin"}),
        ("user passwd fred ", "--q", {"--quiet"}),
        ("user passwd -- ", "--q", {"--q"}),
    ],
)
def test_options(shell: Shell, before: str, at: str, words: set[str]) -> None:
    # zsh puts the = of an option's value at once
    assert {word.removesuffix("=") for word in shell.offer(before, at).words} == words


@pytest.mark.parametrize(
    ("before", "at", "words"),
    [
        ("user add --scheme ", "", set(schemes.SCHEMES)),
        ("user add --scheme ", "BLF", {"BLF-CRYPT"}),
        ("user add ", "--scheme=BLF", {"--scheme=BLF-CRYPT"}),
        ("user passwd fred --quiet --scheme ", "BLF", {"BLF-CRYPT"}),
    ],
)
def test_values_of_an_option(shell: Shell, before: str, at: str, words: set[str]) -> None:
    assert arguments(shell, before, at) == words


@pytest.mark.parametrize("before", ["user add ", "user passwd fred ", "mailbox deliver fred wilma ", "serve "])
def test_a_new_name_and_a_word_too_many_are_offered_nothing(shell: Shell, house: House, before: str) -> None:
    assert arguments(shell, before, MTQ_CONFIG=str(house.file)) == set()


def test_paths(shell: Shell) -> None:
    for name in ("one.toml", "with a space.toml", "with $(touch harm).toml"):
        (shell.folder / "files" / name).parent.mkdir(exist_ok=True)
        (shell.folder / "files" / name).touch()
    assert arguments(shell, "--config ", "files/o") == {"files/one.toml"}
    assert arguments(shell, "", "--config=files/o") == {"--config=files/one.toml"}
    assert arguments(shell, "--config ", "files/with\\ a") == {"files/with a space.toml"}
    assert arguments(shell, "--config ", "'files/with a") == {"files/with a space.toml"}
    assert arguments(shell, "", "--config=files/with\\ a") == {"--config=files/with a space.toml"}
    assert arguments(shell, "--config ", "files/with\\ \\$") == {"files/with $(touch harm).toml"}
    assert not (shell.folder / "harm").exists()


def test_a_file_to_read_from_is_a_file_and_no_user(shell: Shell, house: House) -> None:
    (shell.folder / "fresh-letter").touch()
    offer = shell.offer("mailbox deliver fred < ", "fre", MTQ_CONFIG=str(house.file))
    assert offer.words == {"fresh-letter"} or b"fresh-letter" in offer.shown        # bash and zsh open it, too


@pytest.mark.parametrize(
    ("before", "at"), [("", ""), ("user ", ""), ("user passwd ", "--"), ("user add --scheme ", "")]
)
def test_what_is_in_the_script_is_offered_without_asking_mtq(shell: Shell, before: str, at: str) -> None:
    offer = shell.offer(before, at)
    assert offer.words
    assert not offer.asked


# Names, which are asked from mtq


@pytest.fixture
def family(house: House) -> House:
    """A house with a few users more."""
    for name in ("wilma@bedrock.example", "wendy"):
        house.user(name, "secret")
    return house


@pytest.mark.parametrize("command", ["user passwd", "mailbox deliver"])
def test_users(shell: Shell, family: House, command: str) -> None:
    named = f"--config {family.file} {command} "
    assert arguments(shell, named) == {"fred", "wilma@bedrock.example", "wendy"}


@pytest.mark.parametrize(
    ("before", "at", "words"),
    [
        ("user passwd ", "f", {"fred"}),
        ("user passwd ", "'f", {"fred"}),
        ("user passwd ", '"f', {"fred"}),
        ("user passwd ", "wilma@b", {"wilma@bedrock.example"}),
        ("user passwd --quiet ", "f", {"fred"}),
        ("user passwd --scheme PLAIN ", "f", {"fred"}),
        ("user passwd --scheme=PLAIN ", "f", {"fred"}),
        ("user passwd -- ", "f", {"fred"}),
        ("-- user -- passwd -- ", "f", {"fred"}),
        ("user passwd ", "zz", {"zz"}),
    ],
)
def test_users_that_begin_like_the_word(
    shell: Shell, family: House, before: str, at: str, words: set[str]
) -> None:
    assert shell.offer(before, at, key=TAB, MTQ_CONFIG=str(family.file)).words == words


@pytest.mark.parametrize(
    "option",
    ["--config {folder}/mtq.toml", "--config={folder}/mtq.toml", "--config ~/mtq.toml", "--config $HOUSE/mtq.toml"],
)
def test_the_configuration_that_the_line_names_is_asked(
    shell: Shell, family: House, tmp_path: Path, option: str
) -> None:
    before = option.format(folder=family.folder) + " user passwd "
    place = {"HOME": str(family.folder), "HOUSE": str(family.folder), "MTQ_CONFIG": str(tmp_path / "none")}
    assert arguments(shell, before, "f", **place) == {"fred"}


def test_a_configuration_with_a_space_and_a_quotation_mark_in_its_path(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "it's in here"
    folder.mkdir()
    House(folder).user("fred", "secret")
    for written in (f'"{folder}/mtq.toml"', f"{folder}/mtq.toml".replace(" ", "\\ ").replace("'", "\\'")):
        assert arguments(shell, f"--config {written} user passwd ", "f") == {"fred"}
        assert arguments(shell, f"--config={written} user passwd ", "f") == {"fred"}


@pytest.mark.parametrize("program", ["bin/mtq", "~/bin/mtq", "$HOME/bin/mtq"])
def test_the_mtq_of_the_line_is_asked_whichever_is_on_the_path(shell: Shell, family: House, program: str) -> None:
    other = family.folder / "mtq"
    other.write_text("#!/bin/sh\necho fremder\n")
    other.chmod(0o755)
    environment = {"MTQ_CONFIG": str(family.file), "PATH": f"{family.folder}:{os.environ['PATH']}"}
    assert shell.offer("user passwd ", "f", program, **environment).words == {"fred"}


def test_odd_names_come_to_the_command_as_they_are_and_harm_nothing(shell: Shell, house: House) -> None:
    house.config.users.file.write_text("".join(f"x{name}:{{PLAIN}}x\n" for name in [*ODD, *HARMFUL]))
    names = {f"x{name}".lower() for name in [*ODD, *HARMFUL]}
    assert arguments(shell, "user passwd ", MTQ_CONFIG=str(house.file)) == names
    assert not (shell.folder / "harm").exists()


@pytest.mark.parametrize("name", HARMFUL)
def test_an_odd_name_alone(shell: Shell, house: House, name: str) -> None:
    house.config.users.file.write_text(f"x{name}:{{PLAIN}}x\n")
    assert shell.offer("user passwd ", "x", key=TAB, MTQ_CONFIG=str(house.file)).words == {f"x{name}"}
    assert not (shell.folder / "harm").exists()


@pytest.mark.parametrize("mark", ["'", '"'])
@pytest.mark.parametrize("name", [*HARMFUL, "a b", "o'brien"])
def test_an_odd_name_after_a_quotation_mark_comes_as_it_is_or_not_at_all(
    shell: Shell, house: House, name: str, mark: str
) -> None:
    house.config.users.file.write_text(f"x{name}:{{PLAIN}}x\n")
    (word,) = shell.offer("user passwd ", f"{mark}x", key=TAB, MTQ_CONFIG=str(house.file)).words
    assert word.strip(f"{mark}\n") in ("x", f"x{name}".strip(mark))
    assert not (shell.folder / "harm").exists()


@pytest.mark.parametrize("mark", ["", '"'])
def test_an_odd_name_in_another_alphabet_than_the_terminal_has_harms_nothing(
    shell: Shell, house: House, mark: str
) -> None:
    house.config.users.file.write_text("xü$(touch harm):{PLAIN}x\n")
    shell.offer("user passwd ", f"{mark}x", key=TAB, MTQ_CONFIG=str(house.file), LC_ALL="C")
    assert not (shell.folder / "harm").exists()


@pytest.mark.parametrize("fault", ["not there", "not TOML", "wrong"])
def test_without_a_right_configuration_nothing_is_offered_and_nothing_said(
    shell: Shell, house: House, fault: str
) -> None:
    match fault:
        case "not there":
            house.file.unlink()
        case "not TOML":
            house.file.write_text("[")
        case _:
            house.file.write_text("[server]\nnonsense = 1\n")
    offer = shell.offer("user passwd ", MTQ_CONFIG=str(house.file))
    assert {word for word in offer.words if not word.startswith("-")} == set()
    assert offer.asked
    assert not re.search(rb"mtq: |Traceback|sh: |toml", offer.shown)


def test_an_mtq_that_cannot_run_spoils_no_line(shell: Shell) -> None:
    offer = shell.offer("user passwd ", MTQ="/nowhere/mtq")
    assert {word for word in offer.words if not word.startswith("-")} == set()
    assert offer.asked
    assert b"nowhere" not in offer.shown


# The command that the scripts ask


def test_names(run: Run, family: House) -> None:
    assert run("completion", "names", "users").out == "fred\nwilma@bedrock.example\nwendy\n"
    assert run("completion", "names", "services").out == "pop3\npop3s\n"


def test_a_name_that_would_be_taken_for_something_else_is_not_offered(run: Run, house: House) -> None:
    house.config.users.file.write_text("-rf:x\n~root:x\nesc\x1b[31m:x\nfred:x\n")
    assert run("completion", "names", "users").out == "fred\n"


def test_nobody_is_nothing(run: Run, house: House) -> None:
    house.config.users.file.write_text("")
    outcome = run("completion", "names", "users")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize("of", ["users", "services"])
def test_names_of_a_wrong_configuration_are_nothing_and_no_word(run: Run, house: House, of: str) -> None:
    house.file.write_text("[")
    outcome = run("completion", "names", of)
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "")


def test_names_from_a_users_file_that_cannot_be_read_are_nothing_and_no_word(run: Run, house: House) -> None:
    house.config.users.file.unlink()
    house.config.users.file.mkdir()
    outcome = run("completion", "names", "users")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "")


def test_the_command_for_scripts_is_not_shown_to_people(run: Run, shell: Shell) -> None:
    assert "names" not in run("completion", "--help").out
    assert shell.offer("completion ").words == {"bash", "zsh", "fish"}


def arguments(shell: Shell, before: str, at: str = "", **environment: str) -> set[str]:
    """What is offered without options, which zsh offers where there is nothing else."""
    return {word for word in shell.offer(before, at, **environment).words if at or not word.startswith("-")}
