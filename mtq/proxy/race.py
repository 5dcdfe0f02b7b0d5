"""The first address that answers: they are tried one after the other, each a moment after the last (RFC 8305)."""

import asyncio
import errno
import os
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest

from mtq import readiness
from mtq.proxy.addresses import Address

NEXT_AFTER = 0.25
"""Seconds for which an address is waited for alone (RFC 8305, section 8)."""


def interleaved(addresses: Sequence[Address]) -> list[Address]:
    """The order in which to try: families take turns, the one that the system put first begins."""
    first = [address for address in addresses if address.version == addresses[0].version]
    second = [address for address in addresses if address.version != addresses[0].version]
    turns = chain.from_iterable(zip_longest(first, second))
    return [address for address in turns if address is not None]


async def connect(addresses: Sequence[Address], port: int) -> socket.socket:
    """A connection to the first of these that accepts one. Raises OSError: that of the address tried first."""
    if len(addresses) == 1:
        return await _connect(addresses[0], port)
    waiting = interleaved(addresses)
    trying: list[asyncio.Task[socket.socket]] = []
    under_way: set[asyncio.Task[socket.socket]] = set()
    try:
        while waiting or under_way:
            if waiting:
                task = asyncio.create_task(_connect(waiting.pop(0), port))
                trying.append(task)
                under_way.add(task)
            patience = NEXT_AFTER if waiting else None
            done, under_way = await asyncio.wait(
                under_way, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                if task.exception() is None:
                    trying.remove(task)
                    return task.result()
        raise next(error for task in trying if (error := task.exception()) is not None)
    finally:
        for task in trying:
            task.cancel()
            task.add_done_callback(_drop)


async def _connect(address: Address, port: int) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        error = sock.connect_ex((str(address), port))
        if error == errno.EINPROGRESS:
            await _answered(sock)
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
    except BaseException:
        sock.close()
        raise
    return sock


async def _answered(sock: socket.socket) -> None:
    """Wait until it is known what has become of a connection. uvloop's own way asks a thread for the address."""
    loop = asyncio.get_running_loop()
    ready, known = readiness.of(loop), loop.create_future()

    def heed(_: int) -> None:
        ready.watch(sock.fileno(), 0, heed)
        known.set_result(None)

    ready.watch(sock.fileno(), readiness.OUT, heed)
    try:
        await known
    finally:
        ready.watch(sock.fileno(), 0, heed)


def _drop(loser: asyncio.Task[socket.socket]) -> None:
    """It may have got through in the very moment in which it was given up."""
    if not loser.cancelled() and loser.exception() is None:
        loser.result().close()
