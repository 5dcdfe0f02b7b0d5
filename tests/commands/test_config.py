"""`mtq config`: showing, checking and finding the configuration."""

import json
from datetime import UTC
from pathlib import Path

import pytest

from mtq.config.plain import plain
from mtq.config.read import load
from tests.commands.desk import Outcome, Run, process, tree
from tests.config.lived_in import LIVED_IN
from tests.config.written import EXAMPLE, UNUSUAL, Key, keys
from tests.house import House

TEXTS = pytest.mark.parametrize("text", ["", EXAMPLE, UNUSUAL], ids=["empty", "EXAMPLE", "UNUSUAL"])


@TEXTS
def test_what_is_shown_is_a_configuration_that_means_the_same(run: Run, house: House, text: str) -> None:
    house.file.write_text(text)
    outcome = run("config", "show")
    assert (outcome.code, outcome.err) == (0, "")
    again = house.folder / "again.toml"
    again.write_text(outcome.out)
    assert load(again) == load(house.file)


@TEXTS
def test_json_has_every_key_of_the_configuration(run: Run, house: House, text: str) -> None:
    house.file.write_text(text)
    outcome = run("config", "show", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    shown = plain(load(house.file))
    assert outcome.data.keys() == {"server", "mailboxes", "users", "tls", "services"}
    assert outcome.data == json.loads(json.dumps(shown, default=lambda time: time.astimezone(UTC).isoformat()))


def test_times_in_json_are_iso_8601_in_utc(run: Run, house: House) -> None:
    house.file.write_text(UNUSUAL)      # half past eight in the morning, two hours ahead of UTC
    [_, entry] = run("config", "show", "--json").data["services"]["pop3"]["firewall"]
    assert entry == {"range": "10.1.*", "until": "2027-01-31T06:30:00+00:00", "comment": "guests"}


def test_a_right_configuration_is_said_to_be_right(run: Run, house: House) -> None:
    outcome = run("config", "check")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith(f"{house.file}: right")


def test_a_file_that_is_named_and_not_there_makes_it_wrong(run: Run, house: House) -> None:
    house.file.write_text('[services.pop3]\nfirewall_file = "blocklist.txt"\n')
    outcome = run("config", "check")
    assert (outcome.code, outcome.out) == (3, "")
    missing = house.folder / "blocklist.txt"
    assert outcome.err == f"mtq: {house.file}: services.pop3.firewall_file: {missing}: there is no such file\n"


@pytest.mark.parametrize("command", ["show", "check", "path"])
def test_looking_changes_nothing(run: Run, house: House, command: str) -> None:
    before = tree(house.folder)
    assert run("config", command).code == 0
    assert tree(house.folder) == before


def test_the_path_is_said_alone(run: Run, house: House) -> None:
    outcome = run("config", "path")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{Path(house.file)}\n", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[services.pop3]\nfirewall_file = "ranges.txt"\n', "ranges.txt: line 2: 1.2.3 is not "),
        ('[services.pop3]\ncertificate = "ranges.txt"\nkey = "ranges.txt"\n', "services.pop3: "),
    ],
    ids=["firewall_file", "certificate"],
)
def test_a_file_that_could_not_be_used_makes_it_wrong(run: Run, house: House, text: str, said: str) -> None:
    (house.folder / "ranges.txt").write_text("10.0.0.0/8\n1.2.3\n")
    house.file.write_text(text)
    outcome = run("config", "check")
    assert (outcome.code, outcome.out) == (3, "")
    assert said in outcome.err


def test_each_problem_is_a_line_of_its_own(run: Run, house: House) -> None:
    house.file.write_text("[server]\nlog_level = 1\nlan = 2\n")
    lines = run("config", "check").err.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["mtq", f"{house.file}:2"],
        ["mtq", f"{house.file}:3"],
    ]


# Getting


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("server.hostname", "mail.example.com"),
        ("server.lan", '["127.0.0.0/8", "::1"]'),
        ("server.shutdown_grace", "10"),
        ("server.state_dir", "/var/lib/mtq"),
        ("services.pop3.enabled", "true"),
        ("services.pop3.listen", '["110"]'),
        ("services.pop3.mechanisms", "auto"),
        ("services . 'pop3' . access", "firewall+lan"),
        (
            "services.pop3.firewall",
            '["192.0.2.0/24", { range = "!192.0.2.7", until = 2026-12-01T00:00:00Z, comment = "scans us" }]',
        ),
        ('services.pop3.proxy.targets."pop.isp.com".port', "995"),
        ("services.pop3.proxy.targets.pop.isp.com.port", "995"),
        (
            "services.pop3.proxy.dialup",
            'enabled = false\nup = ["/usr/bin/pon", "isp"]\ndown = ["/usr/bin/poff", "isp"]\n'
            "timeout = 60\nhangup_after = 120",
        ),
    ],
)
def test_the_value_in_force_is_said_alone(run: Run, house: House, key: str, said: str) -> None:
    house.file.write_text(EXAMPLE)
    outcome = run("config", "get", key)
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{said}\n", "")


