"""The sample pushes in tests/data, and short ways to read invented rows. Every person here is invented."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

from services.intake.records.hospital import ReadCost
from services.intake.records.hospital_body import read_body
from services.intake.records.hospital_row import read_row

DATA = Path(__file__).parents[2] / "data"
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
SOURCE = "medical_insurance"

GOOD_ROW = {
    "name": "游进财",
    "id_type": "居民身份证",
    "id_number": "350623195209169991",
    "gender": "男",
    "phone": "15400000001",
    "division": "350623200207",
    "address": "漳浦县南浦乡美林村委会示例路9034号",
    "hospital": "漳州示例第二医院",
    "admitted_on": "2025-05-12",
    "discharged_on": "2025-05-17",
    "settled_on": "2025-05-17",
    "settlement_id": "YS20250517000001",
    "total": "125000.00",
    "pooled_fund_paid": "66300.00",
    "serious_illness_paid": "18700.00",
    "medical_aid_paid": "0.00",
    "self_paid": "40000.00",
    "year": "2025",
}

GOOD_BODY = {
    "source": SOURCE,
    "settlement_id": "S1",
    "id_number": "350623195209169991",
    "name": "游进财",
    "division": "350623200207",
    "hospital": "漳州示例第二医院",
    "admitted_on": "2025-05-12",
    "discharged_on": "2025-05-17",
    "settled_on": "2025-05-17",
    "total": "125000.00",
    "pooled_fund_paid": "66300.00",
    "serious_illness_paid": "18700.00",
    "medical_aid_paid": "0.00",
    "self_paid": "40000.00",
}


def sample(name: str) -> bytes:
    """A sample push as bytes."""
    return (DATA / name).read_bytes()


def expected(name: str) -> list[dict[str, str]]:
    """An answer key as dicts."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def row_of(**changes: str) -> ReadCost:
    """A good row with some cells changed."""
    return read_row(GOOD_ROW | changes, source=SOURCE, today=TODAY)


def body_of(**changes: object) -> ReadCost:
    """A good body with some fields changed; None takes a field out."""
    body = {name: value for name, value in (GOOD_BODY | changes).items() if value is not None}
    return read_body(body, today=TODAY)


def codes(read: ReadCost) -> list[str]:
    """The codes of the issues, in order."""
    return [issue.code for issue in read.issues]
