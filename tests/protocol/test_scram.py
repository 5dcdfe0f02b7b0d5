"""SCRAM-SHA-256, the server's side: RFC 7677's example, and every message that does not follow the grammar."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.protocol.sasl import BadResponse, Challenge, Lookup, Scram, ScramKeys
from mtq.protocol.scram import Server
from tests.protocol.scram_client import ScramClient, WrongServer, keys

# RFC 7677, section 3. Its password is `pencil`.
CLIENT_FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
CLIENT_FINAL = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
NONCE = b"%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")

KEYS = ScramKeys(4096, SALT, *keys(b"pencil", SALT, 4096), NONCE)


def challenged(first: bytes = CLIENT_FIRST, of: ScramKeys = KEYS) -> tuple[Server, bytes]:
    """A server that has taken the client's first message, and its own."""
    server = Server()
    lookup = server.step(first)
    assert isinstance(lookup, Lookup)
    return server, lookup.challenge(of).text


def said(outcome: Challenge | Lookup | Scram) -> bytes:
    """What the client is told."""
    assert isinstance(outcome, Challenge)
    return outcome.text


# The example


def test_the_server_says_what_the_rfc_has_it_say() -> None:
    server, first = challenged()
    assert first == SERVER_FIRST
    assert server.step(CLIENT_FINAL) == Challenge(SERVER_FINAL)
    assert server.step(b"") == Scram("user", proved=True)


def test_the_client_of_these_tests_says_what_the_rfc_has_it_say() -> None:
    client = ScramClient("user", b"pencil")
    assert client.first() == CLIENT_FIRST
    assert client.final(SERVER_FIRST) == CLIENT_FINAL
    assert client.finish(SERVER_FINAL) == b""


# The ways of an exchange


def test_without_a_response_the_client_is_asked_for_its_first() -> None:
    server = Server()
    assert server.step(None) == Challenge(b"")
    assert isinstance(server.step(CLIENT_FIRST), Lookup)


def test_a_wrong_proof_is_an_attempt_that_failed_and_is_told_no_more() -> None:
    server, first = challenged()
    assert server.step(ScramClient("user", b"pencils").final(first)) == Scram("user", proved=False)


def test_a_server_that_does_not_know_the_password_convinces_no_client() -> None:
    client = ScramClient("user", b"pencil")
    stored, _ = keys(b"pencil", SALT, 4096)
    server, first = challenged(client.first(), ScramKeys(4096, SALT, stored, bytes(32), NONCE))
    final = said(server.step(client.final(first)))
    with pytest.raises(WrongServer):
        client.finish(final)


def test_a_proof_is_good_for_one_nonce_alone() -> None:
    client = ScramClient("user", b"pencil")
    server, first = challenged(client.first(), ScramKeys(4096, SALT, KEYS.stored_key, KEYS.server_key, b"another"))
    final = client.final(first)
    assert said(server.step(final)).startswith(b"v=")
    server, _ = challenged(client.first())
    with pytest.raises(BadResponse, match="nonce"):
        server.step(final)
    server, _ = challenged(client.first())
    assert server.step(final.replace(b"another", NONCE)) == Scram("user", proved=False)


def test_the_right_proof_is_answered_with_nothing_but_consent() -> None:
    server, _ = challenged()
    server.step(CLIENT_FINAL)
    with pytest.raises(BadResponse):
        server.step(b"more")


@pytest.mark.parametrize("user", ["user", "a,b", "a=b", "a=2Cb", "=3D", ",=,=", "a#b.c:995", "Größe", "a b"])
@pytest.mark.parametrize("header", ["n,,", "y,,", "n,a={user},", "y,a={user},"])
@pytest.mark.parametrize("extensions", ["", ",x=y", ",x=a=b,Q=."])
def test_a_client_may_say_it_in_every_lawful_way(user: str, header: str, extensions: str) -> None:
    gs2 = header.format(user=user.replace("=", "=3D").replace(",", "=2C"))
    client = ScramClient(user, b"pencil", gs2_header=gs2, extensions=extensions)
    server, first = challenged(client.first())
    client.finish(said(server.step(client.final(first))))
    assert server.step(b"") == Scram(user, proved=True)


@given(st.binary(min_size=1, max_size=20), st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1))
def test_any_password_and_any_printable_nonce_do(password: bytes, nonce: str) -> None:
    client = ScramClient("user", password, nonce=nonce.replace(",", "."))
    server, first = challenged(client.first(), ScramKeys(1, SALT, *keys(password, SALT, 1), NONCE))
    client.finish(said(server.step(client.final(first))))
    assert server.step(b"") == Scram("user", proved=True)


# What is refused

