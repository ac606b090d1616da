"""Live progress by server-sent events. Callers of the same territory and scopes share one look a second."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import orjson
from fastapi import Request
from starlette.responses import StreamingResponse

from gateway.auth import Grant
from gateway.desk import Desk, new_request_id
from gateway.progress import Progress, read_progress
from services.kit.errors import NotAllowed, ServiceError

LOOK_S = 1.0
CHECK_S = 30.0
"""How often an open stream makes sure that its caller may still see it."""
MOST_STREAMS = 5
_KEEP_ALIVE_S = 15.0
Key = tuple[str, frozenset[str], str]


class Channel:
    """One look a second for all callers who see the same."""

    def __init__(self, desk: Desk, grant: Grant) -> None:
        self._desk = desk
        self._grant = grant
        self._changed = asyncio.Condition()
        self.latest: Progress | None = None
        self.number = 0
        self.watchers = 0
        self._task: asyncio.Task[None] | None = None

    async def next(self, after: int) -> tuple[int, Progress]:
        """The first progress newer than number `after`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.number > after and self.latest is not None)
            assert self.latest is not None
            return self.number, self.latest

    def join(self, grant: Grant) -> None:
        """One more watches. The newest watcher's grant asks, since the first one's may run out."""
        self.watchers += 1
        self._grant = grant
        if self._task is None:
            self._task = asyncio.create_task(self._look())

    def leave(self) -> None:
        """One less watches; nobody left, nobody looks."""
        self.watchers -= 1
        if self.watchers == 0 and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _look(self) -> None:
        while True:
            with suppress(ServiceError):
                seen = await read_progress(self._desk, self._grant, new_request_id())
                if seen != self.latest:
                    async with self._changed:
                        self.latest, self.number = seen, self.number + 1
                        self._changed.notify_all()
            await asyncio.sleep(LOOK_S)


class Streams:
    """All open streams."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._channels: dict[Key, Channel] = {}
        self._open: dict[str, int] = {}

    def response(self, request: Request, grant: Grant) -> StreamingResponse:
        """An event stream for the caller.

        Raises: NotAllowed when the caller has too many open.
        """
        subject = grant.actor.subject
        if self._open.get(subject, 0) >= MOST_STREAMS:
            raise NotAllowed("打开的实时页面过多", "Too many live pages are open", code="too_many_streams")
        return StreamingResponse(
            self._events(request, grant),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _events(self, request: Request, grant: Grant) -> AsyncIterator[bytes]:
        actor = grant.actor
        channel = self._channels.setdefault(
            (actor.territory, actor.scopes, actor.partner or ""), Channel(self._desk, grant)
        )
        self._open[actor.subject] = self._open.get(actor.subject, 0) + 1
        channel.join(grant)
        loop = asyncio.get_running_loop()
        number, checked_at = 0, loop.time()
        try:
            yield b"retry: 2000\n\n"
            while True:
                try:
                    async with asyncio.timeout(_KEEP_ALIVE_S):
                        number, progress = await channel.next(number)
                    yield b"event: progress\nid: %d\ndata: %s\n\n" % (number, _data(progress))
                except TimeoutError:
                    yield b": still here\n\n"
                if loop.time() - checked_at > CHECK_S:
                    await self._check(request, grant)
                    checked_at = loop.time()
        except ServiceError:
            return
        finally:
            channel.leave()
            self._leave(actor.subject)

    async def _check(self, request: Request, grant: Grant) -> None:
        """Whether the caller is still who it was. Raises: NotSignedIn, Unavailable."""
        is_tls = request.url.scheme == "https"
        fresh = await self._desk.callers.of_request(request.headers, is_tls=is_tls, with_cookie=True)
        if fresh.actor != grant.actor:
            raise NotAllowed()

    def _leave(self, subject: str) -> None:
        left = self._open.get(subject, 1) - 1
        if left:
            self._open[subject] = left
        else:
            self._open.pop(subject, None)


def _data(progress: Progress) -> bytes:
    return orjson.dumps({"counts": progress.counts, "unavailable": progress.away}, option=orjson.OPT_SORT_KEYS)
