"""Whose certificates are believed: TLS contexts for remote servers, made once each and off the event loop."""

import asyncio
import ssl
from pathlib import Path

from mtq.access.servers import Server
from mtq.proxy.refusals import Trouble, Unreachable


class Trust:
    """Keeps the contexts that were made."""

    def __init__(self) -> None:
        self._made: dict[tuple[bool, Path | None], ssl.SSLContext] = {}

    async def context(self, verify: bool, ca_file: Path | None, server: Server) -> ssl.SSLContext:
        """What a connection to this server needs. Raises Unreachable if the file cannot be used."""
        key = (verify, ca_file if verify else None)
        if key not in self._made:
            try:
                self._made[key] = await asyncio.get_running_loop().run_in_executor(None, _make, *key)
            except OSError as error:      # SSLError, too
                reason = str(getattr(error, "reason", None) or error.strerror or error).replace("_", " ").lower()
                raise Unreachable(Trouble.CERTIFICATE, server, f"{ca_file}: {reason}") from None
        return self._made[key]


def _make(verify: bool, ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 at least: what a provider offers less than that for, no certificate can vouch for."""
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context = ssl.create_default_context()
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
