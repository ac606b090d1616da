"""Benefit rolls over HTTP: read, matched to people, the former roll replaced whole, told, and taken back."""

import csv
import io
import json
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.contracts.intake import BenefitsChanged
from services.eligibility.rules.plan import PROGRAMMES
from services.intake.records.identity import check_digit
from services.intake.records.roll import read_roll_row, roll_programmes
from tests.support.apps import PartUnderTest, officer
from tests.unit.intake.posting import push, rows
from tests.unit.intake.test_a_household_form_keeps_what_was_said import FORM
from tests.unit.intake.test_files_are_checked_committed_and_taken_back import IMPORTS, brought_in, findings, job_of

HEADERS = ["姓名", "证件号码", "救助项目", "所属区划", "享受起始年月", "月救助金额", "享受截止年月"]
TODAY = date(2025, 7, 1)


def number(born: str, sequence: int = 996, region: str = "350602") -> str:
    """An invented person's number."""
    first = f"{region}{born}{sequence}"
    return first + check_digit(first)


ANNA, BERT, CARL = number("19600101"), number("19610101"), number("19620101")


def line(person: str, name: str = "林示例", programme: str = "低保", place: str = "350602", **more: str) -> list[str]:
    """One row of a roll."""
    return [name, person, programme, place, more.get("since", "2025-03"), more.get("amount", ""), more.get("until", "")]


def roll(*lines: list[str], headers: list[str] = HEADERS) -> bytes:
    """A roll as CSV."""
    out = io.StringIO()
    csv.writer(out).writerows([headers, *lines])
    return out.getvalue().encode()


async def bring(client: httpx.AsyncClient, run: Any, content: bytes) -> str:
    """A roll uploaded, checked and committed."""
    return await brought_in(client, run, "roll.csv", content, kind="benefit-rolls")


async def told(part: PartUnderTest) -> dict[UUID, BenefitsChanged]:
    """The newest event about each person."""
    events = sorted(await part.events_of(BenefitsChanged), key=lambda event: event.version)
    return {event.ref: event for event in events}


async def on_rolls(part: PartUnderTest) -> list[tuple[str, str, str]]:
    """Who stands on which current roll: (programme, place, since)."""
    found = await rows(
        part,
        "SELECT r.programme, r.division, l.since FROM roll_line l JOIN benefit_roll r ON r.id = l.roll_id"
        " WHERE r.state = 'current' ORDER BY 1, 2, 3",
    )
    return [(row[0], row[1], str(row[2])) for row in found]


