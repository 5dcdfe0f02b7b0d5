"""Messages that have broken servers and clients, by name. They are stored as written here, and must arrive so."""

CORPUS: dict[str, bytes] = {
    "plain": b"From: wilma@example.com\nSubject: plain\n\nPlease bring bread.\n",
    "dot_on_the_first_line": b".From: wilma@example.com\nSubject: dots\n\n.\n",
    "dots": b"Subject: dots\n\n.\n..\n...\n.hidden\n. \na.\n\n.\n",
    "crlf": b"Subject: crlf\r\n\r\none\r\ntwo\r\n",
    "mixed_line_ends": b"Subject: mixed\r\n\none\r\ntwo\nthree\r\n",
    "lone_cr": b"Subject: lone\n\none\rtwo\r.three\r\r\nfour\n",
    "eight_bit": "Subject: Größe\n\nPřekvapení, 日本語, naïve\n".encode() + bytes(range(128, 256)) + b"\n",
    "nul": b"Subject: nul\n\none\0two\n\0\n",
    "long_line": b"Subject: long\n\n" + b"x" * 100_000 + b"\nend\n",
    "no_final_newline": b"Subject: open\n\nthe end has no newline",
    "no_final_newline_after_dot": b"Subject: open\n\n.",
    "empty": b"",
    "headers_alone": b"From: wilma@example.com\nSubject: no body\n",
    "headers_and_empty_line": b"From: wilma@example.com\nSubject: no body\n\n",
    "body_alone": b"\nno header\n",
    "twenty_megabytes": b"Subject: large\n\n" + (b".line of a large message with a dot\n" * 600_000),
}


def on_the_wire(message: bytes) -> bytes:
    """What a client gets once it has undone the dots: each line ended with CRLF, the last one too."""
    lines = message.replace(b"\r\n", b"\n").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)
