"""The crontab of the how-to: nothing is mailed while all is well, and something when the server is gone."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.docs.page import DOCS, blocks
from tests.house import House

[CRONTAB] = blocks(DOCS / "howto/cron.md", "crontab")
# Root is warned of serving as root.
AS_A_USER = ["unshare", "--user"] if os.geteuid() == 0 else []
COMMANDS = re.findall(r"^[\d*/]+ (?:[\d*/-]+ +){4}(.*)$", CRONTAB, re.MULTILINE)


def mails(house: House, home: Path) -> list[str]:
    """Run each command as cron does; what it would mail of each."""
    path = f"PATH={Path(sys.executable).parent}:/usr/bin:/bin"
    source = [f"PYTHONPATH={os.environ['PYTHONPATH']}"] if "PYTHONPATH" in os.environ else []
    bare = [*AS_A_USER, "env", "-i", path, f"HOME={home}", f"MTQ_CONFIG={house.file}", *source, "/bin/sh", "-c"]
    calls = [subprocess.run([*bare, command], capture_output=True, text=True, timeout=60) for command in COMMANDS]
    return [call.stdout + call.stderr for call in calls]


def test_cron_mails_nothing_while_all_is_well_and_something_when_no_server_runs(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("198.51.100.0/24  # a list of today\n")
    house = House(tmp_path)
    house.certify()
    house.user("fred", "secret")
    with house.process(AS_A_USER):
        assert mails(house, tmp_path) == [""] * len(COMMANDS)
    gone = [mail for mail in mails(house, tmp_path) if mail]
    assert len(gone) == 1
    assert "no server is running" in gone[0]
    assert '"!198.51.100.0/24"' in house.file.read_text()
