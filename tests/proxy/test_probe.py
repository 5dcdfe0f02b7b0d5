"""The probe shows what is there, step by step, and what a client would get."""

from contextlib import aclosing

import pytest

from mtq.access.servers import parse
from mtq.proxy.probe import Account, probe
from mtq.proxy.proxy import Proxy
from mtq.proxy.settings import Tls
from mtq.proxy.steps import Step
from tests.house import LoopFactory, free_port
from tests.proxy.calling import LOOPS, proxy, run
from tests.proxy.dovecot import EXPIRED, GOOD, SELF_SIGNED, WRONG_NAME, Dovecot
from tests.proxy.remote import READY, Peer, Remote

FRED = Account("fred", b"secret")


def steps(one: Proxy, server: str, account: Account | None = None, loop: LoopFactory | None = None) -> list[Step]:
    """All steps of a probe."""

    async def main() -> list[Step]:
        return [step async for step in probe(one, parse(server), account)]

    return run(main(), loop) if loop else run(main())


def named(found: list[Step], name: str) -> Step:
    """The last step of this name."""
    return [step for step in found if step.name == name][-1]


def silent(peer: Peer) -> None:
    """Say nothing."""
    peer.wait_for_the_end()


@LOOPS
def test_a_server_is_shown_with_login_and_stat(dovecot: Dovecot, loop: LoopFactory) -> None:
    one = proxy(dovecot.pop3, host=GOOD, ca_file=dovecot.authority)
    found = steps(one, f"{GOOD}:{dovecot.pop3}", FRED, loop)
    assert [step.name for step in found] == [
        "allowed", "name", "address", "route", "greeting", "capabilities", "stls", "tls", "certificate",
        "apop", "capabilities", "login", "stat", "verdict",
    ]
    assert all(step.ok for step in found)
    assert named(found, "route").facts == {"address": GOOD, "port": dovecot.pop3}
    assert named(found, "tls").facts["version"] == "TLSv1.3"
    assert named(found, "apop").facts == {"offered": True}
    assert named(found, "login").facts == {"mechanism": "APOP"}
    assert named(found, "stat").facts["messages"] == 2
    assert named(found, "verdict").text == "a client gets: +OK Logged in."


def test_capabilities_are_shown_before_and_after_stls(dovecot: Dovecot) -> None:
    found = steps(proxy(dovecot.pop3, host=GOOD, ca_file=dovecot.authority), f"{GOOD}:{dovecot.pop3}")
    before, after = [step.facts["capabilities"] for step in found if step.name == "capabilities"]
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert "STLS" in before
    assert "STLS" not in after


def test_without_an_account_nobody_is_logged_in(dovecot: Dovecot) -> None:
    one = proxy(dovecot.pop3s, host=GOOD, tls=Tls.IMPLICIT, ca_file=dovecot.authority)
    found = steps(one, f"{GOOD}:{dovecot.pop3s}")
    assert "login" not in [step.name for step in found]
    assert named(found, "verdict") == Step("verdict", True, 0.0, "a client can log in there")


def test_a_wrong_password_is_what_the_server_says(dovecot: Dovecot) -> None:
    one = proxy(dovecot.pop3s, host=GOOD, tls=Tls.IMPLICIT, ca_file=dovecot.authority)
    found = steps(one, f"{GOOD}:{dovecot.pop3s}", Account("fred", b"wrong"))
    assert not named(found, "login").ok
    assert named(found, "verdict").text == "a client gets: -ERR [AUTH] Authentication failed."


@pytest.mark.parametrize(
    ("host", "fault"),
    [(EXPIRED, "expired on"), (WRONG_NAME, "but for pop.example.com"), (SELF_SIGNED, "self-signed")],
)
def test_a_certificate_that_is_not_trusted_is_shown_with_what_is_wrong(
    dovecot: Dovecot, host: str, fault: str
) -> None:
    one = proxy(dovecot.pop3s, host=host, tls=Tls.IMPLICIT, ca_file=dovecot.authority)
    found = steps(one, f"{host}:{dovecot.pop3s}", FRED)
    certificate = named(found, "certificate")
    assert not certificate.ok
    assert fault in certificate.text
    assert certificate.facts["chain"]
    assert named(found, "verdict").text.endswith("certificate not trusted")
    assert "login" not in [step.name for step in found]


def test_an_unknown_authority_is_what_is_wrong_with_a_good_certificate(dovecot: Dovecot) -> None:
    found = steps(proxy(dovecot.pop3s, host=GOOD, tls=Tls.IMPLICIT), f"{GOOD}:{dovecot.pop3s}")
    assert named(found, "certificate").facts["faults"] == ["unable to get local issuer certificate"]


def test_a_server_that_is_not_allowed_is_shown_all_the_same(dovecot: Dovecot) -> None:
    one = proxy(995, host="pop.isp.com", ca_file=dovecot.authority)
    found = steps(one, f"{GOOD}:{dovecot.pop3}")
    assert not named(found, "allowed").ok
    assert named(found, "certificate").ok
    assert named(found, "verdict").text == "a client gets: -ERR [AUTH] this server is not allowed as a target"


def test_this_server_itself_is_not_called() -> None:
    with Remote(silent) as remote:
        one = proxy(remote.port, own=lambda address, port: True)
        found = steps(one, f"127.0.0.1:{remote.port}")
        assert [(step.name, step.ok) for step in found] == [
            ("allowed", True), ("name", True), ("address", False), ("verdict", False)
        ]
        assert remote.peers == []


def test_what_cannot_be_reached_is_said() -> None:
    port = free_port()
    found = steps(proxy(port), f"127.0.0.1:{port}")
    assert [step.name for step in found] == ["allowed", "name", "address", "route", "verdict"]
    assert named(found, "verdict").text.endswith("connection refused")


def test_a_timestamp_that_may_not_be_used_is_shown() -> None:
    def talk(peer: Peer) -> None:
        peer.say(READY.replace(b"ready", b"<1.2@\xff>"))
        peer.answer(b"-ERR", b"-ERR", b"+OK bye")

    with Remote(talk) as remote:
        found = steps(proxy(remote.port), f"127.0.0.1:{remote.port}")
    assert not named(found, "apop").ok
    assert named(found, "verdict").ok


@LOOPS
def test_a_probe_that_is_given_up_leaves_nothing_behind(loop: LoopFactory) -> None:
    async def main() -> None:
        async with aclosing(probe(proxy(remote.port, patience=60), parse(f"127.0.0.1:{remote.port}"))) as found:
            async for step in found:
                if step.name == "route":
                    break

    with Remote(silent) as remote:
        run(main(), loop)
