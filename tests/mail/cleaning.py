"""Messages with good and bad Message-ID fields, and the slow way of leaving the bad ones out."""

from hypothesis import strategies as st

from mtq.mail.message_id import is_message_id

HEADERS = {
    "no Message-ID": b"Subject: hi\n\nbody\n",
    "a valid one": b"Subject: hi\nMessage-ID: <a@b>\n\nbody\n",
    "an invalid one": b"Subject: hi\nMessage-ID: none\nTo: you\n\nbody\n",
    "an invalid one first": b"Message-ID: none\nSubject: hi\n\nbody\n",
    "an invalid one last": b"Subject: hi\nMessage-ID: none\n\nbody\n",
    "with CRLF": b"Subject: hi\r\nMessage-ID: none\r\nTo: you\r\n\r\nbody\r\n",
    "folded": b"Subject: hi\nMessage-ID: none\n\tand more\n of it\nTo: you\n\nbody\n",
    "folded with CRLF": b"Message-ID:\r\n none\r\nTo: you\r\n\r\nbody\r\n",
    "two valid ones": b"Message-ID: <a@b>\nMESSAGE-ID: <c@d>\n\nbody\n",
    "the second valid": b"message-id: none\nMessage-Id: <c@d>\n\nbody\n",
    "in the body": b"Subject: hi\n\nMessage-ID: none\n",
    "without a header block": b"\nMessage-ID: none\n",
    "without a body": b"Subject: hi\nMessage-ID: none\n",
    "without an end": b"Subject: hi\nMessage-ID: none",
    "ending in CR": b"Message-ID: none\r",
    "nothing else": b"Message-ID: none\n\n",
    "nothing at all": b"",
}


def cleaned(message: bytes) -> bytes:
    """The message without its invalid Message-ID fields, line by line."""
    kept: list[bytes] = []
    fields: list[bytes] = []
    lines = message.splitlines(keepends=True) if b"\r" not in message else _lines(message)
    while lines and lines[0] not in (b"\n", b"\r\n"):
        line = lines.pop(0)
        if fields and line[:1] in (b" ", b"\t"):
            fields[-1] += line
        else:
            fields.append(line)
    has_one = False
    for field in fields:
        name, colon, value = field.partition(b":")
        if name.rstrip(b" \t").lower() == b"message-id" and colon:
            if has_one or not is_message_id(value):
                continue
            has_one = True
        kept.append(field)
    return b"".join(kept + lines)


def _lines(message: bytes) -> list[bytes]:
    *whole, last = message.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])


parts = st.sampled_from([
    b"Message-ID: none\n", b"Message-ID: <a@b>\n", b"message-id : <c@d>\r\n", b"Message-ID:\n", b" folded\n",
    b"Subject: hi\n", b"To: you\r\n", b"\n", b"\r\n", b"body\n", b"\r", b"Message-ID: <e@f>", b"x: y\r\r\n",
])
messages = st.lists(parts, max_size=8).map(b"".join)
