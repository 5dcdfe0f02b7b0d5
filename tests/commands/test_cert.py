"""`mtq cert`: mtq's own certificate made, and what is served shown and judged."""

import socket
import ssl
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from mtq import tls
from mtq.certificates import moment, read_chain
from tests.commands.desk import Run, at_a_terminal, tree
from tests.house import House
from tests.issuer import NOW, Issued, Key, issue, rsa_key, signed_with

DAY = timedelta(days=1)
ROOT = issue("Root", authority=True, end=NOW + 3650 * DAY)
MIDDLE = issue("Middle", ROOT, authority=True, end=NOW + 365 * DAY)
# An hour over whole days: the tests take a moment, too.
LEAF = issue("localhost", MIDDLE, names=["localhost"], end=NOW + 90 * DAY + timedelta(hours=1))


@pytest.fixture
def folder(house: House) -> Path:
    """A folder of the administrator's own, in which both services have their certificate."""
    configured(house, 'certificate = "bought/server.pem"\nkey = "bought/server.key"')
    LEAF.write(house.folder / "bought", MIDDLE, ROOT)
    return house.folder / "bought"


def configured(house: House, tls_table: str = "", services: str = "", hostname: str = "localhost") -> None:
    """Write a configuration of two services and what a test wants besides."""
    house.file.write_text(
        f'[server]\nhostname = "{hostname}"\nstate_dir = "state"\n[tls]\n{tls_table}\n'
        f'[services.pop3]\nlisten = ["127.0.0.1:{house.pop3}"]\n'
        f'[services.pop3s]\nlisten = ["127.0.0.1:{house.pop3s}"]\ntls = "implicit"\n{services}\n'
    )


@pytest.fixture
def own(house: House) -> Path:
    """The folder of mtq's own certificate, which was made a moment ago."""
    house.certify()
    return house.config.tls.certificate.parent


# create


def test_it_says_what_it_made_and_who_trusts_it(run: Run, house: House) -> None:
    outcome = run("cert", "create")
    own = house.config.tls.certificate.parent
    leaf = read_chain(own / "server.pem").leaf
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.split("\n") == [
        f"made a certificate {own}/server.pem, good until {moment(leaf.not_after)}",
        f"for {', '.join(leaf.names)}",
        f"serial before: none; now: {leaf.serial}",
        f"clients that import {own}/ca.pem trust it",
        "",
    ]


def test_what_it_made_can_be_served_and_is_for_the_hostname(run: Run, own: Path, house: House) -> None:
    configured(house, hostname="mail.example.com")
    assert run("cert", "create").code == 0
    assert "mail.example.com" in read_chain(own / "server.pem").leaf.names
    context = tls.server_context(own / "server.pem", own / "server.key", "1.2")
    assert tls.leads_to_an_authority(context, own / "ca.pem")


def test_the_second_time_everything_is_unchanged(run: Run, own: Path) -> None:
    before = tree(own)
    outcome = run("cert", "create")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith(f"unchanged: {own}/server.pem has these names and is good for ")
    assert tree(own) == before


def test_forced_it_makes_another_of_the_same_authority_and_proves_it(run: Run, own: Path) -> None:
    authority, before = (own / "ca.pem").read_bytes(), read_chain(own / "server.pem").leaf.serial
    outcome = run("cert", "create", "--force")
    assert outcome.code == 0
    now = read_chain(own / "server.pem").leaf.serial
    assert now != before
    assert f"\nserial before: {before}; now: {now}\n" in outcome.err
    assert (own / "ca.pem").read_bytes() == authority


def test_a_further_name_is_added_once_and_stays(run: Run, own: Path) -> None:
    names = ("--name", "pop.example.com", "--name", "192.0.2.77")
    assert "made a certificate" in run("cert", "create", *names).err
    assert run("cert", "create", *names).err.startswith("unchanged")
    assert run("cert", "create").err.startswith("unchanged")
    assert run("cert", "create", "--force").code == 0
    leaf = read_chain(own / "server.pem").leaf
    assert {"pop.example.com", "192.0.2.77"} <= set(leaf.names)
    assert leaf.common_name == "localhost"


