"""What is answered to a scraper, and to whoever else comes to its port."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.server.metrics.request import HEAD_LIMIT, is_whole, respond

PROMETHEUS = (
    b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9110\r\nUser-Agent: Prometheus/3.5.0\r\n"
    b"Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n\r\n"
)


def metrics() -> bytes:
    return b"mtq_locks 0\n"


def status(head: bytes) -> bytes:
    return respond(head, metrics).partition(b"\r\n")[0].removeprefix(b"HTTP/1.1 ")


def test_a_scraper_gets_the_metrics_and_is_told_that_this_was_all() -> None:
    assert respond(PROMETHEUS, metrics) == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 12\r\n"
        b"Connection: close\r\n\r\nmtq_locks 0\n"
    )


def test_parameters_do_not_matter() -> None:
    assert status(b"GET /metrics?service=pop3 HTTP/1.1\r\n\r\n") == b"200 OK"


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"404 Not Found"),
        (b"GET /metrics/../users HTTP/1.1\r\n\r\n", b"404 Not Found"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405 Method Not Allowed"),
        (b"HEAD /metrics HTTP/1.0\r\n\r\n", b"405 Method Not Allowed"),
        (b"GET /metrics HTTP/2\r\n\r\n", b"400 Bad Request"),
        (b"GET  /metrics HTTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"USER fred\r\n\r\n", b"400 Bad Request"),
        (b"\x16\x03\x01\x02\x00\n\n", b"400 Bad Request"),
        (b"\r\n\r\n", b"400 Bad Request"),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * HEAD_LIMIT, b"431 Request Header Fields Too Large"),
    ],
)
def test_everything_else_is_refused(head: bytes, answer: bytes) -> None:
    assert status(head) == answer


@pytest.mark.parametrize("end", range(1, len(PROMETHEUS)))
def test_a_request_is_whole_with_its_empty_line_and_not_before(end: int) -> None:
    assert is_whole(PROMETHEUS[:end]) is (end == len(PROMETHEUS))


def test_a_request_without_an_end_is_not_waited_for() -> None:
    assert is_whole(b"x" * (HEAD_LIMIT + 1))


@given(st.binary(max_size=200))
def test_whatever_comes_is_answered(noise: bytes) -> None:
    assert respond(noise + b"\r\n\r\n", metrics).startswith((b"HTTP/1.1 4", b"HTTP/1.1 200 OK"))
