"""The package: a wheel holds every source file, what shells and man look for, and nothing but mtq beside others."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

WHERE_SHELLS_LOOK = {
    "share/bash-completion/completions/mtq": "mtq.bash",
    "share/zsh/site-functions/_mtq": "_mtq",
    "share/fish/vendor_completions.d/mtq.fish": "mtq.fish",
}
"""Below the prefix of the installation, with the files in `completions`."""


def test_a_wheel_holds_every_source_file_and_nothing_else(tmp_path: Path) -> None:
    # By way of the source archive: what an earlier build has left in the tree cannot stand in for a missing file.
    command = [sys.executable, "-m", "build", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
        data = {name: wheel.read(name) for name in inside if ".data/" in name}
    engine = {str(path.relative_to(ROOT)) for path in own_files(ROOT / "mtq")}
    rooms = {f"mtq/{path.relative_to(ROOT)}" for room in ("commands", "tui") for path in own_files(ROOT / room)}
    assert inside - data.keys() == engine | rooms
    completions = {place: (ROOT / "completions" / file).read_bytes() for place, file in WHERE_SHELLS_LOOK.items()}
    pages = {f"share/man/man{page.suffix[1:]}/{page.name}": page.read_bytes() for page in (ROOT / "man").iterdir()}
    assert {name.partition(".data/data/")[2]: content for name, content in data.items()} == completions | pages


def own_files(folder: Path) -> list[Path]:
    """The source files below a folder; a symbolic link to another room is that room's."""
    found = []
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and path.name != "__pycache__":
            found += own_files(path)
        elif path.suffix in (".py", ".tcss") or path.name == "py.typed":
            found.append(path)
    return found
