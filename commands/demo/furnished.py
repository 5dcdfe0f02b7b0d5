"""One server's folder: a configuration, users, their mail and a certificate."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mtq import tls
from mtq.config.model import Config
from mtq.config.read import load
from mtq.mail.deliver import deliver
from mtq.mail.root import MailRoot
from mtq.users import passwd_file, schemes

from .letters import letters


@dataclass(frozen=True)
class Furnished:
    """What is in it."""

    file: Path
    config: Config
    authority: Path
    """Vouches for the server's certificate."""


def furnish(folder: Path, configuration: str, passwords: Mapping[str, str]) -> Furnished:
    """Fill a new folder."""
    folder.mkdir(exist_ok=True)
    file = folder / "mtq.toml"
    file.write_text(configuration)
    config = load(file)
    root = MailRoot(config.mailboxes.path)
    Path(root.folder or folder).mkdir(parents=True)
    for user, password in passwords.items():
        passwd_file.add(config.users.file, user, schemes.make(password.encode(), "PLAIN"))
        for letter in letters(user):
            deliver(root.mailbox(user, ""), iter([letter]))
    made = tls.make_if_due(config.tls.certificate, config.tls.key, "localhost")
    assert made is not None
    return Furnished(file, config, made.authority)
