"""The transcripts of the protocol's tests once more, over a real socket."""

from pathlib import Path

import pytest

from tests.house import House
from tests.protocol.script import Script, Turn, parse, paths
from tests.server.pop import Client

# A server makes its own timestamp, so a transcript of APOP cannot be had over a socket.
SCRIPTS = [script for script in map(parse, paths()) if script.features.timestamp is None]


def house_of(script: Script, folder: Path) -> House:
    house = House(folder, settings=settings_of(script))
    for index, (name, password) in enumerate(script.users.items()):
        house.user(name, password.decode())
        if index == 0:
            house.lay(name, **{f"{number:04}": message for number, message in enumerate(script.messages)})
    return house


def settings_of(script: Script) -> str:
    clear_text = "always" if script.features.clear_text else "never"
    return f'mechanisms = ["plain", "login"]\nplaintext_auth = "{clear_text}"'


def answer(client: Client, turn: Turn) -> tuple[str, ...]:
    return turn.read(b"".join(client.line() + b"\r\n" for _ in turn.expected))


@pytest.mark.parametrize("script", [s for s in SCRIPTS if s.features.stls], ids=lambda script: script.name)
def test_the_server_answers_as_written(script: Script, tmp_path: Path) -> None:
    house = house_of(script, tmp_path)
    with house.serving(), Client(house.pop3) as client:
        for turn in script.turns:
            client.send(turn.sent)
            assert answer(client, turn) == turn.expected
            if turn.sent.upper() == b"STLS\r\n" and turn.expected == ("+OK begin TLS",):
                client.start_tls(house.authority)


@pytest.mark.parametrize("script", [s for s in SCRIPTS if not s.features.stls], ids=lambda script: script.name)
def test_the_server_answers_as_written_inside_tls(script: Script, tmp_path: Path) -> None:
    # Nothing of STLS is in these: the port that has TLS from the first octet offers the same.
    house = house_of(script, tmp_path)
    with house.serving(), Client(house.pop3s, authority=house.authority) as client:
        for turn in script.turns:
            client.send(turn.sent)
            assert answer(client, turn) == turn.expected
