"""Many command lines at one moment: `python -m tests.commands.crowd NUMBER ARGUMENT...`.

Each is a process of its own, `{}` in its arguments is its number. They have loaded what they need and begin together.
Prints their exit codes as JSON.
"""

import json
import os
import sys
from collections.abc import Sequence

from mtq.commands.main import main


def run(number: int, arguments: Sequence[str]) -> list[int]:
    """Run so many; their exit codes."""
    main([*arguments, "--help"])      # loads the command
    waiting, go = os.pipe()
    crowd = [_one(index, arguments, waiting, go) for index in range(number)]
    os.close(go)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in crowd]


def _one(index: int, arguments: Sequence[str], waiting: int, go: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        os.close(go)
        os.read(waiting, 1)      # until everybody is there
        code = main([argument.replace("{}", str(index)) for argument in arguments])
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    out = sys.stdout
    sys.stdout = sys.stderr
    codes = run(int(sys.argv[1]), sys.argv[2:])
    out.write(json.dumps(codes))
