"""A message on its way to one client: from the page cache in place, from the disk in a thread."""

import asyncio
from collections.abc import Callable

from mtq.errors import Code, Refusal
from mtq.ledger import SessionRecord
from mtq.mail.maildrop import Maildrop
from mtq.mail.message import MessageFile
from mtq.protocol.asks import Fetch, Piece
from mtq.protocol.session import Session

Outcome = bytes | Refusal | OSError


class Retrieval:
    """The messages of one session, one at a time. `remark` enters an error into the log."""

    def __init__(
        self, session: Session, maildrop: Maildrop, record: SessionRecord, remark: Callable[[str], None]
    ) -> None:
        self._session = session
        self._maildrop = maildrop
        self._record = record
        self._remark = remark
        self._file: MessageFile | None = None

    def go_on(self, ask: Fetch) -> bool:
        """Answer with what is at hand; False when the disk has to be waited for."""
        try:
            if self._file is None:
                self._file = self._maildrop.message(ask.number)
            data = None if self._file is None else self._file.cached()
        except (Refusal, OSError) as error:
            self.answer(ask, error)
            return True
        if data is None:
            return False
        self._piece(ask, data)
        return True

    async def from_disk(self, ask: Fetch) -> Outcome:
        """Read on, waiting for the disk."""
        loop = asyncio.get_running_loop()
        try:
            if self._file is None:
                self._file = await loop.run_in_executor(None, self._maildrop.search, ask.number)
            return await loop.run_in_executor(None, self._file.read)
        except (Refusal, OSError) as error:
            return error

    def answer(self, ask: Fetch, outcome: Outcome) -> None:
        """Give the session what was read, or why nothing was."""
        if isinstance(outcome, Refusal | OSError):
            self._unreadable(ask, outcome)
        else:
            self._piece(ask, outcome)

    def close(self) -> None:
        """Done with the message that is open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _piece(self, ask: Fetch, data: bytes) -> None:
        file = self._file
        assert file is not None
        self._session.answer(Piece(data, file.at_end))
        if self._session.ask is ask:
            return
        self.close()
        if ask.lines is None:
            self._record.retrieved += 1
            self._maildrop.counted(ask.number, self._session.octets, file.left_out)

    def _unreadable(self, ask: Fetch, error: Refusal | OSError) -> None:
        """A message has gone, or cannot be read: the client is told, and the log why."""
        self.close()
        if isinstance(error, OSError):
            error = Refusal.unreadable("this message", f"message {ask.number} of {self._record.user}", error)
        if error.code is not Code.NONE:
            self._remark(error.cause)
        self._session.answer(error)
