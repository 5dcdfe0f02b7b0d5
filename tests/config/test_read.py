"""Reading a configuration: what is accepted, what holds without it, and what an error says."""

import re
import socket
import tomllib
from pathlib import Path

import pytest

from mtq.access.rules import Mode
from mtq.config.kinds import Choice, Listen, Switch, Whole
from mtq.config.model import (
    Config,
    Dialup,
    Folders,
    LogFormat,
    LogLevel,
    PlaintextAuth,
    Proxy,
    RemoteAuth,
    RemoteTls,
    Service,
    Target,
    TlsMode,
    TlsVersion,
)
from mtq.config.paths import Places, here, places
from mtq.config.read import control_socket, enabled, load, missing_files, named_files, parse
from mtq.errors import ConfigInvalid
from tests.config.written import EXAMPLE, PLACES, UNUSUAL, Key, config, keys

KEYS = list(keys())
FOLDER = Path("/etc/mtq")


def lines_of_error(text: str) -> list[str]:
    """What is said about a text that is no valid configuration."""
    with pytest.raises(ConfigInvalid) as caught:
        config(text)
    return str(caught.value).split("\n")


def error(text: str) -> str:
    """The same, if it is one line."""
    [line] = lines_of_error(text)
    return line


def by_dotted_key(key: Key) -> str:
    return key.dotted


# What is accepted


def test_the_example_of_the_contract_is_accepted() -> None:
    service = config(EXAMPLE).services["pop3"]
    assert service.listen == (Listen(110),)
    assert service.certificate == FOLDER / "tls/pop3.pem"
    assert [entry.range.text for entry in service.firewall] == ["192.0.2.0/24", "!192.0.2.7"]
    assert service.firewall[1].comment == "scans us"
    assert service.proxy.targets["pop.isp.com"].tls is RemoteTls.IMPLICIT


@pytest.mark.parametrize("text", [EXAMPLE, UNUSUAL], ids=["EXAMPLE", "UNUSUAL"])
@pytest.mark.parametrize("key", KEYS, ids=by_dotted_key)
def test_the_texts_these_tests_go_by_have_every_key(key: Key, text: str) -> None:
    table = tomllib.loads(text)
    for part in key.path[:-1]:
        table = table[part]
    assert key.path[-1] in table


@pytest.mark.parametrize("key", KEYS, ids=by_dotted_key)
def test_what_is_given_replaces_the_default(key: Key) -> None:
    without = config('[services.pop3]\n[services.pop3.proxy.targets."pop.isp.com"]')
    assert key.of(config(UNUSUAL)) != key.of(without)


WHOLE = [key for key in KEYS if isinstance(key.kind, Whole)]


def bounds(key: Key) -> Whole:
    assert isinstance(key.kind, Whole)
    return key.kind


@pytest.mark.parametrize("key", WHOLE, ids=by_dotted_key)
def test_a_number_at_its_bounds_is_taken(key: Key) -> None:
    low, high = bounds(key).low, bounds(key).high
    assert [key.of(config(key.text(str(number)))) for number in (low, high)] == [low, high]


@pytest.mark.parametrize("key", WHOLE, ids=by_dotted_key)
def test_a_number_beyond_its_bounds_is_refused(key: Key) -> None:
    for number in (bounds(key).low - 1, bounds(key).high + 1):
        assert error(key.text(str(number))) == (
            f"/etc/mtq/mtq.toml:2: {key.dotted}: found {number}; allowed is {key.kind.allowed}"
        )


@pytest.mark.parametrize("key", KEYS, ids=by_dotted_key)
@pytest.mark.parametrize("value", ["1.5", "{ a = 1 }", "1979-05-27", '"\\u0000"', "[[]]"])
def test_a_value_of_the_wrong_type_is_refused(key: Key, value: str) -> None:
    where = re.escape(f"/etc/mtq/mtq.toml:2: {key.dotted}")
    assert re.match(rf"{where}(\[0\])?: found .+; allowed is .", error(key.text(value)))


