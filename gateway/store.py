"""Every SQL statement of the gateway, the audit chain's apart (audit.py)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class TokenRow:
    """An API token as it stands. `token_id` is what logs and the audit name; the token itself is never kept."""

    token_id: UUID
    roles: tuple[str, ...]
    territory: str
    partner: str | None
    expires_at: datetime


@dataclass(frozen=True)
class AccountRow:
    """A person's account."""

    account_id: UUID
    username: str
    password_hash: str
    display_name: str
    roles: tuple[str, ...]
    territory: str
    partner: str | None
    language: str
    failures: int
    locked_until: datetime | None


@dataclass(frozen=True)
class SessionRow:
    """An open session and whose it is."""

    account: AccountRow
    csrf: str
    expires_at: datetime
    seen_at: datetime


_ACCOUNT = (
    "account.id AS account_id, username, password_hash, display_name, roles, territory, partner, language, failures,"
    " locked_until"
)


def _account(row: Row[Any]) -> AccountRow:
    return AccountRow(
        account_id=row.account_id,
        username=row.username,
        password_hash=row.password_hash,
        display_name=row.display_name,
        roles=tuple(row.roles),
        territory=row.territory,
        partner=row.partner,
        language=row.language,
        failures=row.failures,
        locked_until=row.locked_until,
    )


async def add_token(db: AsyncSession, sha256: bytes, token: TokenRow, *, now: datetime) -> None:
    """Keep a new token's hash."""
    await db.execute(
        text(
            "INSERT INTO api_token (id, sha256, roles, territory, partner, created_at, expires_at)"
            " VALUES (:id, :sha, CAST(:roles AS text[]), :territory, :partner, :now, :expires)"
        ),
        {
            "id": token.token_id,
            "sha": sha256,
            "roles": list(token.roles),
            "territory": token.territory,
            "partner": token.partner,
            "now": now,
            "expires": token.expires_at,
        },
    )


async def find_token(db: AsyncSession, sha256: bytes, *, now: datetime) -> TokenRow | None:
    """The token in force with this hash."""
    found = await db.execute(
        text(
            "SELECT id, roles, territory, partner, expires_at FROM api_token"
            " WHERE sha256 = :sha AND revoked_at IS NULL AND expires_at > :now"
        ),
        {"sha": sha256, "now": now},
    )
    row = found.one_or_none()
    return None if row is None else TokenRow(row.id, tuple(row.roles), row.territory, row.partner, row.expires_at)


async def revoke_token(db: AsyncSession, token_id: UUID, *, now: datetime) -> bool:
    """Take a token back; False when it is unknown or was taken back before."""
    done = await db.execute(
        text("UPDATE api_token SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL RETURNING 1"),
        {"id": token_id, "now": now},
    )
    return done.scalar() is not None


async def put_account(db: AsyncSession, account: AccountRow) -> UUID:
    """Make an account, or give the account of that name a new password, roles and place. Answers its id."""
    done = await db.execute(
        text(
            "INSERT INTO account (id, username, password_hash, display_name, roles, territory, partner, language)"
            " VALUES (:id, :username, :hash, :name, CAST(:roles AS text[]), :territory, :partner, :language)"
            " ON CONFLICT (username) DO UPDATE SET password_hash = excluded.password_hash,"
            " display_name = excluded.display_name, roles = excluded.roles, territory = excluded.territory,"
            " partner = excluded.partner, failures = 0, locked_until = NULL RETURNING id"
        ),
        {
            "id": account.account_id,
            "username": account.username,
            "hash": account.password_hash,
            "name": account.display_name,
            "roles": list(account.roles),
            "territory": account.territory,
            "partner": account.partner,
            "language": account.language,
        },
    )
    return UUID(str(done.scalar_one()))


async def find_account(db: AsyncSession, username: str) -> AccountRow | None:
    """The account of that name, unless it was closed."""
    found = await db.execute(
        text(f"SELECT {_ACCOUNT} FROM account WHERE username = :username AND disabled_at IS NULL"),
        {"username": username.lower()},
    )
    row = found.one_or_none()
    return None if row is None else _account(row)


