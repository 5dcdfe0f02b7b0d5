"""Passwords guessed by many at once: a check is costly, so few run at a time and not many wait."""

from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher

from mtq.users.verify import WAITING
from tests.server.hostile import attacks
from tests.server.hostile.attacks import Attack
from tests.server.hostile.clients import answers
from tests.server.hostile.siege import Besieged, Siege

CLIENTS = 200
COST_KIB = 16384
"""Of one check; of mtq's own making it would be four times that, and as many at a time."""


@contextmanager
def guessed(siege: Siege, attack: Attack, sources: list[str]) -> Iterator[list[bytes]]:
    """Guesses at barney's password, one from each of these addresses; what is answered to the last."""
    stored = PasswordHasher(time_cost=1, memory_cost=COST_KIB, parallelism=1).hash("rubble")
    with siege.house.config.users.file.open("a") as users:
        users.write(f"barney:{{ARGON2ID}}{stored}\n")
    with siege.attack(attack):
        crowd = [siege.connect(source=source) for source in sources]
        for number, sock in enumerate(crowd):
            sock.sendall(b"USER barney\r\nPASS guess %d\r\n" % number)
        siege.other_client()
        yield [answers(sock, 3).splitlines()[-1] for sock in crowd]
        siege.other_client()


def failures(siege: Siege) -> list[int]:
    """How many stand against each address."""
    penalties = siege.control.call("penalty.list")["penalties"]
    assert isinstance(penalties, list)
    return [penalty["failures"] for penalty in penalties]


def test_guesses_from_many_addresses(besieged: Besieged) -> None:
    sources = [f"127.0.2.{number + 1}" for number in range(CLIENTS)]
    with besieged() as siege, guessed(siege, attacks.GUESSES, sources) as answered:
        checked = [line for line in answered if line.startswith(b"-ERR [AUTH] ")]
        put_off = [line for line in answered if line.startswith(b"-ERR [SYS/TEMP] too many logins")]
        assert len(checked) + len(put_off) == CLIENTS
        assert WAITING <= len(checked) < CLIENTS
        assert failures(siege) == [1] * len(checked)


def test_guesses_from_one_address(besieged: Besieged) -> None:
    with besieged() as siege, guessed(siege, attacks.GUESSES_OF_ONE, ["127.0.0.2"] * CLIENTS) as answered:
        assert all(line.startswith((b"-ERR [AUTH] ", b"-ERR [SYS/TEMP] too many logins")) for line in answered)
        assert [number >= WAITING for number in failures(siege)] == [True]
