"""Waiting for a thing itself, instead of for a while."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

_LOOK_S = 0.02


async def until(
    condition: Callable[[], bool | Awaitable[bool]],
    *,
    within_s: float = 20.0,
    every_s: float = _LOOK_S,
    what: str = "",
) -> None:
    """Look again and again until `condition` (plain or async) holds; `every_s` is longer where a look is costly.

    Raises: AssertionError when it does not within `within_s` seconds; `what` says in it what was waited for.
    """
    end = time.monotonic() + within_s
    while True:
        held = condition()
        if inspect.isawaitable(held):
            held = await held
        if held:
            return
        assert time.monotonic() < end, f"waited {within_s} s for {what or inspect.getsource(condition).strip()}"
        await asyncio.sleep(every_s)
