"""A root of a test's own: this machine's files, over which may be written. What is written goes with the mounts.

For functions that `tests.mounts.in_own_mounts` runs. Programs in it find `/etc`, `/var` and `/usr/local` as on a
machine that is there for them alone.
"""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import mtq

PYTHON = Path(sys.base_prefix, "bin/python3")
LENT = "/srv/lent"
"""Where a root has the packages of the environment that runs the tests."""

PROGRAM = f"""#!{PYTHON}
import sys
sys.path[:0] = ["/srv/source", "{LENT}"]
from mtq.commands.main import run
run()
"""


def new_root(folder: Path) -> Path:
    """Make one below this folder."""
    layer, root = folder / "layer", folder / "root"
    layer.mkdir()
    root.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", layer], check=True)
    (layer / "upper").mkdir()
    (layer / "work").mkdir()
    layers = f"lowerdir=/,upperdir={layer}/upper,workdir={layer}/work"
    subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", root], check=True)
    subprocess.run(["mount", "--rbind", "/dev", root / "dev"], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", root / "run"], check=True)
    for parent in [*Path(sys.base_prefix).parents, *Path(mtq.__file__).parents]:
        (root / parent.relative_to("/")).chmod(0o755)       # such as /root: Python is for every user
    for place in ("etc/mtq", "var/lib/mtq"):
        shutil.rmtree(root / place, ignore_errors=True)      # of somebody who runs mtq here
    lend(root, LENT, Path(sysconfig.get_path("purelib")))
    return root


def lend(root: Path, place: str, folder: Path) -> None:
    """Show a folder in a root, too."""
    target = root / place.lstrip("/")
    target.mkdir(parents=True)
    subprocess.run(["mount", "--bind", folder, target], check=True)


def install_mtq(root: Path) -> None:
    """Put mtq where the docs have it: /usr/local/bin/mtq. It runs from the source tree."""
    lend(root, "/srv/source", Path(mtq.__file__).parents[1])
    program = root / "usr/local/bin/mtq"
    program.write_text(PROGRAM)
    program.chmod(0o755)
