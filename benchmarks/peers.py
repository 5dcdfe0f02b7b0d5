"""The servers that are compared: mtq, and each other one that is installed, at the fastest set-up we know of.

All serve the same mailboxes with the same users file and the same certificate. As root (which Dovecot and nginx
need) they serve as the user `mail`.
"""

import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import mtq

AS_USER = "mail"
NGINX_MAIL = Path("/usr/lib/nginx/modules/ngx_mail_module.so")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Place:
    """Where everything is. `backend`: the port of the server that proxies log in at."""

    folder: Path
    backend: int = 0

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    @property
    def users(self) -> Path:
        return self.folder / "users"

    @property
    def certificate(self) -> Path:
        return self.folder / "tls" / "cert.pem"

    @property
    def key(self) -> Path:
        return self.folder / "tls" / "key.pem"


class Peer:
    """One server that runs."""

    name = ""

    def __init__(self, place: Place) -> None:
        self.place = place
        (place.folder / "run").mkdir(exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=place.folder / "run"))
        self.folder.chmod(0o755)
        self.port, self.tls_port = free_port(), free_port()
        with (self.folder / "out").open("wb") as out:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.pid = self._process.pid
        self._wait()

    def command(self) -> list[str]:
        """Write the configuration; how the server is started in the foreground."""
        raise NotImplementedError

    def user(self, name: str) -> str:
        """What a client of this server logs in as."""
        return name

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _wait(self) -> None:
        for _ in range(150):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.1)
        raise SystemExit(f"{self.name} does not start: {(self.folder / 'out').read_text()}")


class Mtq(Peer):
    """mtq as it comes, with room for the load. It locks mailboxes; the others do not."""

    name = "mtq"
    more = ""

    def command(self) -> list[str]:
        place, file = self.place, self.folder / "mtq.toml"
        user = f'user = "{AS_USER}"\n' if os.geteuid() == 0 else ""
        if user:
            shutil.chown(self.folder, AS_USER)
        tls = f'[tls]\ncertificate = "{place.certificate}"\nkey = "{place.key}"\n'
        text = f'[server]\nhostname = "localhost"\nstate_dir = "{self.folder}"\n{user}'
        text += f'control_socket = "{self.folder}/control.sock"\n[users]\nfile = "{place.users}"\n'
        text += f'[mailboxes]\npath = "{place.mail}/{{user}}"\n{tls}'
        for name, port, how in (("pop3", self.port, "starttls"), ("pop3s", self.tls_port, "implicit")):
            text += f'[services.{name}]\nlisten = ["127.0.0.1:{port}"]\ntls = "{how}"\nmax_connections = 999\n'
        file.write_text(text + self.more)
        return [sys.executable, "-c", "from mtq.commands.main import run; run()", "--config", str(file), "serve"]


class MtqProxy(Mtq):
    """mtq as a proxy."""

    name = "mtq-proxy"

    def command(self) -> list[str]:
        self.more = f"""
[services.pop3.proxy]
enabled = true
allow = ["127.0.0.1:{self.place.backend}"]
allow_private_targets = true
tls = "off"
targets."127.0.0.1" = {{ auth = "user" }}
"""
        return super().command()

    def user(self, name: str) -> str:
        return f"{name}#127.0.0.1:{self.place.backend}"


DOVECOT = """
protocols = pop3
listen = 127.0.0.1
base_dir = {run}/b
state_dir = {run}/s
log_path = {run}/log
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain
auth_cache_size = 10M
auth_cache_verify_password_with_worker = no
passdb {{
  {passdb}
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={mail}/%u
}}
mail_location = maildir:~
first_valid_uid = 1
first_valid_gid = 1
pop3_no_flag_updates = yes
pop3_lock_session = no
pop3_fast_size_lookups = yes
mail_max_userip_connections = 0
maildir_very_dirty_syncs = yes
mail_fsync = never
default_process_limit = 2048
service anvil {{
  client_limit = 12000
}}
service auth {{
  client_limit = 12000
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = {tls_port}
    ssl = yes
  }}
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  client_limit = 4000
}}
service pop3 {{
  service_count = 0
  client_limit = 100
  process_min_avail = 2
  process_limit = 200
}}
"""


