"""Whole cycles with real clients: log in, fetch all, delete all; what arrives is what was delivered."""

import poplib
import ssl
from pathlib import Path

import pytest

from tests.clients import programs
from tests.clients.corpus import CORPUS, on_the_wire
from tests.clients.programs import Fetch, Way
from tests.house import WAIT, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with one user whose password every client can show."""
    house = House(tmp_path)
    house.user("fred", "secret")
    return house


CASES = [
    pytest.param(fetch, way, id=f"{fetch.__name__}-{way.value}")
    for fetch in (programs.curl, programs.fetchmail, programs.mpop, programs.getmail)
    for way in Way
    if not (fetch is programs.getmail and way is Way.STLS)
]

ALTERED: dict[Fetch, set[str]] = {
    # curl prints an empty line for an empty message.
    programs.curl: {"empty"},
    # fetchmail drops a lone CR, breaks long lines and writes a header where there is none.
    programs.fetchmail: {"lone_cr", "long_line", "empty", "headers_alone", "body_alone"},
    # getmail takes a lone CR for a line end and parses the header anew.
    programs.getmail: {"lone_cr", "empty", "headers_alone"},
    programs.mpop: set(),
}
"""What a client itself changes in a message on its way to the disk. It must arrive all the same."""


@pytest.mark.parametrize(("fetch", "way"), CASES)
def test_a_client_gets_what_was_delivered_and_empties_the_mailbox(
    house: House, tmp_path: Path, fetch: Fetch, way: Way
) -> None:
    house.deliver("fred", *CORPUS.values())
    folder = tmp_path / "client"
    folder.mkdir()
    with house.serving():
        got = fetch(house, way, folder)
    assert len(got) == len(CORPUS)
    received = {message.replace(b"\r\n", b"\n") for message in got} if fetch is programs.curl else set(got)
    expected = {name: on_the_wire(message).replace(b"\r\n", b"\n") for name, message in CORPUS.items()}
    assert {name for name, message in expected.items() if message not in received} <= ALTERED[fetch]
    assert house.stored("fred") == []


@pytest.mark.parametrize("way", Way)
def test_poplib_gets_octet_for_octet_what_list_announced(
    house: House, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    monkeypatch.setattr(poplib, "_MAXLINE", 1 << 20)      # its own limit of 2048 is below what mail has
    house.deliver("fred", *CORPUS.values())
    with house.serving():
        trust = ssl.create_default_context(cafile=str(house.authority))
        if way is Way.TLS:
            client: poplib.POP3 = poplib.POP3_SSL("localhost", house.pop3s, context=trust, timeout=WAIT)
        else:
            client = poplib.POP3("localhost", house.pop3, timeout=WAIT)
        if way is Way.STLS:
            client.stls(context=trust)
        client.user("fred")
        client.pass_("secret")
        rows = [row.split() for row in client.list()[1]]
        bodies = [b"".join(line + b"\r\n" for line in client.retr(int(number))[1]) for number, _ in rows]
        assert [len(body) for body in bodies] == [int(octets) for _, octets in rows]
        assert sorted(bodies) == sorted(on_the_wire(message) for message in CORPUS.values())
        for number, _ in rows:
            client.dele(int(number))
        client.quit()
    assert house.stored("fred") == []


def test_poplib_logs_in_by_apop(house: House) -> None:
    with house.serving():
        client = poplib.POP3("localhost", house.pop3, timeout=WAIT)
        assert client.apop("fred", "secret").startswith(b"+OK")
        client.quit()


def test_fetchmail_that_keeps_mail_fetches_only_what_is_new(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "client"
    folder.mkdir()
    with house.serving():
        house.deliver("fred", CORPUS["plain"])
        assert len(programs.fetchmail(house, Way.STLS, folder, keep=True)) == 1
        house.deliver("fred", CORPUS["dots"])
        assert len(programs.fetchmail(house, Way.STLS, folder, keep=True)) == 2
    assert len(house.stored("fred")) == 2
