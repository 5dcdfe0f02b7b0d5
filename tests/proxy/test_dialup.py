"""Dialling: one attempt for all who wait, and hung up when nobody has used the link for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from mtq.proxy.dialup import Dialup, NoLink, Settings, Share, State
from mtq.proxy.proxy import Proxy
from mtq.proxy.settings import Tls
from tests.house import WAIT, LoopFactory
from tests.proxy.calling import LOOPS, attempt, proxy, run
from tests.proxy.front import Front
from tests.proxy.remote import READY, Peer, Remote
from tests.server.pop import Client


class Link:
    """A link whose commands leave a line in a file, and what was remarked about it."""

    def __init__(self, folder: Path, up: str = "true", timeout: float = WAIT, hangup_after: float = 0.0) -> None:
        self.file = folder / "calls"
        self.remarks: list[tuple[str, str]] = []
        self._changed = asyncio.Event()
        self.dialup = Dialup(
            Settings(
                ("/bin/sh", "-c", f"echo up >> {self.file}; {up}"),
                ("/bin/sh", "-c", f"echo down >> {self.file}"),
                timeout,
                hangup_after,
            ),
            self._remark,
        )

    @property
    def calls(self) -> list[str]:
        """The commands that were run."""
        return self.file.read_text().split() if self.file.exists() else []

    async def until(self, state: State) -> None:
        """Wait for the link to be in this state; each change of it is remarked."""
        async with asyncio.timeout(WAIT):
            while self.dialup.state is not state:
                self._changed.clear()
                await self._changed.wait()

    def _remark(self, level: str, text: str) -> None:
        self.remarks.append((level, text))
        self._changed.set()


Test = Callable[[Link], Awaitable[None]]


def have(test: Test, folder: Path, loop: LoopFactory, **settings: object) -> Link:
    """Have a test with a link, and hang up after it."""

    async def main() -> Link:
        link = Link(folder, **settings)  # type: ignore[arg-type]  # by name
        await test(link)
        await link.dialup.close()
        return link

    return run(main(), loop)


async def timers() -> None:
    """Let every timer go off that is due."""
    gone_off = asyncio.Event()
    asyncio.get_running_loop().call_later(0.0, gone_off.set)
    await gone_off.wait()


@LOOPS
def test_one_attempt_serves_all_who_wait(tmp_path: Path, loop: LoopFactory) -> None:
    async def test(link: Link) -> None:
        await asyncio.gather(*[link.dialup.hold() for _ in range(5)])
        assert link.dialup.state is State.UP
        await link.dialup.hold()
        for _ in range(6):
            link.dialup.release()

    assert have(test, tmp_path, loop).calls == ["up", "down"]


@LOOPS
def test_a_failure_is_told_to_all_who_wait_and_the_next_dials_anew(tmp_path: Path, loop: LoopFactory) -> None:
    async def test(link: Link) -> None:
        outcomes = await asyncio.gather(*[link.dialup.hold() for _ in range(3)], return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [NoLink] * 3
        assert link.dialup.state is State.DOWN
        with pytest.raises(NoLink, match="exit code 7: no carrier"):
            await link.dialup.hold()

    link = have(test, tmp_path, loop, up="echo no carrier; exit 7")
    assert link.calls == ["up", "up"]
    assert [level for level, _ in link.remarks] == ["error", "error"]
    assert "no carrier" in link.remarks[0][1]


@LOOPS
def test_an_attempt_that_takes_too_long_is_a_failure(tmp_path: Path, loop: LoopFactory) -> None:
    async def test(link: Link) -> None:
        with pytest.raises(NoLink, match="not done within"):
            await link.dialup.hold()

    have(test, tmp_path, loop, up="sleep 60", timeout=0.3)


@LOOPS
def test_the_link_is_hung_up_some_time_after_the_last_session(tmp_path: Path, loop: LoopFactory) -> None:
    async def test(link: Link) -> None:
        await link.dialup.hold()
        await link.dialup.hold()
        link.dialup.release()
        assert link.dialup.state is State.UP
        link.dialup.release()
        await link.until(State.DOWN)

    assert have(test, tmp_path, loop, hangup_after=0.1).calls == ["up", "down"]


@LOOPS
def test_a_session_that_comes_in_time_keeps_the_link(tmp_path: Path, loop: LoopFactory) -> None:
    async def test(link: Link) -> None:
        await link.dialup.hold()
        link.dialup.release()
        await link.dialup.hold()
        link.dialup.release()

    assert have(test, tmp_path, loop, hangup_after=60.0).calls == ["up", "down"]


@LOOPS
def test_a_session_that_comes_while_it_is_hung_up_dials_after_that(tmp_path: Path, loop: LoopFactory) -> None:
    async def test(link: Link) -> None:
        await link.dialup.hold()
        link.dialup.release()
        await timers()
        assert link.dialup.state is State.HANGING_UP
        await link.dialup.hold()

    assert have(test, tmp_path, loop).calls == ["up", "down", "up", "down"]


@LOOPS
def test_who_gives_up_waiting_does_not_take_the_attempt_from_the_others(tmp_path: Path, loop: LoopFactory) -> None:
    go = tmp_path / "go"

    async def test(link: Link) -> None:
        first, second = asyncio.create_task(link.dialup.hold()), asyncio.create_task(link.dialup.hold())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        go.touch()
        await second
        assert link.dialup.state is State.UP

    assert have(test, tmp_path, loop, up=f"until test -e {go}; do sleep 0.05; done").calls == ["up", "down"]


@LOOPS
def test_a_link_that_nobody_waits_for_any_more_is_hung_up_too(tmp_path: Path, loop: LoopFactory) -> None:
    async def test(link: Link) -> None:
        waiting = asyncio.create_task(link.dialup.hold())
        await asyncio.sleep(0)
        waiting.cancel()
        await link.until(State.UP)
        await link.until(State.DOWN)

    assert have(test, tmp_path, loop).calls == ["up", "down"]


@LOOPS
def test_the_end_of_the_server_hangs_up_at_once(tmp_path: Path, loop: LoopFactory) -> None:
    async def test(link: Link) -> None:
        await link.dialup.hold()
        await link.dialup.close()
        assert link.dialup.state is State.DOWN
        link.dialup.release()
        with pytest.raises(NoLink, match="going down"):
            await link.dialup.hold()

    assert have(test, tmp_path, loop, hangup_after=60.0).calls == ["up", "down"]


@LOOPS
def test_the_end_of_the_server_ends_an_attempt(tmp_path: Path, loop: LoopFactory) -> None:
    async def test(link: Link) -> None:
        waiting = asyncio.create_task(link.dialup.hold())
        await asyncio.sleep(0)
        await link.dialup.close()
        with pytest.raises(NoLink):
            await waiting

    assert "down" not in have(test, tmp_path, loop, up="sleep 60").calls


@LOOPS
def test_a_failed_hang_up_is_remarked_and_the_next_session_dials(tmp_path: Path, loop: LoopFactory) -> None:
    async def main() -> list[tuple[str, str]]:
        remarks: list[tuple[str, str]] = []
        link = Dialup(Settings((), ("/bin/false",), hangup_after=60.0), lambda *remark: remarks.append(remark))
        await link.hold()
        await link.close()
        assert link.state is State.DOWN
        return remarks

    assert run(main(), loop)[-1] == ("error", "dial-up: cannot hang up: /bin/false: exit code 1")


def test_a_share_is_taken_once_and_given_back_once(tmp_path: Path) -> None:
    async def main() -> None:
        link = Link(tmp_path, hangup_after=60.0)
        share, other = Share(link.dialup), Share(link.dialup)
        await other.take()
        await share.take()
        await share.take()
        share.give_back()
        share.give_back()
        assert link.dialup.users == 1
        other.give_back()
        await link.dialup.close()

    run(main())


# With a proxy


def let_in(peer: Peer) -> None:
    """Let in whoever says USER and PASS in the clear."""
    peer.say(READY)
    while line := peer.hear():
        peer.say(b"+OK in\r\n" if line.startswith((b"USER", b"PASS")) else b"-ERR\r\n")


def call(folder: Path, host: str, port: int, lan: bool, up: str = "true", tls: Tls = Tls.AUTO) -> tuple[bytes, Link]:
    """What a client gets whose proxy dials."""

    async def main() -> tuple[bytes, Link]:
        link = Link(folder, up, hangup_after=60.0)
        one = proxy(port, host=host, tls=tls, lan=lan, dialup=link.dialup)
        answer = await attempt(one, f"{host}:{port}")
        assert link.dialup.users == 0
        await link.dialup.close()
        return answer, link

    return run(main())


def test_a_target_on_the_local_network_is_reached_without_the_link(tmp_path: Path) -> None:
    with Remote(let_in) as remote:
        answer, link = call(tmp_path, "127.0.0.1", remote.port, lan=True)
    assert answer == b"+OK in"
    assert link.calls == []


def test_another_target_is_reached_by_the_link(tmp_path: Path) -> None:
    with Remote(let_in) as remote:
        answer, link = call(tmp_path, "127.0.0.1", remote.port, lan=False, tls=Tls.OFF)
    assert answer == b"+OK in"
    assert link.calls == ["up", "down"]


def test_without_the_link_nothing_is_connected(tmp_path: Path) -> None:
    with Remote(let_in) as remote:
        answer, link = call(tmp_path, "127.0.0.1", remote.port, lan=False, up="false")
        assert remote.peers == []
    expected = b"-ERR [SYS/TEMP] cannot reach 127.0.0.1:%d: the dial-up link does not come up"
    assert answer == expected % remote.port
    assert link.calls == ["up"]


def test_a_name_that_is_not_known_without_the_link_is_looked_up_with_it(tmp_path: Path) -> None:
    answer, link = call(tmp_path, "no.such.host.invalid", 995, lan=True)
    assert answer == b"-ERR [SYS/TEMP] cannot reach no.such.host.invalid:995: name not found"
    assert link.calls == ["up", "down"]


def test_for_a_target_that_is_refused_nothing_is_dialled(tmp_path: Path) -> None:
    async def main() -> Link:
        link = Link(tmp_path)
        one = proxy(995, host="127.0.0.1", lan=False, own=lambda address, port: True, dialup=link.dialup)
        assert (await attempt(one, "127.0.0.1:995")).startswith(b"-ERR [AUTH]")
        assert (await attempt(one, "pop.isp.com")).startswith(b"-ERR [AUTH]")
        return link

    assert run(main()).calls == []


def test_a_session_keeps_the_link_until_it_is_over(tmp_path: Path) -> None:
    links: list[Link] = []

    def make(port: int) -> Proxy:
        links.append(Link(tmp_path, hangup_after=0.0))
        return proxy(port, tls=Tls.OFF, lan=False, dialup=links[0].dialup)

    with Remote(let_in) as remote, Front(
        lambda: make(remote.port), f"127.0.0.1:{remote.port}", uvloop.new_event_loop
    ) as front:
        with Client(front.port) as client:
            assert client.line() == b"+OK in"
            front.wait_for_the_relay()
            assert links[0].dialup.users == 1
        front.end()
        assert links[0].dialup.users == 0
        front.wait(links[0].dialup.close())
    assert links[0].calls == ["up", "down"]
