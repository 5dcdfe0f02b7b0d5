"""The mail of the demonstration."""

from collections.abc import Iterator


def letters(user: str) -> Iterator[bytes]:
    """The letters to a user, as they are delivered."""
    yield f"From: a@example.com\nTo: {user}@example.com\nSubject: hi\n\nHello\n.\n".encode()
