"""Clients that speak, and mean no good: what they send and what they do not read stays within bounds."""

import base64
import itertools

from tests.server.hostile import attacks
from tests.server.hostile.clients import pour, reset
from tests.server.hostile.figures import MIB
from tests.server.hostile.siege import Besieged

SHARED = "lock_mailboxes = false"

LINES = (b"AUTH PLAIN " + b"A" * 12000, b"USER " + b"x" * 249, b"\0" * 200, b"")
"""A response that is none, a name that is too long, no text, nothing."""


def test_lines_without_an_end(besieged: Besieged) -> None:
    with besieged(SHARED) as siege, siege.attack(attacks.ENDLESS_LINES):
        for sock in (*siege.crowd(10), *(siege.log_in() for _ in range(10))):
            assert pour(sock, b"x" * 65536, 5 * MIB) >= 5 * MIB
        siege.other_client()


def test_ten_thousand_lines_that_come_to_nothing(besieged: Besieged) -> None:
    """Twenty in a row end a connection; the next twenty come on another."""
    kinds = itertools.cycle(LINES)
    with besieged() as siege, siege.attack(attacks.IN_VAIN):
        for _ in range(500):
            with siege.connect() as sock:
                pour(sock, (next(kinds) + b"\r\n") * 20, 1)
        siege.other_client()


def test_exchanges_that_are_cancelled_or_left(besieged: Besieged) -> None:
    """CVE-2017-15132: each left something behind."""
    cancelled = b"AUTH PLAIN\r\n*\r\nAUTH LOGIN\r\n" + base64.b64encode(b"x" * 9000) + b"\r\n*\r\n"
    with besieged() as siege, siege.attack(attacks.ABANDONED):
        for number in range(500):
            with siege.connect() as sock:
                pour(sock, cancelled * 5 + b"AUTH LOGIN\r\n", 1)
                if number % 2:
                    reset(sock)
        siege.other_client()


def test_huge_pipelines_before_the_login(besieged: Besieged) -> None:
    with besieged("login_timeout = 1") as siege, siege.attack(attacks.PIPELINES):
        for sock in siege.crowd(30):
            pour(sock, b"CAPA\r\n" * 40_000, 240_000)
        siege.other_client()
        siege.wait_until(lambda: siege.sessions() == 0)


def test_commands_without_end_and_no_answer_read(besieged: Besieged) -> None:
    with besieged(f"{SHARED}\nidle_timeout = 2") as siege, siege.attack(attacks.UNREAD_ANSWERS):
        for command in (b"CAPA\r\n", b"NOOP\r\n", b"RETR 1\r\n", b"UIDL\r\n", b"TOP 1 9999\r\n"):
            pour(siege.log_in("wilma"), command * 10_000, MIB)
        siege.other_client()
        siege.wait_until(lambda: siege.sessions() == 0)


def test_messages_asked_for_and_not_read(besieged: Besieged) -> None:
    """They idle out: a client that has stopped reading is not slow but gone."""
    with besieged(f"{SHARED}\nidle_timeout = 2") as siege:
        siege.house.deliver("fred", b"Subject: large\n\n" + b"Please bring bread.\n" * MIB)
        with siege.attack(attacks.UNREAD_MESSAGES):
            for _ in range(15):
                siege.log_in().send(b"RETR 1\r\n")
                siege.log_in_inside_tls().send(b"RETR 1\r\n")
            siege.other_client()
            siege.wait_until(lambda: siege.sessions() == 0)