@pytest.mark.parametrize("key", WHOLE, ids=by_dotted_key)
def test_true_is_no_number(key: Key) -> None:
    assert "found true; allowed is a whole number" in error(key.text("true"))


@pytest.mark.parametrize("key", [key for key in KEYS if isinstance(key.kind, Switch)], ids=by_dotted_key)
@pytest.mark.parametrize("value", ["1", '"true"'])
def test_only_true_and_false_are_switches(key: Key, value: str) -> None:
    assert error(key.text(value)).endswith(f"found {value}; allowed is true or false")


CHOICES = [key for key in KEYS if isinstance(key.kind, Choice)]


@pytest.mark.parametrize("key", CHOICES, ids=by_dotted_key)
def test_each_word_of_a_choice_is_taken(key: Key) -> None:
    assert isinstance(key.kind, Choice)
    for word in key.kind.words:
        assert key.of(config(key.text(f'"{word.value}"'))) is word


@pytest.mark.parametrize("key", CHOICES, ids=by_dotted_key)
def test_another_word_is_refused_with_those_that_are_allowed(key: Key) -> None:
    assert error(key.text('"Off "')).endswith(f'{key.dotted}: found "Off "; allowed is {key.kind.allowed}')


# What holds when nothing is said


def test_an_empty_file_is_a_configuration_without_services() -> None:
    assert not config("").services


def test_the_defaults_of_the_server() -> None:
    server = config("").server
    assert server.hostname == socket.gethostname()
    assert (server.state_dir, server.control_socket) == (Path("/var/lib/mtq"), Path("/run/mtq/control.sock"))
    assert [entry.range.text for entry in server.lan] == ["127.0.0.0/8", "::1"]
    assert server.user is None
    assert (server.shutdown_grace, server.auth_failure_delay) == (10, 2)
    assert server.metrics_listen is None
    assert (server.log_format, server.log_level) == (LogFormat.TEXT, LogLevel.INFO)


def test_the_default_files() -> None:
    found = config("")
    assert found.mailboxes.path == "/var/lib/mtq/mail/{user}"
    assert found.users.file == FOLDER / "users"
    assert found.tls.certificate == Path("/var/lib/mtq/tls/server.pem")
    assert found.tls.key == Path("/var/lib/mtq/tls/server.key")
    assert found.tls.min_version is TlsVersion.V1_2


def test_the_defaults_of_a_service() -> None:
    assert config("[services.pop3]").services["pop3"] == Service(
        enabled=True,
        listen=(Listen(110),),
        tls=TlsMode.STARTTLS,
        plaintext_auth=PlaintextAuth.LOCAL,
        certificate=None,
        key=None,
        min_version=None,
        mechanisms=None,
        max_connections=25,
        max_connections_per_address=0,
        idle_timeout=60,
        login_timeout=60,
        access=Mode.FIREWALL_AND_LAN,
        firewall=(),
        firewall_file=None,
        folders=Folders.INBOX,
        remove_invalid_message_id=False,
        lock_mailboxes=True,
        proxy=Proxy(),
    )


def test_the_defaults_of_a_proxy() -> None:
    assert config("[services.pop3.proxy]").services["pop3"].proxy == Proxy(
        enabled=False,
        delimiter="#",
        only_allowed=True,
        allow=(),
        tls=RemoteTls.AUTO,
        verify=True,
        ca_file=None,
        allow_private_targets=False,
        connect_timeout=30,
        dialup=Dialup(enabled=False, up=(), down=(), timeout=60, hangup_after=120),
        targets={},
    )


def test_a_target_takes_from_its_proxy_what_it_does_not_say() -> None:
    targets = config('[services.pop3.proxy.targets."pop.isp.com"]').services["pop3"].proxy.targets
    assert targets["pop.isp.com"] == Target(port=None, tls=None, verify=None, ca_file=None, auth=RemoteAuth.AUTO)


