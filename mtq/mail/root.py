"""From a user to the folder of the mailbox."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MailRoot:
    """The `path` of the configuration: `{user}`, `{local}`, `{domain}` and `{home}` stand for the user's."""

    template: str

    @property
    def folder(self) -> str | None:
        """The folder under which all mailboxes lie; None when each lies in its user's home."""
        before = self.template.partition("{")[0]
        return os.path.dirname(before) if before else None

    def mailbox(self, name: str, home: str) -> bytes:
        """The mailbox of a user. The name is canonical: it has no slash and no part that leads upwards."""
        local, _, domain = name.partition("@")
        path = self.template
        for placeholder, value in (("user", name), ("local", local), ("domain", domain), ("home", home)):
            path = path.replace("{" + placeholder + "}", value)
        return os.fsencode(path)
