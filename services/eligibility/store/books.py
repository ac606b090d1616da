"""Rule books that were ever used, by digest, and the layer of policy versions in force."""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

NEWEST_LAYER = "(SELECT l.sha256 FROM rule_layer l ORDER BY l.edition DESC LIMIT 1)"
"""SQL for the sha256 of the layer in force; null while no policy version ever was."""

IS_KEPT = "EXISTS (SELECT FROM rule_book b WHERE b.digest = :rule_digest)"
"""SQL for whether a book's texts are kept."""

_STANDING = text(f"SELECT {NEWEST_LAYER} AS layer_sha256, {IS_KEPT} AS is_kept")
_LAYER = text("SELECT layer FROM rule_layer ORDER BY edition DESC LIMIT 1")
_KEEP = text(
    "INSERT INTO rule_book (digest, version, content) VALUES (:digest, :version, :content) ON CONFLICT DO NOTHING"
)
_CONTENT = text("SELECT content FROM rule_book WHERE digest = :digest")


class BookStanding(NamedTuple):
    """What the database says of the book at hand: the layer it should have, and whether its texts are kept."""

    layer_sha256: str
    is_kept: bool


async def book_standing(db: AsyncSession, digest: str) -> BookStanding:
    """How the book of a digest stands."""
    row = (await db.execute(_STANDING, {"rule_digest": digest})).one()
    return BookStanding(row.layer_sha256 or "", row.is_kept)


async def newest_layer(db: AsyncSession) -> str:
    """The text of the layer in force; "" while no policy version ever was."""
    return str((await db.execute(_LAYER)).scalar() or "")


async def keep_content(db: AsyncSession, *, digest: str, version: str, content: bytes) -> None:
    """Keep a book's texts for good."""
    await db.execute(_KEEP, {"digest": digest, "version": version, "content": content})


async def kept_content(db: AsyncSession, digest: str) -> bytes | None:
    """The texts of a book that was used, None when it never was."""
    found: bytes | None = (await db.execute(_CONTENT, {"digest": digest})).scalar()
    return found