@pytest.mark.parametrize(
    "entry", ["pop.isp.com", "*.isp.com", "pop.isp.com:995", "[2001:db8::7]:110", "münchen.example"]
)
def test_the_entries_of_an_allow_list_stay_as_they_are_written(entry: str) -> None:
    assert config(f'[services.pop3.proxy]\nallow = ["{entry}"]').services["pop3"].proxy.allow == (entry,)


@pytest.mark.parametrize("entry", ["", "*", "127.1", "pop.isp.com:99999", "pop isp com", "http://pop.isp.com"])
def test_an_entry_of_an_allow_list_that_names_no_server_is_an_error(entry: str) -> None:
    text = f'[services.pop3.proxy]\nallow = [\n  "pop.isp.com",\n  "{entry}",\n]'
    assert error(text).startswith(f'/etc/mtq/mtq.toml:4: services.pop3.proxy.allow[1]: found "{entry}"; allowed is ')


@pytest.mark.parametrize("name", ["pop.isp.com", "192.0.2.7", "2001:db8::7", "[2001:db8::7]"])
def test_a_target_is_named_by_its_host(name: str) -> None:
    assert name in config(f'[services.pop3.proxy.targets."{name}"]').services["pop3"].proxy.targets


@pytest.mark.parametrize("name", ["pop.isp.com:995", "*.isp.com", "127.1", ""])
def test_a_target_that_is_named_by_no_host_is_an_error(name: str) -> None:
    text = f'[services.pop3]\n\n[services.pop3.proxy.targets."{name}"]\nport = 995'
    expected = f'/etc/mtq/mtq.toml:3: services.pop3.proxy.targets."{name}": found this name; allowed is a host name'
    assert error(text).startswith(expected)


def test_dialling_takes_a_command() -> None:
    text = "[services.pop3]\n[services.pop3.proxy.dialup]\nenabled = true"
    assert error(text) == "/etc/mtq/mtq.toml:2: services.pop3.proxy.dialup: enabled without a command in up"
    assert config(text + '\nup = ["pon"]').services["pop3"].proxy.dialup.up == ("pon",)


# Where files are


def test_relative_paths_are_relative_to_the_file() -> None:
    found = config(UNUSUAL, Path("/srv/conf"))
    assert found.server.state_dir == Path("/srv/conf/state")
    assert found.server.control_socket == Path("/srv/conf/run/control.sock")
    assert found.mailboxes.path == "/srv/conf/mail/{domain}/{local}"
    assert found.services["pop3"].firewall_file == Path("/srv/conf/blocklist.txt")
    assert found.services["pop3"].proxy.targets["pop.isp.com"].ca_file == Path("/srv/conf/isp-ca.pem")


def test_absolute_paths_stay() -> None:
    assert config(UNUSUAL).users.file == Path("/etc/dovecot/users")


def test_a_path_from_a_home_stays() -> None:
    assert config('[mailboxes]\npath = "{home}/Maildir"').mailboxes.path == "{home}/Maildir"


def test_mail_and_certificate_are_in_the_state_folder_that_is_given() -> None:
    found = config('[server]\nstate_dir = "state"')
    assert found.mailboxes.path == "/etc/mtq/state/mail/{user}"
    assert found.tls.certificate == FOLDER / "state/tls/server.pem"


@pytest.mark.parametrize(
    ("uid", "socket_file"), [(0, "/run/mtq/control.sock"), (1000, "/srv/state/control.sock")]
)
def test_the_control_socket_is_in_the_state_folder_unless_root_serves(uid: int, socket_file: str) -> None:
    place: Places = places(uid, {"HOME": "/home/fred"})
    found = parse('[server]\nstate_dir = "state"', Path("/srv/mtq.toml"), place)
    assert found.server.control_socket == Path(socket_file)


# What an error says


def test_an_error_names_file_line_key_what_was_found_and_what_is_allowed() -> None:
    text = "# comment\n\n[services.pop3]\nlisten = 1110\n\nidle_timeout = 0   # seconds\n"
    assert error(text) == (
        "/etc/mtq/mtq.toml:6: services.pop3.idle_timeout: found 0; "
        "allowed is a whole number of seconds from 1 to 86400"
    )


