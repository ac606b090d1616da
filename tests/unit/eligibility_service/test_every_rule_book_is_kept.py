"""An assessment runs again to the same bytes under the book it names, whatever book is in use today."""

import hashlib
from dataclasses import replace
from datetime import date

import orjson
import pytest

from services.eligibility.actions import books
from services.eligibility.actions.books import book_by_digest, keep_book, keep_up
from services.eligibility.actions.check import check
from services.eligibility.actions.former import findings_again
from services.eligibility.errors import BookNotKept
from services.eligibility.rules.book import RuleBook, file_book, rule_book
from services.eligibility.rules.layers import Change, LayeredPolicy, write_layer
from services.kit.db import Database
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import make_facts, make_household, make_member, make_report

CHANGE = Change(
    "dibao_standard_month",
    "350602",
    date(2025, 1, 1),
    None,
    "990.00",
    "关于调整标准的通知",
    "一",
    "https://x.invalid",
    False,
)
SNAPSHOT = {
    "county": "350602",
    "as_of": "2025-07-01",
    "event": {"kind": "screening", "causes": []},
    "household": make_facts(make_member("wang", incomes=[{"kind": "wage", "monthly": "1187.00"}])),
}


def layer_of(*changes: Change) -> str:
    return write_layer([LayeredPolicy("p1", changes)])


async def test_the_book_that_decided_is_kept_with_the_decision(service: Service) -> None:
    await service.take(make_household("h", make_member("wang")), make_report("g", "low_income", household="h"))
    (row,) = await service.rows("SELECT rule_digest, facts, findings FROM assessment")
    (kept,) = await service.rows("SELECT digest, version FROM rule_book")
    assert kept.digest == row.rule_digest and kept.version == rule_book().version


async def test_facts_give_their_findings_under_a_layer_that_is_no_longer_in_use(service: Service) -> None:
    former = file_book().layered(layer_of(CHANGE))
    assert former.version == file_book().version + "+1" and former.digest != file_book().digest
    then = check(SNAPSHOT, former)
    assert then.findings_text != check(SNAPSHOT).findings_text
    assert "dibao" in then.eligible and "dibao" not in check(SNAPSHOT).eligible
    async with service.database.transaction() as db:
        await keep_book(db, former)
    async with service.database.transaction() as db:
        again = await findings_again(db, former.digest, orjson.dumps(SNAPSHOT).decode())
        assert (await book_by_digest(db, former.digest)).at("350602", date(2025, 7, 1)).dibao_standard_month == 99_000
    assert again == then.findings_text


async def test_a_book_of_another_release_runs_by_its_own_code(service: Service) -> None:
    texts = dict(file_book().texts)
    lenient = texts["programmes/dibao.py"].replace('refusal="DIBAO_INCOME', 'refusal="OLD_DIBAO_INCOME')
    assert lenient != texts["programmes/dibao.py"]
    former = RuleBook(texts=texts | {"programmes/dibao.py": lenient})
    async with service.database.transaction() as db:
        await keep_book(db, former)
        again = await findings_again(db, former.digest, orjson.dumps(SNAPSHOT).decode())
        assert not books.has_code_at_hand(await books.kept_book(db, former.digest))
    assert b"OLD_DIBAO_INCOME_NOT_BELOW_STANDARD" in again
    assert b"OLD_DIBAO" not in check(SNAPSHOT, former).findings_text
    assert orjson.loads(again)["digest"] == former.digest


async def test_texts_that_do_not_give_their_digest_are_not_believed(service: Service) -> None:
    former = file_book().layered(layer_of(replace(CHANGE, value="980.00")))
    async with service.database.transaction() as db:
        await keep_book(db, former)
        forged = file_book().layered(layer_of(replace(CHANGE, value="981.00")))
        digest = "sha256:" + hashlib.sha256(b"forged").hexdigest()
        forged.digest = digest
        await keep_book(db, forged)
        with pytest.raises(BookNotKept):
            await findings_again(db, digest, orjson.dumps(SNAPSHOT).decode())


async def test_a_process_takes_the_newest_layer_into_use(service: Service) -> None:
    layer = layer_of(CHANGE)
    await add_layer(service.database, layer)
    await service.take(make_household("h", make_member("wang")), make_report("g", "low_income", household="h"))
    assert rule_book().layer == layer
    (row,) = await service.rows("SELECT rule_digest, rule_version FROM assessment")
    assert row.rule_digest == rule_book().digest and row.rule_version.endswith("+1")


async def test_without_a_layer_the_files_are_the_book(service: Service) -> None:
    async with service.database.transaction() as db:
        assert (await keep_up(db)).digest == file_book().digest


async def add_layer(database: Database, layer: str) -> None:
    """As an activation writes it."""
    from sqlalchemy import text

    async with database.transaction() as db:
        await db.execute(
            text(
                "INSERT INTO rule_layer (edition, layer, sha256, policy_id, made_at)"
                " VALUES (1, :layer, :sha256, gen_random_uuid(), now())"
            ),
            {"layer": layer, "sha256": books.layer_sha256(layer)},
        )
