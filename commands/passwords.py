"""Passwords as commands get them: typed at a prompt or read from standard input, never an argument."""

import sys
from typing import Annotated

import typer

from mtq.errors import WrongUsage

FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, its first line.")
]


def password(whose: str, from_stdin: bool) -> bytes:
    """The password of somebody. Raises WrongUsage for one that no client could send."""
    given = sys.stdin.buffer.readline().rstrip(b"\r\n") if from_stdin else ask(f"Password for {whose}: ")
    if not given:
        raise WrongUsage("the password is empty")
    if any(byte < 0x20 or byte == 0x7F for byte in given):
        raise WrongUsage("a password cannot hold control characters: no client could send it")
    return given


def ask(prompt: str) -> bytes:
    """What is typed, without showing it. Raises WrongUsage where there is no terminal."""
    import getpass

    if not sys.stdin.isatty():
        raise WrongUsage("no terminal to ask on; give the password with --password-stdin")
    return getpass.getpass(prompt).encode("utf-8", "surrogateescape")
