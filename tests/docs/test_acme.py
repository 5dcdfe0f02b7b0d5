"""The how-to of ACME clients: what they call after a renewal, as they call it, has the new certificate served."""

import os
import re
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from mtq import tls
from tests.docs.page import DOCS
from tests.house import House

PAGE = (DOCS / "howto/acme.md").read_text()
HOOKS = re.findall(r'--(?:deploy-hook|reloadcmd|renew-hook) "([^"]+)"', PAGE)
NAME = "mail.example.com"


def renew(folder: Path, number: int) -> None:
    """What certbot does: the new pair under a number in `archive`, and the links in `live` to it."""
    archive, live = folder / f"archive/{NAME}", folder / f"live/{NAME}"
    made = folder / f"made{number}"
    made.mkdir()
    tls.make_if_due(made / "server.pem", made / "server.key", NAME)
    for path in (archive, live):
        path.mkdir(parents=True, exist_ok=True)
    for name, file in (("fullchain", "server.pem"), ("privkey", "server.key")):
        (made / file).rename(archive / f"{name}{number}.pem")
        link = live / f"{name}.new"
        link.symlink_to(f"../../archive/{NAME}/{name}{number}.pem")
        link.rename(live / f"{name}.pem")


def called_after_renewal(hook: str, folder: Path, house: House) -> None:
    """As certbot calls it: by a shell, in the root folder, with these two variables."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "RENEWED_LINEAGE": str(folder / f"live/{NAME}"),
        "RENEWED_DOMAINS": NAME,
        "MTQ_CONFIG": str(house.file),
    }
    done = subprocess.run(["/bin/sh", "-c", hook], cwd="/", env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_each_client_of_the_page_has_a_hook() -> None:
    assert len(HOOKS) == 3


@pytest.mark.parametrize("hook", sorted(set(HOOKS)))
def test_the_hook_has_the_renewed_certificate_served_at_once(hook: str, tmp_path: Path) -> None:
    renew(tmp_path, 1)
    paths = f'certificate = "live/{NAME}/fullchain.pem"\nkey = "live/{NAME}/privkey.pem"'
    house = House(tmp_path, server=f"[tls]\n{paths}")
    with house.process():
        before = ssl.get_server_certificate(("127.0.0.1", house.pop3s))
        renew(tmp_path, 2)
        called_after_renewal(hook, tmp_path, house)
        after = ssl.get_server_certificate(("127.0.0.1", house.pop3s))
    assert after != before
    assert after.strip() in (tmp_path / f"live/{NAME}/fullchain.pem").read_text()
