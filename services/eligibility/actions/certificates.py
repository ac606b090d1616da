"""The decision certificate of a stored assessment, made by the rule book it names."""

from datetime import UTC
from typing import Any, Final

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.actions.books import book_of, has_code_at_hand, kept_book
from services.eligibility.actions.former import run_by_kept_code
from services.eligibility.errors import NoFindings
from services.eligibility.models import Assessment
from services.eligibility.rules.certificate import certificate

WITH_FINDINGS: Final = ("live", "superseded")
"""States in which an assessment holds findings."""

_MODULE: Final = "certificate.py"
_WRITE: Final = """
from services.eligibility.rules.certificate import certificate
asked = orjson.loads(sys.stdin.buffer.read())
sys.stdout.buffer.write(certificate(asked["head"], asked["facts"], asked["findings"], book))
"""


async def certificate_of(db: AsyncSession, row: Assessment) -> bytes:
    """The certificate: the same bytes on every day, whatever release asks for it.

    A book kept before there were certificates is written out by the code at hand, on its own values and articles.
    Raises: NoFindings; BookNotKept.
    """
    if row.state not in WITH_FINDINGS:
        raise NoFindings()
    kept = await kept_book(db, row.rule_digest)
    if has_code_at_hand(kept) or _MODULE not in kept.texts:
        return certificate(head_of(row), row.facts, row.findings, book_of(kept))
    asked = {"head": head_of(row), "facts": row.facts, "findings": row.findings}
    return await run_by_kept_code(kept, _WRITE, orjson.dumps(asked))


def head_of(row: Assessment) -> dict[str, Any]:  # Any: JSON
    """Which assessment it is; nothing that changes after it was made."""
    return {
        "assessment_id": str(row.assessment_id),
        "household_ref": str(row.household_ref),
        "number": row.number,
        "division": row.division,
        "as_of": row.as_of.isoformat(),
        "cause": row.cause,
        "created_at": row.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "engine": row.engine,
    }
