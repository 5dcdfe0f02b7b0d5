"""A message file, behind two octets: how many lines TOP is asked for, and how large a piece is that is read.

RETR and TOP say what the slow and obvious way says, in pieces of any size; the size that is announced is that of
what is sent, with invalid Message-ID fields and without them.
"""

from mtq.mail import head, message_id
from mtq.protocol.replies import Body, WireCount, WireText
from tests.mail.cleaning import cleaned
from tests.protocol.naive import cut, top, unstuffed, wire_text


def check(octets: bytes) -> None:
    choice, size, file = int.from_bytes(octets[:1]), 1 + int.from_bytes(octets[1:2]), octets[2:]
    lines = choice - 1 if choice else None
    _sent(file, lines, size)
    parts = head.left_out(file)
    shown = head.without(file, parts)
    assert shown == cleaned(file)
    assert len(wire_text(file)) - len(wire_text(shown)) == head.wire_octets(file, parts)
    assert head.left_out(shown) == []
    _sent(shown, None, size)
    assert message_id.is_message_id(file) is message_id.is_message_id(file + b"\r\n") or file.endswith((b"\r", b"\n"))


def _sent(file: bytes, lines: int | None, size: int) -> None:
    body, text, count = Body(lines), WireText(), WireCount()
    answer, whole = b"", b""
    for piece in cut(file, range(size, len(file), size)):
        answer += body.feed(piece)
        whole += text.feed(piece)
        count.feed(piece)
    whole += text.finish()
    assert unstuffed(answer + body.finish()) == top(file, lines)
    assert whole == wire_text(file)
    assert len(whole) == count.octets == text.octets