FIRSTS = {
    b"": "malformed",
    b"n": "malformed",
    b"n,,": "malformed",
    b"n,,n=user": "malformed",
    b"n,n=user,r=abc": "malformed",
    b"n=user,r=abc": "malformed",
    b"x,,n=user,r=abc": "malformed",
    b"N,,n=user,r=abc": "malformed",
    b"n,,N=user,r=abc": "malformed",
    b"n,,r=abc,n=user": "malformed",
    b"n,,n=,r=abc": "malformed",
    b"n,,n=user,r=": "malformed",
    b"n,,n=user,r=a c": "malformed",
    b"n,,n=user,r=a\x7f": "malformed",
    b"n,,n=user,r=\xc3\xa4": "malformed",
    b"n,,n=us=er,r=abc": "malformed",
    b"n,,n=us=2cer,r=abc": "malformed",
    b"n,,n=user=,r=abc": "malformed",
    b"n,,n=us\0er,r=abc": "malformed",
    b"n,,n=user,r=abc,": "malformed",
    b"n,,n=user,r=abc,x": "malformed",
    b"n,,n=user,r=abc,x=": "malformed",
    b"n,,n=user,r=abc,xy=z": "malformed",
    b"n,,n=user,r=abc,n=other": "malformed",
    b"n,,n=user,r=abc,r=def": "malformed",
    b"n,,n=user,r=abc,p=def": "malformed",
    b" n,,n=user,r=abc": "malformed",
    b"n,,n=user,r=abc\n": "malformed",
    b"n,b=user,n=user,r=abc": "malformed",
    b"n,a=,n=user,r=abc": "malformed",
    b"p=,,n=user,r=abc": "malformed",
    b"p,,n=user,r=abc": "malformed",
    b"p=tls-unique,,n=user,r=abc": "channel binding is not available",
    b"p=tls-exporter,,n=user,r=abc": "channel binding is not available",
    b"n,,m=x,n=user,r=abc": "mandatory SCRAM extension",
    b"n,,n=user,r=abc,m=x": "mandatory SCRAM extension",
    b"n,a=other,n=user,r=abc": "acting for another user",
    b"n,a=User,n=user,r=abc": "acting for another user",
    b"n,,n=us\ner,r=abc": "line end",
    b"n,,n=us\rer,r=abc": "line end",
}


@pytest.mark.parametrize("message", FIRSTS)
def test_a_first_message_that_is_not_lawful_is_refused(message: bytes) -> None:
    with pytest.raises(BadResponse, match=FIRSTS[message]):
        Server().step(message)


WHOLE = b"r=rOprNGfwEbeRWgbNEkqO" + NONCE
PROOF = CLIENT_FINAL.rpartition(b",")[2]
FINALS = {
    b"": "malformed",
    b"*": "malformed",
    CLIENT_FIRST: "malformed",
    b"c=biws," + WHOLE: "malformed",
    b"c=biws," + PROOF: "malformed",
    WHOLE + b"," + PROOF: "malformed",
    WHOLE + b",c=biws," + PROOF: "malformed",
    b"c=biws," + PROOF + b"," + WHOLE: "malformed",
    b"c=biws," + WHOLE + b",p=": "malformed",
    b"c=biws," + WHOLE + b",p=QUJD": "malformed",
    b"c=biws," + WHOLE + b"," + PROOF + b",x=y": "malformed",
    b"c=biws," + WHOLE + b",p=" + base64.b64encode(bytes(33)): "malformed",
    b"c=biws," + WHOLE + b"," + PROOF[:-1]: "not base64",
    b"c=biws," + WHOLE + b"," + PROOF + b"\n": "malformed",
    b"c=," + WHOLE + b"," + PROOF: "malformed",
    b"c=eSws," + WHOLE + b"," + PROOF: "channel binding",
    b"c=biwsAA==," + WHOLE + b"," + PROOF: "channel binding",
    b"c=cD10bHMtdW5pcXVlLCw=," + WHOLE + b"," + PROOF: "channel binding",
    b"c=biws," + WHOLE[:-1] + b"," + PROOF: "nonce",
    b"c=biws," + WHOLE + b"x," + PROOF: "nonce",
    b"c=biws,r=" + NONCE + b"," + PROOF: "nonce",
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO," + PROOF: "nonce",
    b"c=biws," + WHOLE + b",m=x," + PROOF: "mandatory SCRAM extension",
}


@pytest.mark.parametrize("message", FINALS)
def test_a_final_message_that_is_not_lawful_is_refused(message: bytes) -> None:
    server, _ = challenged()
    with pytest.raises(BadResponse, match=FINALS[message]):
        server.step(message)


def test_a_downgrade_in_the_header_is_noticed() -> None:
    """RFC 5802, section 6: who stands between turns `y` into `n`, or back."""
    server, first = challenged(CLIENT_FIRST)
    client = ScramClient("user", b"pencil", gs2_header="y,,")
    with pytest.raises(BadResponse, match="channel binding"):
        server.step(client.final(first))


@given(st.binary(max_size=60))
def test_rubbish_is_refused_or_a_wrong_proof_and_never_lets_in(rubbish: bytes) -> None:
    server, _ = challenged()
    with suppress(BadResponse):
        assert server.step(rubbish) == Scram("user", proved=False)


# But the last two: of the last letter before the `=` base64 has two bits to spare.
@given(st.integers(0, len(CLIENT_FINAL) - 3), st.integers(1, 255))
def test_no_octet_of_the_final_message_can_be_changed(at: int, by: int) -> None:
    changed = bytearray(CLIENT_FINAL)
    changed[at] ^= by
    server, _ = challenged()
    with suppress(BadResponse):
        assert server.step(bytes(changed)) == Scram("user", proved=False)


@given(st.integers(0, len(CLIENT_FIRST) - 1), st.integers(1, 255))
def test_no_octet_of_the_first_message_can_be_changed(at: int, by: int) -> None:
    changed = bytearray(CLIENT_FIRST)
    changed[at] ^= by
    server = Server()
    with suppress(BadResponse):
        lookup = server.step(bytes(changed))
        assert isinstance(lookup, Lookup)
        lookup.challenge(KEYS)
        assert server.step(CLIENT_FINAL) == Scram(lookup.user, proved=False)


def test_keys_are_not_shown_in_a_log_or_traceback() -> None:
    server, _ = challenged()
    for shown in (repr(KEYS), repr(server), repr(vars(server))):
        assert repr(KEYS.stored_key) not in shown
        assert repr(KEYS.server_key) not in shown
