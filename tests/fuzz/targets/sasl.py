"""The mechanisms of SASL: the first octet chooses one, the rest are its client's responses with `|` between them.

Whatever comes, the answer is a challenge, credentials or a refusal; nobody gets in by SCRAM who does not know the
key, and no name or password that comes out could become a second line elsewhere.
"""

from contextlib import suppress

from mtq.protocol import scram
from mtq.protocol.sasl import Apop, BadResponse, Challenge, Login, Lookup, Password, Plain, Scram, ScramKeys, decode
from mtq.users import scram as stored
from mtq.users.saslprep import Forbidden, saslprep

KEYS = ScramKeys(4096, b"sixteen octets..", bytes(32), bytes(32), b"3rfcNHYJY1ZVvWVs7j")
"""Nobody knows an octet string whose SHA-256 is the stored key: no proof can be right."""

MECHANISMS = (Plain, Login, scram.Server)


def check(octets: bytes) -> None:
    choice, sent = int.from_bytes(octets[:1]), octets[1:]
    if choice < len(MECHANISMS):
        first, *responses = sent.split(b"|")
        _exchange(MECHANISMS[choice](), [first or None, *responses])
    else:
        _texts(sent)


def _exchange(mechanism: Plain | Login | scram.Server, responses: list[bytes | None]) -> None:
    for response in responses:
        try:
            outcome = mechanism.step(response)
        except BadResponse as refusal:
            assert str(refusal).isascii()
            return
        if isinstance(outcome, Lookup):
            _harmless(outcome.user)
            outcome = outcome.challenge(KEYS)
        match outcome:
            case Challenge(text):
                assert len(text) <= len(response or b"") + 100
            case Password(user, secret):
                _harmless(user)
                assert not set(secret) & set(b"\r\n\0")
                return
            case Scram(user, proved):
                _harmless(user)
                assert not proved
                return
            case Apop():
                raise AssertionError("that is no mechanism of SASL")


def _harmless(user: str) -> None:
    assert user
    assert not set(user) & set("\r\n\0")


def _texts(sent: bytes) -> None:
    """What is read before and behind the mechanisms: base64, prepared passwords, stored keys."""
    with suppress(BadResponse):
        assert len(decode(sent)) <= len(sent)
    assert stored.prepared(sent) or not sent
    keys = stored.read(sent.decode("utf-8", "replace"))
    assert keys is None or stored.read(str(keys)) == keys
    try:
        text = saslprep(sent.decode())
    except (UnicodeDecodeError, Forbidden):
        return
    assert saslprep(text) == text
