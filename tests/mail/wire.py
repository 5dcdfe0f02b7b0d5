"""Wire sizes the slow way: a message line by line, as RFC 1939 sends it."""

from hypothesis import strategies as st

CONTENTS = {
    "empty": b"",
    "LF": b"a\nbc\n\nd\n",
    "CRLF": b"a\r\nbc\r\n\r\nd\r\n",
    "mixed": b"a\nbc\r\n\nd\r\n",
    "lone CR": b"a\rb\r\rc\n",
    "CR before CRLF": b"a\r\r\nb\n",
    "ends in CR": b"a\nb\r",
    "a CR alone": b"\r",
    "an LF alone": b"\n",
    "no final newline": b"a\nb",
    "one octet": b"a",
    "NUL": b"a\0b\n\0\n\0",
    "dots": b".\n..\n.a\n",
    "8-bit": b"\xff\xfe\n\x80",
    "a line of 100 KB": b"a\n" + b"x" * 100_000 + b"\nb\n",
    "CRLF across the end of a piece": b"x" * ((1 << 18) - 1) + b"\r\nb\n",
    "a lone CR at the end of a piece": b"x" * ((1 << 18) - 1) + b"\rb\n",
    "LF at the start of a piece": b"x" * (1 << 18) + b"\nb\n",
    "exactly one piece": b"x" * ((1 << 18) - 1) + b"\n",
}

contents = st.lists(st.sampled_from([b"a", b".", b"\r", b"\n", b"\r\n", b"\0", b"\xff"]), max_size=20).map(b"".join)


def sent(content: bytes) -> bytes:
    """What goes over the wire, without doubled dots and without the end."""
    *lines, last = content.split(b"\n")
    wire = b"".join(line.removesuffix(b"\r") + b"\r\n" for line in lines)
    return wire + last + b"\r\n" if last else wire
