"""A real Dovecot that serves a Maildir: its POP3 process, which speaks on standard input and output."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mail.outsider import NOBODY

MAIL_USER = NOBODY if os.geteuid() == 0 else os.geteuid()
"""Dovecot serves nobody's mail as root."""

MAIL_GROUP = NOBODY if os.geteuid() == 0 else os.getegid()

CONFIGURATION = """
mail_location = maildir:{mailbox}
base_dir = {run}
state_dir = {run}
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
ssl = no
stats_writer_socket_path =
"""


@dataclass(frozen=True)
class Dovecot:
    """Serves one mailbox. `folder` is one that everybody may reach; the mailbox in it belongs to MAIL_USER."""

    folder: Path
    mailbox: bytes

    def session(self, *commands: str, **settings: str) -> list[list[bytes]]:
        """What one session is answered, each answer as its lines."""
        configuration = self.folder / "dovecot.conf"
        configuration.write_text(
            CONFIGURATION.format(
                mailbox=os.fsdecode(self.mailbox), run=self.folder / "run", uid=MAIL_USER, gid=MAIL_GROUP
            )
        )
        options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        done = subprocess.run(
            [_pop3(), "-c", configuration, *options],
            input="".join(f"{command}\r\n" for command in (*commands, "QUIT")).encode(),
            capture_output=True,
            env={**os.environ, "USER": "fred", "HOME": str(self.folder)},
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        lines = iter(done.stdout.split(b"\r\n"))
        return [_answer(command, lines) for command in commands]

    def unique_ids(self, **settings: str) -> dict[bytes, bytes]:
        """The unique-id of each message, by what the message says."""
        count = int(self.session("STAT", **settings)[0][0].split()[1])
        ids, *messages = self.session("UIDL", *(f"RETR {n}" for n in range(1, count + 1)), **settings)
        rows = [row.split(b" ", 1)[1] for row in ids[1:]]
        return {b"\n".join(message[1:]): row for message, row in zip(messages, rows, strict=True)}


def give(mailbox: bytes) -> None:
    """Give a mailbox to the user whose mail Dovecot serves."""
    for folder, _, files in os.walk(mailbox):
        for name in (b"", *files):
            os.chown(os.path.join(folder, name), MAIL_USER, MAIL_GROUP)


def _answer(command: str, lines: Iterator[bytes]) -> list[bytes]:
    answer = [next(lines)]
    if command.split()[0] in ("UIDL", "RETR"):
        answer += iter(lines.__next__, b".")
    return answer


def _pop3() -> str:
    done = subprocess.run(["doveconf", "-d", "-h", "libexec_dir"], capture_output=True, text=True, timeout=60)
    return f"{done.stdout.strip()}/pop3"
