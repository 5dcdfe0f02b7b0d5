"""What worker and root process say to each other, by plain calls."""

import errno
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.config.kinds import Listen
from mtq.errors import Code, ConfigInvalid, MtqError, Refusal, WrongUsage
from mtq.server.listeners import CannotListen
from mtq.server.privsep.wire import (
    LIMIT,
    Answer,
    Bind,
    Configuration,
    Failed,
    Given,
    Malformed,
    Messages,
    Read,
    Request,
    answer,
    encode,
    request,
)


def bodies(octets: bytes, size: int = 0) -> list[bytes]:
    """The messages in these octets, which come `size` at a time; 0: at once."""
    messages, found = Messages(), []
    step = size or len(octets)
    for start in range(0, len(octets), step):
        messages.feed(octets[start : start + step])
        while (body := messages.next()) is not None:
            found.append(body)
    return found


REQUESTS: list[Request] = [
    Configuration(),
    Configuration(to_look_at=True),
    Bind(Listen(110)),
    Bind(Listen(995, "127.0.0.1")),
    Bind(Listen(995, "::1")),
    Read(Path("/etc/mtq/tls/server.key")),
    Read(Path("/etc/mtq/schlüssel \udcff\nx")),
    Failed("mtq", 0, "", "no service runs"),
]

ANSWERS: list[Answer] = [Given(0), Given(2), Failed("system", errno.ENOENT, "/x\udcff", "no such file")]


@pytest.mark.parametrize("message", REQUESTS)
def test_a_request_arrives_as_it_was(message: Request) -> None:
    assert [request(body) for body in bodies(encode(message))] == [message]


@pytest.mark.parametrize("message", ANSWERS)
def test_an_answer_arrives_as_it_was(message: Answer) -> None:
    assert [answer(body) for body in bodies(encode(message))] == [message]


@pytest.mark.parametrize("size", [0, 1, 3, 7])
def test_messages_are_told_apart_however_they_come(size: int) -> None:
    octets = b"".join(encode(message) for message in REQUESTS)
    assert [request(body) for body in bodies(octets, size)] == REQUESTS


def test_a_message_that_is_too_long_is_known_by_its_head() -> None:
    messages = Messages()
    messages.feed((LIMIT + 1).to_bytes(4, "big"))
    with pytest.raises(Malformed, match="65537 octets"):
        messages.next()


def test_a_message_that_would_be_too_long_is_not_sent() -> None:
    with pytest.raises(Malformed):
        encode(Read(Path("/" + "x" * LIMIT)))


@given(st.binary())
def test_any_octets_are_a_request_or_malformed(body: bytes) -> None:
    with suppress(Malformed):
        assert isinstance(request(body), Request)


PARTS = ["configuration", "bind", "read", "failed", "given", "mtq", "system", "110", "-1", "²", "1" * 5000, "", "/x"]


@given(st.lists(st.sampled_from(PARTS), max_size=6))
def test_any_fields_are_a_request_or_malformed(fields: list[str]) -> None:
    with suppress(Malformed):
        assert isinstance(request("\0".join(fields).encode()), Request)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"configuration\0",
        b"bind\000110",
        b"bind\0-1\0",
        b"bind\0\0",
        b"bind\0000000110\0",
        b"read",
        b"given\0001",
        b"failed\0root\0000\0\0",
        b"Read\0/x",
    ],
)
def test_what_is_no_request_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        request(body)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MtqError("no"), MtqError),
        (CannotListen("no"), CannotListen),
        (ConfigInvalid("no"), ConfigInvalid),
        (WrongUsage("no"), WrongUsage),
        (Refusal(Code.AUTH, "no"), MtqError),
    ],
)
def test_an_error_is_of_its_kind_at_the_other_end(error: MtqError, kind: type[MtqError]) -> None:
    arrived = Failed.of(error).error
    assert (type(arrived), str(arrived)) == (kind, "no")


def test_an_error_of_the_system_is_the_same_at_the_other_end() -> None:
    arrived = Failed.of(FileNotFoundError(errno.ENOENT, "No such file", "/x")).error
    assert isinstance(arrived, FileNotFoundError)
    assert (arrived.errno, arrived.strerror, arrived.filename) == (errno.ENOENT, "No such file", "/x")


@pytest.mark.parametrize(
    "error",
    [
        OSError("no number"),
        OSError(-2, "of a resolver"),
        OSError(errno.EIO, "ä" * 99_999, "ü" * 99_999),
        OSError(errno.EIO, "\N{PILE OF POO}" * 99_999, b"\xff" * 99_999),
        MtqError("\0" * 99_999),
        MtqError("\N{PILE OF POO}" * 99_999),
    ],
)
def test_any_error_can_be_told(error: MtqError | OSError) -> None:
    failed = Failed.of(error)
    [body] = bodies(encode(failed))
    arrived = answer(body)
    assert isinstance(arrived, Failed)
    assert arrived.kind == failed.kind
