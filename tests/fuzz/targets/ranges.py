"""Ranges, servers and targets: the octets are a firewall file, and each line of it the name of a server, too.

What is a range covers something and is read again as it is shown; what is none is told with its line. A server has
one canonical name, and none that a resolver would take for an address in an old way of writing it.
"""

import ipaddress
import re
import socket
from pathlib import Path

from mtq.access import firewall_file, ranges, servers
from mtq.access.mode import Mode
from mtq.access.ranges import BadRange, Range
from mtq.access.rules import Rules
from mtq.access.servers import BadServer
from mtq.errors import ConfigInvalid
from mtq.proxy.refusals import NotAllowed
from mtq.proxy.target import split

FILE = Path("blocklist.txt")


def check(octets: bytes) -> None:
    try:
        found = list(firewall_file.read(FILE, lambda _: octets))
    except ConfigInvalid as error:
        message = re.match(r"blocklist\.txt: line ([1-9][0-9]*): ", str(error))
        assert message, error
        assert int(message[1]) <= octets.count(b"\n") + 1
        assert str(error).isprintable()
    else:
        _compiled(found)
    for line in octets.decode("utf-8", "surrogateescape").split("\n"):
        _range(line)
        _server(line)
        _target(line)


def _compiled(found: list[Range]) -> None:
    rules = Rules(Mode.FIREWALL, found)
    for range in found:
        if range.span is None:
            continue
        for number in (range.low, range.high):
            address = ipaddress.IPv4Address(number) if range.version == 4 else ipaddress.IPv6Address(number)
            others = [r for r in found if r.version == range.version and r.low <= number <= r.high]
            assert rules.decide(address).allowed is not any(r.exclude for r in others)


def _range(line: str) -> None:
    try:
        found = ranges.parse(line)
    except BadRange:
        return
    assert ranges.parse(found.text) == found
    assert found.host is not None or 0 <= found.low <= found.high < 1 << (32 if found.version == 4 else 128)


def _server(line: str) -> None:
    try:
        pattern = servers.pattern(line)
        server = servers.parse(line)
    except BadServer as wrong:
        assert str(wrong).isascii()
        return
    assert not pattern.wildcard
    assert pattern.server == server
    assert servers.parse(str(server)) == server
    assert server.port is None or 1 <= server.port <= 65535
    if server.address is None:
        assert not _taken_for_an_address(server.host), server


def _taken_for_an_address(host: str) -> bool:
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def _target(line: str) -> None:
    try:
        target = split(line, "#", ("mail.example.com", "192.0.2.1"))
    except NotAllowed as no:
        assert no.line.isascii()
        assert len(no.line) <= 510
        return
    assert (target is None) is ("#" not in line)
    assert target is None or line.startswith(target.user + "#")
