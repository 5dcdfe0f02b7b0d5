"""The configuration reader: the octets are the file.

It is a configuration, or each thing that is wrong is told in a line that names the file and a line of it.
"""

import re
import tempfile
from pathlib import Path

from mtq.config.read import control_socket, load, named_files
from mtq.errors import ConfigInvalid

TOO_MUCH = "too much for a configuration"


def check(octets: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mtq.toml")
        file.write_bytes(octets)
        socket = control_socket(file)
        try:
            config = load(file)
        except ConfigInvalid as error:
            _names_its_lines(str(error), file, octets.count(b"\n") + 1)
            return
        assert socket == config.server.control_socket
        assert all(path.is_absolute() for _, path in named_files(config))


def _names_its_lines(text: str, file: Path, last: int) -> None:
    for line in text.split("\n"):
        assert line.isprintable(), text
        if TOO_MUCH in line:
            continue
        found = re.match(rf"{re.escape(str(file))}:([1-9][0-9]*): ", line)
        assert found, text
        assert int(found[1]) <= last, text
