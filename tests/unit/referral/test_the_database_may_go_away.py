"""What goes straight to the driver fails like everything else: passing when trying again may help, else as itself."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from services.kit.db import is_passing
from services.kit.statements import Statement, fetch
from services.referral.store.households import lock_households
from tests.unit.referral.made import Town, make_assessment, make_consent, make_need

ONE = Statement("SELECT CAST(:one AS int) AS one")


async def test_a_connection_that_was_cut_is_a_passing_failure_and_the_next_one_works(town: Town) -> None:
    database = town.part.database
    with pytest.raises(Exception) as caught:
        async with database.transaction() as db:
            pid = (await db.execute(text("SELECT pg_backend_pid()"))).scalar()
            assert (await fetch(db, ONE, {"one": 1}))[0]["one"] == 1
            async with database.transaction() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await fetch(db, ONE, {"one": 1})
    assert is_passing(caught.value)
    household = uuid4()
    await town.take_in(make_consent(household), make_assessment(household, make_need()))
    assert (await town.referral(household))["status"] == "requested"


async def test_a_lock_that_is_not_given_is_a_passing_failure(town: Town) -> None:
    household = uuid4()
    await town.take_in(make_consent(household))
    async with town.part.database.transaction() as holder:
        await lock_households(holder, [household])
        with pytest.raises(Exception) as caught:
            async with town.part.database.transaction() as db:
                await db.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await lock_households(db, [household])
    assert is_passing(caught.value)


async def test_a_wrong_value_is_not_tried_again_for_ever(town: Town) -> None:
    for wrong in ("x", 2**40):
        with pytest.raises(Exception) as caught:
            async with town.part.database.transaction() as db:
                await fetch(db, ONE, {"one": wrong})
        assert not is_passing(caught.value)
