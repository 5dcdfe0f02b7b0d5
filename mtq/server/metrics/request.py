"""A scrape's HTTP request and its answer, as octets. No I/O.

Just enough of HTTP/1.1 (RFC 9112) for one GET a connection: whatever else comes is refused.
"""

import re
from collections.abc import Callable

HEAD_LIMIT = 8192
"""Octets of a request, up to the empty line that ends it."""

METRICS = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's own text format, which every scraper reads."""

WORDS = "text/plain; charset=utf-8"

_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.[01]\Z")


def is_whole(head: bytes) -> bool:
    """Whether the request has come to its end, or has got too long to wait for it."""
    return b"\r\n\r\n" in head or b"\n\n" in head or len(head) > HEAD_LIMIT


def respond(head: bytes, metrics: Callable[[], bytes]) -> bytes:
    """The answer to a request that is whole. What comes after its first line is of no interest."""
    if len(head) > HEAD_LIMIT:
        return answer("431 Request Header Fields Too Large", WORDS, b"too long\n")
    line = _LINE.match(head.partition(b"\n")[0].removesuffix(b"\r"))
    if line is None:
        return answer("400 Bad Request", WORDS, b"not HTTP/1\n")
    method, target = line.groups()
    if target.partition(b"?")[0] != b"/metrics":
        return answer("404 Not Found", WORDS, b"metrics are at /metrics\n")
    if method != b"GET":
        return answer("405 Method Not Allowed", WORDS, b"GET is all there is\n", "Allow: GET\r\n")
    return answer("200 OK", METRICS, metrics())


def answer(status: str, kind: str, body: bytes, more: str = "") -> bytes:
    """An answer, after which the connection ends."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}"
    return head.encode() + b"Connection: close\r\n\r\n" + body