def test_an_invalid_configuration_is_exit_code_3() -> None:
    assert int(ConfigInvalid.exit) == 3


def test_every_error_has_its_line_in_the_order_of_the_file() -> None:
    lines = lines_of_error("[services.pop3]\nfolders = 1\ntls = 2\n[server]\nlog_level = 3\n")
    assert [line.partition(": found")[0] for line in lines] == [
        "/etc/mtq/mtq.toml:2: services.pop3.folders",
        "/etc/mtq/mtq.toml:3: services.pop3.tls",
        "/etc/mtq/mtq.toml:5: server.log_level",
    ]


def test_an_unknown_key_names_the_nearest() -> None:
    assert error("[services.pop3]\nmax_conections = 5") == (
        '/etc/mtq/mtq.toml:2: services.pop3.max_conections: unknown key; did you mean "max_connections"?'
    )


def test_an_unknown_key_like_no_other_names_all() -> None:
    assert error("[tls]\nxyzzy = 5").endswith("tls.xyzzy: unknown key; known here: certificate, key, min_version")


@pytest.mark.parametrize("text", ["[service.pop3]", "service = 1"])
def test_an_unknown_table_names_the_nearest(text: str) -> None:
    assert error(text) == '/etc/mtq/mtq.toml:1: service: unknown key; did you mean "services"?'


@pytest.mark.parametrize("text", ["server = 1", "services = []", "[services]\na = 'on'", "[services.a]\nproxy = 1"])
def test_a_table_must_be_a_table(text: str) -> None:
    assert error(text).endswith("; allowed is a table")


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "x" * 64, "ä", "a\\n"])
def test_an_odd_name_of_a_service_is_refused(name: str) -> None:
    assert "allowed is letters, digits, dots, hyphens and underscores" in error(f'[services."{name}"]')


@pytest.mark.parametrize(
    ("key", "items", "line"),
    [
        ("listen", '1110,\n  "nowhere:1",\n', 4),
        ("firewall", '"10.0.0.1",\n  # "10.0.0.300"\n\n  "10.0.0.300",\n', 6),
        ("firewall", '{ range = "10.0.0.1" },\n  { range = "10.0.0.2", til = 1 },\n', 4),
        ("mechanisms", '"plain", "login",\n  "cram-md5"\n', 4),
    ],
)
def test_a_wrong_item_of_a_list_has_its_own_line(key: str, items: str, line: int) -> None:
    text = f"[services.pop3]\n{key} = [\n  {items}]\n"
    assert re.match(rf"/etc/mtq/mtq\.toml:{line}: services\.pop3\.{key}\[\d\]: found ", error(text)), error(text)


def test_control_characters_that_were_found_do_not_reach_the_terminal() -> None:
    assert r'found "\x1b[31mred"' in error('[server]\nlog_level = "\\u001b[31mred"')


def test_a_long_value_is_shown_cut_short() -> None:
    assert len(error(f'[server]\nlog_level = "{"x" * 5000}"')) < 250


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[server\n", 1, "not TOML"),
        ("[server]\nuser = \n", 2, "not TOML: invalid value"),
        ("[server]\nuser = 'a'\nuser = 'b'\n", 3, "not TOML: cannot overwrite a value"),
        ('[server]\nuser = "never ends\n', 2, "not TOML"),
        ("[server]\n[server]\n", 2, "not TOML"),
        ('["a (at line 9"]\n["a (at line 9"]\n', 2, "not TOML: cannot declare ('a (at line 9',) twice"),
    ],
)
def test_what_is_not_toml_has_its_line(text: str, line: int, what: str) -> None:
    assert error(text).startswith(f"/etc/mtq/mtq.toml:{line}: {what}")


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 5000,
        "[server]\nshutdown_grace = " + "9" * 5000,
        f'[services.pop3]\nlisten = "{"9" * 5000}"',
        "[server]\nshutdown_grace = 0x" + "f" * 5000,
        "[server]\nlan = [[0x" + "f" * 5000 + "]]",
        "[services.pop3]\nlisten = 0x" + "f" * 5000,
    ],
    ids=[
        "nested deep", "a number of 5000 digits", "a port of 5000 digits", "5000 digits in base 16",
        "the same in a list", "the same for a port",
    ],
)
def test_a_monstrous_value_is_an_error_like_any_other(text: str) -> None:
    assert error(text).startswith("/etc/mtq/mtq.toml")


