"""A message file as a service sends it that removes invalid Message-ID fields. The file itself is untouched."""

from mtq.mail import head
from mtq.mail.message import MessageFile


class CleanedFile(MessageFile):
    """An open message without what is left out of it. Its first piece comes when its header block has been read."""

    __slots__ = ("_begun", "_left_out")

    def __init__(self, path: bytes) -> None:
        super().__init__(path)
        self._begun: bytes | None = b""      # None: what is left out has been left out
        self._left_out = 0

    @property
    def left_out(self) -> int:
        """How many octets fewer are sent than the file would have on the wire."""
        return self._left_out

    def cached(self) -> bytes | None:
        """The next piece if the kernel has it at hand; None if the disk would have to be waited for."""
        while True:
            piece = super().cached()
            if piece is None or self._begun is None:
                return piece
            if self._is_enough(piece):
                return self._cleaned()

    def read(self) -> bytes:
        """The next piece, waiting for the disk if need be."""
        while True:
            piece = super().read()
            if self._begun is None:
                return piece
            if self._is_enough(piece):
                return self._cleaned()

    def _is_enough(self, piece: bytes) -> bool:
        assert self._begun is not None
        self._begun += piece
        return self.at_end or head.is_enough(self._begun)

    def _cleaned(self) -> bytes:
        begun, self._begun = self._begun, None
        assert begun is not None
        parts = head.left_out(begun)
        self._left_out = head.wire_octets(begun, parts)
        return head.without(begun, parts)
