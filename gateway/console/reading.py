"""How a page reads: through the visitor's own eyes, each panel by itself, so that a part that is away takes only its
own."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request

from gateway.clients import Parts
from gateway.console.pages import Visitor, desk_of
from services.kit.errors import ServiceError

T = TypeVar("T")


@dataclass(frozen=True)
class Panel(Generic[T]):
    """A panel's content, or the problem that stands in its place."""

    value: T | None
    problem: dict[str, Any] | None = None

    @property
    def is_there(self) -> bool:
        """Whether the content came."""
        return self.problem is None


async def panel(reading: Awaitable[T]) -> Panel[T]:
    """Read for a panel."""
    try:
        return Panel(await reading)
    except ServiceError as error:
        return Panel(None, error.problem())


async def panels(*readings: Awaitable[Any]) -> list[Panel[Any]]:
    """Read for several panels at once."""
    return list(await asyncio.gather(*(panel(reading) for reading in readings)))


def parts_of(request: Request, visitor: Visitor, *, purpose: str = "console") -> Parts:
    """The parts as the visitor sees them."""
    return Parts(desk_of(request), visitor.grant, request.state.request_id, purpose=purpose)