def test_what_is_not_utf8_has_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mtq.toml"
    file.write_bytes(b"[server]\n# caf\xe9\n")
    with pytest.raises(ConfigInvalid, match=r"mtq\.toml:2: not UTF-8"):
        load(file)


def test_a_missing_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"mtq\.toml: there is no such file; `mtq init`"):
        load(tmp_path / "mtq.toml")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="is a directory"):
        load(tmp_path)


def test_a_file_is_read_with_the_places_that_are_given(tmp_path: Path) -> None:
    file = tmp_path / "mtq.toml"
    file.write_text(EXAMPLE)
    assert load(file, PLACES) == config(EXAMPLE, tmp_path)


# What contradicts itself


def two_services(one: str, other: str, more: str = "") -> str:
    return f"[services.one]\nlisten = {one}\n[services.other]\nlisten = {other}\n{more}\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1110", "1110"),
        ('"pop3"', "110"),
        ("1110", '"127.0.0.1:1110"'),
        ('"[::1]:1110"', "1110"),
        ('"127.0.0.1:1110"', '"127.0.0.1:1110"'),
        ('"[::1]:1110"', '"[0:0:0:0:0:0:0:1]:1110"'),
        ('[995, "127.0.0.1:1110"]', '["127.0.0.2:1110", "127.0.0.1:1110"]'),
    ],
)
def test_two_services_on_one_port_are_an_error(one: str, other: str) -> None:
    assert re.match(
        r"/etc/mtq/mtq\.toml:4: services\.other\.listen: port \d+ is taken by services\.one; allowed is ",
        error(two_services(one, other)),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1110", "1995"),
        ('"127.0.0.1:1110"', '"127.0.0.2:1110"'),
        ('"127.0.0.1:1110"', '"[::1]:1110"'),
    ],
)
def test_two_services_may_share_a_port_on_different_addresses(one: str, other: str) -> None:
    assert set(config(two_services(one, other)).services) == {"one", "other"}


def test_a_disabled_service_takes_no_port() -> None:
    found = config(two_services("1110", "1110", "enabled = false"))
    assert set(enabled(found)) == {"one"}


@pytest.mark.parametrize("table", ["tls", "services.pop3"])
@pytest.mark.parametrize("key", ["certificate", "key"])
def test_certificate_and_key_come_together(table: str, key: str) -> None:
    said = error(f"\n[{table}]\n{key} = 'a.pem'")
    assert said == f"/etc/mtq/mtq.toml:2: {table}: certificate and key come together"


# Files that a configuration names


def test_files_that_are_named_and_missing_are_found(tmp_path: Path) -> None:
    for present in ("own.key", "isp-ca.pem"):
        (tmp_path / present).touch()
    named = UNUSUAL.replace("/etc/ssl/", "ssl/")
    assert dict(missing_files(config(named, tmp_path))) == {
        "tls.certificate": tmp_path / "ssl/mail.pem",
        "tls.key": tmp_path / "ssl/mail.key",
        "services.pop3.certificate": tmp_path / "own.pem",
        "services.pop3.firewall_file": tmp_path / "blocklist.txt",
        "services.pop3.proxy.ca_file": tmp_path / "lan-ca.pem",
    }


