"""uvicorn's HTTP protocol with the deadlines it lacks: a connection whose request head does not arrive in time is
closed.

Bodies have their own deadline in the door, forwarded requests in the proxy.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0
_LIVE = "/api/v1/stream"


class DeadlineProtocol(HttpToolsProtocol):
    """Use as uvicorn's `http`. The clock runs from the connection, and anew from each request's first byte."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # uvicorn's own signature is asyncio.Transport
        """A client connected."""
        super().connection_made(transport)
        self._start()

    def on_message_begin(self) -> None:
        """The first bytes of a request."""
        super().on_message_begin()
        self._start()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends. A live page's stream would keep it waiting; it comes back by itself to the next gateway.

        Any other answer that has begun is finished.
        """
        super().shutdown()
        cycle = self.cycle
        if cycle is None or not cycle.response_started or cycle.response_complete:
            return
        if cycle.scope["path"] == _LIVE:
            self.transport.close()

    def _start(self) -> None:
        self._stop()
        self._deadline = self.loop.call_later(HEAD_S, self._too_late)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
