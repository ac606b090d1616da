"""Sums and counts, for officers and for everyone."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def counts(db: AsyncSession) -> dict[str, dict[str, int]]:
    """Awards by status, reports by state, and donations under "", within sight."""
    rows = await db.execute(
        text(
            "SELECT 'awards' AS what, status AS state, count(*) AS n FROM award GROUP BY status"
            " UNION ALL SELECT 'reports', state, count(*) FROM report GROUP BY state"
            " UNION ALL SELECT 'donations', '', count(*) FROM donation"
        )
    )
    found: dict[str, dict[str, int]] = {"awards": {}, "reports": {}, "donations": {"": 0}}
    for row in rows:
        found[row.what][row.state] = row.n
    return found


async def figures_by_brand(db: AsyncSession) -> dict[str, dict[str, Any]]:
    """What each brand has promised and paid, and to how many households, within sight. Units: fen."""
    rows = await db.execute(
        text(
            "SELECT brand, coalesce(sum(amount_fen) FILTER (WHERE status IN ('approved', 'in_payment')), 0)::bigint"
            " AS promised, coalesce(sum(amount_fen) FILTER (WHERE status = 'paid'), 0)::bigint AS paid,"
            " count(DISTINCT household_ref) FILTER (WHERE status IN ('approved', 'in_payment', 'paid')) AS households,"
            " count(*) FILTER (WHERE status IN ('proposed', 'reviewed')) AS waiting FROM award GROUP BY brand"
        )
    )
    return {row.brand: dict(row._mapping) for row in rows}


async def paid_cells(db: AsyncSession) -> list[tuple[str, str, str, int, int, int]]:
    """(month, county, brand, households, awards, fen) of everything paid. For public figures, once merged."""
    rows = await db.execute(
        text(
            "SELECT to_char(paid_on, 'YYYY-MM') AS month, left(division, 6) AS county, brand,"
            " count(DISTINCT household_ref) AS people, count(*) AS times, sum(amount_fen)::bigint AS amount"
            " FROM award WHERE status = 'paid' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
    )
    return [(r.month, r.county, r.brand, r.people, r.times, r.amount) for r in rows]


async def received_cells(db: AsyncSession) -> list[tuple[str, str, int, int]]:
    """(month, brand or "", donations, fen) of all that was received and kept. For public figures, once merged."""
    rows = await db.execute(
        text(
            "SELECT to_char(d.received_on, 'YYYY-MM') AS month, coalesce(f.brand, '') AS brand, count(*) AS times,"
            " sum(d.amount_fen)::bigint AS amount FROM donation d JOIN fund f ON f.code = d.fund"
            " WHERE NOT EXISTS (SELECT 1 FROM journal_entry e WHERE e.reverses = d.entry_id)"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
    )
    return [(r.month, r.brand, r.times, r.amount) for r in rows]
