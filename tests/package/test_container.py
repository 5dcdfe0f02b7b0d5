"""The Containerfile, step by step over this machine's own files instead of the image that it names.

There is no image registry where these tests run. What its instructions say is done here by the means of the kernel
that a container engine uses, too: an overlay over the root, another root, an ordinary user, its own network. What
mtq stands on is lent by the environment of the tests: `test_installed` is about installing that.
"""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests import loopback, overlay
from tests.house import wait_for_line
from tests.mounts import in_own_mounts
from tests.package.conftest import ROOT

MTQ_IN_IT = 1110
"""The user's number; docs/howto/container.md names it."""


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile and what follows each, in their order."""
    lines = [line for line in (ROOT / "Containerfile").read_text().splitlines() if line and not line.startswith("#")]
    pairs = [line.partition(" ") for line in "\n".join(lines).replace("\\\n", "").splitlines()]
    return [(word, rest.strip()) for word, _, rest in pairs]


@dataclass
class Image:
    """A root, and what the instructions have said about it. `context`: the folder that is copied from."""

    root: Path
    context: Path
    environment: dict[str, str]
    user: str = "0:0"
    start: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)

    def call(self, *command: str) -> list[str]:
        """How a command is run in this root, by this user."""
        uid, gid = self.user.split(":")
        return ["chroot", str(self.root), "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *command]

    def run(self, *command: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run it to its end."""
        return subprocess.run(self.call(*command), env=self.environment | more, capture_output=True, text=True)


def _from(image: Image, name: str) -> None:
    assert name.startswith("docker.io/library/python:3.")
    image.environment["PATH"] = f"{overlay.PYTHON.parent}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _run(image: Image, script: str) -> None:
    done = image.run("/bin/sh", "-c", script, PIP_NO_DEPS="1")
    assert done.returncode == 0, done.stdout + done.stderr


def _copy(image: Image, what: str) -> None:
    pattern, folder = what.split()
    [file] = image.context.glob(pattern)
    shutil.copy(file, image.root / folder.lstrip("/"))


def _env(image: Image, assignments: str) -> None:
    image.environment |= dict(word.split("=", 1) for word in shlex.split(assignments))


def _volume(image: Image, folders: str) -> None:
    image.volumes = json.loads(folders)


def _user(image: Image, user: str) -> None:
    image.user = user


def _start(image: Image, command: str) -> None:
    image.start += json.loads(command)


def _health(image: Image, check: str) -> None:
    image.health = json.loads(check.partition("CMD ")[2])


STEPS: dict[str, Callable[[Image, str], None]] = {
    "FROM": _from,
    "RUN": _run,
    "COPY": _copy,
    "ENV": _env,
    "VOLUME": _volume,
    "USER": _user,
    "ENTRYPOINT": _start,
    "CMD": _start,
    "HEALTHCHECK": _health,
    "EXPOSE": lambda _image, _ports: None,      # for whoever reads it
}


def built(folder: Path) -> Image:
    """Follow the instructions with the wheel in this folder."""
    image = Image(overlay.new_root(folder), folder, {})
    for word, rest in instructions():
        STEPS[word](image, rest)
    image.environment["PYTHONPATH"] = overlay.LENT
    return image


def serves_mail_and_is_well(folder: Path) -> None:
    loopback.up()
    image = built(folder)
    call = image.call(*image.start)
    with subprocess.Popen(call, env=image.environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            wait_for_line(server, "ready")
            well = image.run(*image.health)
            assert (well.returncode, well.stdout.count("TLSv1.3")) == (0, 2), well.stdout + well.stderr
            assert os.stat(f"/proc/{server.pid}").st_uid == MTQ_IN_IT
            written = {path.stat().st_uid for place in image.volumes for path in (image.root / place[1:]).rglob("*")}
            assert written == {MTQ_IN_IT}
        finally:
            server.terminate()
            server.communicate(timeout=30)
    assert server.returncode == 0
    ill = image.run(*image.health)
    assert (ill.returncode, ill.stderr.count("no server is running")) == (4, 1)


def test_the_container_serves_as_its_own_user_and_knows_whether_it_is_well(wheel: Path, tmp_path: Path) -> None:
    shutil.copy(wheel, tmp_path)
    in_own_mounts(serves_mail_and_is_well, tmp_path, "--net")

