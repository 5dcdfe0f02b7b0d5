"""The package: a wheel holds every source file, and nothing but mtq lands beside other packages."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_a_wheel_holds_every_source_file_and_nothing_else(tmp_path: Path) -> None:
    # By way of the source archive: what an earlier build has left in the tree cannot stand in for a missing file.
    command = [sys.executable, "-m", "build", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    engine = {str(path.relative_to(ROOT)) for path in own_files(ROOT / "mtq")}
    rooms = {f"mtq/{path.relative_to(ROOT)}" for room in ("commands", "tui") for path in own_files(ROOT / room)}
    assert inside == engine | rooms


def own_files(folder: Path) -> list[Path]:
    """The source files below a folder; a symbolic link to another room is that room's."""
    found = []
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and path.name != "__pycache__":
            found += own_files(path)
        elif path.suffix == ".py" or path.name == "py.typed":
            found.append(path)
    return found