@pytest.mark.parametrize("known", list(keys()), ids=lambda known: known.dotted)
def test_every_key_can_be_got_as_it_is_shown(run: Run, house: House, known: Key) -> None:
    house.file.write_text(EXAMPLE)
    shown = run("config", "show", "--json").data
    for part in known.path:
        shown = shown[part]
    outcome = run("config", "get", known.dotted, "--json")
    assert (outcome.code, outcome.data) == (0, shown)


def test_defaults_are_in_force_too(run: Run, house: House) -> None:
    house.file.write_text("[services.pop3]\n")
    assert run("config", "get", "services.pop3.idle_timeout").out == "60\n"
    assert run("config", "get", "server.state_dir").out.endswith("mtq\n")


def test_a_table_can_be_had_as_json(run: Run) -> None:
    assert run("config", "get", "services", "--json").data == run("config", "show", "--json").data["services"]


def test_an_empty_table_is_nothing(run: Run) -> None:
    outcome = run("config", "get", "services.pop3.proxy.targets")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("services.pop3.certificate", "services.pop3.certificate: has no value"),
        ("server.user", "server.user: has no value"),
        ("server.hostnam", 'server.hostnam: unknown key; did you mean "hostname"?'),
        ("services.pop.listen", 'services.pop: there is no such service; did you mean "pop3"?'),
        ("server.lan.0", "server.lan.0: unknown key; server.lan is a value and no table"),
    ],
)
def test_what_is_not_there_is_exit_code_1(run: Run, key: str, said: str, options: tuple[str, ...]) -> None:
    outcome = run("config", "get", key, *options)
    assert (outcome.code, outcome.out, outcome.err) == (1, "", f"mtq: {said}\n")


@pytest.mark.parametrize("key", ["", "a b", "services.", "services.pop3[0]"])
@pytest.mark.parametrize("command", [("get",), ("set", "1")])
def test_a_key_that_is_none_is_exit_code_2(run: Run, house: House, key: str, command: tuple[str, ...]) -> None:
    before = tree(house.folder)
    outcome = run("config", command[0], key, *command[1:])
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert tree(house.folder) == before


# Setting


@pytest.fixture
def lived_in(house: House) -> Path:
    """The house's configuration, after years."""
    house.file.write_text(LIVED_IN)
    return house.file


def test_what_is_set_is_in_force_and_every_other_byte_stays(run: Run, lived_in: Path) -> None:
    outcome = run("config", "set", "services.pop3s.max_connections", "100")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "services.pop3s.max_connections = 100\n")
    assert lived_in.read_text() == LIVED_IN.replace(
        "max_connections = 25                # 1", "max_connections = 100               # 1"
    )


@pytest.mark.parametrize(
    ("key", "value", "written"),
    [
        ("tls.min_version", "1.2", '[tls]\nmin_version = "1.2"\n'),
        ("server.hostname", "123", '  hostname = "123" '),
        ("server.hostname", '"pop.example.com"', '  hostname = "pop.example.com" '),
        ("server.metrics_listen", "", 'metrics_listen = ""\n'),
        ("services.pop3.listen", "1110", "listen = 1110  "),
        ("services.pop3.listen", '["[::1]:1110", 1111]', 'listen = ["[::1]:1110", 1111]  '),
        ("services.pop3.tls", "implicit", 'tls = "implicit"\n'),
        ("services.pop3.proxy.only_allowed", "false", "proxy.only_allowed = false\n"),
        ("services.pop3s.proxy.delimiter", "#", 'delimiter = "#"\n'),
        ('services.pop3s.proxy.targets."x.com".port', "1", '[services.pop3s.proxy.targets."x.com"]\nport = 1\n'),
        ("services.pop3s.proxy.targets.pop.isp.com.verify", "true", "# as they say\nverify = true\n"),
    ],
)  # fmt: skip
def test_a_value_is_toml_if_it_parses_else_a_string(
    run: Run, lived_in: Path, key: str, value: str, written: str
) -> None:
    assert run("config", "set", key, value).code == 0
    assert written in lived_in.read_text()
    assert written not in LIVED_IN


