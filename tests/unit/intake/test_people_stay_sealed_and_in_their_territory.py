"""What protects people: sealed columns, a blind index, row-level security, append-only papers, masks, disclosures."""

import re
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.intake.models import PERSONAL_TABLES, SEALED_COLUMNS
from services.intake.schemas import GridReportIn, HospitalCostIn, HouseholdIn, MemberIn
from services.kit.auth import Actor
from services.kit.db import Scope
from services.kit.privacy import SealBroken
from tests.support.apps import PartUnderTest, officer
from tests.unit.intake.posting import COSTS, bill, push, rows
from tests.unit.intake.test_a_household_form_keeps_what_was_said import FORM
from tests.unit.intake.test_a_household_takes_its_people_in import form, register, said
from tests.unit.intake.test_grid_reports_are_read_as_their_answer_key_says import LINES

SECRETS = (
    "王松林", "350627195907089994", "15400000003", "示例路", "何佳怡", "350622195512269964", "郑秀英之女", "Q359900001",
    "游进财", "350623195209169991", "杨网格", "15400010009", "小安", "父亲服刑",
)  # fmt: skip
DISCLOSER = Actor("partner-system-1", ("partner_system",), "all", frozenset({"people:disclose"}), "red_cross")


async def fill(part: PartUnderTest) -> dict[str, Any]:
    client = part.client()
    await push(client)
    await client.post("/api/v1/intake/grid-reports", json=LINES[0])
    receipt = await register(client, form())
    await said(client, receipt["household_ref"])
    return receipt


async def dump(part: PartUnderTest) -> str:
    """Every cell of every table as text; bytes as they are, as hex and as base64 would show them."""
    found = []
    async with part.database.transaction() as db:
        names = (await db.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).scalars().all()
        for name in names:
            for row in await db.execute(text(f"SELECT * FROM {name}")):
                for cell in row:
                    found.append(cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell))
    return "\n".join(found)


async def test_no_table_holds_a_name_a_number_a_phone_an_address_or_a_narrative(intake: PartUnderTest) -> None:
    await fill(intake)
    text_of_all = await dump(intake)
    assert "350623200207" in text_of_all, "the dump sees the rows"
    assert [secret for secret in SECRETS if secret in text_of_all] == []


