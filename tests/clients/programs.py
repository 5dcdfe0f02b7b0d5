"""Real POP3 programs, each told to fetch everything and to empty the mailbox, and what they then have.

Each takes the way to log in by its own word for it; without one it chooses, or does what is usual for it.
"""

import os
import subprocess
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from tests.house import House


class Way(Enum):
    """How a client gets to its mailbox."""

    PLAIN = "plain"
    STLS = "stls"
    TLS = "implicit"


LONGEST = 60
"""Seconds that a program may take."""

Fetch = Callable[[House, Way, Path], list[bytes]]


def curl(house: House, way: Way, folder: Path, auth: str = "", user: str = "fred") -> list[bytes]:
    """curl: a process a message, nothing rewritten. It lists first and deletes by DELE at the end."""
    scheme, port = ("pop3s", house.pop3s) if way is Way.TLS else ("pop3", house.pop3)
    options = ["--silent", "--show-error", "--user", f"{user}:secret", "--cacert", str(house.authority)]
    if way is Way.STLS:
        options.append("--ssl-reqd")
    if auth:
        options += ["--login-options", f"AUTH={auth}"]
    url = f"{scheme}://localhost:{port}/"
    listing = _run(["curl", *options, url]).splitlines()
    numbers = [row.split()[0].decode() for row in listing]
    messages = [_run(["curl", *options, url + number]) for number in numbers]
    for number in reversed(numbers):
        _run(["curl", *options, "--request", "DELE", "--head", url + number])
    return messages


def fetchmail(
    house: House, way: Way, folder: Path, auth: str = "protocol pop3", keep: bool = False, user: str = "fred"
) -> list[bytes]:
    """fetchmail, handing each message to a delivery program. With `keep` it leaves the mail and goes by UIDL."""
    inbox, deliver = _delivery_program(folder)
    ssl = {
        Way.PLAIN: 'sslproto ""',
        Way.STLS: f'sslproto "TLS1.2+" sslcertck sslcertfile "{house.authority}"',
        Way.TLS: f'ssl sslcertck sslcertfile "{house.authority}"',
    }[way]
    rc = folder / "fetchmailrc"
    port = house.pop3s if way is Way.TLS else house.pop3
    what = "keep" if keep else "fetchall"
    rc.write_text(
        f"set invisible\npoll localhost {auth} service {port} timeout 20 {'uidl' if keep else ''}\n"
        f'  user "{user}" password secret {ssl} {what} norewrite mda "{deliver}"\n'
    )
    rc.chmod(0o600)
    files = ["--pidfile", str(folder / "pid"), "--idfile", str(folder / "ids")]
    _run(["fetchmail", "--fetchmailrc", str(rc), "--nosyslog", *files], {0, 1})
    return _files(inbox)


def mpop(house: House, way: Way, folder: Path, auth: str = "", user: str = "fred") -> list[bytes]:
    """mpop, which pipelines, delivering into a Maildir."""
    for name in ("tmp", "new", "cur"):
        (folder / "inbox" / name).mkdir(parents=True)
    auth = auth or ("apop" if way is Way.PLAIN else "plain")
    tls = "tls off" if way is Way.PLAIN else f"tls on\ntls_trust_file {house.authority}"
    rc = folder / "mpoprc"
    rc.write_text(
        f"account fred\nhost localhost\nport {house.pop3s if way is Way.TLS else house.pop3}\n"
        f'user "{user}"\npassword secret\nauth {auth}\n'
        f"{tls}\ntls_starttls {'on' if way is Way.STLS else 'off'}\n"
        f"delivery maildir {folder / 'inbox'}\nkeep off\nreceived_header off\nuidls_file {folder / 'uidls'}\n"
    )
    rc.chmod(0o600)
    _run(["mpop", "--file", str(rc), "fred"])
    return _files(folder / "inbox" / "new")


def getmail(house: House, way: Way, folder: Path, auth: str = "", user: str = "fred") -> list[bytes]:
    """getmail6, which knows no STLS, handing each message to a delivery program."""
    inbox, deliver = _delivery_program(folder)
    kind = "SimplePOP3SSLRetriever" if way is Way.TLS else "SimplePOP3Retriever"
    port = house.pop3s if way is Way.TLS else house.pop3
    trust = f"ca_certs = {house.authority}\n" if way is Way.TLS else ""
    rc = folder / "getmailrc"
    rc.write_text(
        f"[retriever]\ntype = {kind}\nserver = localhost\nport = {port}\nusername = {user}\npassword = secret\n"
        f"{trust}{auth}\n"
        f"[destination]\ntype = MDA_external\npath = {deliver}\nallow_root_commands = true\nunixfrom = false\n"
        "[options]\ndelete = true\nread_all = true\ndelivered_to = false\nreceived = false\n"
    )
    _run(["getmail", "--getmaildir", str(folder), "--rcfile", "getmailrc"])
    return [message.removeprefix(b"Return-Path: <unknown>\n") for message in _files(inbox)]      # its own addition


def _delivery_program(folder: Path) -> tuple[Path, Path]:
    """A folder, and a program that puts what it reads into a new file there."""
    inbox, program = folder / "inbox", folder / "deliver"
    inbox.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\ncat > "$(mktemp "{inbox}/XXXXXXXX")"\n')
    program.chmod(0o700)
    return inbox, program


def _run(command: list[str], good: set[int] | None = None) -> bytes:
    done = subprocess.run(command, capture_output=True, timeout=LONGEST, env={**os.environ, "LC_ALL": "C"})
    assert done.returncode in (good or {0}), (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]
