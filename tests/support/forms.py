"""Bodies that scenario and fault tests send: a bill, a report. What a test does not care about is filled in."""

from datetime import date, timedelta
from typing import Any

from deploy.local.town.people import Person
from deploy.local.town.places import Village


def bill(
    person: Person, village: Village, settlement_id: str, self_paid: str, *, settled_on: date, **more: Any
) -> dict[str, Any]:
    """A hospital-cost record of a person, paid by nobody else."""
    return {
        "source": "medical_insurance",
        "settlement_id": settlement_id,
        "id_number": person.id_number,
        "name": person.name,
        "division": village.code,
        "hospital": "漳州示例第一医院",
        "settled_on": settled_on.isoformat(),
        "total": self_paid,
        "self_paid": self_paid,
        **more,
    }


def grid_report(
    person: Person | None, village: Village, number: str, *kinds: str, reported_on: date, **more: Any
) -> dict[str, Any]:
    """A grid worker's report about a person, or about somebody nobody could name."""
    about = {
        "name": person.name if person else None,
        "gender": person.gender if person else None,
        "age": None,
        "id_type": "居民身份证" if person else None,
        "id_number": person.id_number if person else None,
        "phone": None,
        "alias": False,
    }
    return {
        "report_id": f"WG-{number}",
        "reported_at": f"{reported_on - timedelta(days=1)}T09:00:00+08:00",
        "reporter": {"id": "G35060200001", "name": "林网格", "phone": "15400010001", "role": "网格员"},
        "grid_code": f"{village.code}001",
        "division_code": village.code,
        "place": f"{village.full_name}示例路9001号",
        "person": about,
        "household_size": 1,
        "kinds": list(kinds),
        "urgency": "yellow",
        "text": "走访时发现。",
        "safe_to_call": True,
        "consent": {"informed": True, "share_with_partners": True},
        "photos": [],
        "channel": "app",
        **more,
    }
