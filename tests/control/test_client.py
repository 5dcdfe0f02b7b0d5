"""The client that every command uses: against a server of ours, and against servers that behave badly."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtq.control import wire
from mtq.control.client import Client, HungUp
from mtq.control.rows import Row
from mtq.control.wire import Failure
from mtq.errors import ConfigInvalid, Exit, MtqError, NoServer, WrongUsage
from mtq.ledger import Remark
from tests.control.station import Station
from tests.house import WAIT

STATUS = wire.result(1, {"protocol": wire.VERSION})


def test_a_call_gives_the_result(station: Station) -> None:
    with station.serving(), station.client() as client:
        assert client.status == {"protocol": wire.VERSION, "sessions": 0}
        assert client.call("log.tail", lines=5) == {"lines": []}


@pytest.mark.parametrize("error", [MtqError("no"), WrongUsage("no"), ConfigInvalid("two\nlines")])
def test_a_servers_no_is_an_error_with_the_commands_exit_code(path: Path, error: MtqError) -> None:
    def stop(name: str) -> Row:
        raise error

    with Station(path, {"service.stop": stop}).serving() as station, station.client() as client:
        with pytest.raises(MtqError) as told:
            client.call("service.stop", name="pop3")
        assert (str(told.value), told.value.exit) == (str(error), error.exit)
        assert client.call("server.status")


def test_events_are_given_one_by_one_until_the_server_ends(station: Station) -> None:
    with station.serving(), station.client() as client:
        client.subscribe("log")
        station.enter(Remark("info", "one"), Remark("info", "two"))
        events = client.events()
        assert [next(events)["text"] for _ in range(2)] == ["one", "two"]
        station.stop()
        assert list(events) == []


def test_events_that_come_before_an_answer_are_kept_or_forgotten(station: Station) -> None:
    with station.serving(), station.client() as client:
        client.subscribe()
        station.enter(Remark("info", "one"))
        assert client.call("log.tail")["lines"]
        assert next(client.events())["text"] == "one"
        station.enter(Remark("info", "two"))
        assert client.call("log.tail")["lines"]
        client.discard_events()
        station.enter(Remark("info", "three"))
        assert next(client.events())["text"] == "three"


def test_who_waits_for_an_event_is_woken_when_another_thread_hangs_up(station: Station) -> None:
    with station.serving(), station.client() as client:
        client.subscribe("log")
        ended = threading.Event()

        def listen() -> None:
            assert list(client.events()) == []
            ended.set()

        thread = threading.Thread(target=listen)
        thread.start()
        client.close()
        thread.join(WAIT)
        assert ended.is_set()


def test_a_server_that_is_silent_for_too_long_is_told(station: Station) -> None:
    with station.serving(), station.client() as client:
        client.subscribe("log")
        with pytest.raises(MtqError, match="does not answer"):
            list(client.events(silence=0.01))


# No server


def no_socket(path: Path) -> None:
    path.parent.mkdir()


def no_folder(path: Path) -> None:
    pass


def a_file_for_a_folder(path: Path) -> None:
    path.parent.touch()


def a_socket_nobody_listens_on(path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))


def a_file(path: Path) -> None:
    path.parent.mkdir()
    path.touch()


NOTHING_TO_CALL = [no_socket, no_folder, a_file_for_a_folder, a_socket_nobody_listens_on, a_file]


@pytest.mark.parametrize("lay", NOTHING_TO_CALL, ids=lambda lay: lay.__name__)
def test_no_server_is_an_error_of_its_own(path: Path, lay: Callable[[Path], None]) -> None:
    lay(path)
    with pytest.raises(NoServer) as told:
        Client.connect(path)
    assert str(told.value) == f"no server is running ({path}); start it with `mtq serve`"
    assert int(told.value.exit) == 4


def test_a_path_that_no_socket_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(MtqError, match="at most 107 octets"):
        Client.connect(tmp_path / ("x" * 108))


AS_ANOTHER = """
import os, sys
from pathlib import Path
from mtq.control.client import Client
from mtq.errors import MtqError
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    Client.connect(Path("control.sock"))
except MtqError as error:
    print(error.exit, error)
"""


def outcome_as_another(station: Station) -> str:
    """What another user's command would say."""
    command = [sys.executable, "-c", AS_ANOTHER]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        command, cwd=station.path.parent, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


def test_another_user_is_told_who_may(station: Station) -> None:
    with station.serving():
        station.path.parent.chmod(0o711)
        station.path.chmod(0o000)
        told = outcome_as_another(station)
    assert told == "1 control socket control.sock: permission denied; root and the server's own user may use it"


