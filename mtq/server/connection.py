"""One client's connection: feeds the session, writes its answers, does what it asks, keeps its clocks.

There is no task a session and none a command. Only what has to wait (a login, a removal, a cold disk, a TLS
handshake) runs as one, and the session parses nothing meanwhile.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TypeVar

from mtq.access.ranges import IPv4, IPv6
from mtq.channel import Channel
from mtq.errors import Code, Refusal
from mtq.ledger import Cause, LoginFailed, Remark, SessionLogin, SessionRecord, SessionRefused
from mtq.mail.maildrop import Maildrop
from mtq.protocol.asks import Answer, Ask, Bye, Commit, Committed, Fetch, Keys, Login, StartTls
from mtq.protocol.session import OUTPUT_LIMIT, Session
from mtq.proxy.proxy import Upstream
from mtq.proxy.relay import Relay
from mtq.server import progress
from mtq.server.clocks import Clocks
from mtq.server.retrieval import Retrieval
from mtq.server.terms import Terms

T = TypeVar("T")

LAST_WORDS = 5.0
"""Seconds an ended connection has to take what remains and to say goodbye in TLS."""

AT_ONCE = 32
"""Rounds of the loop of one client's session before it is the others' turn: one packet may ask for much."""

READ_FIRST = 0.01
"""Seconds between a clock that has run out and the end of the session: uvloop's timers come before what has arrived
while the loop was held up, and for that the server owes an answer."""

UNPARSED_LIMIT = 65536
"""Octets a client may send ahead of what is answered; past that its connection is not read from."""


class Connection(asyncio.Protocol):
    """See the module's first lines."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._loop = asyncio.get_running_loop()
        self._channel: Channel
        self._address: IPv4 | IPv6
        self._record: SessionRecord | None = None      # None: never let in
        self._session: Session | None = None           # None: not yet greeted
        self._clocks: Clocks
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._turn: asyncio.Handle | None = None      # the next, while others have theirs
        self._due: asyncio.TimerHandle | None = None      # a failed login waits for the moment of its answer
        self._maildrop: Maildrop | None = None
        self._retrieval: Retrieval | None = None       # of a session that has logged in
        self._decided = False         # slot and lock are free
        self._closing = False         # nothing more is done for the client but to send what remains
        self._lost = False            # there is no connection any more
        self._relay: Relay | None = None      # another server has the session
        self._committing = False      # messages are being removed: the session is decided when that is done
        self._upgrading = False       # a TLS handshake owns the connection
        self._inside_tls = False
        self._write_paused = False
        self._read_paused = False
        self._half_closed = False     # the client will send no more
        self._parting: tuple[Refusal, str] | None = None

    # Coming in

    def enter(self, address: IPv4 | IPv6) -> Refusal | None:
        """Come in by the door, or be told why not."""
        terms = self._terms
        refusal = terms.door.admit(address)
        if refusal is not None:
            terms.ledger.enter(SessionRefused(terms.name, str(address), refusal.cause, refusal.code is Code.SYS_TEMP))
            return refusal
        self._address = address
        self._record = terms.ledger.open(terms.name, str(address))
        self._clocks = Clocks(terms.offer.idle_timeout, terms.offer.login_timeout, self._loop.time())
        terms.joined(self)
        return None

    def begin(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Begin the session of a client that has come in; with a handshake, if TLS is there from the first byte."""
        self._channel = Channel(self._loop, sock, self)
        if tls is None:
            self._channel.begin()
            return
        # No time of its own: the login clock goes on and decides.
        self._look_later()
        self._channel.secure(tls, self._secured)

    def _secured(self, error: OSError | None) -> None:
        if error is None:
            self.connection_made(self._channel)
        else:
            self._not_shaken(error)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client has its connection and, on an implicit-TLS port, has done its handshake."""
        if self._channel.tls is not None:
            self._now_inside_tls()
        self._session = Session(self._terms.features(self._address, self._inside_tls))
        if self._timer is None:
            self._look_later()
        self._pump()

    def data_received(self, data: bytes) -> None:
        """The client has sent something."""
        session = self._session
        if session is None or self._record is None or self._closing:
            return
        self._record.bytes_in += len(data)
        heard = session.heard
        session.receive(data)
        if session.heard != heard:
            self._clocks.heard(self._loop.time())
        self._pump()

    def eof_received(self) -> bool:
        """The client will send no more; what it asked for before is still answered."""
        if self._inside_tls or self._session is None or self._closing:
            return False
        self._half_closed = True
        self._pump()
        return True

    def pause_writing(self) -> None:
        """The client reads slower than we write."""
        self._write_paused = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self._write_paused = False
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._closing = self._lost = True
        self._stop_timers()
        if self._task is not None and self._record is not None and self._record.state == "connecting":
            self._task.cancel()     # nobody waits for the other server any more
        self._leave()

    # What the server calls

    @property
    def record(self) -> SessionRecord:
        """The account of a client that was let in."""
        assert self._record is not None
        return self._record

    @property
    def decided(self) -> bool:
        """Whether slot and lock are free."""
        return self._decided

    @property
    def stuck(self) -> bool:
        """Whether something is to be sent that the client does not read."""
        return self._write_paused

    @property
    def idle(self) -> tuple[float, float]:
        """Seconds since the client did something, and until the session ends if it goes on doing nothing."""
        now = self._loop.time()
        return self._clocks.idle(now), self._clocks.left(now)

    def part(self, refusal: Refusal, reason: str) -> None:
        """End the session when the command in flight is done; remove nothing that was not committed."""
        if self._session is None:
            self.abort(reason)
            return
        if self._relay is not None:
            self._relay.part(reason)
            return
        self._parting = (refusal, reason)
        self._pump()

    def abort(self, reason: str) -> None:
        """Cut the connection."""
        if self._relay is not None:
            self._relay.abort(reason)
            return
        self._closing = True
        if not self._committing:
            self._decide(reason)
        self._channel.abort()

    # The loop of a session

    def _go_on(self) -> None:
        if self._session is not None and not self._closing and self._relay is None:
            self._pump()

    def _pump(self) -> None:
        """Send what there is and do what is asked, until client or task has to be waited for or others are due."""
        session = self._session
        assert session is not None
        for _ in range(AT_ONCE):
            if self._closing:
                break
            # Messages that are asked for together are sent together.
            if session.unsent and (session.unsent >= OUTPUT_LIMIT or not isinstance(session.ask, Fetch)):
                self._write(session.take())
            if session.ask is not None:
                if not self._do(session.ask):
                    break
            elif session.full and not self._write_paused:
                self._await_turn()
                break
            elif self._parting is not None and not session.full:
                session.leave(*self._parting)
            elif self._half_closed and not session.full:
                self._cut("client hung up")
            else:
                break
        else:
            self._await_turn()
        if session.unsent:
            self._write(session.take())
        self._regulate()

    def _await_turn(self) -> None:
        """Go on in the next turn of the event loop: others have something to ask, too."""
        if self._turn is None:
            self._turn = self._loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        session = self._session
        if session is not None and session.full and not self._closing and not self._write_paused:
            session.receive(b"")      # a list may be long
        self._go_on()

    def _do(self, ask: Ask) -> bool:
        """Do what is asked. False: it is not done yet."""
        if self._task is not None or self._due is not None:
            return False
        match ask:
            case Fetch():
                return self._fetch(ask)
            case Login():
                return self._log_in(ask)
            case Commit():
                return self._commit(ask)
            case Bye():
                self._cut(ask.reason)
            case Keys():
                self._run(self._find_keys(ask))
            case StartTls():
                self._start_tls()
        return False

    def _answer(self, result: Answer) -> None:
        """The outcome of what a task did."""
        self._clocks.wait(self._loop.time())
        assert self._session is not None
        self._session.answer(result)

    def _write(self, data: bytes) -> None:
        if data and self._record is not None and not self._channel.is_closing():
            self._record.bytes_out += len(data)
            self._channel.write(data)

    def _regulate(self) -> None:
        """Read from the client only as far ahead as is bearable."""
        session = self._session
        if self._closing or self._upgrading or session is None:
            return
        waiting = session.ask is not None or session.full      # else there is less than a line
        too_much = waiting and session.buffered > UNPARSED_LIMIT
        if too_much is not self._read_paused:
            self._read_paused = too_much
            if too_much:
                self._channel.pause_reading()
            else:
                self._channel.resume_reading()

    # What has to be waited for

    def _run(self, work: Coroutine[None, None, None]) -> None:
        """Do something that takes a while; the session parses nothing until it is done."""
        self._task = self._loop.create_task(self._work(work))

    async def _work(self, work: Coroutine[None, None, None]) -> None:
        with suppress(asyncio.CancelledError):      # by connection_lost: what it did was for a client that is gone
            await self._guard(work)
        self._task = None
        if self._lost:
            self._leave()
        else:
            self._go_on()

    async def _guard(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception as error:      # the last resort: one session ends, the others and the client's mail stay
            self._remark("error", f"internal error in a session: {error!r}")
            self.abort("internal error")

    async def _find_keys(self, ask: Keys) -> None:
        self._clocks.owe(self._loop.time())
        record, terms = self._record, self._terms
        assert record is not None
        outcome: Answer
        try:
            outcome = await terms.keys(ask.user)
        except Refusal as refusal:
            terms.ledger.enter(LoginFailed(record, ask.user, refusal.cause, Cause.UNAVAILABLE))
            outcome = refusal
        if not self._closing:
            self._answer(outcome)

    def _log_in(self, ask: Login) -> bool:
        """Log the client in; False when that takes a while."""
        assert self._record is not None
        if self._channel.closed:
            return False      # it is about to be told
        maildrop = self._terms.open_at_hand(ask.credentials, self._record)
        if maildrop is None:
            called: str = self._channel.sock.getsockname()[0]      # a socket tells it only for as long as it is open
            self._run(self._login(ask, called))
            return False
        self._opened(maildrop, ask)
        return True

    async def _login(self, ask: Login, called: str) -> None:
        began = self._loop.time()
        self._clocks.owe(began)
        record, ledger = self._record, self._terms.ledger
        assert record is not None
        try:
            opened = await self._terms.open(ask.credentials, record, called)
        except Refusal as refusal:
            record.state, record.target = "greeting", None
            cause = self._terms.cause(ask.credentials, self._address, refusal)
            ledger.enter(LoginFailed(record, ask.credentials.user, refusal.cause, cause))
            # No task waits: a client that hangs up meanwhile leaves nothing behind.
            due = began + self._terms.failed(ask.credentials, self._address, refusal)
            if not self._closing:
                self._due = self._loop.call_at(due, self._refuse, refusal)
            return
        if isinstance(opened, Upstream):
            self._relay_to(opened, ask)
            return
        self._opened(opened, ask)

    def _opened(self, maildrop: Maildrop, ask: Login) -> None:
        """The client has its mailbox, unless it has gone meanwhile."""
        self._maildrop = maildrop
        if self._decided:
            self._close_maildrop()
            return
        record, ledger = self._record, self._terms.ledger
        assert self._session is not None
        assert record is not None
        self._retrieval = Retrieval(self._session, maildrop, record, lambda cause: self._remark("error", cause))
        record.state, record.messages = "transaction", maildrop.listing.count
        self._clocks.logged_in = True
        if maildrop.locked is not None:
            ledger.lock(record, maildrop.locked)
        ledger.enter(SessionLogin(record, type(ask.credentials).__name__.lower(), maildrop.listing.count))
        self._answer(maildrop.listing)

    def _relay_to(self, upstream: Upstream, ask: Login) -> None:
        """Another server has the mailbox: from now on octets pass both ways, and no line is parsed any more."""
        session, record = self._session, self._record
        assert session is not None
        assert record is not None
        if self._closing:
            upstream.close()
            return
        record.user, record.state, record.target = ask.credentials.user, "proxied", str(upstream.server)
        self._terms.ledger.enter(SessionLogin(record, upstream.mechanism.lower(), None))
        now = self._loop.time()
        self._clocks.wait(now)
        self._clocks.logged_in = True
        self._write(upstream.answer)
        if self._read_paused:
            self._channel.resume_reading()
        self._relay = upstream.relay(
            self._channel, session.hand_over(), record, self._decide, self._relay_over, self._write_paused
        )
        if self._half_closed:
            self._relay.client_half_closed()
        if self._parting is not None:
            self._relay.part(self._parting[1])

    def _relay_over(self) -> None:
        """Both connections are closed."""
        self._relay = None
        self.connection_lost(None)

    def _refuse(self, refusal: Refusal) -> None:
        self._due = None
        self._answer(refusal)
        self._go_on()

    def _commit(self, ask: Commit) -> bool:
        if ask.numbers or (self._maildrop is not None and self._maildrop.unwritten):
            self._run(self._remove(ask))
            return False
        self._committed(0, 0)
        return True

    async def _remove(self, ask: Commit) -> None:
        # From here on the maildrop is this task's: a client that hangs up now does not end the removal.
        maildrop, self._maildrop = self._maildrop, None
        assert maildrop is not None
        self._clocks.owe(self._loop.time())
        self._committing = True
        try:
            stayed = await self._in_thread(lambda: _removed(maildrop, ask.numbers))
            self._report(maildrop)
            self._committed(len(ask.numbers), stayed)
        finally:
            self._committing = False

    def _committed(self, asked: int, stayed: int) -> None:
        assert self._record is not None
        self._record.deleted = asked - stayed
        self._decide("quit")
        if not self._closing:
            self._answer(Committed(stayed))

    # Messages

    def _fetch(self, ask: Fetch) -> bool:
        """Send on of a message; False when the client or the disk has to be waited for."""
        assert self._retrieval is not None
        if self._write_paused:
            return False
        if self._retrieval.go_on(ask):
            return True
        self._run(self._read_cold(self._retrieval, ask))
        return False

    async def _read_cold(self, retrieval: Retrieval, ask: Fetch) -> None:
        """Read on where the disk has to be waited for."""
        self._clocks.owe(self._loop.time())
        outcome = await retrieval.from_disk(ask)
        if self._closing:
            retrieval.close()
            return
        self._clocks.wait(self._loop.time())
        retrieval.answer(ask, outcome)

    def _close_file(self) -> None:
        if self._retrieval is not None:
            self._retrieval.close()

    # TLS

    def _start_tls(self) -> None:
        """Upgrade: the next octets belong to the handshake, for which there is as much time as for a login."""
        assert self._terms.tls is not None
        self._upgrading = True
        self._channel.secure(self._terms.tls, self._upgraded)

    def _upgraded(self, error: OSError | None) -> None:
        if error is not None:
            self._not_shaken(error)
            return
        assert self._session is not None
        self._upgrading = False
        self._read_paused = False
        self._now_inside_tls()
        self._clocks.heard(self._loop.time())
        self._session.answer(self._terms.features(self._address, inside_tls=True))
        self._pump()

    def _now_inside_tls(self) -> None:
        assert self._record is not None
        assert self._channel.tls is not None
        self._inside_tls = True
        self._record.tls = self._channel.tls.version()

    def _not_shaken(self, error: OSError) -> None:
        self.abort(f"TLS handshake failed: {getattr(error, 'reason', None) or error or type(error).__name__}")

    # The clocks

    def _look(self, again: bool = False) -> None:
        """Is the client still with us? A no is believed `again`."""
        now = self._loop.time()
        self._clocks.read(now, progress.of(self._channel.sock))
        if self._relay is not None:
            self._clocks.passed(self._relay.last)
        reason = self._clocks.over(now)
        if reason is None:
            self._look_later()
        elif again:
            self._cut(reason if self._session is not None else "TLS handshake failed: it took too long")
        else:
            self._timer = self._loop.call_later(READ_FIRST, self._look, True)

    def _look_later(self) -> None:
        self._timer = self._loop.call_later(self._clocks.next_look(self._loop.time()), self._look)

    # The end

    def _cut(self, reason: str) -> None:
        """End the connection: decide, let what remains be sent within bounds, and close."""
        if self._relay is not None:
            self._relay.end(reason)
            return
        self._decide(reason)
        self._close()

    def _leave(self) -> None:
        """The connection is gone; what still works for it is waited for, then its service forgets it."""
        if not self._committing:
            self._decide("connection lost")
        if self._task is None:
            self._close_file()
            self._retrieval = None      # no cycle is left for the garbage collector
            if self._record is not None:
                self._terms.left(self)

    def _decide(self, reason: str) -> None:
        """Free the slot and the lock, once."""
        if self._decided or self._record is None:
            return
        self._decided = True
        self._close_maildrop()
        self._terms.door.leave(self._address)
        self._terms.ledger.close(self._record, reason)

    def _close(self) -> None:
        self._closing = True
        self._stop_timers()
        if self._task is None:
            self._close_file()
        self._channel.close()
        if not self._channel.closed:
            self._timer = self._loop.call_later(LAST_WORDS, self._channel.abort)

    def _stop_timers(self) -> None:
        for timer in (self._timer, self._due):
            if timer is not None:
                timer.cancel()

    def _close_maildrop(self) -> None:
        maildrop, self._maildrop = self._maildrop, None
        if maildrop is None:
            return
        maildrop.release()
        if maildrop.unwritten:
            self._loop.run_in_executor(None, maildrop.close)
        self._report(maildrop)

    def _report(self, maildrop: Maildrop) -> None:
        for name, believed, counted in maildrop.wrong_sizes:
            self._remark("warning", f"{name}: its size was taken for {believed} octets, it has {counted}")

    # Small things

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await self._loop.run_in_executor(None, work)

    def _remark(self, level: str, text: str) -> None:
        self._terms.ledger.enter(Remark(level, text))


def _removed(maildrop: Maildrop, numbers: tuple[int, ...]) -> int:
    """Remove messages and close the maildrop; say how many stayed."""
    try:
        return maildrop.remove(numbers)
    finally:
        maildrop.close()