def test_every_certificate_key_and_list_is_named_and_no_users_file(tmp_path: Path) -> None:
    found = config(
        "[tls]\ncertificate = 'a.pem'\nkey = 'a.key'\n"
        "[services.one]\ncertificate = 'b.pem'\nkey = 'b.key'\nfirewall_file = 'list'\nproxy.ca_file = 'ca'\n"
        "[services.one.proxy.targets.'pop.isp.com']\nca_file = 'isp-ca'\n",
        tmp_path,
    )
    names = {path.relative_to(tmp_path).name for _, path in named_files(found)}
    assert names == {"a.pem", "a.key", "b.pem", "b.key", "list", "ca", "isp-ca"}


def test_the_certificate_that_mtq_makes_itself_is_not_missed(tmp_path: Path) -> None:
    found: Config = config(f'[server]\nstate_dir = "{tmp_path}"')
    assert not missing_files(found)


# Where a running server is, while its file is being edited

BROKEN = [
    ("[server]\ncontrol_socket = 'run/sock'\nlog_level = 'loud'\n", "run/sock"),
    ("[services.pop3]\nlisten = 110]\n[server]\ncontrol_socket = 'run/sock'\n", "run/sock"),
    ("server.control_socket = 'run/sock'\n[services.pop3]\nlisten =\n", "run/sock"),
    ("[server]\nstate_dir = 'state'\n][\n", None),
    ("[server\ncontrol_socket = 'run/sock'\n", None),
    ("[server]\nlan = ['10.*'\n", None),
    ("\xff", None),
]


@pytest.mark.parametrize(("text", "socket_path"), BROKEN)
def test_the_control_socket_is_known_as_long_as_the_table_that_names_it_can_be_read(
    text: str, socket_path: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "mtq.toml"
    file.write_bytes(text.encode("latin-1"))
    assert control_socket(file) == (None if socket_path is None else tmp_path / socket_path)


def test_what_stands_in_a_string_names_no_control_socket(tmp_path: Path) -> None:
    file = tmp_path / "mtq.toml"
    file.write_text('[mailboxes]\npath = """mail/\n[server]\ncontrol_socket = \'elsewhere\'\n[{user}]"""\n')
    assert control_socket(file) == load(file).server.control_socket


def test_a_file_that_does_not_say_means_the_default_socket(tmp_path: Path) -> None:
    (tmp_path / "mtq.toml").write_text("[services.pop3]\nlisten =\n")
    assert control_socket(tmp_path / "mtq.toml") == here().control_socket


def test_roots_own_configuration_means_the_same_to_the_service_user() -> None:
    found = parse("", Path("/etc/mtq/mtq.toml"), places(1000, {"HOME": "/home/mail"}))
    assert found.server.state_dir == Path("/var/lib/mtq")
    assert found.server.control_socket == Path("/run/mtq/control.sock")

# Where metrics are had


@pytest.mark.parametrize("written", ["127.0.0.1:9110", "[::1]:9110"])
def test_metrics_are_had_at_one_address(written: str) -> None:
    assert str(config(f'[server]\nmetrics_listen = "{written}"').server.metrics_listen) == written


@pytest.mark.parametrize("written", ["9110", "*:9110", "localhost:9110", "127.0.0.1:", "127.0.0.1:0", "::1:9110"])
def test_metrics_are_not_had_everywhere_by_mistake(written: str) -> None:
    assert 'allowed is "ADDRESS:PORT", "[IPv6]:PORT" or "" for none' in error(
        f'[server]\nmetrics_listen = "{written}"'
    )


@pytest.mark.parametrize("listen", ["9110", '"127.0.0.1:9110"'])
def test_metrics_and_a_service_on_one_port_are_an_error(listen: str) -> None:
    text = f'[server]\nmetrics_listen = "127.0.0.1:9110"\n[services.pop3]\nlisten = {listen}\n'
    assert error(text) == "/etc/mtq/mtq.toml:2: server.metrics_listen: port 9110 is taken by services.pop3"


def test_metrics_and_a_service_may_share_a_port_on_two_addresses() -> None:
    text = '[server]\nmetrics_listen = "127.0.0.1:9110"\n[services.pop3]\nlisten = "127.0.0.2:9110"\n'
    assert config(text).server.metrics_listen == Listen(9110, "127.0.0.1")
