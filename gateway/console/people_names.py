"""What the colleagues behind subjects (`user:…`) are called, for pages that show who did what."""

from collections.abc import Iterable
from uuid import UUID

from fastapi import Request

from gateway.store import names_of_accounts

_USER = "user:"


async def names_by_subject(request: Request, subjects: Iterable[object]) -> dict[str, str]:
    """Display names by subject; a subject that is no account of ours is left out."""
    ids: dict[UUID, str] = {}
    for subject in {str(one) for one in subjects if str(one or "").startswith(_USER)}:
        try:
            ids[UUID(subject.removeprefix(_USER))] = subject
        except ValueError:
            continue
    if not ids:
        return {}
    async with request.app.state.database.transaction() as db:
        found = await names_of_accounts(db, ids)
    return {ids[account_id]: name for account_id, name in found.items() if account_id in ids}
