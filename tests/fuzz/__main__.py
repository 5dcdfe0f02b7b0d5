"""Fuzz every target in turn, or those that are named, each in a process of its own.

    python -m tests.fuzz SECONDS [TARGET…]

SECONDS are those of all together. New inputs that reach something go to build/fuzz/TARGET/, for the next time; one
that breaks something to build/fuzz/findings/. Ends with 1 if there is one.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz import targets
from tests.fuzz.room import FINDINGS, WORK, corpus, dictionary

OPTIONS = ("-timeout=20", "-rss_limit_mb=2048", "-max_len=16384", "-print_final_stats=1", "-reload=0")
"""Of libFuzzer: an input that takes 20 seconds or two gigabytes is a finding, too."""

MEMORY = Path("/dev/shm")
"""Where the temporary files go if the system has it: the file system is not what is looked at."""


def main() -> int:
    """See the module's first lines."""
    seconds = int(sys.argv[1])
    chosen = sys.argv[2:] or targets.names()
    FINDINGS.mkdir(parents=True, exist_ok=True)
    broken = [name for name in chosen if not _hunt(name, max(1, seconds // len(chosen)))]
    for name in broken:
        print(f"{name}: something broke; its inputs are {FINDINGS}/{name}-*")
    return 1 if broken else 0


def _hunt(name: str, seconds: int) -> bool:
    """Fuzz one target; False if something broke."""
    found = WORK / name
    found.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.hunt", name, *OPTIONS]
    command += [f"-max_total_time={seconds}", f"-artifact_prefix={FINDINGS}/{name}-"]
    command += [f"-dict={dictionary(name)}", str(found), str(corpus(name))]
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        print(f"== {name}, for {seconds} s", flush=True)
        return subprocess.run(command, env={**os.environ, "TMPDIR": folder}).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
