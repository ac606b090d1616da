"""One answer from several parts: each caller's own token goes to each part, and a part that is away takes only its own
piece."""

from typing import Any

from gateway.chain import chain_of
from tests.unit.gateway.conftest import Gateway

_RECORD = "8d1e0a52-41a9-4b6c-9a51-4a7a4e1b2c3d"
_HOUSEHOLD = "1c3f7a10-5c0e-4c77-8c0f-1f5c2ad9a001"
_PERSON = "2b3f7a10-5c0e-4c77-8c0f-1f5c2ad9a002"
_ASSESSMENT = "3a3f7a10-5c0e-4c77-8c0f-1f5c2ad9a003"
_REFERRAL = "4e3f7a10-5c0e-4c77-8c0f-1f5c2ad9a004"
_PROBLEM = {"type": "/problems/consent_required", "status": 409, "code": "consent_required", "title": "…"}


def _fill(gateway: Gateway) -> None:
    intake, eligibility, referral = (gateway.parts[part] for part in ("intake", "eligibility", "referral"))
    intake.reply(
        f"GET /api/v1/intake/records/{_RECORD}",
        {"record_id": _RECORD, "person_ref": _PERSON, "household_ref": _HOUSEHOLD, "year_sum": "61234.56"},
    )
    eligibility.reply(
        f"GET /api/v1/eligibility/records/{_RECORD}",
        {
            "record_id": _RECORD,
            "household_ref": _HOUSEHOLD,
            "trigger": {"year": 2025, "sum": "61234.56", "threshold": "40000.00", "fired": True},
            "account": {"kind": "assessment", "assessment_id": _ASSESSMENT, "reason": None},
        },
    )
    eligibility.reply(
        f"GET /api/v1/eligibility/assessments/{_ASSESSMENT}", {"assessment_id": _ASSESSMENT, "findings": []}
    )
    row: dict[str, Any] = {
        "id": _REFERRAL,
        "household_ref": _HOUSEHOLD,
        "partner": "red_cross",
        "need": "medical_cost",
        "status": "completed",
        "outcome": {"kind": "money", "amount": "3000.00", "on": "2026-03-01"},
    }
    referral.reply("GET /api/v1/referral/referrals", {"items": [row], "next": None})
    step = {"version": 1, "status": "requested", "at": "2026-02-01T08:00:00Z"}
    referral.reply(f"GET /api/v1/referral/referrals/{_REFERRAL}", row | {"steps": [step]})


async def test_a_record_is_told_by_three_parts(gateway: Gateway) -> None:
    _fill(gateway)
    client = await gateway.as_role("county_officer", "350622")
    answer = (await client.get(f"/api/v1/intake/records/{_RECORD}")).json()
    assert answer == {
        "record_id": _RECORD,
        "person_ref": _PERSON,
        "household_ref": _HOUSEHOLD,
        "year_sum": "61234.56",
        "trigger": {"year": 2025, "sum": "61234.56", "threshold": "40000.00", "fired": True},
        "account": {"kind": "assessment", "assessment_id": _ASSESSMENT, "reason": None},
        "assessment": {"assessment_id": _ASSESSMENT, "findings": []},
        "referrals": [{"id": _REFERRAL, "partner": "red_cross", "need": "medical_cost", "status": "completed"}],
        "outcome": {"kind": "money", "amount": "3000.00", "on": "2026-03-01"},
        "unavailable": [],
    }
    for part in ("intake", "eligibility", "referral"):
        for seen in gateway.parts[part].seen:
            assert gateway.parts[part].actor(seen).territory == "350622"
    kinds = [row["kind"] for row in await gateway.audit_rows()]
    assert kinds == ["asked", "answered"]


async def test_a_record_eligibility_has_not_heard_of_has_no_account_yet(gateway: Gateway) -> None:
    _fill(gateway)
    gateway.parts["eligibility"].reply(f"GET /api/v1/eligibility/records/{_RECORD}", {"code": "not_found"}, status=404)
    client = await gateway.as_role("county_officer")
    answer = (await client.get(f"/api/v1/intake/records/{_RECORD}")).json()
    assert (answer["account"], answer["assessment"], answer["unavailable"]) == (None, None, [])


