"""Imports over HTTP: six steps, counts, findings, mappings, held rows, undo, and a process that stops in the middle."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from services.contracts.intake import CareChanged, HouseholdChanged
from services.intake.actions import import_runs
from services.intake.worker import runner_of
from tests.support.apps import PartUnderTest, officer
from tests.unit.intake.posting import rows, year_sum
from tests.unit.intake.samples import DATA, expected, sample
from tests.unit.intake.test_a_household_form_keeps_what_was_said import FORM

IMPORTS = "/api/v1/intake/imports"


async def upload(client: httpx.AsyncClient, name: str, content: bytes | None = None, **fields: str) -> httpx.Response:
    data = {"kind": "hospital-costs", "dry_run": "false"} | fields
    return await client.post(IMPORTS, files={"file": (name, content or sample(name))}, data=data)


async def job_of(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    answer = await client.get(f"{IMPORTS}/{job_id}")
    assert answer.status_code == 200, answer.text
    job: dict[str, Any] = answer.json()
    return job


async def brought_in(
    client: httpx.AsyncClient, run: Any, name: str, content: bytes | None = None, **fields: str
) -> str:
    """Upload, check and commit a file; the import's id."""
    answer = await upload(client, name, content, **fields)
    assert answer.status_code == 202, answer.text
    job_id = str(answer.json()["id"])
    await run()
    assert (await job_of(client, job_id))["state"] == "checked"
    assert (await client.post(f"{IMPORTS}/{job_id}/commit", json={})).status_code == 200
    await run()
    assert (await job_of(client, job_id))["state"] == "committed"
    return job_id


async def test_the_good_file_comes_in_whole_and_its_sums_are_those_of_the_answer_key(
    intake: PartUnderTest, run_imports: Any
) -> None:
    client = intake.client()
    job_id = await brought_in(client, run_imports, "hospital-costs.csv")
    counts = (await job_of(client, job_id))["counts"]
    assert (counts["rows"], counts["new"], counts["rejected"]) == (500, 500, 0)
    key = expected("hospital-costs-expected.csv")
    sums = await rows(intake, "SELECT year, records, self_paid_fen FROM person_year ORDER BY 1, 2, 3")
    wanted = sorted((int(r["年度"]), int(r["settlements"]), int(r["self_paid_sum"].replace(".", ""))) for r in key)
    assert [tuple(row) for row in sums] == wanted
    events = await intake.events_of(CareChanged)
    assert len(events) == len({event.ref for event in events}) == 375