async def test_every_table_with_a_division_is_protected_even_from_its_owner(intake: PartUnderTest) -> None:
    owner = await asyncpg.connect(intake.owner_url)
    try:
        with_division = {
            row["table_name"]
            for row in await owner.fetch(
                "SELECT table_name FROM information_schema.columns WHERE column_name = 'division'"
                " AND table_schema = 'public'"
            )
        }
        forced = {
            row["relname"]
            for row in await owner.fetch("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        }
        assert with_division == forced >= set(PERSONAL_TABLES)
        await fill(intake)
        for table in PERSONAL_TABLES:
            assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0
    finally:
        await owner.close()


async def test_sealed_columns_are_exactly_those_that_hold_personal_bytes(intake: PartUnderTest) -> None:
    found = await rows(
        intake,
        "SELECT table_name, column_name FROM information_schema.columns WHERE data_type = 'bytea'"
        " AND table_schema = 'public' AND column_name NOT LIKE '%digest' AND column_name NOT LIKE '%sha256'"
        " AND column_name NOT LIKE '%index'",
    )
    assert {tuple(row) for row in found} == {(t, c) for t, columns in SEALED_COLUMNS.items() for c in columns}


async def test_a_ciphertext_moved_to_another_row_does_not_open(intake: PartUnderTest) -> None:
    receipt = await fill(intake)
    one, two = receipt["person_refs"]["m1"], receipt["person_refs"]["m2"]
    async with intake.database.transaction() as db:
        move = "UPDATE person SET sealed = (SELECT sealed FROM person WHERE id = :two) WHERE id = :one"
        await db.execute(text(move), {"one": one, "two": two})
    answer = await intake.client().post(f"/api/v1/intake/persons/{one}/reveal", json={"fields": ["name"]})
    assert answer.status_code == 500 and "何佳怡" not in answer.text
    assert SealBroken.__name__ not in answer.text


async def test_what_was_said_and_what_was_handed_out_cannot_be_changed(intake: PartUnderTest) -> None:
    await fill(intake)
    for statement in ("UPDATE consent_decision SET decision = 'refused'", "DELETE FROM consent_decision",
                      "DELETE FROM disclosure", "TRUNCATE consent_decision"):  # fmt: skip
        with pytest.raises(DBAPIError):
            async with intake.database.transaction() as db:
                await db.execute(text(statement))


async def test_a_transaction_without_a_territory_sees_nobody(intake: PartUnderTest) -> None:
    await fill(intake)
    for territory, expected in (("", 0), ("none", 0), ("350622", 3), ("350629", 1), ("3506", 5), ("all", 5)):
        async with intake.database.transaction(Scope(territory)) as db:
            assert (await db.execute(text("SELECT count(*) FROM person"))).scalar() == expected


@pytest.mark.parametrize("territory", ["350602", "350623", "350622104"])
async def test_another_territorys_rows_are_not_there(intake: PartUnderTest, territory: str) -> None:
    receipt = await fill(intake)
    record = (await rows(intake, "SELECT id FROM grid_report"))[0].id
    stranger = intake.client(officer(territory))
    home, person = receipt["household_ref"], receipt["person_refs"]["m1"]
    assert (await stranger.get(f"/api/v1/intake/households/{home}")).status_code == 404
    reveal = await stranger.post(f"/api/v1/intake/persons/{person}/reveal", json={"fields": ["name"]})
    assert reveal.status_code == 404
    assert (await stranger.get(f"/api/v1/intake/records/{record}")).status_code == 404
    assert (await said(stranger, home)).status_code == 404
    missing = await stranger.get(f"/api/v1/intake/households/{uuid4()}")
    there = await stranger.get(f"/api/v1/intake/households/{home}")
    assert missing.json() == there.json()


@pytest.mark.parametrize("territory", ["350622", "350622103", "3506", "all"])
async def test_the_own_village_township_county_and_city_see_the_household(
    intake: PartUnderTest, territory: str
) -> None:
    receipt = await fill(intake)
    answer = await intake.client(officer(territory)).get(f"/api/v1/intake/households/{receipt['household_ref']}")
    assert answer.status_code == 200


async def test_a_bill_about_a_place_elsewhere_is_not_the_callers_to_push(intake: PartUnderTest) -> None:
    clerk = intake.client(officer("350602", "intake:write"))
    for division in ("350623200207", "350203", "3506"):
        answer = await clerk.post(COSTS, json=bill(division=division))
        assert (answer.status_code, answer.json()["code"]) == (403, "outside_territory")
    assert (await clerk.post(COSTS, json=bill(division="350602007003"))).status_code == 202


async def test_a_bill_about_somebody_known_elsewhere_tells_the_pusher_nothing(intake: PartUnderTest) -> None:
    """The number is known in another county: the answer is that of somebody new, and the sum is the person's own."""
    first = await push(intake.client())
    clerk = intake.client(officer("350602", "intake:write", "intake:read"))
    receipt = await clerk.post(COSTS, json=bill(settlement_id="S2", division="350602007003", settled_on="2025-05-17"))
    assert receipt.json().keys() == first.keys() and receipt.json()["result"] == "new"
    assert len(await rows(intake, "SELECT 1 FROM person")) == 1


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", COSTS, "intake:write"), ("POST", f"{COSTS}/batch", "intake:write"),
        ("POST", "/api/v1/intake/grid-reports", "intake:write"), ("POST", "/api/v1/intake/households", "intake:write"),
        ("POST", "/api/v1/intake/consents", "intake:write"), ("POST", "/api/v1/intake/imports", "intake:write"),
        ("GET", f"/api/v1/intake/records/{uuid4()}", "intake:read"), ("GET", "/api/v1/intake/counts", "intake:read"),
        ("GET", f"/api/v1/intake/households/{uuid4()}", "people:read"),
        ("POST", f"/api/v1/intake/persons/{uuid4()}/reveal", "people:read"),
        ("POST", "/internal/disclosures", "people:disclose"),
    ],
)  # fmt: skip
async def test_every_door_asks_for_a_token_and_its_scope(
    intake: PartUnderTest, method: str, path: str, scope: str
) -> None:
    assert (await intake.client(None).request(method, path)).status_code == 401
    scopes = {"intake:write", "intake:read", "people:read", "people:disclose", "partner:read", "admin"} - {scope}
    assert (await intake.client(officer("all", *scopes)).request(method, path)).status_code == 403
    assert (await intake.client(officer("all", scope)).request(method, path)).status_code not in (401, 403, 500)


