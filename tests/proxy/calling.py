"""A proxy to call with, and what comes of a login through it."""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvloop

from mtq.access.servers import pattern
from mtq.errors import Refusal
from mtq.protocol.sasl import Password
from mtq.proxy.dialup import Dialup
from mtq.proxy.failures import Failures
from mtq.proxy.proxy import Proxy
from mtq.proxy.settings import Auth, Exceptions, Settings, Tls
from tests.house import LoopFactory, guarded

T = TypeVar("T")

LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def run(work: Coroutine[Any, Any, T], loop: LoopFactory = uvloop.new_event_loop) -> T:
    """Do this on such a loop, where whatever blocks fails, and leave nothing behind."""

    async def main() -> T:
        try:
            return await work
        finally:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            if left:        # those that were cancelled have not heard of it yet
                _, still = await asyncio.wait(left, timeout=1.0)
                assert not still, still

    with guarded(), asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main())


def proxy(
    port: int,
    *,
    host: str = "127.0.0.1",
    tls: Tls = Tls.AUTO,
    verify: bool = True,
    ca_file: Path | None = None,
    auth: Auth = Auth.AUTO,
    patience: float = 5.0,
    lan: bool = True,
    failures: Failures | None = None,
    own: Callable[[Any, int], bool] = lambda address, port: False,
    dialup: Dialup | None = None,
) -> Proxy:
    """A proxy that may call this one server."""
    settings = Settings(
        allow=(pattern(f"{host}:{port}"),),
        tls=tls,
        verify=verify,
        ca_file=ca_file,
        connect_timeout=patience,
        exceptions={host: Exceptions(auth=auth)},
    )
    return Proxy(settings, failures or Failures(lambda: NOW), lambda address: lan, own, dialup)


async def attempt(proxy: Proxy, server: str, user: str = "fred", secret: bytes = b"secret") -> bytes:
    """Log in and hang up; the line that the client gets, without its end."""
    name = f"{user}#{server}"
    try:
        target = proxy.target(name, ())
        assert target is not None
        upstream = await proxy.log_in(target, Password(name, secret))
    except Refusal as refusal:
        return refusal.line
    upstream.close()
    return upstream.answer.removesuffix(b"\r\n")


def digest(stamp: bytes, secret: bytes = b"secret") -> bytes:
    """What APOP sends."""
    return hashlib.md5(stamp + secret).hexdigest().encode()
