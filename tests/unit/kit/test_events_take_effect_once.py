"""The inbox: whatever is delivered twice, broken or poisonous, each good event takes effect once."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.event import pack_batches
from services.contracts.intake import ConsentChanged
from services.kit.clock import Clock
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.inbox import Inbox

UPSERT = text(
    "INSERT INTO note (ref, division, version) VALUES (:ref, :division, :version)"
    " ON CONFLICT (ref) DO UPDATE SET version = excluded.version WHERE excluded.version > note.version RETURNING ref"
)


async def remember(db: AsyncSession, events: Sequence[ConsentChanged], now: datetime) -> Collection[UUID]:
    stale = []
    for event in events:
        if event.division == "999999":
            raise RuntimeError("a handler with a fault")
        values = {"ref": event.ref, "division": event.division, "version": event.version}
        if (await db.execute(UPSERT, values)).scalar() is None:
            stale.append(event.id)
    return stale


class Letter:
    """A delivery as the broker would hand it over, remembering what was answered."""

    def __init__(self, body: bytes, attempt: int = 1) -> None:
        self.body, self.attempt = body, attempt
        self.answers: list[str] = []

    async def ack(self) -> None:
        self.answers.append("ack")

    async def again(self, delay_s: float) -> None:
        self.answers.append("again")


def inbox_of(database: Database) -> Inbox:
    return Inbox(database, {ConsentChanged: remember}, consumer="kit", clock=Clock())


def consent(version: int = 1, ref: UUID | None = None, division: str = "350602") -> ConsentChanged:
    return ConsentChanged(ref=ref or new_id(), version=version, division=division, decisions=())


def batch(*events: ConsentChanged) -> bytes:
    [(_, body)] = pack_batches([event.to_cloud_event() for event in events])
    return body


async def outcomes(database: Database) -> list[str]:
    async with database.transaction() as db:
        return list((await db.execute(text("SELECT outcome FROM inbox ORDER BY outcome"))).scalars())


async def versions(database: Database) -> list[int]:
    async with database.transaction() as db:
        return list((await db.execute(text("SELECT version FROM note ORDER BY version"))).scalars())


async def test_the_same_event_twice_counts_once(database: Database) -> None:
    event = consent()
    letters = [Letter(batch(event, event)), Letter(batch(event))]
    await inbox_of(database).take(letters)  # type: ignore[arg-type]  # a Letter answers as a Delivery does
    await inbox_of(database).take([Letter(batch(event))])  # type: ignore[list-item]  # likewise
    assert await outcomes(database) == ["applied"]
    assert [letter.answers for letter in letters] == [["ack"], ["ack"]]


async def test_an_older_version_that_comes_late_is_recorded_as_stale(database: Database) -> None:
    ref = new_id()
    await inbox_of(database).take([Letter(batch(consent(2, ref))), Letter(batch(consent(1, ref)))])  # type: ignore[list-item]  # likewise
    assert await versions(database) == [2]
    assert await outcomes(database) == ["applied", "stale"]


async def test_one_poisonous_event_holds_nobody_back_and_ends_as_a_dead_letter(database: Database) -> None:
    body = batch(consent(3), consent(4, division="999999"), consent(5))
    first, last = Letter(body), Letter(body, attempt=5)
    await inbox_of(database).take([first])  # type: ignore[list-item]  # likewise
    assert await versions(database) == [3, 5]
    assert first.answers == ["again"]
    await inbox_of(database).take([last])  # type: ignore[list-item]  # likewise
    assert last.answers == ["ack"]
    assert await outcomes(database) == ["applied", "applied", "dead"]
    async with database.transaction() as db:
        assert (await db.execute(text("SELECT error FROM dead_letter"))).scalars().all() == ["RuntimeError"]


async def test_an_unreadable_event_is_set_aside_with_its_field_and_without_its_value(database: Database) -> None:
    broken = json.loads(consent(1).to_cloud_event())
    broken["data"]["decisions"] = "secret words"
    letter = Letter(json.dumps([broken, json.loads(consent(2).to_cloud_event())]).encode())
    await inbox_of(database).take([letter])  # type: ignore[list-item]  # likewise
    assert letter.answers == ["ack"]
    assert await versions(database) == [2]
    async with database.transaction() as db:
        assert (await db.execute(text("SELECT error FROM dead_letter"))).scalar() == "invalid: decisions"


async def test_a_message_that_is_no_batch_is_dropped_and_an_unknown_type_is_skipped(database: Database) -> None:
    unknown = json.loads(consent(1).to_cloud_event()) | {"type": "intake.moon.landed"}
    letters = [Letter(b"{not json"), Letter(json.dumps([unknown]).encode())]
    await inbox_of(database).take(letters)  # type: ignore[arg-type]  # likewise
    assert [letter.answers for letter in letters] == [["ack"], ["ack"]]
    assert await outcomes(database) == ["skipped"]


async def test_a_dead_letter_marked_for_retry_takes_effect_once_the_fault_is_mended(database: Database) -> None:
    poisoned = consent(7, division="999999")
    await inbox_of(database).take([Letter(batch(poisoned), attempt=5)])  # type: ignore[list-item]  # likewise

    async def mended(db: AsyncSession, events: Sequence[ConsentChanged], now: datetime) -> None:
        for event in events:
            await db.execute(UPSERT, {"ref": event.ref, "division": "350602", "version": event.version})

    async with database.transaction() as db:
        await db.execute(text("UPDATE dead_letter SET state = 'retry'"))
    done = await Inbox(database, {ConsentChanged: mended}, consumer="kit", clock=Clock()).retry_dead()
    assert done == 1
    assert await versions(database) == [7]
    async with database.transaction() as db:
        assert (await db.execute(text("SELECT state FROM dead_letter"))).scalar() == "resolved"
