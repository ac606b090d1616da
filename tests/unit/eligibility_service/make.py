"""Events as intake sends them, about invented people."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from services.contracts.intake import CareChanged, CountedRecord, GridReportRecorded, HouseholdChanged
from services.contracts.money import parse_yuan
from services.kit.clock import Clock
from services.kit.ids import derived_id

PLACE = "350602007003"
NOW = datetime(2025, 7, 1, 4, 0, tzinfo=UTC)
CLOCK = Clock(lambda: NOW)


def ref(name: str) -> UUID:
    """The same name always gives the same ref."""
    return derived_id("test", name)


def make_bill(name: str, yuan: str, on: str = "2025-03-05", **fields: Any) -> CountedRecord:
    """One bill, known by a short name."""
    day = date.fromisoformat(on)
    return CountedRecord(
        record_id=ref(name), settlement_year=day.year, settled_on=day, self_paid_fen=parse_yuan(yuan), **fields
    )


def make_care(
    person: str, *bills: CountedRecord, version: int = 1, household: str | None = None, minutes: int = 0, **fields: Any
) -> CareChanged:
    """A person's bills. Without a household it is a provisional one of its own."""
    return CareChanged(
        **{
            "ref": ref(person),
            "version": version,
            "division": PLACE,
            "occurred_at": NOW - timedelta(days=1) + timedelta(minutes=minutes),
            "household_ref": ref(household or f"home of {person}"),
            "provisional": household is None,
            "birth_date": date(1980, 5, 1),
            "gender": "female",
            "in_city": True,
            "records": bills,
            **fields,
        }
    )


def make_member(person: str, relation: str = "self", **facts: Any) -> dict[str, Any]:
    """A member who is well, employed and earns nothing, unless said otherwise."""
    return {
        "ref": str(ref(person)),
        "relation": relation,
        "gender": "female",
        "birth_date": "1980-05-01",
        "disability": None,
        "serious_illness": False,
        "able_to_work": True,
        "employment": "employed",
        "student": "none",
        "incomes": [],
        **facts,
    }


def make_facts(*members: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A household with little of its own."""
    return {
        "members": list(members),
        "assets": {"financial_total": "1000.00", "vehicles": [], "dwellings": 1, "business": "none"},
        "expenditures_12m": {"medical_self_paid": "0.00", "education": "0.00", "rehabilitation": "0.00"},
        "housing": {"kind": "safe"},
        **facts,
    }


def make_household(
    household: str, *members: dict[str, Any], version: int = 1, minutes: int = 0, **facts: Any
) -> HouseholdChanged:
    """A registered household."""
    return HouseholdChanged(
        ref=ref(household),
        version=version,
        division=PLACE,
        occurred_at=NOW - timedelta(days=1) + timedelta(minutes=minutes),
        facts=make_facts(*members, **facts),
    )


def make_merge(household: str, into: str, *, version: int = 2) -> HouseholdChanged:
    """A household whose people now live in another one."""
    return HouseholdChanged(
        ref=ref(household), version=version, division=PLACE, merged_into=ref(into), facts={}, provisional=True
    )


def make_report(
    name: str,
    *kinds: str,
    household: str,
    person: str | None = None,
    urgency: Literal["red", "yellow", "blue"] = "yellow",
    **fields: Any,
) -> GridReportRecorded:
    """A grid report."""
    return GridReportRecorded(
        **{
            "ref": ref(name),
            "version": 1,
            "division": PLACE,
            "occurred_at": NOW - timedelta(hours=1),
            "household_ref": ref(household),
            "person_ref": ref(person) if person else None,
            "provisional": False,
            "birth_date": date(1980, 5, 1),
            "gender": "female",
            "household_size": 1,
            "kinds": kinds,
            "urgency": urgency,
            "reported_on": date(2025, 6, 30),
            "safe_to_call": True,
            "informed": True,
            "share_with_partners": True,
            **fields,
        }
    )


def names_of(records: Sequence[CountedRecord]) -> list[UUID]:
    """The record ids."""
    return [record.record_id for record in records]
