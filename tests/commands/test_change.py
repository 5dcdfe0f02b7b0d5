"""What a change of the configuration has to do with the server that runs, or runs otherwise, or not any more."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtq.commands.main import main
from mtq.config.read import load
from mtq.control.methods import Handler
from tests.commands.desk import Outcome, Run
from tests.control.station import Station
from tests.house import MTQ, House
from tests.server.pop import Client

ROOT = Path(__file__).parents[2]

ADD = ("firewall", "add", "192.0.2.7", "--service", "pop3")


def ranges(house: House) -> list[str]:
    """The ranges of pop3 in the file."""
    return [entry.range.text for entry in load(house.file).services["pop3"].firewall]


# A server that runs with another configuration


@pytest.fixture
def other(house: House) -> Path:
    """Another configuration with the same control socket."""
    file = house.folder / "other.toml"
    file.write_text(house.file.read_text())
    return file


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("reload",),
        ("stop",),
        ("session", "list"),
        ("service", "stop", "pop3"),
        ("log",),
        ("penalty", "list"),
    ],
    ids=" ".join,
)
def test_a_server_with_another_configuration_is_none_for_this_one(
    house: House, other: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with house.serving() as running:
        assert main(["--config", str(other), *arguments]) == 4
        said = capsys.readouterr()
        socket = house.config.server.control_socket
        assert (said.out, said.err) == (
            "", f"mtq: no server is running with {other}: the one on {socket} runs with {house.file}\n",
        )
        assert running.server.services["pop3"].state.value == "running"
        assert not running.server.stopping.is_set()


def test_a_change_does_not_reach_it_and_says_so(
    house: House, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with house.serving() as running:
        before = running.server.config
        assert main(["--config", str(other), *ADD]) == 0
        said = capsys.readouterr().err.splitlines()
        assert said[0] == "service pop3: 192.0.2.7 added"
        assert said[1].startswith(f"no server is running with {other}: ")
        assert running.server.config is before


def test_its_services_are_not_listed_for_this_one(
    house: House, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other.write_text(other.read_text().replace("[services.pop3s]", "[services.office]"))
    with house.serving():
        main(["--config", str(other), "service", "list", "--json"])
        rows = json.loads(capsys.readouterr().out)["services"]
    assert [(row["name"], row["state"]) for row in rows] == [("pop3", "stopped"), ("office", "stopped")]


# A server that ends in the middle of it


@contextmanager
def ending_at(house: House, method: str) -> Iterator[Station]:
    """Somebody on the control socket who ends when this method is called."""

    async def end(**_: object) -> Mapping[str, object]:
        station.stop()
        raise asyncio.CancelledError

    handlers: dict[str, Handler] = {method: end}
    station = Station(house.config.server.control_socket, handlers)
    with station.serving():
        yield station


def test_a_change_is_made_though_the_server_ends_before_it_could_follow(house: House, run: Run) -> None:
    with ending_at(house, "server.reload"):
        assert run(*ADD).said.splitlines() == [
            "service pop3: 192.0.2.7 added",
            "the server has ended meanwhile; it goes by the change when it is started again",
        ]
    assert ranges(house) == ["192.0.2.7"]


def test_what_is_asked_of_a_server_that_ends_has_failed(house: House, run: Run) -> None:
    with ending_at(house, "service.stop"):
        assert run("service", "stop", "pop3").complaint == (
            1, f"the server on {house.config.server.control_socket} has hung up",
        )


# A server that cannot be reached


def test_a_change_that_could_not_be_told_is_made_and_complained_of(house: House, run: Run) -> None:
    with Station(house.config.server.control_socket).serving():      # it knows no server.reload
        outcome = run(*ADD)
    assert outcome.code == 1
    assert outcome.err.splitlines()[1] == (
        f"mtq: {house.file} was changed, but the running server could not be told: "
        "this server has no method server.reload"
    )
    assert ranges(house) == ["192.0.2.7"]


def test_a_socket_that_one_may_not_use_is_exit_code_1(public_folder: Path) -> None:
    house = House(public_folder)
    nobody = ("65534", "65534")
    with house.serving():
        done = subprocess.run(
            [sys.executable, "-m", "tests.commands.somebody", *nobody, "--config", str(house.file), "status"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"mtq: control socket {house.config.server.control_socket}: permission denied; "
        "root and the server's own user may use it\n"
    )


# What only a start takes up


def test_the_server_is_told_where_it_listens_and_not_where_it_will(house: House, run: Run) -> None:
    with house.serving() as running:
        told = run("config", "set", "server.control_socket", "elsewhere.sock").said
        assert told.splitlines()[1] == "server.control_socket counts from the next start of the server on"
        socket = house.config.server.control_socket
        there = f"it listens on {socket}, and commands look for it on {house.folder}/elsewhere.sock"
        assert told.splitlines()[2] == f"until then {there}: restart it now"
        assert running.server.config.server.control_socket == house.folder / "elsewhere.sock"


def test_a_server_is_told_that_its_control_socket_is_to_stay_where_it_is_after_all(house: House, run: Run) -> None:
    with house.serving() as running:
        run("config", "set", "server.control_socket", "elsewhere.sock")
        back = run("config", "set", "server.control_socket", "control.sock")
        assert back.said == 'server.control_socket = "control.sock"'
        assert running.server.config.server.control_socket == house.config.server.control_socket


# Many at once


def crowd(house: House, number: int, *arguments: str) -> Outcome:
    """So many command lines at one moment; their exit codes as data."""
    command = [sys.executable, "-m", "tests.commands.crowd", str(number), "--config", str(house.file), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_thirty_additions_at_once_lose_nothing_and_all_reach_the_server(house: House) -> None:
    with house.serving() as running:
        outcome = crowd(house, 30, "firewall", "add", "192.0.2.{}", "--service", "pop3")
        assert outcome.data == [0] * 30, outcome.err
        expected = {f"192.0.2.{number}" for number in range(30)}
        assert set(ranges(house)) == expected
        assert running.server.config == load(house.file)


def test_the_same_addition_thirty_times_at_once_is_made_once(house: House) -> None:
    with house.serving():
        outcome = crowd(house, 30, *ADD)
        assert outcome.data == [0] * 30, outcome.err
        assert outcome.err.count("unchanged: ") == 29
        assert ranges(house) == ["192.0.2.7"]


def test_additions_and_reloads_at_once_disturb_no_session(house: House, run: Run) -> None:
    with house.serving(), Client(house.pop3) as client:
        client.login()
        adding = [sys.executable, "-m", "tests.commands.crowd", "10", "--config", str(house.file)]
        with subprocess.Popen(
            [*adding, "firewall", "add", "!192.0.2.{}", "--service", "pop3"], cwd=ROOT, stdout=subprocess.PIPE
        ) as adders:
            while adders.poll() is None:
                assert run("reload", "--quiet") == Outcome(0, "", "")
                assert client.ask(b"NOOP") == b"+OK"
            assert adders.stdout is not None
            assert json.loads(adders.stdout.read()) == [0] * 10
        assert len(ranges(house)) == 10


# In cron's bare environment


def test_a_crontab_needs_nothing_but_the_path_of_mtq(house: House) -> None:
    bare = {"PATH": "/usr/bin:/bin"}
    if "PYTHONPATH" in os.environ:      # for a source tree that is not the installed one
        bare["PYTHONPATH"] = os.environ["PYTHONPATH"]
    line = f"{MTQ} --config {house.file} firewall add 192.0.2.7 --service pop3 --expires 24h --quiet"
    with house.serving() as running:
        done = subprocess.run(["/bin/sh", "-c", line], env=bare, capture_output=True, cwd="/")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert running.server.config.services["pop3"].firewall
    done = subprocess.run(["/bin/sh", "-c", line], env=bare, capture_output=True, cwd="/")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