@pytest.mark.parametrize("name", ["", "mail server", "fred@example.com", "10.0.0.0/8", "my_host"])
def test_a_name_that_no_certificate_can_hold_is_wrong_usage(run: Run, own: Path, name: str) -> None:
    before = tree(own)
    outcome = run("cert", "create", "--name", name)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"mtq: {name!r} is no name that a certificate can hold; allowed is a host name or an address\n"
    )
    assert tree(own) == before


def test_a_new_authority_is_told(run: Run, own: Path) -> None:
    (own / "ca.key").write_bytes(issue("another").key_pem)
    outcome = run("cert", "create", "--force")
    assert outcome.err.endswith(f"the authority is a new one, too: clients have to import {own}/ca.pem again\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--force",), "would make {0}/server.pem: --force\n"),
        (("--name", "pop.example.com"), "would make {0}/server.pem: it is not for pop.example.com\n"),
        ((), "unchanged: {0}/server.pem has these names"),
    ],
)
def test_a_dry_run_says_why_it_would_and_makes_nothing(
    run: Run, own: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = tree(own)
    outcome = run("cert", "create", "--dry-run", *arguments)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith(said.format(own))
    assert tree(own) == before


def test_a_dry_run_makes_no_folder_either(run: Run, house: House) -> None:
    assert "it is not there" in run("cert", "create", "--dry-run").err
    assert not house.config.tls.certificate.parent.exists()


def test_quiet_says_nothing(run: Run, own: Path) -> None:
    for arguments in ((), ("--force",)):
        outcome = run("cert", "create", "--quiet", *arguments)
        assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_a_certificate_elsewhere_is_left_to_who_put_it_there(run: Run, folder: Path, house: House) -> None:
    (house.folder / "state").mkdir(exist_ok=True)
    before = tree(house.folder)
    outcome = run("cert", "create", "--force")
    assert outcome.code == 1
    assert outcome.err == (
        f"mtq: tls.certificate is {folder}/server.pem, which is not mtq's to make; "
        "`mtq cert create --out DIR` makes one elsewhere\n"
    )
    assert tree(house.folder) == before


def test_a_certificate_that_somebody_put_in_mtqs_place_is_left_alone(run: Run, own: Path) -> None:
    LEAF.write(own)
    before = tree(own)
    for arguments in ((), ("--force",), ("--dry-run",)):
        outcome = run("cert", "create", *arguments)
        assert outcome.code == 1
        assert outcome.err.startswith(f"mtq: {own}/server.pem was not made by mtq, and is left alone")
    assert tree(own) == before


def test_a_state_folder_that_is_not_there_is_not_made(run: Run, house: House) -> None:
    house.file.write_text('[server]\nstate_dir = "nowhere"\n')
    outcome = run("cert", "create")
    assert outcome.code == 1
    assert outcome.err == f"mtq: {house.folder}/nowhere: the state folder is not there; `mtq init` makes it\n"


def test_a_service_gets_its_own_by_the_same_authority(run: Run, own: Path, tmp_path: Path) -> None:
    arguments = ("cert", "create", "--out", str(tmp_path / "pop"), "--name", "pop.example.com")
    outcome = run(*arguments)
    assert outcome.code == 0
    assert outcome.err.endswith(
        f'next: certificate = "{tmp_path}/pop/server.pem" and key = "{tmp_path}/pop/server.key" '
        "in the service's table\n"
    )
    leaf = read_chain(tmp_path / "pop" / "server.pem").leaf
    assert leaf.common_name == "pop.example.com"
    assert (tmp_path / "pop" / "ca.pem").read_bytes() == (own / "ca.pem").read_bytes()
    assert (tmp_path / "pop" / "server.key").stat().st_mode & 0o777 == 0o600
    assert run(*arguments).err.startswith(f"unchanged: {tmp_path}/pop/server.pem")


def test_mtqs_own_place_may_be_written_in_another_way(run: Run, house: House, own: Path) -> None:
    for lost in ("ca.pem", "server.pem"):
        (own / lost).unlink()
    assert run("cert", "create", "--out", f"{house.folder}/./state/../state/tls").code == 0
    assert run("cert", "check", "--quiet").err == ""


def test_a_place_that_belongs_to_somebody_elses_certificate_is_left_alone(
    run: Run, own: Path, tmp_path: Path
) -> None:
    LEAF.write(tmp_path / "bought", MIDDLE)
    before = tree(tmp_path / "bought")
    assert run("cert", "create", "--out", str(tmp_path / "bought"), "--force").code == 1
    assert tree(tmp_path / "bought") == before


def test_a_server_serves_what_was_made(run: Run, house: House) -> None:
    assert run("cert", "create", "--name", "pop.example.com").code == 0
    own = house.config.tls.certificate.parent
    serial = read_chain(own / "server.pem").leaf.serial
    with house.process():
        context = ssl.create_default_context(cafile=str(own / "ca.pem"))
        with (
            socket.create_connection(("127.0.0.1", house.pop3s), 10) as plain,
            context.wrap_socket(plain, server_hostname="pop.example.com") as client,
        ):
            served = client.getpeercert()
    assert served is not None
    assert served["serialNumber"] == serial


# show


KEYS = [
    "services", "file", "key", "subject", "names", "issuer", "serial", "not_before", "not_after", "days_left",
    "fingerprint", "key_type", "key_fits", "chain_complete", "own", "error",
]  # fmt: skip


def test_json_has_all_that_a_program_wants_to_know(run: Run, folder: Path) -> None:
    outcome = run("cert", "show", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    [row] = outcome.data["certificates"]
    leaf = read_chain(folder / "server.pem").leaf
    assert list(row) == KEYS
    assert row == {
        "services": ["pop3", "pop3s"],
        "file": f"{folder}/server.pem",
        "key": f"{folder}/server.key",
        "subject": "CN=localhost",
        "names": ["localhost"],
        "issuer": "CN=Middle",
        "serial": leaf.serial,
        "not_before": (NOW - DAY).isoformat(),
        "not_after": (NOW + 90 * DAY + timedelta(hours=1)).isoformat(),
        "days_left": 90,
        "fingerprint": leaf.fingerprint,
        "key_type": "EC secp256r1",
        "key_fits": True,
        "chain_complete": True,
        "own": False,
        "error": None,
    }


def test_mtqs_own_is_shown_as_such_and_its_chain_is_complete(run: Run, own: Path) -> None:
    [row] = run("cert", "show", "--json").data["certificates"]
    assert (row["own"], row["chain_complete"], row["file"]) == (True, True, f"{own}/server.pem")


def test_what_cannot_be_known_is_null(run: Run, own: Path) -> None:
    (own / "ca.pem").write_bytes(b"junk")
    [row] = run("cert", "show", "--json").data["certificates"]
    assert (row["chain_complete"], row["error"]) == (None, None)


def test_days_left_are_those_of_the_first_certificate_of_the_chain_that_ends(run: Run, folder: Path) -> None:
    LEAF.write(folder, issue("Middle", ROOT, key=MIDDLE.key, authority=True, end=NOW + 5 * DAY + DAY / 2))
    [row] = run("cert", "show", "--json").data["certificates"]
    assert row["days_left"] == 5


def test_a_person_reads_one_field_a_line(run: Run, folder: Path) -> None:
    outcome = run("cert", "show")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.split("\n")
    assert lines[0].split() == ["FIELD", "VALUE"]
    assert "services        pop3, pop3s" in lines
    assert "days left       90" in lines
    assert "key fits        yes" in lines
    assert "own             no" in lines
    assert not any(line.startswith("error") for line in lines)


def test_a_person_at_a_terminal_sees_the_whole_fingerprint(house: House, folder: Path) -> None:
    shown = at_a_terminal("--config", str(house.file), "cert", "show").out
    fingerprint = read_chain(folder / "server.pem").leaf.fingerprint
    pieces = [line.split("│")[2].strip() for line in shown.splitlines() if line.count("│") == 3]
    assert fingerprint in "".join(pieces)


def test_each_pair_of_files_is_shown_once_with_its_services(run: Run, house: House, folder: Path) -> None:
    issue("pop.example.com", ROOT, names=["pop.example.com"]).write(house.folder / "pop", ROOT)
    house.file.write_text(
        house.file.read_text() + '[services.own]\nlisten = ["127.0.0.1:1"]\ncertificate = "pop/server.pem"\n'
        'key = "pop/server.key"\n[services.clear]\nlisten = ["127.0.0.1:2"]\ntls = "off"\n'
        '[services.later]\nenabled = false\nlisten = ["127.0.0.1:3"]\n'
    )
    rows = run("cert", "show", "--json").data["certificates"]
    assert [(row["services"], row["file"]) for row in rows] == [
        (["pop3", "pop3s"], f"{folder}/server.pem"),
        (["own"], f"{house.folder}/pop/server.pem"),
    ]
    shown = run("cert", "show").out
    assert shown.count("FIELD") == 2
    assert "\n\nFIELD" in shown


def test_what_tls_names_is_shown_though_no_service_serves_it(run: Run, house: House, folder: Path) -> None:
    house.file.write_text(
        '[server]\nstate_dir = "state"\n[tls]\ncertificate = "bought/server.pem"\nkey = "bought/server.key"\n'
    )
    [row] = run("cert", "show", "--json").data["certificates"]
    assert (row["services"], row["file"]) == ([], f"{folder}/server.pem")
    assert "services        none" in run("cert", "show").out


def test_what_tls_names_is_not_missed_where_no_service_serves_it(run: Run, house: House) -> None:
    house.file.write_text('[server]\nstate_dir = "state"\n')
    outcome = run("cert", "show")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "no enabled service speaks TLS: no certificate is served\n"


def test_one_service_may_be_asked_for_though_it_is_not_enabled(run: Run, house: House, folder: Path) -> None:
    house.file.write_text(house.file.read_text() + "enabled = false\n")
    [row] = run("cert", "show", "--service", "pop3s", "--json").data["certificates"]
    assert row["services"] == ["pop3s"]


@pytest.mark.parametrize("command", ["show", "check"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none", "there is no service none; there are: pop3, pop3s, clear"),
        ("clear", 'clear: it has no certificate; its tls is "off"'),
    ],
)
def test_a_service_without_one_is_an_error(
    run: Run, house: House, folder: Path, command: str, name: str, said: str
) -> None:
    house.file.write_text(house.file.read_text() + '[services.clear]\nlisten = ["127.0.0.1:2"]\ntls = "off"\n')
    outcome = run("cert", command, "--service", name)
    assert (outcome.code, outcome.out, outcome.err) == (1, "", f"mtq: {said}\n")


def test_one_that_was_not_made_yet_is_shown_as_that(run: Run, house: House) -> None:
    outcome = run("cert", "show", "--json")
    assert outcome.code == 1
    [row] = outcome.data["certificates"]
    assert row["error"] == f"{house.config.tls.certificate}: is not there yet; `mtq cert create` makes it"
    assert [key for key in KEYS if row[key] is not None] == ["services", "file", "key", "error"]


# check


def test_all_is_well_and_a_person_is_told_for_how_long(run: Run, folder: Path) -> None:
    outcome = run("cert", "check")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == f"{folder}/server.pem: good for 90 days (pop3, pop3s)\n"


def test_all_is_well_and_cron_is_told_nothing(run: Run, folder: Path) -> None:
    outcome = run("cert", "check", "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize(("days", "code"), [("0", 0), ("14", 0), ("90", 0), ("91", 1), ("364", 1)])
def test_it_is_said_when_the_end_comes_within_the_days(run: Run, folder: Path, days: str, code: int) -> None:
    outcome = run("cert", "check", "--days", days, "--quiet")
    end = moment(NOW + 90 * DAY + timedelta(hours=1))
    said = f"mtq: {folder}/server.pem: expires in 90 days, on {end}\n" if code else ""
    assert (outcome.code, outcome.out, outcome.err) == (code, "", said)


def test_no_number_of_days_is_too_large(run: Run, folder: Path) -> None:
    assert len(problems(run, "--days", "9" * 20)) == 3


def test_of_its_own_mtq_says_how_to_have_another_when_it_would_make_one(run: Run, house: House, own: Path) -> None:
    file = f"mtq: {own}/server.pem: "
    [line] = problems(run, "--days", "400")
    assert line.startswith(f"{file}expires in 396 days")
    assert "mtq cert create" not in line        # which would not make another so early
    tls.make(own / "server.pem", own / "server.key", "localhost", NOW - 390 * DAY)
    [line] = problems(run)
    assert line.startswith(f"{file}expires in 6 days, on ")
    assert line.endswith("; `mtq cert create` makes another")
    assert run("cert", "create").code == 0
    assert problems(run) == []


def test_of_its_own_mtq_makes_another_when_the_key_is_another_ones(run: Run, own: Path) -> None:
    (own / "server.key").write_bytes(LEAF.key_pem)
    assert problems(run) == [
        f"mtq: {own}/server.key: it is not the key of {own}/server.pem; `mtq cert create` makes another"
    ]
    assert run("cert", "create").code == 0
    assert problems(run) == []


@pytest.mark.parametrize("days", ["-1", "soon", "1.5", "7d", ""])
def test_days_that_are_no_number_are_wrong_usage(run: Run, folder: Path, days: str) -> None:
    outcome = run("cert", "check", f"--days={days}")
    assert (outcome.code, outcome.out) == (2, "")
    assert "--days" in outcome.err


def problems(run: Run, *arguments: str) -> list[str]:
    """What `mtq cert check` finds for cron, a line each."""
    outcome = run("cert", "check", "--quiet", *arguments)
    assert outcome.out == ""
    assert outcome.code == bool(outcome.err)
    return outcome.err.splitlines()


def test_every_problem_has_its_line(run: Run, folder: Path) -> None:
    expired = issue("Middle", ROOT, key=MIDDLE.key, authority=True, start=NOW - 9 * DAY, end=NOW - DAY)
    issue("localhost", expired, names=["localhost"], start=NOW + DAY, end=NOW + 3 * DAY).write(folder, expired)
    file = f"mtq: {folder}/server.pem: "
    assert problems(run) == [
        f"{file}is not valid before {moment(NOW + DAY)}; is this machine's clock right?",
        f"{file}expires in 2 days, on {moment(NOW + 3 * DAY)}",
        f"{file}Middle, further up the chain: expired on {moment(NOW - DAY)}",
    ]


def test_the_key_of_another_certificate_is_a_problem(run: Run, folder: Path) -> None:
    (folder / "server.key").write_bytes(MIDDLE.key_pem)
    LEAF.write(folder / "other")
    (folder / "server.pem").write_bytes((folder / "other" / "server.pem").read_bytes())
    assert problems(run) == [f"mtq: {folder}/server.key: it is not the key of {folder}/server.pem"]


def test_a_chain_in_the_wrong_order_is_told_from_a_wrong_key(run: Run, folder: Path) -> None:
    (folder / "server.pem").write_bytes(ROOT.pem + MIDDLE.pem + LEAF.pem)
    assert problems(run) == [
        f"mtq: {folder}/server.pem: the certificate that {folder}/server.key belongs to is number 3 in it, "
        "and has to be the first"
    ]


def test_files_that_are_not_there_are_a_problem(run: Run, folder: Path) -> None:
    (folder / "server.key").unlink()
    assert problems(run) == [f"mtq: {folder}/server.key: no such file or directory"]
    (folder / "server.pem").unlink()
    assert problems(run) == [f"mtq: {folder}/server.pem: is not there"]


def test_files_that_are_something_else_are_a_problem(run: Run, folder: Path) -> None:
    (folder / "server.key").write_bytes(LEAF.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    [line] = problems(run)
    assert line.startswith(f"mtq: {folder}/server.key: is DER or PKCS #12, and mtq reads PEM")
    (folder / "server.pem").unlink()
    (folder / "server.pem").mkdir()
    assert problems(run) == [f"mtq: {folder}/server.pem: is a directory"]


def test_an_encrypted_key_is_a_problem_with_a_way_out(run: Run, folder: Path) -> None:
    lock = BestAvailableEncryption(b"passphrase")
    (folder / "server.key").write_bytes(LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    [line] = problems(run)
    assert line.startswith(f"mtq: {folder}/server.key: the key is encrypted")
    assert "`openssl pkey -in FILE -out NEW` decrypts it" in line


@pytest.mark.parametrize(
    ("leaf", "weakness"),
    [
        (issue("localhost", ROOT, names=["localhost"], key=rsa_key(1024)), "its key is RSA 1024, shorter than 2048"),
        (
            signed_with("sha1", issue("localhost", issue("Old", key=rsa_key(2048)), names=["localhost"])),
            "it is signed with SHA1",
        ),
    ],
    ids=["key", "signature"],
)
@pytest.mark.parametrize("min_version", ["1.0", "1.2"])
def test_what_is_weak_is_a_problem_of_one_line(
    run: Run, house: House, folder: Path, leaf: Issued, weakness: str, min_version: str
) -> None:
    leaf.write(folder)
    house.file.write_text(house.file.read_text().replace("[tls]", f'[tls]\nmin_version = "{min_version}"'))
    [line] = problems(run)
    assert line.startswith(f"mtq: {folder}/server.pem: {weakness}")


def test_of_two_services_the_one_for_which_openssl_is_stricter_counts(
    run: Run, house: House, folder: Path
) -> None:
    issue("localhost", ROOT, names=["localhost"], key=rsa_key(1024)).write(folder, ROOT)
    house.file.write_text(house.file.read_text().replace("[services.pop3]", '[services.pop3]\nmin_version = "1.0"'))
    [line] = problems(run)
    assert line.endswith("OpenSSL does not serve it")
    assert run("cert", "show", "--json").data["certificates"][0]["key_fits"] is True


def test_what_only_openssl_finds_wrong_is_a_problem(run: Run, folder: Path) -> None:
    (folder / "server.pem").write_bytes(LEAF.pem + MIDDLE.pem[:200])
    [line] = problems(run)
    assert line.startswith(f"mtq: {folder}/server.pem and {folder}/server.key: not a certificate and its key")


@pytest.mark.parametrize("key", [rsa_key(2048), ed25519.Ed25519PrivateKey.generate()], ids=["RSA", "Ed25519"])
def test_other_kinds_of_keys_are_as_good(run: Run, folder: Path, key: Key) -> None:
    issue("localhost", ROOT, names=["localhost"], key=key).write(folder, ROOT)
    assert problems(run) == []
    [row] = run("cert", "show", "--json").data["certificates"]
    assert (row["key_fits"], row["chain_complete"]) == (True, True)


def test_key_and_chain_may_lie_in_one_file_with_windows_line_ends(run: Run, house: House, folder: Path) -> None:
    everything = LEAF.key_pem + LEAF.pem + MIDDLE.pem + ROOT.pem
    (folder / "server.pem").write_bytes(everything.replace(b"\n", b"\r\n"))
    (folder / "server.pem").chmod(0o600)
    house.file.write_text(house.file.read_text().replace("server.key", "server.pem"))
    outcome = run("cert", "check")
    assert (outcome.code, outcome.err) == (0, f"{folder}/server.pem: good for 90 days (pop3, pop3s)\n")


def test_only_what_is_served_is_judged(run: Run, house: House, folder: Path) -> None:
    (folder / "server.pem").unlink()
    text = house.file.read_text().replace("[services.pop3]", '[services.pop3]\ntls = "off"')
    house.file.write_text(text + "enabled = false\n")
    outcome = run("cert", "check")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "no enabled service speaks TLS: no certificate is served\n"
    assert problems(run) == []


def test_one_service_alone_is_judged(run: Run, house: House, folder: Path) -> None:
    house.file.write_text(
        house.file.read_text() + '[services.own]\nlisten = ["127.0.0.1:1"]\ncertificate = "a"\nkey = "b"\n'
    )
    assert problems(run, "--service", "pop3") == []
    assert problems(run, "--service", "own") == [f"mtq: {house.folder}/a: is not there"]


# check: warnings, which are no problems


def warned(run: Run, folder: Path) -> list[str]:
    """What a person is told besides; cron is told nothing of it, and the exit code is 0."""
    assert problems(run) == []
    *warnings, good = run("cert", "check").err.splitlines()
    assert good.startswith(f"{folder}/server.pem: good for ")
    assert all(line.startswith("warning: ") for line in warnings)
    return [line.removeprefix("warning: ") for line in warnings]


def test_a_certificate_for_other_names_than_the_hostname_is_a_warning(
    run: Run, house: House, folder: Path
) -> None:
    configured(house, 'certificate = "bought/server.pem"\nkey = "bought/server.key"', hostname="mail.example.com")
    assert warned(run, folder) == [
        f"{folder}/server.pem: it is not for mail.example.com, which is server.hostname, but for localhost"
    ]


def test_a_wildcard_and_an_international_name_are_for_their_hosts(run: Run, house: House, folder: Path) -> None:
    configured(house, 'certificate = "bought/server.pem"\nkey = "bought/server.key"', hostname="mail.müller.example")
    issue("*.müller.example", ROOT, names=["*.xn--mller-kva.example"]).write(folder, ROOT)
    assert warned(run, folder) == []


def test_a_certificate_without_alternative_names_is_a_warning(run: Run, folder: Path) -> None:
    issue("localhost", ROOT).write(folder, ROOT)
    assert warned(run, folder) == [
        f"{folder}/server.pem: it has no alternative names, and most clients go by nothing else"
    ]


def test_a_certificate_without_a_common_name_is_a_warning(run: Run, folder: Path) -> None:
    issue(None, ROOT, names=["localhost"]).write(folder, ROOT)
    assert warned(run, folder) == [
        f"{folder}/server.pem: it has no common name, and fetchmail accepts none without"
    ]


@pytest.mark.parametrize(("further", "lacking"), [([], "CN=Middle"), ([MIDDLE], "CN=Root"), ([ROOT], "CN=Middle")])
def test_a_chain_that_leads_nowhere_is_a_warning(
    run: Run, folder: Path, further: list[Issued], lacking: str
) -> None:
    LEAF.write(folder, *further)
    [row] = run("cert", "show", "--json").data["certificates"]
    assert row["chain_complete"] is False
    assert warned(run, folder) == [
        f"{folder}/server.pem: the chain ends before an authority that this system knows: "
        f"{lacking} is not in the file"
    ]


def test_a_chain_that_leads_to_an_authority_of_this_system_is_complete(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LEAF.write(folder, MIDDLE)
    (folder / "system.pem").write_bytes(ROOT.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "system.pem"))
    assert warned(run, folder) == []
    [row] = run("cert", "show", "--json").data["certificates"]
    assert row["chain_complete"] is True


def test_certificates_out_of_order_are_a_warning(run: Run, folder: Path) -> None:
    LEAF.write(folder, ROOT, MIDDLE)
    assert warned(run, folder) == [
        f"{folder}/server.pem: the certificates after the first are not in order, each followed by its issuer"
    ]


def test_a_key_that_everybody_can_read_is_a_warning(run: Run, folder: Path) -> None:
    (folder / "server.key").chmod(0o644)
    assert warned(run, folder) == [
        f"{folder}/server.key: every user of this machine can read the key; `chmod o-rwx` ends that"
    ]


def test_json_has_the_problems_and_the_warnings_of_each(run: Run, folder: Path) -> None:
    (folder / "server.key").chmod(0o644)
    outcome = run("cert", "check", "--days", "91", "--json")
    assert (outcome.code, outcome.err) == (1, "")
    [row] = outcome.data["certificates"]
    assert list(row) == [*KEYS, "problems", "warnings"]
    assert [line.split(": ")[1].split(",")[0] for line in row["problems"]] == ["expires in 90 days"]
    assert len(row["warnings"]) == 1
    assert run("cert", "check", "--json").code == 0


# All of it


@pytest.mark.parametrize("command", ["show", "check"])
def test_looking_changes_nothing(run: Run, house: House, own: Path, command: str) -> None:
    before = tree(house.folder)
    assert run("cert", command).code == 0
    assert tree(house.folder) == before


@pytest.mark.parametrize("command", ["create", "show", "check"])
def test_an_invalid_configuration_is_exit_code_3(run: Run, house: House, command: str) -> None:
    house.file.write_text("[sever]\n")
    assert run("cert", command).code == 3


def test_the_help_loads_neither_tls_nor_cryptography() -> None:
    script = "import sys; from mtq.commands.main import main; main(['cert', '--help']); "
    script += "print(*{'ssl', 'cryptography', 'trustme', 'idna', 'asyncio'} & set(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "\n"
