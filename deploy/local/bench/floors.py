"""What the bare parts do in the same run: rows into PostgreSQL, messages through the broker, posts over HTTP."""

import asyncio
import time

import aiohttp
import asyncpg
import nats
from aiohttp import web

from deploy.local.bench.figures import percentile

_ROW = ("350602007", 4_000_001, "YS20250101000001", "x" * 200)
BODY = b"x" * 460


async def copy_rows_per_s(admin_url: str, rows: int) -> float:
    """Rows a second by COPY into a plain table of one index."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(
            "CREATE TEMPORARY TABLE floor (id int PRIMARY KEY, division text, fen bigint, settlement text, body text)"
        )
        records = [(number, *_ROW) for number in range(rows)]
        started = time.perf_counter()
        await connection.copy_records_to_table("floor", records=records)
        return rows / (time.perf_counter() - started)
    finally:
        await connection.close()


async def stream_messages_per_s(url: str, subject: str, stream: str, messages: int, size: int) -> float:
    """Messages a second published on a stream with every ack awaited, 64 at a time."""
    client = await nats.connect(url, inbox_prefix=b"_INBOX_prober")
    try:
        js = client.jetstream(timeout=10)
        body = b"x" * size
        started = time.perf_counter()
        for _ in range(0, messages, 64):
            await asyncio.gather(*(js.publish(subject, body, stream=stream) for _ in range(64)))
        return messages / (time.perf_counter() - started)
    finally:
        await client.close()


async def post_latency_ms(posts: int, gap_s: float) -> tuple[float, float]:
    """p50 and p99 of a bare POST to a server that answers 204, one every `gap_s` seconds."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    took = []
    try:
        async with aiohttp.ClientSession() as http:
            for _ in range(posts):
                started = time.perf_counter()
                async with http.post(f"http://127.0.0.1:{port}/", data=BODY) as reply:
                    await reply.read()
                took.append((time.perf_counter() - started) * 1000)
                await asyncio.sleep(gap_s)
    finally:
        await runner.cleanup()
    return percentile(took, 0.5), percentile(took, 0.99)
