"""The outbox: an event is a row in the caller's transaction, so state and event commit together or not at all."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.event import Event
from services.kit.db import FreshEvent
from services.kit.statements import Statement, fetch

_INSERT = Statement(
    "INSERT INTO outbox (id, subject, urgent, ref, version, division, body) SELECT * FROM unnest("
    "CAST(:ids AS uuid[]), CAST(:subjects AS text[]), CAST(:urgent AS boolean[]), CAST(:refs AS uuid[]),"
    " CAST(:versions AS bigint[]), CAST(:divisions AS text[]), CAST(:bodies AS text[]))"
)


async def emit(db: AsyncSession, *events: Event) -> None:
    """Put events into the outbox, in one statement. When the transaction commits, the relay has them at once."""
    if not events:
        return
    bodies = [event.to_cloud_event() for event in events]
    await fetch(
        db,
        _INSERT,
        {
            "ids": [event.id for event in events],
            "subjects": [type(event).SUBJECT for event in events],
            "urgent": [event.urgent for event in events],
            "refs": [event.ref for event in events],
            "versions": [event.version for event in events],
            "divisions": [event.division for event in events],
            "bodies": bodies,
        },
    )
    db.info.setdefault("events", []).extend(
        FreshEvent(event.id, type(event).SUBJECT, event.urgent, body)
        for event, body in zip(events, bodies, strict=True)
    )