def test_what_the_server_says_before_it_hangs_up_is_heard(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = 65534 if os.geteuid() == 0 else os.geteuid()
    with station.serving():
        if os.geteuid() != 0:
            monkeypatch.setattr(os, "geteuid", lambda: stranger + 1)
        station.path.parent.chmod(0o711)
        station.path.chmod(0o666)
        told = outcome_as_another(station)
    assert told == f"1 user id {stranger} may not use this socket: root and the server's own user may"


# Servers that behave badly


@contextmanager
def rude(path: Path, *answers: bytes, hangs_up: bool = True) -> Iterator[None]:
    """A server that says these things, one for each line that comes, and then hangs up or falls silent."""
    over = threading.Event()

    def serve() -> None:
        client, _ = listening.accept()
        with client, client.makefile("rb") as lines, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for answer in answers:
                lines.readline()
                client.sendall(answer)
            if not hangs_up:
                over.wait(WAIT)

    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(WAIT)


GARBLED = [
    b"+OK POP3 ready\r\n",
    b"\xff\xfe\x00\n",
    b"\n",
    b"[" * 100_000 + b"\n",
    b'{"jsonrpc":"2.0","id":1,"result":7}\n',
    b'{"jsonrpc":"2.0","id":99,"result":{}}\n',
    b'{"jsonrpc":"2.0","id":"1","result":{}}\n',
    b'{"jsonrpc":"2.0","id":1,"error":{}}\n',
    b'{"jsonrpc":"2.0","id":1}\n',
]


@pytest.mark.parametrize("answer", GARBLED, ids=range(len(GARBLED)))
def test_a_garbled_answer_is_one_line_for_a_person(path: Path, answer: bytes) -> None:
    with rude(path, answer), pytest.raises(MtqError) as told:
        Client.connect(path)
    assert str(told.value) == f"what listens on {path} does not answer as mtq does"
    assert told.value.exit == Exit.FAILED


def test_an_answer_without_end_is_not_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtq.control.client.ANSWER_LIMIT", 1 << 20)
    with rude(path, b"x" * (1 << 22)), pytest.raises(MtqError, match="does not answer as mtq does"):
        Client.connect(path)


@pytest.mark.parametrize("answers", [(), (STATUS[:20],)], ids=["at once", "in the middle of an answer"])
def test_a_server_that_hangs_up_is_told(path: Path, answers: tuple[bytes, ...]) -> None:
    with rude(path, *answers), pytest.raises(HungUp) as told:
        Client.connect(path)
    assert str(told.value) == f"the server on {path} has hung up"


@pytest.mark.parametrize("answers", [(), (STATUS[:20],)], ids=["at all", "to the end"])
def test_a_server_that_never_answers_is_not_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch, answers: tuple[bytes, ...]
) -> None:
    monkeypatch.setattr("mtq.control.client.CONNECT", 0.05)
    with rude(path, *answers, hangs_up=False), pytest.raises(MtqError) as told:
        Client.connect(path)
    assert str(told.value) == f"the server on {path} does not answer"


def test_a_call_is_waited_for_as_long_as_the_caller_says(path: Path) -> None:
    with rude(path, STATUS, hangs_up=False), Client.connect(path) as client:
        with pytest.raises(MtqError, match="does not answer"):
            client.call("service.list", within=0.05)
        with pytest.raises(HungUp):      # a late answer is not taken for that of the next call
            client.call("server.status", within=0.05)


def test_a_server_of_another_version_is_not_spoken_to(path: Path) -> None:
    with rude(path, wire.result(1, {"protocol": wire.VERSION + 1})), pytest.raises(MtqError) as told:
        Client.connect(path)
    assert str(told.value) == (
        f"the server on {path} speaks version 2 of the control protocol and this mtq version 1: "
        "restart the server, or use the mtq that it was started with"
    )


def test_an_error_that_is_no_answer_to_a_request_is_heard(path: Path) -> None:
    with rude(path, wire.failure(Failure(None, -32000, "come back later"))), pytest.raises(MtqError) as told:
        Client.connect(path)
    assert str(told.value) == "come back later"


def test_a_server_that_takes_nobody_in_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtq.control.client.CONNECT", 0.05)
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as first:
        listening.bind(str(path))
        listening.listen(0)
        first.connect(str(path))
        with pytest.raises(MtqError, match="does not answer"):
            Client.connect(path)


HEAVY = ["asyncio", "ssl", "typing", "mtq.server", "mtq.config", "mtq.ledger", "hashlib", "subprocess"]


def test_the_client_loads_nothing_heavy() -> None:
    program = f"import sys, mtq.control.client; print(sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.strip() == "[]"