class Dovecot(Peer):
    """Dovecot 2.3 with processes that serve many sessions each, and no mailbox locked: much faster than stock."""

    name = "dovecot"

    def command(self) -> list[str]:
        place, file = self.place, self.folder / "dovecot.conf"
        text = DOVECOT.format(
            run=self.folder, cert=place.certificate, key=place.key, passdb=self.passdb(), user=AS_USER,
            mail=place.mail, port=self.port, tls_port=self.tls_port,
        )
        file.write_text(text)
        return ["dovecot", "-F", "-c", str(file)]

    def passdb(self) -> str:
        """How users are known."""
        return f"driver = passwd-file\n  args = username_format=%u {self.place.users}"


class DovecotProxy(Dovecot):
    """Dovecot as a proxy."""

    name = "dovecot-proxy"

    def passdb(self) -> str:
        where = f"host=127.0.0.1 port={self.place.backend}"
        return f"driver = static\n  args = nopassword=y proxy=y {where} proxy_mech=plain"


NGINX = """
load_module {module};
user www-data;
worker_processes 2;
pid {run}/pid;
error_log {run}/log error;
events {{ worker_connections 8192; multi_accept on; }}
http {{
  access_log off;
  client_body_temp_path {run}/t1; proxy_temp_path {run}/t2; fastcgi_temp_path {run}/t3;
  uwsgi_temp_path {run}/t4; scgi_temp_path {run}/t5;
  server {{ listen 127.0.0.1:{http} backlog=4096;
    location / {{ add_header Auth-Status OK; add_header Auth-Server 127.0.0.1; add_header Auth-Port {backend};
      return 204; }} }}
}}
mail {{
  auth_http 127.0.0.1:{http}/auth;
  proxy_buffer 64k; proxy_timeout 1h;
  pop3_capabilities "TOP" "USER" "UIDL" "PIPELINING"; pop3_auth plain;
  ssl_certificate {cert}; ssl_certificate_key {key}; ssl_session_cache none;
  server {{ listen 127.0.0.1:{port} backlog=4096; protocol pop3; }}
  server {{ listen 127.0.0.1:{tls_port} ssl backlog=4096; protocol pop3; }}
}}
"""


class Nginx(Peer):
    """nginx's mail proxy, asking itself who may log in where."""

    name = "nginx"

    def command(self) -> list[str]:
        place, file = self.place, self.folder / "nginx.conf"
        text = NGINX.format(
            module=NGINX_MAIL, run=self.folder, http=free_port(), backend=place.backend, cert=place.certificate,
            key=place.key, port=self.port, tls_port=self.tls_port,
        )
        file.write_text(text)
        return ["nginx", "-c", str(file), "-g", "daemon off;"]


class Twisted(Peer):
    """What one would make of twisted.mail in an afternoon."""

    name = "twisted"

    def command(self) -> list[str]:
        place, ports = self.place, (str(self.port), str(self.tls_port))
        files = map(str, (place.mail, place.users, place.certificate, place.key))
        return [sys.executable, str(Path(__file__).with_name("twisted_server.py")), *ports, *files]


def servers() -> list[type[Peer]]:
    """The servers of mailboxes that can run here; mtq first, then the one that proxies log in at."""
    return [Mtq, *([Dovecot] if _dovecot() else []), *([Twisted] if _twisted() else [])]


def proxies() -> list[type[Peer]]:
    """The proxies that can run here; mtq first."""
    nginx = os.geteuid() == 0 and shutil.which("nginx") is not None and NGINX_MAIL.exists()
    return [MtqProxy, *([Nginx] if nginx else []), *([DovecotProxy] if _dovecot() else [])]


def _dovecot() -> bool:
    return os.geteuid() == 0 and shutil.which("dovecot") is not None


def versions() -> dict[str, str]:
    """What was compared, as it tells its version."""
    found = {"mtq": mtq.__version__, "Python": platform.python_version(), "uvloop": version("uvloop")}
    for name, command in {"Dovecot": ["dovecot", "--version"], "nginx": ["nginx", "-v"]}.items():
        if shutil.which(command[0]):
            said = subprocess.run(command, capture_output=True, text=True, check=True)
            found[name] = (said.stdout or said.stderr).split()[0 if name == "Dovecot" else -1].rpartition("/")[2]
    if _twisted():
        found["Twisted"] = version("twisted")
    return found


def _twisted() -> bool:
    return all(find_spec(name) is not None for name in ("twisted", "OpenSSL"))
