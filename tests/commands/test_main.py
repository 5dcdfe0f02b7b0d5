"""The command line as a whole: exit codes, where words go, which configuration is meant."""

import os
import platform
import ssl
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from mtq import __version__
from mtq.commands.main import MODULES, main
from tests.commands.desk import Run, at_a_terminal, process
from tests.house import MTQ, House


def test_the_version() -> None:
    outcome = process("--version")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0] == f"mtq {__version__}"


def test_the_versions_for_a_bug_report() -> None:
    assert process("--version").out.splitlines()[1:] == [
        f"Python {platform.python_version()} ({platform.python_implementation()})",
        ssl.OPENSSL_VERSION,
        f"uvloop {version('uvloop')}",
        platform.platform(),
    ]


@pytest.mark.parametrize(
    "arguments", [[], ["config"], ["user"], ["mailbox"], ["proxy"], ["proxy", "allow"], ["completion"]]
)
def test_a_group_alone_is_wrong_usage_and_shows_its_help(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Usage: mtq ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("--nonsense",),
        ("config", "nonsense"),
        ("config", "show", "--nonsense"),
        ("config", "show", "nonsense"),
        ("config", "get"),
        ("config", "set"),
        ("user", "add"),
        ("user", "check", "fred", "secret"),
        ("mailbox", "status"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("mtq: ")
    assert " --help`\n" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("name", MODULES)
def test_every_command_has_its_help(run: Run, name: str) -> None:
    outcome = run(name, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: mtq {name} ")


@pytest.mark.parametrize("name", MODULES)
def test_no_command_offers_to_change_the_files_of_a_shell(run: Run, name: str) -> None:
    assert "--install-completion" not in run(name, "--help").out


# Which configuration

READERS = [
    ("config", "show"),
    ("config", "check"),
    ("config", "get", "server.hostname"),
    ("config", "set", "server.hostname", "mail.example.com"),
    ("config", "set", "server.hostname", "mail.example.com", "--dry-run"),
    ("user", "list"),
    ("user", "add", "wilma", "--password-stdin"),
    ("user", "check", "fred", "--password-stdin"),
    ("mailbox", "list"),
    ("mailbox", "status", "fred"),
    ("proxy", "test", "pop.isp.com"),
    ("proxy", "allow", "list"),
    ("proxy", "allow", "add", "pop.isp.com", "--service", "pop3"),
]


@pytest.mark.parametrize("arguments", READERS)
def test_without_a_configuration_a_command_ends_with_exit_code_3(
    run: Run, house: House, arguments: tuple[str, ...]
) -> None:
    house.file.unlink()
    outcome = run(*arguments, stdin=b"secret\n")
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err == f"mtq: {house.file}: there is no such file; `mtq init` writes a safe configuration\n"


@pytest.mark.parametrize("arguments", READERS)
def test_with_an_invalid_one_it_does_too(run: Run, house: House, arguments: tuple[str, ...]) -> None:
    house.file.write_text("[server]\nshutdown_grace = -1\n")
    outcome = run(*arguments, stdin=b"secret\n")
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err == (
        f"mtq: {house.file}:2: server.shutdown_grace: found -1; allowed is a whole number of seconds from 0 to 600\n"
    )


def test_the_option_comes_before_the_environment_and_that_before_the_default_place(
    ordinary: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def named(*options: str) -> str:
        assert main([*options, "config", "path"]) == 0
        return capsys.readouterr().out

    of_the_environment, of_the_option = tmp_path / "environment.toml", tmp_path / "option.toml"
    of_the_environment.touch()
    of_the_option.touch()
    assert named() == f"{tmp_path}/.config/mtq/mtq.toml\n"
    monkeypatch.setenv("MTQ_CONFIG", str(of_the_environment))
    assert named() == f"{of_the_environment}\n"
    assert named("--config", str(of_the_option)) == f"{of_the_option}\n"


def test_a_relative_name_is_relative_to_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mtq.toml").touch()
    assert main(["--config", "mtq.toml", "config", "path"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/mtq.toml\n"


@pytest.mark.parametrize("command", [["config", "path"], ["config", "show"], ["user", "list"], ["serve"]])
def test_a_configuration_that_is_named_and_not_there_is_3(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(tmp_path / "none.toml"), *command]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"mtq: {tmp_path}/none.toml: there is no such file")


# What a command says, and to whom


def test_an_error_of_the_system_is_one_line_that_names_the_file(run: Run, house: House) -> None:
    house.file.write_text('[users]\nfile = "nowhere/users"\n')
    outcome = run("user", "add", "wilma", "--scheme", "plain", "--password-stdin", stdin=b"secret\n")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == f"mtq: {house.folder}/nowhere/users.lock: no such file or directory\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [("config", "show"), ("user", "list")])
def test_who_stops_reading_ends_the_command_without_a_word(
    house: House, words: tuple[str, str], unbuffered: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [MTQ, "--config", str(house.file), *words]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=environment)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_program_reads_plain_columns(house: House) -> None:
    outcome = process("--config", str(house.file), "user", "list")
    assert outcome.out == "NAME  SCHEME  CAN_LOG_IN  HOME\nfred  PLAIN   yes\n"


def test_a_person_at_a_terminal_sees_a_table(house: House) -> None:
    shown = at_a_terminal("--config", str(house.file), "user", "list").out
    assert "│ fred │ PLAIN  │" in shown


def test_a_name_in_an_old_encoding_is_listed_as_it_is(house: House) -> None:
    with house.config.users.file.open("ab") as users:
        users.write(b"j\xfcrgen:{PLAIN}x\n")
    command = [MTQ, "--config", str(house.file), "user", "list"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"j\xfcrgen" in done.stdout
