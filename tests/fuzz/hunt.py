"""Look for inputs of one target by what they reach in the code, for ever or as long as libFuzzer's options say.

    python -m tests.fuzz.hunt TARGET [OPTION…] [FOLDER…]     -help=1 tells the options
    python -m tests.fuzz.hunt TARGET FILE…                   shows it these inputs
"""

import shlex
import sys

import atheris

from tests.fuzz import targets


def main() -> None:
    """Hunt; what an input breaks ends it, and the input is written down."""
    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["mtq", "tomllib"]):
        check = targets.check_of(name)
    itself = shlex.join([sys.executable, "-m", "tests.fuzz.hunt", name])      # as libFuzzer starts more of it
    atheris.Setup([itself, *options], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
