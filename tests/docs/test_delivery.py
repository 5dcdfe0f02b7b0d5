"""The how-tos of Postfix and Exim with the real programs: their settings as the pages show them, a letter, a client.

Debian's packages of the two exclude each other, so their files lie apart (`.ci/run`) and are put into a root of the
test's own. There the pages are followed to the letter, as root on a new machine.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import loopback, overlay
from tests.docs.page import DOCS, blocks
from tests.house import wait_for_line
from tests.mounts import in_own_mounts
from tests.server.pop import Client

PROGRAMS = Path("/opt/mtq-tests")
LETTER = "From: wilma@example.com\nTo: fred@example.com\nSubject: bread\n\nPlease bring bread.\n.\nSoon.\n"

MAIN_CF = """\
compatibility_level = 3.6
myhostname = mail.example.com
mydestination = localhost
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
alias_database =
maillog_file = /dev/stdout
smtpd_peername_lookup = no
"""

POSTFIX_PACKAGE = """
useradd --system postfix
groupadd --system postdrop
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postdrop /usr/sbin/postqueue
chmod g+s /usr/sbin/postdrop /usr/sbin/postqueue
cp /usr/share/postfix/dynamicmaps.cf /etc/postfix
cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
mv /etc/mailboxes /etc/postfix
"""
"""What its package does when it is installed; and the page's list."""

EXIM_PACKAGE = """
useradd --system --user-group Debian-exim
install --directory --owner=Debian-exim --group=Debian-exim /var/spool/exim4 /var/log/exim4
mkdir -p /etc/exim4
mv /etc/mtq-users /etc/exim4
"""

EXIM_CONF = """\
primary_hostname = mail.example.com
domainlist local_domains = example.com
host_lookup =
begin routers
{router}
begin transports
{transport}
"""


class Machine:
    """A machine for these tests alone, with mtq on it."""

    def __init__(self, folder: Path, mta: str) -> None:
        loopback.up()
        self.root = overlay.new_root(folder)
        overlay.install_mtq(self.root)
        shutil.copytree(PROGRAMS / mta, self.root, symlinks=True, dirs_exist_ok=True)

    def call(self, script: str) -> list[str]:
        environment = ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"]
        return ["chroot", str(self.root), "env", "-i", *environment, "bash", "-euo", "pipefail", "-c", script]

    def run(self, script: str, told: str = "") -> str:
        """What it says; it must succeed."""
        done = subprocess.run(self.call(script), input=told, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def write(self, path: str, text: str) -> None:
        """Make a file, or make it anew."""
        (self.root / path.lstrip("/")).write_text(text)

    def append(self, path: str, text: str) -> None:
        """Add text to a file that is there."""
        self.write(path, (self.root / path.lstrip("/")).read_text() + text)

    @contextmanager
    def running(self, start: str, stop: str) -> Iterator["subprocess.Popen[str]"]:
        """With a program that runs until it is told to end; what it says comes on `stderr`."""
        with subprocess.Popen(self.call(f"exec {start} >&2"), stderr=subprocess.PIPE, text=True) as program:
            try:
                yield program
            finally:
                subprocess.run(self.call(stop), capture_output=True)
                program.communicate(timeout=30)


def block(page: str, words: str) -> str:
    """The one block of a how-to that is no example to run and has these words in it."""
    [found] = [text for text in blocks(DOCS / f"howto/{page}.md", "text") if words in text]
    return found


def begun(folder: Path, mta: str, page: str) -> Machine:
    """A machine with mtq, a user and the page's list of users, as root makes them for a mail server."""
    machine = Machine(folder, mta)
    commands = next(text for text in blocks(DOCS / f"howto/{page}.md", "sh") if "cut -d:" in text)
    assert "mtq init\n" in commands
    machine.run(commands.replace("mtq init\n", "mtq init --create-user; cd /etc\n"))
    return machine


def read_by_a_client(machine: Machine) -> list[str]:
    """The messages that are there."""
    with machine.running("mtq serve", "mtq stop") as server:
        wait_for_line(server, "ready")
        with Client(110) as client:
            count = int(client.login("fred", "correct horse").split()[1])
            return [retrieved(client, number + 1) for number in range(count)]


def retrieved(client: Client, number: int) -> str:
    """One message, with the line ends of a text file."""
    client.ask(b"RETR %d" % number)
    return client.body().decode().replace("\r\n", "\n")


def assert_both_arrived_whole(machine: Machine) -> None:
    got = read_by_a_client(machine)
    assert [message.partition("\n\n")[2] for message in got] == [LETTER.partition("\n\n")[2]] * 2, got
    assert all("\nSubject: bread\n" in message for message in got), got


def by_postfix_both_ways(folder: Path) -> None:
    machine = begun(folder, "postfix", "postfix")
    machine.run(POSTFIX_PACKAGE)
    machine.append("/etc/postfix/master.cf", block("postfix", "mtq unix - n n"))
    machine.write("/etc/postfix/main.cf", MAIN_CF + block("postfix", "virtual_transport = mtq"))
    machine.run("postmap /etc/postfix/mailboxes")
    with machine.running("postfix start-fg", "postfix stop") as running:
        wait_for_line(running, "daemon started")
        machine.run("sendmail -i -f wilma@example.org fred@example.com", LETTER)
        assert "relay=mtq," in wait_for_line(running, "status=sent")
        uid, gid = machine.run("id -u mtq; id -g mtq").split()
        settings = block("postfix", "virtual_mailbox_base")
        settings = settings.replace("uid_maps = static:998", f"uid_maps = static:{uid}")
        settings = settings.replace("gid_maps = static:998", f"gid_maps = static:{gid}")
        machine.write("/etc/postfix/main.cf", MAIN_CF + settings)
        machine.run("postfix reload")
        machine.run("sendmail -i -f wilma@example.org fred@example.com", LETTER)
        assert "relay=virtual," in wait_for_line(running, "status=sent")
    assert_both_arrived_whole(machine)


def by_exim_both_ways(folder: Path) -> None:
    machine = begun(folder, "exim4-daemon-light", "exim")
    machine.run(EXIM_PACKAGE)
    for driver in ("driver = pipe", "driver = appendfile"):
        parts = {"router": block("exim", "driver = accept"), "transport": block("exim", driver)}
        machine.write("/etc/exim4/exim4.conf", EXIM_CONF.format(**parts))
        machine.run("exim4 -odf -i -f wilma@example.org fred@example.com", LETTER)
    assert_both_arrived_whole(machine)


@pytest.mark.parametrize("ways", [by_postfix_both_ways, by_exim_both_ways])
def test_letters_reach_a_client(ways: Callable[[Path], None], tmp_path: Path) -> None:
    in_own_mounts(ways, tmp_path, "--net", "--pid", "--fork", "--kill-child")
