"""Row-level security holds for the part's own role, whatever its code forgets."""

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from services.kit.db import Database, Scope, TransactionLost
from services.kit.ids import new_id

INSERT = text("INSERT INTO note (ref, division, partner, version) VALUES (:ref, :division, :partner, 1)")


async def _divisions(database: Database, scope: Scope) -> list[str]:
    async with database.transaction(scope) as db:
        return list((await db.execute(text("SELECT division FROM note ORDER BY 1"))).scalars())


async def test_a_county_sees_its_own_townships_and_no_other_countys(database: Database) -> None:
    async with database.transaction() as db:
        for division in ("350602007", "350622100", "3506"):
            await db.execute(INSERT, {"ref": new_id(), "division": division, "partner": "red_cross"})
    assert await _divisions(database, Scope("350602")) == ["350602007"]
    assert await _divisions(database, Scope("3506")) == ["3506", "350602007", "350622100"]
    assert await _divisions(database, Scope("all")) == ["3506", "350602007", "350622100"]


async def test_a_forgotten_territory_sees_nothing_on_a_used_connection_too(database: Database) -> None:
    async with database.transaction() as db:
        await db.execute(INSERT, {"ref": new_id(), "division": "350602", "partner": "red_cross"})
    for _ in range(3):
        assert await _divisions(database, Scope("")) == []
    async with database.engine.connect() as raw:
        assert (await raw.execute(text("SELECT count(*) FROM note"))).scalar() == 0


async def test_a_partner_sees_its_own_rows_only(database: Database) -> None:
    async with database.transaction() as db:
        await db.execute(INSERT, {"ref": new_id(), "division": "350602", "partner": "red_cross"})
        await db.execute(INSERT, {"ref": new_id(), "division": "350603", "partner": "trade_union"})
    assert await _divisions(database, Scope("all", "red_cross")) == ["350602"]
    assert await _divisions(database, Scope("all", "youth_league")) == []


async def test_nobody_writes_a_row_into_another_territory(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.transaction(Scope("350602")) as db:
            await db.execute(INSERT, {"ref": new_id(), "division": "350622", "partner": "red_cross"})


async def test_a_transaction_that_failed_unseen_is_not_taken_for_committed(database: Database) -> None:
    with pytest.raises(TransactionLost):
        async with database.transaction() as db:
            with suppress(DBAPIError):
                await db.execute(text("SELECT 1 / 0"))


async def test_a_scope_that_is_no_plain_word_opens_nothing(database: Database) -> None:
    with pytest.raises(ValueError, match="plain word"):
        await _divisions(database, Scope("all', true); SELECT set_config('x.y', '"))
