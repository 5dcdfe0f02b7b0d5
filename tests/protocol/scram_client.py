"""The client's side of SCRAM-SHA-256, written from RFC 5802: messages in, messages out, nothing of the server's."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field


class WrongServer(Exception):
    """The server does not know the password either, or does not keep to the protocol."""


@dataclass
class ScramClient:
    """One exchange of one client. `gs2_header` is what it says of channel binding and for whom it acts."""

    user: str
    password: bytes = field(repr=False)
    nonce: str = "rOprNGfwEbeRWgbNEkqO"
    gs2_header: str = "n,,"
    extensions: str = ""

    @property
    def bare(self) -> str:
        """The first message without its GS2 header."""
        return f"n={escaped(self.user)},r={self.nonce}{self.extensions}"

    def first(self) -> bytes:
        """The first message."""
        return (self.gs2_header + self.bare).encode()

    def final(self, server_first: bytes) -> bytes:
        """The answer to the server's first message."""
        fields = attributes(server_first)
        if not fields["r"].startswith(self.nonce) or fields["r"] == self.nonce:
            raise WrongServer("the server has not added to the nonce")
        unproved = f"c={base64.b64encode(self.gs2_header.encode()).decode()},r={fields['r']}{self.extensions}"
        self._signed = f"{self.bare},{server_first.decode()},{unproved}".encode()
        self._salted = salted(self.password, base64.b64decode(fields["s"]), int(fields["i"]))
        client_key = mac(self._salted, b"Client Key")
        signature = mac(hashlib.sha256(client_key).digest(), self._signed)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return f"{unproved},p={base64.b64encode(proof).decode()}".encode()

    def finish(self, server_final: bytes) -> bytes:
        """Check that the server knows the password, too; what it is answered. Raises WrongServer."""
        expected = mac(mac(self._salted, b"Server Key"), self._signed)
        if base64.b64decode(attributes(server_final)["v"]) != expected:
            raise WrongServer("the server's signature is wrong")
        return b""


def salted(password: bytes, salt: bytes, iterations: int) -> bytes:
    """RFC 5802's Hi."""
    return hashlib.pbkdf2_hmac("sha256", password, salt, iterations)


def mac(key: bytes, text: bytes) -> bytes:
    """RFC 5802's HMAC."""
    return hmac.new(key, text, hashlib.sha256).digest()


def keys(password: bytes, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """The stored key and the server key of a password."""
    client_key = mac(salted(password, salt, iterations), b"Client Key")
    return hashlib.sha256(client_key).digest(), mac(salted(password, salt, iterations), b"Server Key")


def attributes(message: bytes) -> dict[str, str]:
    """The fields of a message by their letters."""
    return {part[0]: part[2:] for part in message.decode().split(",")}


def escaped(user: str) -> str:
    """A name as it travels."""
    return user.replace("=", "=3D").replace(",", "=2C")
