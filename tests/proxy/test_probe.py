"""The probe shows what is there, step by step, and what a client would get."""

from contextlib import aclosing

import pytest

from mtq.access.servers import parse
from mtq.errors import Code, Refusal
from mtq.proxy.dialup import Dialup, Settings, State
from mtq.proxy.probe import Account, probe
from mtq.proxy.proxy import Proxy
from mtq.proxy.settings import Tls
from mtq.proxy.steps import Step
from tests.house import LoopFactory, free_port
from tests.proxy.calling import LOOPS, proxy, run
from tests.proxy.dovecot import EXPIRED, GOOD, SELF_SIGNED, WRONG_NAME, Dovecot
from tests.proxy.remote import READY, WITH_APOP, Peer, Remote

FRED = Account("fred", b"secret")


def steps(
    one: Proxy,
    server: str,
    account: Account | None = None,
    loop: LoopFactory | None = None,
    refused: Refusal | None = None,
    dial: bool = False,
) -> list[Step]:
    """All steps of a probe."""

    async def main() -> list[Step]:
        return [step async for step in probe(one, parse(server), account, refused, dial)]

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
    assert named(found, "verdict") == Step("verdict", True, 0.0, "a client can log in there", {"answer": None})


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


def test_no_password_goes_to_a_server_that_is_not_allowed() -> None:
    def talk(peer: Peer) -> None:
        peer.say(WITH_APOP)
        while peer.hear():
            peer.say(b"-ERR\r\n")

    with Remote(talk) as remote:
        found = steps(proxy(110, tls=Tls.OFF), f"127.0.0.1:{remote.port}", FRED)
    assert not named(found, "login").ok
    assert remote.heard == [[b"CAPA", b"QUIT"]]


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


def test_what_every_client_is_refused_is_the_verdict_though_all_is_well(dovecot: Dovecot) -> None:
    one = proxy(dovecot.pop3s, host=GOOD, tls=Tls.IMPLICIT, ca_file=dovecot.authority)
    off = Refusal(Code.AUTH, "wrong user name or password")
    found = steps(one, f"{GOOD}:{dovecot.pop3s}", FRED, refused=off)
    assert [step.name for step in found if not step.ok] == ["verdict"]
    assert named(found, "verdict").facts == {"answer": "-ERR [AUTH] wrong user name or password"}


# Where a client's login does not ask what the probe asks


def test_a_server_that_does_not_survive_capa_is_called_again_for_the_login() -> None:
    def no_capa(peer: Peer) -> None:
        peer.say(WITH_APOP)
        peer.hear()

    def apop(peer: Peer) -> None:
        peer.say(WITH_APOP)
        peer.answer(b"+OK yours", b"+OK 2 320", b"+OK bye")

    with Remote(no_capa, apop) as remote:
        found = steps(proxy(remote.port, tls=Tls.OFF), f"127.0.0.1:{remote.port}", FRED)
    assert not named(found, "capabilities").ok
    assert named(found, "verdict").text == "a client gets: +OK yours"


@pytest.mark.parametrize(("greeting", "ok"), [(WITH_APOP, True), (READY, False)])
def test_without_an_account_it_is_told_by_whether_a_login_would_ask(greeting: bytes, ok: bool) -> None:
    def no_capa(peer: Peer) -> None:
        peer.say(greeting)
        peer.hear()

    with Remote(no_capa) as remote:
        found = steps(proxy(remote.port, tls=Tls.OFF), f"127.0.0.1:{remote.port}")
    assert named(found, "verdict").ok is ok


def test_a_server_that_takes_no_leave_is_as_good_as_any() -> None:
    def talk(peer: Peer) -> None:
        peer.say(READY)
        peer.answer(b"-ERR")
        peer.hear()

    with Remote(talk) as remote:
        found = steps(proxy(remote.port, tls=Tls.OFF), f"127.0.0.1:{remote.port}")
    assert all(step.ok for step in found)


@pytest.mark.parametrize(
    ("stat", "then"), [(b"-ERR disk", "says no: disk"), (b"", "it hung up"), (b"+OK many", "it does not speak POP3")]
)
def test_a_mailbox_that_cannot_be_looked_at_is_no_success(stat: bytes, then: str) -> None:
    def talk(peer: Peer) -> None:
        peer.say(WITH_APOP)
        peer.answer(b"-ERR", b"+OK yours")
        peer.hear()
        if stat:
            peer.say(stat + b"\r\n")

    with Remote(talk) as remote:
        found = steps(proxy(remote.port, tls=Tls.OFF), f"127.0.0.1:{remote.port}", FRED)
    verdict = named(found, "verdict")
    assert not named(found, "stat").ok
    assert not verdict.ok
    assert verdict.text.startswith("a client gets: +OK yours; and then ")
    assert then in verdict.text
    assert verdict.facts == {"answer": "+OK yours"}


# A link


def links(dial: bool, up: str = "/bin/true", lan: bool = False) -> tuple[list[Step], State]:
    """The steps to a server beyond a link, and what the link is doing then."""

    def talk(peer: Peer) -> None:
        peer.say(READY)
        peer.answer(b"-ERR", b"+OK bye")

    async def main() -> tuple[list[Step], State]:
        link = Dialup(Settings((up,), ()), lambda level, text: None)
        one = proxy(remote.port, tls=Tls.OFF, lan=lan, dialup=link)
        found = [step async for step in probe(one, parse(f"127.0.0.1:{remote.port}"), dial=dial)]
        state = link.state
        await link.close()
        return found, state

    with Remote(talk) as remote:
        return run(main())


def test_a_link_is_not_dialled_unasked() -> None:
    found, state = links(dial=False)
    assert named(found, "link").text == "a client's login would dial, this test does not"
    assert named(found, "verdict").ok
    assert state is State.DOWN


def test_asked_to_it_dials() -> None:
    found, state = links(dial=True)
    assert named(found, "link") == Step("link", True, named(found, "link").seconds, "up")
    assert state is State.UP


def test_a_link_that_does_not_come_up_is_what_a_client_hears() -> None:
    found, _ = links(dial=True, up="/bin/false")
    assert "exit code 1" in named(found, "link").text
    assert named(found, "verdict").text.endswith("the dial-up link does not come up")


def test_for_the_local_network_no_link_is_spoken_of() -> None:
    found, _ = links(dial=True, lan=True)
    assert "link" not in [step.name for step in found]


@pytest.mark.parametrize("dial", [False, True])
def test_what_is_not_reached_undialled_is_no_verdict_on_the_server(dial: bool) -> None:
    async def main() -> list[Step]:
        link = Dialup(Settings((), ()), lambda level, text: None)
        one = proxy(110, host="nowhere.invalid", lan=False, dialup=link)
        found = [step async for step in probe(one, parse("nowhere.invalid:110"), dial=dial)]
        await link.close()
        return found

    found = run(main())
    assert [step.name for step in found] == ["allowed", "name", "link", "name", "verdict"]
    answer = "-ERR [SYS/TEMP] cannot reach nowhere.invalid:110: name not found"
    assert named(found, "verdict").facts == {"answer": answer if dial else None}
