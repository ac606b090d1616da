"""One small GET on this machine, for looking whether a server answers. No library: the supervisor starts at once."""

import asyncio


async def get(port: int, path: str, *, timeout_s: float) -> tuple[int, bytes]:
    """Answer the status and the body of `http://127.0.0.1:port/path`.

    Raises: OSError, TimeoutError or EOFError when nothing sensible comes back in time.
    """
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n".encode())
            head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        finally:
            writer.close()
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        raise EOFError("no HTTP answer")
    return int(words[1]), body