async def test_a_roll_comes_in_and_everybody_on_it_is_told_of_once(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    content = roll(
        line(ANNA, amount="¥812.50"), line(BERT, "陈示例"), line(CARL, "黄示例", "高龄津贴", until="2099-02")
    )
    job = await job_of(client, await bring(client, run_imports, content))
    assert (job["counts"]["rows"], job["counts"]["new"], job["counts"]["rejected"]) == (3, 3, 0)
    assert {note["code"] for note in job["notes"]} == {"ROLL_NEW"}
    events = await told(intake)
    assert len(await intake.events_of(BenefitsChanged)) == len(events) == 3
    held = {(one.programme, one.since, one.until, one.monthly_fen) for e in events.values() for one in e.benefits}
    assert held == {
        ("dibao", date(2025, 3, 1), None, 81250),
        ("dibao", date(2025, 3, 1), None, None),
        ("elderly_allowance", date(2025, 3, 1), date(2099, 2, 28), None),
    }
    assert all(event.provisional for event in events.values())
    text = json.dumps([event.model_dump(mode="json") for event in events.values()], ensure_ascii=False)
    assert ANNA not in text and "林示例" not in text


async def test_a_new_roll_of_the_same_programme_and_place_replaces_the_former(
    intake: PartUnderTest, run_imports: Any
) -> None:
    client = intake.client()
    await bring(client, run_imports, roll(line(ANNA), line(BERT), line(CARL, programme="tekun")))
    second = roll(line(ANNA), line(CARL), line(BERT, place="350603"))
    answer = await client.post(
        IMPORTS, files={"file": ("r.csv", second)}, data={"kind": "benefit-rolls", "dry_run": "true"}
    )
    await run_imports()
    checked = await job_of(client, answer.json()["id"])
    assert (checked["counts"]["same"], checked["counts"]["new"]) == (1, 2)
    assert await on_rolls(intake) == [("dibao", "350602", "2025-03-01")] * 2 + [("tekun", "350602", "2025-03-01")]
    await client.post(f"{IMPORTS}/{checked['id']}/commit", json={})
    await run_imports()
    assert [one[:2] for one in await on_rolls(intake)] == [
        ("dibao", "350602"),
        ("dibao", "350602"),
        ("dibao", "350603"),
        ("tekun", "350602"),
    ]
    places = sorted(sorted((one.programme, one.division) for one in e.benefits) for e in (await told(intake)).values())
    assert places == [
        [("dibao", "350602")],
        [("dibao", "350602"), ("tekun", "350602")],
        [("dibao", "350603")],
    ]


async def test_who_is_no_longer_on_the_roll_ends_and_the_check_says_how_many(
    intake: PartUnderTest, run_imports: Any
) -> None:
    client = intake.client()
    await bring(client, run_imports, roll(line(ANNA), line(BERT), line(CARL)))
    job = await job_of(client, await bring(client, run_imports, roll(line(ANNA, since="2025-04"))))
    assert (job["counts"]["rows"], job["counts"]["changed"]) == (1, 1)
    (note,) = job["notes"]
    assert note["code"] == "ROLL_LEAVES" and "2人" in note["message"]["zh"] and "低" in note["message"]["zh"]
    assert await on_rolls(intake) == [("dibao", "350602", "2025-04-01")]
    assert sorted(len(event.benefits) for event in (await told(intake)).values()) == [0, 0, 1]
    assert len(await intake.events_of(BenefitsChanged)) == 6


async def test_a_countys_roll_replaces_those_of_its_townships_and_not_its_neighbours(
    intake: PartUnderTest, run_imports: Any
) -> None:
    client = intake.client()
    await bring(client, run_imports, roll(line(ANNA, place="350602001"), line(BERT, place="350602007003")))
    assert [one[1] for one in await on_rolls(intake)] == ["350602001", "350602007"]
    await bring(client, run_imports, roll(line(CARL, place="350603")))
    await bring(client, run_imports, roll(line(ANNA, place="芗城区")))
    assert [one[1] for one in await on_rolls(intake)] == ["350602", "350603"]


async def test_a_roll_is_taken_back_and_the_former_one_holds_again(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    first = await bring(client, run_imports, roll(line(ANNA), line(BERT)))
    second = await bring(client, run_imports, roll(line(ANNA), line(CARL)))
    answer = await client.post(f"{IMPORTS}/{first}/undo")
    assert (answer.status_code, answer.json()["code"]) == (409, "import_touched")
    assert (await client.post(f"{IMPORTS}/{second}/undo")).json()["state"] == "undone"
    names = await rows(
        intake,
        "SELECT count(*) FROM roll_line l JOIN benefit_roll r ON r.id = l.roll_id WHERE r.state = 'current'"
        f" AND r.import_id = '{first}'",
    )
    assert names[0][0] == 2
    assert sorted(len(event.benefits) for event in (await told(intake)).values()) == [0, 1, 1]
    assert (await client.post(f"{IMPORTS}/{first}/undo")).json()["state"] == "undone"
    assert await on_rolls(intake) == []
    assert {len(event.benefits) for event in (await told(intake)).values()} == {0}


async def test_a_former_roll_does_not_come_back_where_another_one_stands(
    intake: PartUnderTest, run_imports: Any
) -> None:
    client = intake.client()
    await bring(client, run_imports, roll(line(ANNA, place="350602001")))
    county = await bring(client, run_imports, roll(line(ANNA), line(BERT)))
    await bring(client, run_imports, roll(line(CARL, place="350602001")))
    answer = await client.post(f"{IMPORTS}/{county}/undo")
    assert (answer.status_code, answer.json()["code"]) == (409, "import_touched")
    assert [one[1] for one in await on_rolls(intake)] == ["350602", "350602", "350602001"]


async def test_a_roll_comes_as_json_lines_too_and_again_it_is_the_same(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    person = {"name": "林示例", "id_number": ANNA, "programme": "dibao", "roll_division": "350602", "since": "2025-03"}
    content = json.dumps(person | {"monthly_amount": 812.5}, ensure_ascii=False).encode()
    job = await job_of(client, await bring(client, run_imports, content))
    assert (job["counts"]["new"], job["file"]["form"]) == (1, "jsonl")
    (event,) = (await told(intake)).values()
    assert event.benefits[0].monthly_fen == 81250
    again = await job_of(client, await bring(client, run_imports, roll(line(ANNA, amount="812.50"))))
    assert again["counts"]["same"] == 1
    assert len(await intake.events_of(BenefitsChanged)) == 1


async def test_the_same_person_in_a_bill_and_on_a_roll_is_one(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    receipt = await push(client, id_number=ANNA, name="林示例", division="350602")
    await bring(client, run_imports, roll(line(ANNA, "林*例"), line(BERT)))
    assert (await rows(intake, "SELECT count(*) FROM person"))[0][0] == 2
    record = (await client.get(f"/api/v1/intake/records/{receipt['record_id']}")).json()
    event = (await told(intake))[UUID(record["person_ref"])]
    assert str(event.household_ref) == record["household_ref"]


async def test_whoever_moves_into_a_household_brings_the_benefit_along(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    member = FORM["members"][0]
    place = str(FORM["division"])
    await bring(client, run_imports, roll(line(str(member["id_number"]), str(member["name"]), place=place)))
    (before,) = (await told(intake)).values()
    answer = await client.post("/api/v1/intake/households", json=FORM)
    assert answer.status_code == 201, answer.text
    household = answer.json()["household_ref"]
    (after,) = (await told(intake)).values()
    assert (after.ref, after.version) == (before.ref, before.version + 1)
    assert str(after.household_ref) == household and not after.provisional
    page = (await client.get(f"/api/v1/intake/households/{household}")).json()
    (benefit,) = page["benefits"]
    assert (benefit["programme"], benefit["since"], benefit["monthly_amount"]) == ("dibao", "2025-03-01", None)
    assert benefit["person_ref"] == str(after.ref)


async def test_a_clerk_sees_what_a_countys_roll_says_of_a_household_of_the_township(
    intake: PartUnderTest, run_imports: Any
) -> None:
    member, place = FORM["members"][0], str(FORM["division"])
    county = line(str(member["id_number"]), str(member["name"]), place=place[:6])
    await bring(intake.client(), run_imports, roll(county))
    household = (await intake.client().post("/api/v1/intake/households", json=FORM)).json()["household_ref"]
    clerk = intake.client(officer(territory=place[:9]))
    page = (await clerk.get(f"/api/v1/intake/households/{household}")).json()
    assert [one["programme"] for one in page["benefits"]] == ["dibao"]
    other = intake.client(officer(territory="350603"))
    assert (await other.get(f"/api/v1/intake/households/{household}")).status_code == 404


async def test_each_row_has_its_finding_and_no_value_is_repeated(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    content = roll(
        line(ANNA),
        line(ANNA),
        line(ANNA, since="2024-01"),
        line(ANNA[:-1] + ("0" if ANNA[-1] != "0" else "1"), "王秘密"),
        line(BERT, programme="秘密补贴"),
        line(BERT, place="350100"),
        line(BERT, since="25/3/1"),
        line(BERT, since="2099-01"),
        line(BERT, amount="300000"),
        line(BERT, amount="一百元"),
        line(BERT, until="2024-12"),
        line(CARL, until="2025-04"),
    )
    job = await job_of(client, await bring(client, run_imports, content))
    counts = job["counts"]
    assert (counts["rows"], counts["new"], counts["duplicate"], counts["rejected"]) == (12, 2, 1, 9)
    errors = await findings(client, job["id"], "errors")
    assert {(line, code) for line, _, code, _ in errors} == {
        (4, "ROLL_TWICE"),
        (5, "ID_CHECK_DIGIT"),
        (6, "ROLL_PROGRAMME"),
        (7, "DIVISION_ELSEWHERE"),
        (8, "DATE_TEXT"),
        (9, "DATE_FUTURE"),
        (10, "ROLL_AMOUNT_LARGE"),
        (11, "AMOUNT_TEXT"),
        (12, "ROLL_UNTIL_ORDER"),
    }
    notes = await findings(client, job["id"], "notes")
    assert {(3, "DUPLICATE_SAME"), (13, "ROLL_ENDED")} <= {(line, code) for line, _, code, _ in notes}
    said = str(errors) + str(notes) + (await client.get(f"{IMPORTS}/{job['id']}/errors?format=csv")).text
    assert not [secret for secret in ("王秘密", "秘密补贴", ANNA, "一百元") if secret in said]


async def test_somebody_on_the_roll_of_another_county_is_pointed_out(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    await bring(client, run_imports, roll(line(ANNA)))
    job = await job_of(client, await bring(client, run_imports, roll(line(ANNA, place="350603"))))
    assert (job["counts"]["new"], job["counts"]["warned"]) == (1, 1)
    assert {code for _, _, code, _ in await findings(client, job["id"], "notes")} == {"ROLL_ELSEWHERE"}
    assert len(await on_rolls(intake)) == 2


async def test_other_offices_words_are_suggested_and_remembered(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    other = ["户主姓名", "身份证号", "保障类别", "乡镇街道", "纳入时间", "月保障金(元)", "截止年月"]
    content = roll(line(ANNA, amount="700"), headers=other)
    answer = await client.post(IMPORTS, files={"file": ("r.csv", content)}, data={"kind": "benefit-rolls"})
    assert (answer.status_code, answer.json()["code"]) == (422, "column_mapping_needed")
    suggestion = answer.json()["mapping"]["suggestion"]
    assert suggestion["保障类别"] == "programme" and suggestion["乡镇街道"] == "roll_division"
    fields = {"kind": "benefit-rolls", "mapping": json.dumps(suggestion)}
    await brought_in(client, run_imports, "r.csv", content, **fields)
    (row,) = await rows(
        intake, "SELECT month_fen, r.import_id FROM roll_line l JOIN benefit_roll r ON r.id = l.roll_id"
    )
    assert row[0] == 70000
    (job,) = await rows(intake, "SELECT source FROM import_job")
    assert job[0] == "civil_affairs"
    await bring(client, run_imports, roll(line(BERT), headers=other))
    lost = roll(line(BERT)[:4], headers=HEADERS[:4])
    answer = await client.post(IMPORTS, files={"file": ("r.csv", lost)}, data={"kind": "benefit-rolls"})
    assert answer.json()["code"] == "file_refused" and "享受起始年月" in answer.json()["detail"]


async def test_a_township_may_bring_its_own_roll_and_no_other(intake: PartUnderTest, run_imports: Any) -> None:
    clerk = intake.client(officer(territory="350602001"))
    job_id = await bring(clerk, run_imports, roll(line(ANNA, place="350602001"), line(BERT, place="350602002")))
    job = await job_of(clerk, job_id)
    assert (job["counts"]["new"], job["counts"]["rejected"]) == (1, 1)
    assert {code for _, _, code, _ in await findings(clerk, job_id, "errors")} == {"DIVISION_OUTSIDE_TERRITORY"}


@pytest.mark.parametrize(
    ("cells", "since", "until", "fen"),
    [
        ({"since": "2025年3月", "until": "2025/4"}, "2025-03-01", "2025-04-30", None),
        ({"since": "202503", "until": "2096-02"}, "2025-03-01", "2096-02-29", None),
        ({"since": "2025-03-15", "monthly_amount": "81250", "unit": "分"}, "2025-03-15", None, 81250),
        ({"since": "２０２５－０３", "monthly_amount": "1,020.5元"}, "2025-03-01", None, 102050),
    ],
)
def test_months_and_amounts_are_read_as_they_are_written(
    cells: dict[str, str], since: str, until: str | None, fen: int | None
) -> None:
    row = {"name": "林示例", "id_number": ANNA, "programme": "dibao", "roll_division": "350602"} | cells
    read = read_roll_row(row, today=TODAY)
    assert read.line is not None, read.issues
    assert read.line.content == (date.fromisoformat(since), until and date.fromisoformat(until), fen)


def test_programmes_of_rolls_are_programmes_of_the_rule_book() -> None:
    assert set(roll_programmes()) < {programme.code for programme in PROGRAMMES}
