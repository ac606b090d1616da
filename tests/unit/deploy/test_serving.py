"""The gateway as `serve gateway` serves it: who dawdles is shown out, live pages do not hold up its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from deploy.local.serve import GRACEFUL_S, configuration
from gateway import deadlines

_LIVE = b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n"
_FILE = b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n"


class Answering(Starlette):
    """An application whose answers begin at once and end when `go` is set."""

    def __init__(self) -> None:
        super().__init__(routes=[Route("/{where:path}", self.answer)])
        self.go = asyncio.Event()

    async def answer(self, request: Request) -> StreamingResponse:
        """The same for every path."""
        return StreamingResponse(self._pieces())

    async def _pieces(self) -> AsyncIterator[bytes]:
        yield b"begun"
        await self.go.wait()
        yield b"ended"


@asynccontextmanager
async def serving(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[int, uvicorn.Server, asyncio.Task[None], Answering]]:
    """An application in the gateway's place, served with the gateway's configuration."""
    app = Answering()
    monkeypatch.setattr("deploy.local.serve._application", lambda part: app)
    server = uvicorn.Server(configuration("gateway", port=0))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1], server, task, app
    finally:
        app.go.set()
        server.should_exit = True
        await task


async def _asking(port: int, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    return reader, writer


async def test_headers_that_dawdle_end_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "HEAD_S", 0.2)
    async with serving(monkeypatch) as (port, *_), asyncio.timeout(5):
        reader, writer = await _asking(port, b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n")
        assert await reader.read() == b""
        writer.close()


async def test_a_live_page_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(monkeypatch) as (port, server, task, _):
        reader, writer = await _asking(port, _LIVE)
        await reader.readuntil(b"begun")
        server.should_exit = True
        async with asyncio.timeout(GRACEFUL_S / 4):
            await task
        assert b"ended" not in await reader.read()
        writer.close()


async def test_an_answer_under_way_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(monkeypatch) as (port, server, task, app), asyncio.timeout(GRACEFUL_S):
        reader, writer = await _asking(port, _FILE)
        await reader.readuntil(b"begun")
        server.should_exit = True
        while server.servers and server.servers[0].is_serving():
            await asyncio.sleep(0.01)
        app.go.set()
        assert b"ended" in await reader.read()
        await task
        writer.close()
