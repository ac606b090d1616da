"""All invariants, in the order in which a running installation can be looked at without stopping it.

What was accepted is read first, then what is on its way, then what became of it: whatever happens in between is found
further down the hill and never looks lost.
"""

from pathlib import Path

from deploy.local.opened import Databases
from deploy.local.verify.accounts import accepted_records, check_accounts
from deploy.local.verify.audit import check_audit
from deploy.local.verify.books import check_books
from deploy.local.verify.broker import look_at_broker
from deploy.local.verify.check import Verdict
from deploy.local.verify.deliveries import check_deliveries
from deploy.local.verify.events import check_events
from deploy.local.verify.needs import check_needs, needs_in_force
from deploy.local.verify.rolls import check_rolls, people_on_rolls
from deploy.local.verify.rules import check_rules
from deploy.local.verify.screenings import check_screenings


async def verify_databases(databases: Databases, folder: Path) -> Verdict:
    """Prove the invariants of the installation in `folder`, whose databases are open."""
    accepted = await accepted_records(databases)
    on_rolls = await people_on_rolls(databases)
    asked = await needs_in_force(databases)
    broker = await look_at_broker(folder)
    events, pending = await check_events(databases, broker)
    return Verdict(
        [
            *await check_accounts(databases, accepted, pending),
            *await check_rolls(databases, on_rolls, pending),
            *events,
            *await check_needs(databases, asked, pending),
            *await check_deliveries(databases, folder),
            *await check_books(databases),
            *await check_audit(folder),
            *await check_rules(databases),
            *await check_screenings(databases),
        ]
    )