async def test_the_workbook_after_the_csv_is_all_the_same(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    await brought_in(client, run_imports, "hospital-costs.csv")
    job_id = await brought_in(client, run_imports, "hospital-costs.xlsx")
    counts = (await job_of(client, job_id))["counts"]
    assert (counts["rows"], counts["same"], counts["new"]) == (500, 500, 0)
    assert len(await intake.events_of(CareChanged)) == 375


async def test_the_dirty_file_gives_each_row_its_finding(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    answer = await upload(client, "hospital-costs-dirty.csv", dry_run="true")
    assert answer.status_code == 202 and answer.json()["state"] == "checking"
    await run_imports()
    job = await job_of(client, answer.json()["id"])
    assert job["state"] == "checked"
    stored = {"new": 30, "changed": 0, "same": 0, "duplicate": 1, "warned": 13, "held": 1}
    assert job["counts"] == stored | {"rows": 60, "skipped": 3, "rejected": 26}
    assert not await rows(intake, "SELECT 1 FROM care_record")
    found = {"errors": await findings(client, job["id"], "errors"), "notes": await findings(client, job["id"], "notes")}
    for row in expected("hospital-costs-dirty-expected.csv"):
        if row["file"] != "hospital-costs-dirty.csv" or row["code"].startswith("OK_"):
            continue
        where = "errors" if row["action"] == "reject" else "notes"
        assert (int(row["line"]), row["column"], row["code"], row["message_zh"]) in found[where]


async def findings(client: httpx.AsyncClient, job_id: str, what: str) -> set[tuple[int, str, str, str]]:
    """All findings, page after page."""
    found: set[tuple[int, str, str, str]] = set()
    cursor: str | None = None
    while True:
        params = {"limit": "7"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"{IMPORTS}/{job_id}/{what}", params=params)).json()
        found |= {(i["line"], i["column"], i["code"], i["message"]["zh"]) for i in page["items"]}
        cursor = page["next"]
        if cursor is None:
            return found


async def test_findings_as_csv_hold_no_formula_and_no_personal_value(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    job_id = await brought_in(client, run_imports, "hospital-costs-dirty.csv")
    for what in ("errors", "notes"):
        answer = await client.get(f"{IMPORTS}/{job_id}/{what}?format=csv")
        assert answer.headers["content-type"].startswith("text/csv")
        table = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
        assert table[0] == ["line", "column", "code", "message_zh", "message_en", "masked"] and len(table) > 10
        assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@"))]
        for secret in ("350621195011169986", "洪招娣", "15400000437", "示例路"):
            assert secret not in answer.text


async def test_a_held_row_counts_once_its_unit_is_confirmed(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    job_id = await brought_in(client, run_imports, "hospital-costs-dirty.csv")
    held = next(line for line, _, code, _ in await findings(client, job_id, "notes") if code == "AMOUNT_FEN")
    answer = await client.post(f"{IMPORTS}/{job_id}/rows/{held}/confirm", json={"unit": "fen"})
    assert answer.status_code == 200, answer.text
    record = answer.json()["record_id"]
    assert await year_sum(client, record) == "88000.00"
    again = await client.post(f"{IMPORTS}/{job_id}/rows/{held}/confirm", json={"unit": "fen"})
    assert again.json() == answer.json() and await year_sum(client, record) == "88000.00"
    counts = (await job_of(client, job_id))["counts"]
    assert (counts["held"], counts["new"]) == (0, 31)
    assert (await client.post(f"{IMPORTS}/{job_id}/rows/2/confirm")).status_code == 404


async def test_the_same_file_again_is_the_same_import(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    job_id = await brought_in(client, run_imports, "hospital-costs-gbk.csv")
    again = await upload(client, "renamed.csv", sample("hospital-costs-gbk.csv"))
    assert (again.json()["id"], again.json()["state"]) == (job_id, "committed")
    assert (await client.post(f"{IMPORTS}/{job_id}/commit")).json()["state"] == "committed"
    assert again.json()["notes"][0]["code"] == "ENCODING_GB18030"


async def test_an_import_is_taken_back_and_may_come_again(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    job_id = await brought_in(client, run_imports, "hospital-costs.csv")
    assert (await client.post(f"{IMPORTS}/{job_id}/undo")).json()["state"] == "undone"
    assert (await client.post(f"{IMPORTS}/{job_id}/undo")).json()["state"] == "undone"
    assert not await rows(intake, "SELECT 1 FROM person_year")
    newest = {event.ref: event for event in await intake.events_of(CareChanged)}
    assert {record.note for event in newest.values() for record in event.records} == {"withdrawn"}
    second = await brought_in(client, run_imports, "hospital-costs.csv")
    assert second != job_id and (await job_of(client, second))["counts"]["new"] == 500


async def test_an_import_whose_records_were_corrected_stays(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    job_id = await brought_in(client, run_imports, "hospital-costs-gbk.csv")
    (first,) = await rows(
        intake, "SELECT source, settlement_id, settled_on, total_fen FROM care_record ORDER BY import_line LIMIT 1"
    )
    correction = {
        "source": first.source, "settlement_id": first.settlement_id, "version": 2, "id_number": "350623195209169991",
        "name": "游进财", "division": "350623", "hospital": "漳州示例第一医院", "settled_on": str(first.settled_on),
        "total": "1.00", "self_paid": "1.00",
    }  # fmt: skip
    assert (await client.post("/api/v1/intake/hospital-costs", json=correction)).json()["result"] == "correction"
    answer = await client.post(f"{IMPORTS}/{job_id}/undo")
    assert (answer.status_code, answer.json()["code"]) == (409, "import_touched")


async def test_a_file_without_a_needed_column_makes_no_import(intake: PartUnderTest) -> None:
    answer = await upload(intake.client(), "hospital-costs-missing-column.csv")
    assert (answer.status_code, answer.json()["code"]) == (422, "file_refused")
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("settlement_id", "COLUMN_MISSING")
    assert "结算流水号" in answer.json()["detail"]
    assert not await rows(intake, "SELECT 1 FROM import_job")


async def test_other_headers_are_asked_about_once_for_each_sender(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    name = "hospital-costs-other-headers.csv"
    answer = await upload(client, name)
    assert (answer.status_code, answer.json()["code"]) == (422, "column_mapping_needed")
    suggestion = answer.json()["mapping"]["suggestion"]
    assert suggestion["参保地"] == "division"
    job_id = await brought_in(client, run_imports, name, mapping=json.dumps(suggestion))
    assert (await job_of(client, job_id))["counts"]["new"] == 5
    changed = sample(name).replace(b"65148.11", b"65148.12").replace(b"110420.53", b"110420.54")
    assert (await upload(client, name, changed)).status_code == 202
    assert (await upload(client, name, changed, source="other_bureau")).status_code == 422


@pytest.mark.parametrize(
    ("content", "fields", "status", "code"),
    [
        (b"", {}, 422, "file_refused"), (b"PK\x03\x04x", {}, 422, "file_refused"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", {}, 422, "file_refused"),
        (b"x", {"kind": "benefit-rolls"}, 422, "file_refused"),
        (b"x", {"kind": "poems"}, 422, "kind_not_taken"), (b"x", {"dry_run": "maybe"}, 422, "bad_input"),
        (b"x", {"mapping": "[1]"}, 422, "bad_input"), (b"x", {"source": "a b"}, 422, "bad_input"),
        (b"x" * (5 * 1024 * 1024 + 1), {}, 422, "file_refused"), (b"x" * (9 * 1024 * 1024), {}, 413, "too_large"),
        (b"[1]\n", {"kind": "grid-reports"}, 202, None),
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_no_file_for_us_is_refused(
    intake: PartUnderTest, content: bytes, fields: dict[str, str], status: int, code: str | None
) -> None:
    data = {"kind": "hospital-costs"} | fields
    answer = await intake.client().post(IMPORTS, files={"file": ("x", content)}, data=data)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


async def test_a_workbook_that_blows_up_in_the_child_is_refused(intake: PartUnderTest) -> None:
    data = sample("hospital-costs.xlsx")
    answer = await upload(intake.client(), "x.xlsx", data[: len(data) // 2])
    assert (answer.status_code, answer.json()["code"]) == (422, "file_refused")


async def test_households_and_reports_come_as_json_lines(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    consent = {"partner": "any", "purpose": "any", "decision": "given", "given_on": "2025-06-01"}
    lines = [
        FORM | {"consents": [consent]},
        FORM | {"consents": [consent]},
        FORM | {"division": "350699123456"},
        {"division": "350623", "members": [FORM["members"][1] | {"relation": "self"}, FORM["members"][0]]},
        {"division": "350602", "members": [{"ref": "a", "id_number": "350623195209169991", "name": "游进财"}]},
        FORM | {"consents": [{"partner": "any"}]},
    ]
    content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode() + b"\n{\n"
    job_id = await brought_in(client, run_imports, "households.jsonl", content, kind="households")
    counts = (await job_of(client, job_id))["counts"]
    assert (counts["rows"], counts["rejected"]) == (7, 3)
    assert (counts["new"], counts["same"], counts["changed"]) == (2, 1, 1)
    assert len(await rows(intake, "SELECT 1 FROM household WHERE NOT provisional")) == 2
    assert len(await rows(intake, "SELECT 1 FROM consent_decision")) == 1
    assert {line for line, *_ in await findings(client, job_id, "errors")} == {3, 6, 7}
    reports = await brought_in(client, run_imports, "grid-reports.jsonl", kind="grid-reports")
    counts = (await job_of(client, reports))["counts"]
    assert (counts["rows"], counts["new"], counts["warned"]) == (60, 60, 1)
    assert len(await rows(intake, "SELECT 1 FROM grid_report")) == 60


async def test_a_check_of_households_writes_nothing(intake: PartUnderTest, run_imports: Any) -> None:
    client = intake.client()
    answer = await upload(client, "h.jsonl", json.dumps(FORM).encode(), kind="households", dry_run="true")
    await run_imports()
    job = await job_of(client, answer.json()["id"])
    assert (job["state"], job["counts"]["new"]) == ("checked", 1)
    assert not await rows(intake, "SELECT 1 FROM person")
    assert not await intake.events_of(HouseholdChanged)


async def test_a_step_that_dies_in_the_middle_is_done_again_by_the_next_process(
    intake: PartUnderTest, run_imports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the check of the rows: the lease runs out and another one does the whole step."""
    client = intake.client()
    job_id = (await upload(client, "hospital-costs.csv")).json()["id"]
    await run_imports()
    await client.post(f"{IMPORTS}/{job_id}/commit")

    class Died(BaseException):
        pass

    async def die(*args: object, **kwargs: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(import_runs, "_commit_costs", die)
        with pytest.raises(Died):
            await import_runs.run_one(runner_of(intake.app))
    assert not await rows(intake, "SELECT 1 FROM care_record")
    assert not await import_runs.run_one(runner_of(intake.app)), "the lease still holds"
    async with intake.database.transaction() as db:
        from sqlalchemy import text

        await db.execute(text("UPDATE import_job SET leased_until = now() - interval '1 second'"))
    await run_imports()
    job = await job_of(client, job_id)
    assert (job["state"], job["counts"]["new"]) == ("committed", 500)
    assert len(await rows(intake, "SELECT 1 FROM care_record")) == 500


async def test_rows_about_places_that_are_not_the_senders_are_rejected(intake: PartUnderTest, run_imports: Any) -> None:
    clerk = intake.client(officer("350622", "intake:write"))
    job_id = await brought_in(clerk, run_imports, "hospital-costs.csv")
    counts = (await job_of(clerk, job_id))["counts"]
    inside = await rows(intake, "SELECT 1 FROM care_record WHERE division LIKE '350622%'")
    assert counts["new"] == len(inside) > 20 and counts["rejected"] == 500 - len(inside)
    assert len(await rows(intake, "SELECT 1 FROM care_record")) == len(inside)
    other = intake.client(officer("350623", "intake:write"))
    for path in ("", "/errors", "/notes"):
        assert (await other.get(f"{IMPORTS}/{job_id}{path}")).status_code == 404
    for path in ("/commit", "/undo", "/rows/2/confirm"):
        assert (await other.post(f"{IMPORTS}/{job_id}{path}")).status_code == 404


def test_the_sample_folder_is_there() -> None:
    assert (DATA / "hospital-costs.csv").exists()
