"""Grid workers' reports."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_COLUMNS = (
    "id", "division", "report_id", "digest", "person_id", "household_id", "is_identified", "reported_at", "kinds",
    "urgency", "household_size", "is_safe_to_call", "is_informed", "shares", "in_city", "notices", "sealed",
    "name_index", "import_id", "import_line", "recorded_by", "recorded_at",
)  # fmt: skip
_ADD = text(
    f"INSERT INTO grid_report ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)})"
    " ON CONFLICT (report_id) DO NOTHING RETURNING id"
)
_KNOWN = text("SELECT id, digest, reported_at FROM grid_report WHERE report_id = :report_id")
_SAME_NAME = text("SELECT report_id FROM grid_report WHERE name_index = :name_index AND person_id IS NOT NULL LIMIT 1")
_ONE = text(
    "SELECT g.id, g.person_id, g.household_id, g.is_identified, g.kinds, g.urgency, g.reported_at, g.notices,"
    " g.in_city, g.recorded_at, g.shares, g.is_informed FROM grid_report g WHERE g.id = :id"
)


@dataclass(frozen=True, slots=True)
class KnownReport:
    """What tells a repeat from a conflict."""

    id: UUID
    digest: bytes


async def known_report(db: AsyncSession, report_id: str) -> KnownReport | None:
    """The recorded report of this id, or None."""
    row = (await db.execute(_KNOWN, {"report_id": report_id})).one_or_none()
    return KnownReport(row.id, bytes(row.digest)) if row else None


async def same_name_report(db: AsyncSession, name_index: bytes) -> str | None:
    """The id of another report of the same name in the same village, or None."""
    found: str | None = (await db.execute(_SAME_NAME, {"name_index": name_index})).scalar()
    return found


async def add_report(db: AsyncSession, **values: Any) -> bool:
    """Add a report; False when another transaction added it meanwhile. `values` are the table's columns."""
    return (await db.execute(_ADD, values)).scalar() is not None


async def find_report(db: AsyncSession, record_id: UUID) -> dict[str, Any] | None:
    """A report, or None where there is none in the caller's territory."""
    row = (await db.execute(_ONE, {"id": record_id})).mappings().one_or_none()
    return dict(row) if row else None