def test_what_is_so_already_is_unchanged(run: Run, lived_in: Path) -> None:
    outcome = run("config", "set", "services.pop3.tls", "off")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", 'unchanged: services.pop3.tls = "off"\n')
    assert lived_in.read_text() == LIVED_IN


@pytest.mark.parametrize("value", ["off", "starttls"])
def test_quiet_says_nothing(run: Run, lived_in: Path, value: str) -> None:
    outcome = run("config", "set", "services.pop3.tls", value, "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize("options", [(), ("--quiet",)])
def test_a_dry_run_shows_the_difference_and_changes_nothing(
    run: Run, house: House, lived_in: Path, options: tuple[str, ...]
) -> None:
    before = tree(house.folder)
    outcome = run("config", "set", "services.pop3.tls", "starttls", "--dry-run", *options)
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[:2] == [f"--- {lived_in}", f"+++ {lived_in}"]
    assert [line for line in lines[2:] if line[0] in "+-"] == ['-tls = "off"', '+tls = "starttls"']
    assert tree(house.folder) == before


def test_a_dry_run_of_what_is_so_already_says_so(run: Run, lived_in: Path) -> None:
    outcome = run("config", "set", "services.pop3.tls", "off", "--dry-run")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", 'unchanged: services.pop3.tls = "off"\n')


def test_keys_that_only_go_together_are_set_together(run: Run, lived_in: Path) -> None:
    outcome = run("config", "set", "tls.certificate", "a.pem", "tls.key", "a.key")
    assert (outcome.code, outcome.err) == (0, 'tls.certificate = "a.pem", tls.key = "a.key"\n')
    assert '\n[tls]\ncertificate = "a.pem"\nkey = "a.key"\n' in lived_in.read_text()


def refused(run: Run, house: House, *words: str) -> Outcome:
    """What is said of something that is not set; and nothing is changed."""
    before = tree(house.folder)
    outcome = run("config", "set", *words)
    assert (outcome.out, outcome.err.count("\n")) == ("", 1)
    assert tree(house.folder).items() - {(f"{house.file.name}.lock", (0o100600, b""))} == before.items()
    return outcome


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("services.pop3.max_connections", "1000"), "found 1000; allowed is a whole number from 1 to 999"),
        (("services.pop3.max_connections", "many"), 'found "many"; allowed is a whole number from 1 to 999'),
        (("services.pop3.max_conections", "1"), 'unknown key; did you mean "max_connections"?'),
        (("services.pop3.proxy.targets.pop.isp.com.prot", "1"), 'unknown key; did you mean "port"?'),
        (("nonsense", "1"), "nonsense: unknown key; known here: server, "),
        (("services.pop3", "{}"), "services.pop3: a table; set the keys in it"),
        (("services.pop3.proxy.targets.pop.isp.com", "1"), "unknown key"),
        (("services.pop3.proxy.targets.-x.port", "1"), "allowed is a host name or address"),
        (("tls.certificate", "a.pem"), "tls: certificate and key come together; nothing was changed"),
        (("services.pop3.listen", '"1110"\nenabled = false'), "allowed is a port"),
        (("tls.min_version",), "tls.min_version: the value is missing: `mtq config set tls.min_version VALUE`"),
        (("tls.min_version", "1.3", "tls.key"), "tls.key: the value is missing: `mtq config set tls.key VALUE`"),
    ],
)
def test_what_is_malformed_is_exit_code_2(
    run: Run, house: House, words: tuple[str, ...], said: str, options: tuple[str, ...]
) -> None:
    outcome = refused(run, house, *words, *options)
    assert outcome.code == 2
    assert said in outcome.err


def test_ports_that_clash_are_exit_code_2(run: Run, house: House) -> None:
    outcome = refused(run, house, "services.pop3s.listen", str(house.pop3))
    assert outcome.code == 2
    assert f"port {house.pop3} is taken by services.pop3; " in outcome.err


def test_a_service_that_is_not_there_is_exit_code_1_and_not_made(run: Run, house: House) -> None:
    outcome = refused(run, house, "services.nosuch.listen", "1999")
    assert outcome.code == 1
    assert outcome.err == "mtq: services.nosuch: there is no such service; known here: pop3, pop3s\n"


def test_bytes_that_are_no_text_are_refused(house: House) -> None:
    outcome = process("--config", str(house.file), "config", "set", "mailboxes.path", "caf\udce9/{user}")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert load(house.file) == house.config
