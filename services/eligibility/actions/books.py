"""The rule book in use, the same in every process, and the books of former days.

A policy version that comes into force is a new layer in the database. A process compares the layer's digest with that
of the book at hand: for events inside the statement that reads what is known of households, else once a second.
"""

import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.errors import BookNotKept
from services.eligibility.rules.book import BrokenRuleBook, RuleBook, digest_of, file_book, rule_book, use_book
from services.eligibility.store import books as store

_MOST_FORMER: Final = 8
_former: OrderedDict[str, RuleBook] = OrderedDict()


def layer_sha256(layer: str) -> str:
    """The digest by which layers are compared; "" for none."""
    return hashlib.sha256(layer.encode()).hexdigest() if layer else ""


async def keep_up(db: AsyncSession) -> RuleBook:
    """The book in force: that of the files with the newest layer, in use from now on, its texts kept."""
    standing = await store.book_standing(db, rule_book().digest)
    return await keep_up_with(db, standing)


async def keep_up_with(db: AsyncSession, standing: store.BookStanding) -> RuleBook:
    """As `keep_up`, when the database's word on the book at hand was read already. No round trip when all is well."""
    book = rule_book()
    if standing.layer_sha256 != layer_sha256(book.layer):
        book = file_book().layered(await store.newest_layer(db))
        use_book(book)
        standing = await store.book_standing(db, book.digest)
    if not standing.is_kept:
        await keep_book(db, book)
    return book


async def keep_book(db: AsyncSession, book: RuleBook) -> None:
    """Keep a book's texts, so that what it decided can be decided again."""
    content = zlib.compress(orjson.dumps([list(book.texts.items()), book.layer]))
    await store.keep_content(db, digest=book.digest, version=book.version, content=content)


@dataclass(frozen=True, slots=True)
class Kept:
    """A book as it is kept: its files by name, and the layer over them."""

    digest: str
    texts: Mapping[str, str]
    layer: str


async def kept_book(db: AsyncSession, digest: str) -> Kept:
    """The texts of the book that a digest names.

    Raises: BookNotKept when no book of that digest was ever used here, or its texts do not give the digest.
    """
    for book in (rule_book(), file_book()):
        if book.digest == digest:
            return Kept(digest, book.texts, book.layer)
    return read_kept(digest, await store.kept_content(db, digest))


def read_kept(digest: str, content: bytes | None) -> Kept:
    """A book from its row, None where there is none.

    Raises: BookNotKept, also when the texts do not give the digest.
    """
    if content is None:
        raise BookNotKept()
    rows, layer = orjson.loads(zlib.decompress(content))
    texts = dict(rows)
    if digest_of(texts, layer) != digest:
        raise BookNotKept()
    return Kept(digest, texts, layer)


def book_of(kept: Kept) -> RuleBook:
    """A kept book, read; read once for several in a row.

    Raises: BookNotKept when it is of another release whose files the code at hand cannot read.
    """
    for book in (rule_book(), file_book()):
        if book.digest == kept.digest:
            return book
    found = _former.get(kept.digest)
    if found is None:
        try:
            found = RuleBook(texts=kept.texts, layer=kept.layer)
        except BrokenRuleBook:
            raise BookNotKept() from None
        _former[kept.digest] = found
        while len(_former) > _MOST_FORMER:
            _former.popitem(last=False)
    return found


async def book_by_digest(db: AsyncSession, digest: str) -> RuleBook:
    """The book that a digest names, for its values, citations and names. To decide by it, see `former.findings_again`.

    Raises: BookNotKept.
    """
    known = _former.get(digest)
    return known if known is not None else book_of(await kept_book(db, digest))


def has_code_at_hand(kept: Kept) -> bool:
    """Whether the rule texts of a book are those of this process: only then does it decide here as it did then."""
    return _decisive(kept.texts) == _decisive(file_book().texts)


def _decisive(texts: Mapping[str, str]) -> dict[str, str]:
    """What decides beside the book itself: code, and the tables that code reads from beside it."""
    own = ("statutes.yaml", "registry.yaml")
    return {name: text for name, text in texts.items() if not name.startswith("parameters/") and name not in own}
