"""From a user to the folder of the mailbox."""

import os
import re
from dataclasses import dataclass
from functools import lru_cache

from mtq.errors import Code, Refusal

_PLACEHOLDER = re.compile(r"\{(user|local|domain|home)\}")


@dataclass(frozen=True, slots=True)
class MailRoot:
    """The `path` of the configuration: `{user}`, `{local}`, `{domain}` and `{home}` stand for the user's."""

    template: str

    @property
    def folder(self) -> str | None:
        """The folder under which all mailboxes lie; None when each lies in its user's home."""
        before = self.template.partition("{")[0]
        return os.path.dirname(before) if before else None

    def root(self, home: str) -> str:
        """The folder that has to be there before this user's mailbox can be: that of all mailboxes, or the home."""
        return self.folder or home

    def mailbox(self, name: str, home: str) -> bytes:
        """The mailbox of a user. The name is canonical: it has no slash and no part that leads upwards.

        Raises Refusal for a user without the home that the path needs: it would begin at the file system's root.
        """
        if "{home}" in self.template and not os.path.isabs(home):
            raise Refusal(Code.SYS_PERM, "the mailbox cannot be read", f"{name} has no home in the users file")
        local, _, domain = name.partition("@")
        own = {"user": name, "local": local, "domain": domain, "home": home}
        return os.fsencode("".join([own[part] if odd else part for odd, part in _parts(self.template)]))


@lru_cache
def _parts(template: str) -> list[tuple[bool, str]]:
    """A template in parts, every other of them the name of a placeholder."""
    return [(bool(at % 2), part) for at, part in enumerate(_PLACEHOLDER.split(template))]
