"""What the server shows of users that SCRAM cannot let in, so that they look like all the others.

Whoever asks again has to see the same, after a restart and on a second server of the same house, too. So all of it
follows from the name and a secret of the server's.
"""

import hashlib
from collections.abc import Mapping
from math import log

from mtq.users.scram import DIGEST_OCTETS, ITERATIONS, SALT_OCTETS, Form, Keys

LONELY = Form(SALT_OCTETS, ITERATIONS, derived=False)
"""What is shown where there is nobody to look like."""


class Decoys:
    """Salts and keys made up from names."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def form(self, name: str, forms: Mapping[Form, int]) -> Form:
        """Which of the forms the name has, more often one of which there are more.

        A weighted rendezvous: as users come and go, hardly a name changes its form.
        """
        return min(forms, key=lambda form: -log(self._fraction(name, form)) / forms[form], default=LONELY)

    def salt(self, name: str, form: Form) -> bytes:
        """The salt of a name; of a user whose password is stored as it is, too."""
        return self._made("salt", name, form, form.salt_octets)

    def keys(self, name: str, form: Form) -> Keys:
        """Keys that no proof fits. As a password, too, the stored one would be nobody's."""
        both = self._made("keys", name, form, 2 * DIGEST_OCTETS)
        return Keys(form.iterations, self.salt(name, form), both[:DIGEST_OCTETS], both[DIGEST_OCTETS:])

    def _fraction(self, name: str, form: Form) -> float:
        """Between 0 and 1, without either."""
        return (int.from_bytes(self._made("form", name, form, 6)) + 0.5) / (1 << 48)

    def _made(self, what: str, name: str, form: Form, octets: int) -> bytes:
        text = f"{what} {form.salt_octets} {form.iterations} {form.derived} {name}"
        return hashlib.shake_256(self._secret + text.encode("utf-8", "surrogateescape")).digest(octets)
