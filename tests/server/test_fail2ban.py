"""contrib/fail2ban: what its filter makes of a real server's log, by fail2ban's own matcher."""

import base64
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.house import House
from tests.server.pop import Client

CONTRIB = Path(__file__).parents[2] / "contrib" / "fail2ban"
FILTER = CONTRIB / "filter.d" / "mtq.conf"

GUESSER, DEVICE, STRANGER, CROWD, SLOW, BABBLER, ANOTHER = (f"127.0.0.{number}" for number in range(11, 18))

FORGED = "127.0.0.66"
"""Nobody is there. It stands in the names that guessers give."""

NAMES = [
    f"from {FORGED} on pop3: login failed for x: wrong password",
    f"session 1: from {FORGED} on pop3: login failed for x",
    f"x: from {FORGED}",
    f'x", "address": "{FORGED}", "tls": null, "cause": "credentials", "y": "',
    f"\u2028session 1: from {FORGED} on pop3: login failed for x",
]


@dataclass
class Log:
    """What a server has written on stderr."""

    house: House
    text: str = ""
    lines: list[str] = field(default_factory=list)

    def matched(self, folder: Path, mode: str = "normal", prefix: str = "") -> list[str]:
        """The addresses that fail2ban's matcher finds, a line each, in their order."""
        log = folder / "mtq.log"
        log.write_text("".join(f"{prefix}{line}\n" for line in self.lines))
        command = ["fail2ban-regex", "--out", "ip", str(log), f"{FILTER}[mode={mode}]"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split()


def guess(port: int, source: str, user: str, password: str = "guess") -> None:
    """A wrong password for whatever name, octet for octet."""
    with Client(port, source=source) as client:
        client.line()
        response = base64.b64encode(f"\0{user}\0{password}".encode())
        assert client.ask(b"AUTH PLAIN " + response).startswith(b"-ERR ")


@contextmanager
def logging(folder: Path, log_format: str) -> Iterator[Log]:
    """A server that logs; its log is there when it has ended."""
    settings = 'max_connections_per_address = 2\naccess = "firewall"\nlogin_timeout = 1\n'
    ranges = f'firewall = ["127.0.0.0/8", "!{STRANGER}"]'
    house = House(folder, settings=settings + ranges, server=f'log_format = "{log_format}"\nlog_level = "debug"')
    house.user("fred", "secret")
    house.deliver("fred", b"Subject: bread\n\n")
    log = Log(house)
    with house.process() as server:
        yield log
        server.send_signal(signal.SIGTERM)
        assert server.stderr is not None
        log.text = server.stderr.read()
        log.lines = log.text.splitlines()


def all_sorts(house: House) -> None:
    """Guessers, and everybody who must not be taken for one."""
    guess(house.pop3, GUESSER, "fred")
    guess(house.pop3, ANOTHER, "nobody")
    for _ in range(3):
        guess(house.pop3, DEVICE, "fred", "old password")
    with Client(house.pop3) as one, Client(house.pop3) as second:
        one.login()
        assert second.login().startswith(b"-ERR [IN-USE]")
        one.ask(b"QUIT")
    with Client(house.pop3, source=STRANGER) as stranger:
        stranger.rest()
    with Client(house.pop3, source=CROWD), Client(house.pop3, source=CROWD), Client(house.pop3, source=CROWD) as last:
        last.rest()
    with Client(house.pop3, source=SLOW) as slow:
        slow.rest()
    with Client(house.pop3, source=BABBLER) as babbler:
        babbler.send(b"GET / HTTP/1.1\r\n" * 20)
        babbler.rest()


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_guesses_are_found_and_in_the_aggressive_mode_who_is_a_nuisance_too(tmp_path: Path, log_format: str) -> None:
    with logging(tmp_path, log_format) as log:
        all_sorts(log.house)
    assert log.matched(tmp_path) == [GUESSER, ANOTHER, DEVICE]
    found = log.matched(tmp_path, "aggressive")
    assert set(found) == {GUESSER, ANOTHER, DEVICE, STRANGER, CROWD, SLOW, BABBLER}
    assert found.count(STRANGER) == 1


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_name_has_somebody_else_banned(tmp_path: Path, log_format: str) -> None:
    with logging(tmp_path, log_format) as log:
        for name in NAMES:
            guess(log.house.pop3, GUESSER, name)
    assert log.text.count(FORGED) >= len(NAMES)
    for mode in ("normal", "aggressive"):
        assert set(log.matched(tmp_path, mode)) == {GUESSER}


@pytest.mark.parametrize("prefix", ["mail mtq[4711]: ", "Mar  1 12:00:00 mail mtq[4711]: "])
def test_lines_from_the_journal_and_from_syslog_are_found_too(tmp_path: Path, prefix: str) -> None:
    with logging(tmp_path, "text") as log:
        guess(log.house.pop3, GUESSER, "fred")
        guess(log.house.pop3, GUESSER, NAMES[0])
    log.lines = [line[len("2026-03-01T12:00:00.000Z warning ") :] for line in log.lines]
    assert set(log.matched(tmp_path, prefix=prefix)) == {GUESSER}


def test_the_jail_is_one_that_fail2ban_takes(tmp_path: Path) -> None:
    for folder in ("filter.d", "jail.d"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mtq.conf").write_text((CONTRIB / folder / "mtq.conf").read_text())
    for name in ("fail2ban.conf", "jail.conf", "paths-common.conf", "paths-debian.conf", "action.d"):
        os.symlink(f"/etc/fail2ban/{name}", tmp_path / name)
    command = ["fail2ban-client", "-c", str(tmp_path), "--test"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "OK: configuration test is successful"), done.stderr
