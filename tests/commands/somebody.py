"""A command line run by another user: `python -m tests.commands.somebody UID GID ARGUMENT...`, as root.

That user may be unable to read the program: a first run, whose words are thrown away, loads it.
"""

import contextlib
import io
import os
import sys
from collections.abc import Sequence

from mtq.commands.main import main


def run(uid: int, gid: int, arguments: Sequence[str]) -> int:
    """Run it as that user."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        main(arguments)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    return main(arguments)


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
