"""A real Dovecot on the addresses 127.0.0.2 and up, each with another certificate, and a mailbox of fred's in it.

It runs without privileges of its own; started by root, it keeps mail as `nobody`, for Dovecot will not do so as root.
"""

import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from tests.house import wait_for_line

GOOD, EXPIRED, WRONG_NAME, SELF_SIGNED = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
"""Addresses by what is served there."""

ADDRESSES = (GOOD, EXPIRED, WRONG_NAME, SELF_SIGNED)

CONFIG = """
protocols = pop3
listen = {good}, {expired}, {wrong_name}, {self_signed}
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
ssl = yes
ssl_min_protocol = TLSv1.2
ssl_cert = <{folder}/good.pem
ssl_key = <{folder}/good.key
local {expired} {{
  ssl_cert = <{folder}/expired.pem
  ssl_key = <{folder}/expired.key
}}
local {wrong_name} {{
  ssl_cert = <{folder}/wrong_name.pem
  ssl_key = <{folder}/wrong_name.key
}}
local {self_signed} {{
  ssl_cert = <{folder}/self_signed.pem
  ssl_key = <{folder}/self_signed.key
}}
disable_plaintext_auth = no
auth_mechanisms = plain login apop
auth_failure_delay = 0
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = username_format=%u {folder}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
mail_location = maildir:~/Maildir
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """Where it listens, and whom its good certificate is vouched for by."""

    folder: Path
    pop3: int
    pop3s: int

    @property
    def authority(self) -> Path:
        """The certificate of the authority that all but the self-signed one come from."""
        return self.folder / "ca.pem"


MESSAGES = (
    b"From: a@example.com\r\nSubject: one\r\n\r\nfirst line\r\n.dotted\r\n",
    b"Subject: two\r\n\r\n" + b"".join(b"%06d %s\r\n" % (n, b"x" * 70) for n in range(20_000)),
)
"""What is in the mailbox."""


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Run one."""
    folder = Path(tempfile.mkdtemp(prefix="mtq-dovecot-"))
    folder.chmod(0o755)
    server = Dovecot(folder, *_free_ports())
    try:
        _certify(folder)
        owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        _fill(folder, owner)
        (folder / "dovecot.conf").write_text(_config(server, owner))
        command = ["dovecot", "-F", "-c", str(folder / "dovecot.conf")]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                wait_for_line(process, "starting up")
                yield server
            finally:
                process.terminate()
    finally:
        shutil.rmtree(folder)


def _free_ports() -> tuple[int, int]:
    """Two ports that are free at all four addresses; not of those that the system gives away."""
    while True:
        first = random.randrange(20_000, 32_000)
        if all(_is_free(host, port) for host in ADDRESSES for port in (first, first + 1)):
            return first, first + 1


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _config(server: Dovecot, owner: pwd.struct_passwd) -> str:
    me = pwd.getpwuid(os.geteuid())
    privileged = me.pw_uid == 0
    return CONFIG.format(
        folder=server.folder,
        good=GOOD,
        expired=EXPIRED,
        wrong_name=WRONG_NAME,
        self_signed=SELF_SIGNED,
        pop3=server.pop3,
        pop3s=server.pop3s,
        internal="dovecot" if privileged else me.pw_name,
        internal_group="dovecot" if privileged else _group(me),
        login="dovenull" if privileged else me.pw_name,
        uid=owner.pw_uid,
        gid=owner.pw_gid,
    )


def _group(user: pwd.struct_passwd) -> str:
    import grp

    return grp.getgrgid(user.pw_gid).gr_name


def _fill(folder: Path, owner: pwd.struct_passwd) -> None:
    (folder / "passwd").write_text("fred:{PLAIN}secret\ngerd:{PLAIN}secret\n")
    for user in ("fred", "gerd"):
        maildir = folder / "mail" / user / "Maildir"
        for name in ("cur", "new", "tmp"):
            (maildir / name).mkdir(parents=True)
        for number, message in enumerate(MESSAGES, 1):
            (maildir / "cur" / f"{number}.M{number}.test:2,").write_bytes(message)
    if os.geteuid() == 0:
        for path in [folder / "mail", *(folder / "mail").rglob("*")]:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _certify(folder: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    past = datetime.now(UTC) - timedelta(days=3)
    leaves = {
        "good": authority.issue_cert("localhost", GOOD, common_name="localhost"),
        "expired": authority.issue_cert(EXPIRED, not_before=past - timedelta(days=30), not_after=past),
        "wrong_name": authority.issue_cert("pop.example.com"),
    }
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name, leaf in leaves.items():
        leaf.private_key_pem.write_to_path(folder / f"{name}.key")
        (folder / f"{name}.pem").write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    # An authority's own certificate is as self-signed as any.
    stranger.private_key_pem.write_to_path(folder / "self_signed.key")
    stranger.cert_pem.write_to_path(folder / "self_signed.pem")
