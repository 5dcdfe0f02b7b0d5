"""SCRAM-SHA-256, the server's side, message by message (RFC 5802, RFC 7677).

There is no channel binding, because no -PLUS is offered. Each message that breaks the grammar of RFC 5802, section 7,
is refused; attributes that nobody has defined are passed over, as section 5.1 wants it.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import partial

from mtq.protocol.sasl import BadResponse, Challenge, Lookup, Scram, ScramKeys, decode, name, no_line_ends

NAME = b"SCRAM-SHA-256"

DIGEST = "sha256"
DIGEST_OCTETS = 32

_SASLNAME = rb"(?:[^\0,=]|=2C|=3D)+"
_NONCE = rb"[!-+\x2d-~]+"
_BASE64 = rb"[A-Za-z0-9+/=]+"
_EXTENSIONS = rb"(?:,[A-Zbdf-hj-loqtuw-z]=[^\0,]+)*"      # of the letters those that RFC 5802 gives no meaning

_CLIENT_FIRST = re.compile(
    rb"(?P<gs2>(?P<binding>n|y|p=[A-Za-z0-9.-]+),(?:a=(?P<authorization>%b))?,)(?P<bare>n=(?P<user>%b),r=(?P<nonce>%b)%b)"
    % (_SASLNAME, _SASLNAME, _NONCE, _EXTENSIONS)
)
_CLIENT_FINAL = re.compile(
    rb"(?P<unproved>c=(?P<gs2>%b),r=(?P<nonce>%b)%b),p=(?P<proof>%b)" % (_BASE64, _NONCE, _EXTENSIONS, _BASE64)
)


@dataclass(frozen=True, slots=True)
class ClientFirst:
    """The client's first message: who it is, and its part of the nonce."""

    gs2_header: bytes
    bare: bytes
    user: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Challenged:
    """The server has spoken once; the proof is to come."""

    first: ClientFirst
    keys: ScramKeys
    text: bytes

    @property
    def nonce(self) -> bytes:
        """The whole nonce."""
        return self.first.nonce + self.keys.nonce


@dataclass(frozen=True, slots=True)
class Proved:
    """The proof was right, and so is the server's; the client's consent is to come."""

    user: str


class Server:
    """One exchange."""

    def __init__(self) -> None:
        self._state: Challenged | Proved | None = None

    def step(self, response: bytes | None) -> Challenge | Lookup | Scram:
        """Take a response (None: the client sent none with AUTH). Raises BadResponse."""
        match self._state:
            case None:
                return self._begin(response)
            case Challenged() as challenged:
                return self._proof(challenged, response or b"")
            case Proved(user):
                if response:
                    raise BadResponse("expected an empty response")
                return Scram(user, proved=True)

    def _begin(self, response: bytes | None) -> Challenge | Lookup:
        if response is None:
            return Challenge(b"")
        first = client_first(response)
        return Lookup(first.user, partial(self._challenge, first))

    def _challenge(self, first: ClientFirst, keys: ScramKeys) -> Challenge:
        salt = base64.b64encode(keys.salt)
        text = b"r=%b%b,s=%b,i=%d" % (first.nonce, keys.nonce, salt, keys.iterations)
        self._state = Challenged(first, keys, text)
        return Challenge(text)

    def _proof(self, challenged: Challenged, message: bytes) -> Challenge | Scram:
        unproved, proof = client_final(challenged, message)
        user, keys = challenged.first.user, challenged.keys
        signed = b",".join([challenged.first.bare, challenged.text, unproved])
        if not fits(proof, signed, keys.stored_key):
            return Scram(user, proved=False)
        self._state = Proved(user)
        return Challenge(b"v=" + base64.b64encode(hmac.digest(keys.server_key, signed, DIGEST)))


def client_first(message: bytes) -> ClientFirst:
    """Read the client's first message. Raises BadResponse."""
    found = _match(_CLIENT_FIRST, message)
    if found["binding"].startswith(b"p="):
        raise BadResponse("channel binding is not available")
    user = _unescaped(found["user"])
    if found["authorization"] is not None and _unescaped(found["authorization"]) != user:
        raise BadResponse("acting for another user is not supported")
    no_line_ends(user)
    return ClientFirst(found["gs2"], found["bare"], name(user), found["nonce"])


def client_final(challenged: Challenged, message: bytes) -> tuple[bytes, bytes]:
    """Read the client's final message: what stands before the proof, and the proof. Raises BadResponse."""
    found = _match(_CLIENT_FINAL, message)
    if found["gs2"] != base64.b64encode(challenged.first.gs2_header):
        raise BadResponse("the channel binding is not the one that was begun with")
    if found["nonce"] != challenged.nonce:
        raise BadResponse("the nonce is not the one that was given")
    proof = decode(found["proof"])
    if len(proof) != DIGEST_OCTETS:
        raise BadResponse("malformed SCRAM message")
    return found["unproved"], proof


def fits(proof: bytes, signed: bytes, stored_key: bytes) -> bool:
    """Whether the proof is of the client key whose digest is stored (RFC 5802, section 3)."""
    signature = hmac.digest(stored_key, signed, DIGEST)
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), stored_key)


def _match(grammar: "re.Pattern[bytes]", message: bytes) -> "re.Match[bytes]":
    if b",m=" in message:
        raise BadResponse("a mandatory SCRAM extension is not supported")
    found = grammar.fullmatch(message)
    if found is None:
        raise BadResponse("malformed SCRAM message")
    return found


def _unescaped(saslname: bytes) -> bytes:
    return saslname.replace(b"=2C", b",").replace(b"=3D", b"=")