async def names_of_accounts(db: AsyncSession, account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What the people behind accounts are called; closed accounts too."""
    found = await db.execute(
        text("SELECT id, display_name FROM account WHERE id = ANY(:ids)"), {"ids": list(account_ids)}
    )
    return {row.id: row.display_name for row in found}


async def note_failure(db: AsyncSession, account_id: UUID, locked_until: datetime | None) -> None:
    """Count a wrong password; lock the account when a time is given."""
    await db.execute(
        text("UPDATE account SET failures = failures + 1, locked_until = :until WHERE id = :id"),
        {"id": account_id, "until": locked_until},
    )


async def note_sign_in(db: AsyncSession, account_id: UUID, *, now: datetime) -> None:
    """A right password: forget the failures."""
    await db.execute(
        text("UPDATE account SET failures = 0, locked_until = NULL, signed_in_at = :now WHERE id = :id"),
        {"id": account_id, "now": now},
    )


async def set_language(db: AsyncSession, account_id: UUID, language: str) -> None:
    """Remember the language a person reads."""
    await db.execute(
        text("UPDATE account SET language = :language WHERE id = :id"), {"id": account_id, "language": language}
    )


async def add_session(
    db: AsyncSession, sha256: bytes, account_id: UUID, csrf: str, *, now: datetime, lasts: timedelta
) -> None:
    """Open a session; sessions that have run out are cleared on the way."""
    await db.execute(text("DELETE FROM session WHERE expires_at < :now"), {"now": now})
    await db.execute(
        text(
            "INSERT INTO session (sha256, account_id, csrf, created_at, seen_at, expires_at)"
            " VALUES (:sha, :account, :csrf, :now, :now, :expires)"
        ),
        {"sha": sha256, "account": account_id, "csrf": csrf, "now": now, "expires": now + lasts},
    )


async def find_session(db: AsyncSession, sha256: bytes, *, now: datetime, idle: timedelta) -> SessionRow | None:
    """The open session with this hash, marked as seen now."""
    found = await db.execute(
        text(
            "UPDATE session SET seen_at = :now FROM account WHERE session.sha256 = :sha AND expires_at > :now"
            " AND seen_at > :idle AND account.id = account_id AND disabled_at IS NULL"
            f" RETURNING csrf, expires_at, seen_at, {_ACCOUNT}"
        ),
        {"sha": sha256, "now": now, "idle": now - idle},
    )
    row = found.one_or_none()
    return None if row is None else SessionRow(_account(row), row.csrf, row.expires_at, row.seen_at)


async def end_session(db: AsyncSession, sha256: bytes) -> None:
    """Close a session."""
    await db.execute(text("DELETE FROM session WHERE sha256 = :sha"), {"sha": sha256})


@dataclass(frozen=True)
class AuditRow:
    """An audit row as an auditor reads it; `status` comes from the row that tells how the use ended."""

    seq: int
    body: dict[str, Any]
    status: int | None


async def audit_page(
    db: AsyncSession, *, before: int | None, object_ref: str, actor: str, territory: str, limit: int
) -> list[AuditRow]:
    """Uses, the newest first: of one object or one actor where given, within a territory ("" for everywhere)."""
    found = await db.execute(
        text(
            "SELECT seq, body::jsonb AS body, (SELECT (told.body::jsonb ->> 'status')::int FROM audit_entry told"
            " WHERE told.request_id = audit_entry.request_id AND told.kind = 'answered' LIMIT 1) AS status"
            " FROM audit_entry WHERE kind <> 'answered' AND (CAST(:before AS bigint) IS NULL OR seq < :before)"
            " AND (:object = '' OR object = :object) AND (:actor = '' OR actor = :actor)"
            " AND (:territory = '' OR territory LIKE :territory || '%') ORDER BY seq DESC LIMIT :limit"
        ),
        {"before": before, "object": object_ref, "actor": actor, "territory": territory, "limit": limit},
    )
    return [AuditRow(row.seq, row.body, row.status) for row in found]
