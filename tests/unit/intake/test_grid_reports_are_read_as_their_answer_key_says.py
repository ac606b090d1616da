"""Sixty reports of grid workers, and what must be noticed before anyone acts."""

import copy
import json
from collections import Counter
from typing import Any

import pytest

from services.intake.records.grid import ReadReport, notice_known, read_report, refers_nobody, report_kinds
from tests.unit.intake.samples import NOW, expected, sample

LINES: list[dict[str, Any]] = [json.loads(line) for line in sample("grid-reports.jsonl").decode().splitlines()]


def read(line: dict[str, Any]) -> ReadReport:
    return read_report(line, now=NOW)


def changed(path: str, value: object) -> ReadReport:
    line = copy.deepcopy(LINES[0])
    inner = line
    *steps, last = path.split(".")
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return read(line)


def test_all_sixty_reports_are_read() -> None:
    reports = [read(line).report for line in LINES]
    assert all(reports)
    kinds = {kind for report in reports if report for kind in report.kinds}
    assert len(report_kinds()) == 18 and kinds == set(report_kinds())
    assert Counter(report.urgency for report in reports if report) == {"red": 18, "yellow": 22, "blue": 20}


def test_what_must_be_noticed_is_what_the_answer_key_says() -> None:
    """SAME_PERSON needs the hospital rows, POSSIBLE_DUPLICATE the other reports: both are given here."""
    numbers = {row["证件号码"] for row in expected("hospital-costs-expected.csv")}
    reports = {line["report_id"]: read(line) for line in LINES}
    found = set()
    for report_id, one in reports.items():
        assert one.report is not None
        earlier = [r.report for r in reports.values() if r.report and r.report.reported_at < one.report.reported_at]
        identity = one.report.person.identity
        known = identity is not None and identity.id_number in numbers
        more = notice_known(one.report, is_known_person=known, same_name_reports=earlier)
        found |= {(report_id, issue.code) for issue in (*one.issues, *more)}
    assert found == {(row["report_id"], row["code"]) for row in expected("grid-reports-expected.csv")}


def test_a_negative_clue_alone_refers_nobody() -> None:
    report = changed("kinds", ["income_up_signal"]).report
    both = changed("kinds", ["income_up_signal", "fire"]).report
    assert report and refers_nobody(report) and both and not refers_nobody(both)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("report_id", None, "report_id"),
        ("report_id", "", "report_id"),
        ("report_id", 5, "report_id"),
        ("reported_at", "2025-06-04", "reported_at"),
        ("reported_at", "2025-06-04T20:35:00", "reported_at"),
        ("reported_at", "2099-06-04T20:35:00+08:00", "reported_at"),
        ("kinds", [], "kinds"),
        ("kinds", ["poor"], "kinds"),
        ("kinds", "fire", "kinds"),
        ("kinds", [1], "kinds"),
        ("urgency", "green", "urgency"),
        ("urgency", None, "urgency"),
        ("division_code", "350699123456", "division_code"),
        ("division_code", 350629, "division_code"),
        ("safe_to_call", "yes", "safe_to_call"),
        ("household_size", 0, "household_size"),
        ("household_size", True, "household_size"),
        ("household_size", 3.0, "household_size"),
        ("person", None, "person"),
        ("person.gender", "男", "person.gender"),
        ("person.age", -1, "person.age"),
        ("person.id_number", "350623195209169992", "person.id_number"),
        ("person.id_number", "无", "person.id_number"),
        ("person.name", "林\x00", "person.name"),
        ("person.name", "<b>", "person.name"),
        ("consent", None, "consent"),
        ("consent.share_with_partners", "true", "consent.share_with_partners"),
        ("consent.informed", None, "consent.informed"),
        ("reporter.id", None, "reporter.id"),
        ("text", "x\x00", "text"),
        ("text", "x" * 2001, "text"),
        ("photos", ["x" * 500], "photos"),
        ("photos", "x", "photos"),
        ("person.secret", 1, "person.secret"),
        ("status", 1, "status"),
    ],
)
def test_a_wrong_field_of_a_report_is_named(path: str, value: object, field: str) -> None:
    one = changed(path, value)
    assert one.report is None
    assert {issue.field for issue in one.issues} == {field}


def test_an_identity_number_may_come_with_the_chinese_word_or_the_code_of_its_paper() -> None:
    line = copy.deepcopy(LINES[0])
    line["person"] |= {"id_type": "resident_id", "id_number": "350623195209169991"}
    one = read(line)
    assert one.report and one.report.person.identity and one.report.person.gender == "male"