async def test_a_part_that_is_down_takes_only_its_own_piece(gateway: Gateway) -> None:
    _fill(gateway)
    await gateway.parts["referral"].stop()
    client = await gateway.as_role("county_officer")
    answer = await client.get(f"/api/v1/intake/records/{_RECORD}")
    assert answer.status_code == 200
    assert answer.json()["unavailable"] == ["referral"]
    assert answer.json()["account"]["kind"] == "assessment"
    await gateway.parts["intake"].stop()
    assert (await client.get(f"/api/v1/intake/records/{_RECORD}")).status_code == 503


async def test_another_territorys_record_is_not_found(gateway: Gateway) -> None:
    gateway.parts["intake"].reply(f"GET /api/v1/intake/records/{_RECORD}", {"code": "not_found"}, status=404)
    client = await gateway.as_role("county_officer", "350681")
    answer = await client.get(f"/api/v1/intake/records/{_RECORD}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_households_chain_is_composed_of_four_parts_in_order_of_time(gateway: Gateway) -> None:
    _fill(gateway)
    gateway.parts["intake"].reply(
        f"GET /api/v1/intake/households/{_HOUSEHOLD}",
        {
            "household_ref": _HOUSEHOLD,
            "members": [{"person_ref": _PERSON, "name": "林*"}],
            "records": [{"record_id": _RECORD, "settled_on": "2026-01-15", "self_paid": "61234.56"}],
        },
    )
    gateway.parts["eligibility"].reply(
        f"GET /api/v1/eligibility/households/{_HOUSEHOLD}/assessments",
        {
            "items": [{"assessment_id": _ASSESSMENT, "state": "live", "created_at": "2026-01-15T09:00:00Z"}],
            "next": None,
        },
    )
    gateway.parts["eligibility"].reply(f"GET /api/v1/eligibility/visits/{_HOUSEHOLD}", {"code": "x"}, status=404)
    await gateway.parts["charity"].stop()
    client = await gateway.as_role("county_officer")
    answer = (await client.get(f"/api/v1/households/{_HOUSEHOLD}")).json()
    assert answer["unavailable"] == ["charity"]
    assert answer["charity"] is None
    assert answer["household"]["members"][0]["name"] == "林*"
    assert answer["assessment"]["assessment_id"] == _ASSESSMENT
    assert [line["kind"] for line in answer["chain"]] == ["outcome", "referral", "assessment", "bill"]


def test_a_version_of_a_referral_that_moves_nothing_is_no_line_of_the_chain() -> None:
    steps = [
        {"version": 1, "status": "requested", "at": "2026-01-15T09:00:00Z"},
        {"version": 2, "status": "requested", "at": "2026-01-15T09:01:00Z"},  # a sibling closed the gap in part
        {"version": 3, "status": "accepted", "at": "2026-01-15T09:02:00Z"},
        {"version": 4, "status": "failed", "reason_code": "cannot_reach", "at": "2026-01-15T09:03:00Z"},
    ]
    chain = chain_of({"referrals": [{"id": _REFERRAL, "partner": "red_cross", "need": "medical_cost", "steps": steps}]})
    assert [(line["status"], line.get("note")) for line in chain] == [
        ("failed", "cannot_reach"),
        ("accepted", None),
        ("requested", None),
    ]


async def test_a_household_nobody_knows_is_not_found(gateway: Gateway) -> None:
    for part, paths in {
        "intake": [f"/api/v1/intake/households/{_HOUSEHOLD}"],
        "eligibility": [
            f"/api/v1/eligibility/visits/{_HOUSEHOLD}",
            f"/api/v1/eligibility/households/{_HOUSEHOLD}/assessments",
        ],
        "referral": ["/api/v1/referral/referrals"],
        "charity": [f"/api/v1/charity/households/{_HOUSEHOLD}"],
    }.items():
        for path in paths:
            gateway.parts[part].reply(f"GET {path}", {"code": "not_found"}, status=404)
    client = await gateway.as_role("county_officer")
    assert (await client.get(f"/api/v1/households/{_HOUSEHOLD}")).status_code == 404


async def test_a_partner_sees_only_the_allowed_fields_and_each_look_is_written_down(gateway: Gateway) -> None:
    gateway.parts["referral"].reply(
        f"GET /partner/v1/referrals/{_REFERRAL}",
        {
            "referral_id": _REFERRAL,
            "case_ref": "c-1",
            "need": "medical_cost",
            "status": "requested",
            "version": 2,
            "fields": ["name", "contact", "township", "wish"],
            "person": {"township": "赤湖镇"},
            "person_ref": _PERSON,
            "household_ref": _HOUSEHOLD,
        },
    )
    gateway.parts["intake"].reply(
        "POST /internal/disclosures", {"person": {"name": "某人", "contact": "15400000001", "id_number": "no"}}
    )
    client = await gateway.as_role("partner_system", "3506", "red_cross")
    answer = await client.get(f"/partner/v1/referrals/{_REFERRAL}")
    assert answer.json() == {
        "referral_id": _REFERRAL,
        "case_ref": "c-1",
        "need": "medical_cost",
        "status": "requested",
        "version": 2,
        "fields": ["name", "contact", "township", "wish"],
        "person": {"name": "某人", "contact": "15400000001", "township": "赤湖镇"},
    }
    (to_referral,), (to_intake,) = gateway.parts["referral"].seen, gateway.parts["intake"].seen
    assert "compose:disclosure" in gateway.parts["referral"].actor(to_referral).scopes
    discloser = gateway.parts["intake"].actor(to_intake)
    assert (discloser.scopes, discloser.partner) == (frozenset({"people:disclose"}), "red_cross")
    import json

    assert json.loads(to_intake.body) == {
        "person_ref": _PERSON,
        "fields": ["name", "contact", "wish"],
        "referral_id": _REFERRAL,
        "partner": "red_cross",
        "purpose": "medical_cost",
    }
    disclosed = [row for row in await gateway.audit_rows() if row["kind"] == "disclosed"]
    assert [(row["object"], row["purpose"], row["partner"]) for row in disclosed] == [
        (_REFERRAL, "medical_cost", "red_cross")
    ]
    assert disclosed[0]["fields"] == ["name", "contact", "township", "wish"]


async def test_a_revoked_consent_passes_through_and_nothing_is_read(gateway: Gateway) -> None:
    thin = {"referral_id": _REFERRAL, "status": "requested"}
    gateway.parts["referral"].reply(f"GET /partner/v1/referrals/{_REFERRAL}", _PROBLEM | {"referral": thin}, status=409)
    client = await gateway.as_role("partner_system", "3506", "red_cross")
    answer = await client.get(f"/partner/v1/referrals/{_REFERRAL}")
    assert (answer.status_code, answer.json()["code"], answer.json()["referral"]) == (409, "consent_required", thin)
    assert gateway.parts["intake"].seen == []


async def test_health_tells_which_part_is_ill(gateway: Gateway) -> None:
    for part in ("intake", "eligibility", "charity"):
        gateway.parts[part].reply("GET /readyz", {"status": "ready", "problems": [], "outbox_oldest_s": 0.0})
    gateway.parts["referral"].reply("GET /readyz", {"status": "not_ready", "problems": ["loops"]}, status=503)
    answer = await gateway.client().get("/api/v1/health")
    assert answer.status_code == 503
    states = {part: state["status"] for part, state in answer.json()["parts"].items()}
    assert states == {
        "intake": "ready", "eligibility": "ready", "charity": "ready", "gateway": "ready", "referral": "not_ready"
    }  # fmt: skip
    await gateway.parts["charity"].stop()
    assert (await gateway.client().get("/api/v1/health")).json()["parts"]["charity"]["status"] == "away"