async def test_the_page_of_a_household_is_masked_and_a_reveal_shows_only_what_was_asked(intake: PartUnderTest) -> None:
    receipt = await fill(intake)
    client = intake.client()
    page = await client.get(f"/api/v1/intake/households/{receipt['household_ref']}")
    assert [secret for secret in SECRETS if secret in page.text] == []
    member = page.json()["members"][0]
    assert (member["name"], member["id_number"], member["phone"]) == ("王**", "350627********9994", "154****0003")
    assert page.json()["place"] == "云霄县莆美镇双溪口村委会"
    person = receipt["person_refs"]["m1"]
    shown = await client.post(f"/api/v1/intake/persons/{person}/reveal", json={"fields": ["name", "address"]})
    assert shown.json() == {"name": "王松林", "address": FORM["address"]}
    assert (
        await client.post(f"/api/v1/intake/persons/{person}/reveal", json={"fields": ["sealed"]})
    ).status_code == 422


async def test_a_partner_gets_the_allowed_fields_and_it_is_written_down(intake: PartUnderTest) -> None:
    receipt = await fill(intake)
    gateway = intake.client(DISCLOSER)
    person, referral = receipt["person_refs"]["m1"], str(uuid4())
    body = {
        "person_ref": person, "referral_id": referral, "partner": "red_cross", "purpose": "medical_cost",
        "fields": ["name", "contact", "age", "disability_kind", "disability_grade", "employer", "self_paid_band"],
    }  # fmt: skip
    answer = await gateway.post("/internal/disclosures", json=body)
    told = answer.json()["person"]
    assert told == {"name": "王松林", "contact": "15400000003", "age": told["age"], "disability_kind": "physical",
                    "disability_grade": 2}  # fmt: skip
    (row,) = await rows(intake, "SELECT partner, referral_id, fields, asked_by, need FROM disclosure")
    assert (row.partner, str(row.referral_id), row.asked_by, row.need) == (
        "red_cross", referral, "partner-system-1", "medical_cost"
    )  # fmt: skip
    assert row.fields == sorted(told)
    assert (await gateway.post("/internal/disclosures", json=body | {"person_ref": str(uuid4())})).status_code == 404


async def test_a_child_is_reached_through_a_grown_up_and_named_by_an_alias(intake: PartUnderTest) -> None:
    receipt = await fill(intake)
    child = receipt["person_refs"]["m3"]
    body = {"person_ref": child, "referral_id": str(uuid4()), "partner": "womens_federation", "purpose": "child_care",
            "fields": ["alias", "guardian_contact", "age"]}  # fmt: skip
    gateway = intake.client(DISCLOSER)
    told = (await gateway.post("/internal/disclosures", json=body)).json()["person"]
    assert told["guardian_contact"] == "15400000003" and told["age"] == 0
    assert re.fullmatch(r"[小阿].", told["alias"])
    assert (await gateway.post("/internal/disclosures", json=body)).json()["person"]["alias"] == told["alias"]


def test_the_documented_fields_are_those_the_readers_take() -> None:
    from services.intake.records import grid, hospital_body, households

    assert set(HospitalCostIn.model_fields) == hospital_body.FIELDS
    assert set(GridReportIn.model_fields) == set(grid._FIELDS)
    assert set(HouseholdIn.model_fields) == set(households._FIELDS)
    assert set(MemberIn.model_fields) == set(households._MEMBER_FIELDS)
