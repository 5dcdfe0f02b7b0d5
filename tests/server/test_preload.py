"""What is loaded for a worker that cannot read the program: all that it will use."""

import subprocess
import sys

AFTER = """
import sys, tempfile
from datetime import UTC, datetime
from pathlib import Path
from mtq import tls
from mtq.config.read import load
from mtq.errors import ConfigInvalid
from mtq.control import endpoint, handlers
from mtq.server import connection, process, run
from mtq.server.preload import CHEAP, preload
from mtq.users import schemes, scram

def late(event, arguments):
    if event == "import":
        print(arguments[0])

preload()
import prometheus_client
sys.addaudithook(late)
scram.derive(b"pass", b"salt", 4096)
argon2 = {"ARGON2ID": "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + "A" * 43}
for name, scheme in schemes.SCHEMES.items():
    scheme.check({**CHEAP, **argon2}.get(name, ""), b"secret")
with tempfile.TemporaryDirectory() as name:
    certificate, key, file = Path(name, "a.pem"), Path(name, "a.key"), Path(name, "mtq.toml")
    tls.make(certificate, key, "m\\u00fcller.example", datetime.now(UTC))
    tls.make_if_due(certificate, key, "localhost")
    tls.server_context(certificate, key, "1.2")
    file.write_text("[sever]")
    try:
        load(file)
    except ConfigInvalid:
        pass
prometheus_client.generate_latest()
process.loop_factory()().close()
"""


def test_nothing_is_loaded_later() -> None:
    done = subprocess.run([sys.executable, "-c", AFTER], capture_output=True, text=True, check=True)
    assert done.stdout == ""
