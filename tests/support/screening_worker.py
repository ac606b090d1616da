"""A process that works off the screening run that waits, and nothing else: to be killed."""

import asyncio
import sys

from services.eligibility.actions.screening.work import Work
from services.eligibility.store import screenings
from services.kit.clock import Clock
from services.kit.db import Database
from services.kit.ids import new_id


async def main(url: str, chunk: int) -> None:
    """Take up a run and carry it out."""
    database, worker, clock = Database(url, name="eligibility"), new_id(), Clock()
    async with database.transaction() as db:
        run = await screenings.claim_run(db, worker, clock.now())
    assert run is not None
    await Work(database, run, worker, clock, chunk=chunk).carry_out()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
