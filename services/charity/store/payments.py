"""Payment batches and their lines."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.charity.models import Payment, PaymentBatch
from services.charity.store.reading import fresh

_SETTLE = text(
    "UPDATE payment p SET state = n.state, settled_on = n.settled_on, receipt = :receipt"
    " FROM unnest(CAST(:lines AS int[]), CAST(:states AS text[]), CAST(:days AS date[])) AS n(line, state, settled_on)"
    " WHERE p.batch_id = :batch_id AND p.line = n.line"
)


async def get_batch_by_reference(db: AsyncSession, division: str, reference: str) -> PaymentBatch | None:
    """The batch of an office's reference."""
    return (
        await db.execute(
            select(PaymentBatch).where(col(PaymentBatch.division) == division, col(PaymentBatch.reference) == reference)
        )
    ).scalar_one_or_none()


async def get_batch(db: AsyncSession, batch_id: UUID) -> PaymentBatch | None:
    """A batch."""
    return await db.get(PaymentBatch, batch_id)


async def add_batch(db: AsyncSession, batch: PaymentBatch, payments: Sequence[Payment]) -> None:
    """Add a batch with its lines."""
    db.add(batch)
    await db.flush()
    await db.execute(insert(Payment), [payment.model_dump() for payment in payments])


async def batches_page(db: AsyncSession, *, after: tuple[datetime, UUID] | None, limit: int) -> list[PaymentBatch]:
    """Batches, newest first."""
    query = select(PaymentBatch)
    if after is not None:
        query = query.where(text("(created_at, id) < (:at, :after_id)").bindparams(at=after[0], after_id=after[1]))
    rows = await db.execute(
        query.order_by(col(PaymentBatch.created_at).desc(), col(PaymentBatch.id).desc()).limit(limit)
    )
    return list(rows.scalars())


async def payments_of(db: AsyncSession, batch_id: UUID, *, lock: bool = False) -> list[Payment]:
    """The lines of a batch in order; with `lock` held until the transaction ends."""
    query = select(Payment).where(col(Payment.batch_id) == batch_id).order_by(col(Payment.line))
    return await fresh(db, query.with_for_update() if lock else query)


async def states_of(db: AsyncSession, batch_ids: Sequence[UUID]) -> Mapping[UUID, dict[str, int]]:
    """How many lines of each batch are in each state."""
    rows = await db.execute(
        text(
            "SELECT batch_id, state, count(*) AS n FROM payment WHERE batch_id = ANY(CAST(:ids AS uuid[]))"
            " GROUP BY batch_id, state"
        ),
        {"ids": list(batch_ids)},
    )
    counts: dict[UUID, dict[str, int]] = {batch_id: {} for batch_id in batch_ids}
    for row in rows:
        counts[row.batch_id][row.state] = row.n
    return counts


async def settle(db: AsyncSession, batch_id: UUID, lines: Sequence[tuple[int, str, date]], *, receipt: str) -> None:
    """Note what the bank did with lines: (line, paid or returned, day)."""
    await db.execute(
        _SETTLE,
        {
            "batch_id": batch_id,
            "receipt": receipt,
            "lines": [line for line, _, _ in lines],
            "states": [state for _, state, _ in lines],
            "days": [day for _, _, day in lines],
        },
    )
