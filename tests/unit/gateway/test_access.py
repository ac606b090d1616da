"""Every route of the table, asked from the household's own place, the place above it, the one beside it, and another
county: only the first two see it, and to the others it is as if it were not there."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.roles import roles
from gateway.routes import Route, route_table
from tests.support.postgres import TestPostgres
from tests.unit.gateway.whole import OWN, PLACES, VILLAGE, Whole, whole_system

_ABSENT = "00000000-0000-4000-8000-000000000000"
_OUTSIDE = ("sibling", "other")
_BODIES: dict[str, Any] = {
    "POST /api/v1/referral/referrals/{referral_id}/cancel": {"reason_code": "other"},
    "POST /api/v1/referral/referrals/{referral_id}/confirm": {"received": True, "by": "person", "on": "2026-03-01"},
    "POST /api/v1/eligibility/visits/{household_ref}/result": {"result": "unreachable", "version": 1},
    "POST /api/v1/intake/persons/{person_ref}/reveal": {"fields": ["name"]},
    "POST /partner/v1/referrals/{referral_id}/status": {"status": "accepted"},
    "POST /api/v1/referral/endpoints/{endpoint_id}/replay": {"since": "2026-01-01T00:00:00Z"},
}
_OF_THE_HOUSEHOLD = ("household_ref", "person_ref", "record_id", "assessment_id", "referral_id", "delivery_id")


@pytest.fixture(scope="module")
async def whole(postgres: TestPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YIQIJIU_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
        async with whole_system(postgres, tmp_path_factory.mktemp("whole")) as made:
            yield made


def _role_for(route: Route) -> tuple[str, str | None]:
    """A role that the table lets in, and its partner."""
    for code, role in roles().items():
        fits = route.scope in role.scopes and (not route.roles or code in route.roles)
        if fits and code != "operator":
            return code, "red_cross" if code.startswith("partner_") else None
    return "operator", None


def _path(route: Route, ids: dict[str, str]) -> str:
    path = route.path
    for step in path.split("/"):
        if step.startswith("{"):
            name = step[1:-1]
            path = path.replace(
                step, ids.get(name, {"code": "red_cross", "line": "1", "month": "2026-01"}.get(name, _ABSENT))
            )
    return path


def _names(route: Route) -> set[str]:
    return {step[1:-1] for step in route.path.split("/") if step.startswith("{")}


async def _ask(whole: Whole, route: Route, place: str) -> tuple[int, str]:
    role, partner = _role_for(route)
    client = await whole.as_role(role, PLACES[place], partner)
    body = _BODIES.get(route.template, {}) if route.method != "GET" else None
    answer = await client.request(route.method, _path(route, whole.ids), json=body)
    return answer.status_code, answer.text


async def test_what_is_elsewhere_is_as_if_it_were_not_there(whole: Whole) -> None:
    wrong = []
    for route in route_table().routes:
        if not _names(route) & set(_OF_THE_HOUSEHOLD) or route.is_public:
            continue
        for place in _OUTSIDE:
            status, text = await _ask(whole, route, place)
            has_nothing = route.template.endswith(("/assessments", "charity/households/{household_ref}"))
            allowed = {200} if has_nothing and route.method == "GET" else {404}
            told = {name for name, value in whole.ids.items() if name != "household_ref" and value in text}
            if status not in allowed or (status == 200 and told):
                wrong.append((route.template, place, status, text[:120]))
    assert wrong == []


async def test_what_is_here_or_below_is_there(whole: Whole) -> None:
    wrong = []
    for route in route_table().routes:
        if route.method != "GET" or not _names(route) & set(_OF_THE_HOUSEHOLD):
            continue
        for place in ("own", "parent"):
            status, text = await _ask(whole, route, place)
            if status != 200:
                wrong.append((route.template, place, status, text[:120]))
    assert wrong == []


async def test_lists_hold_nothing_from_elsewhere(whole: Whole) -> None:
    ours = {value for name, value in whole.ids.items() if name in _OF_THE_HOUSEHOLD}
    lists = [
        route
        for route in route_table().routes
        if route.method == "GET" and not _names(route) and route.path not in ("/api/v1/stream", "/partner/v1/events")
    ]
    assert len(lists) > 10
    seen_by_own = 0
    for route in lists:
        for place in PLACES:
            status, text = await _ask(whole, route, place)
            assert status in (200, 422), (route.template, place, status, text[:200])
            if place in _OUTSIDE and route.path != "/api/v1/audit/entries":
                assert [value for value in ours if value in text] == [], (route.template, place)
            seen_by_own += any(value in text for value in ours)
    assert seen_by_own >= 4


async def test_counts_hold_nothing_from_elsewhere(whole: Whole) -> None:
    for path in ("/api/v1/eligibility/funnel", "/api/v1/referral/counts", "/api/v1/intake/counts"):
        counts = {}
        for place, territory in PLACES.items():
            told = (await (await whole.as_role("county_officer", territory)).get(path)).json()
            counts[place] = sum(_numbers(told))
        assert counts["own"] == counts["parent"] > 0
        assert counts["sibling"] == counts["other"] == 0, (path, counts)


def _numbers(node: Any) -> list[int]:
    if isinstance(node, dict):
        return [number for value in node.values() for number in _numbers(value)]
    return [node] if isinstance(node, int) and not isinstance(node, bool) else []


async def test_nobody_writes_into_another_place(whole: Whole) -> None:
    from datetime import date

    from deploy.local.town import make_town

    town = make_town(11, 10, 3, today=date(2026, 11, 25))
    writes: dict[str, Any] = {
        "/api/v1/intake/households": town.households[1].body | {"division": VILLAGE},
        "/api/v1/intake/hospital-costs": town.records[1] | {"division": VILLAGE},
        "/api/v1/intake/hospital-costs/batch": {"records": [town.records[2] | {"division": VILLAGE}]},
        "/api/v1/intake/grid-reports": town.reports[1] | {"division_code": VILLAGE, "grid_code": f"{VILLAGE}001"},
        "/api/v1/intake/consents": {
            "household_ref": whole.ids["household_ref"],
            "partner": "any",
            "purpose": "any",
            "decision": "revoked",
            "given_on": "2026-03-01",
            "basis": "consent",
        },
    }
    before = (await (await whole.as_role("county_officer", OWN)).get("/api/v1/intake/counts")).json()
    for path, body in writes.items():
        for place in _OUTSIDE:
            answer = await (await whole.as_role("township_clerk", PLACES[place])).post(path, json=body)
            accepted = answer.is_success and "held" not in answer.text and _accepted(answer.json())
            assert not accepted, (path, place, answer.status_code, answer.text[:300])
            assert answer.status_code < 500, (path, answer.text[:300])
    assert (await (await whole.as_role("county_officer", OWN)).get("/api/v1/intake/counts")).json() == before


def _accepted(answer: Any) -> bool:
    """Whether a batch's answer says that any of its rows was taken."""
    rows = answer.get("receipts", answer.get("results", answer.get("items")))
    return rows is None or any("record_id" in row for row in rows)


async def test_a_partner_sees_neither_anothers_referral_nor_its_existence(whole: Whole) -> None:
    path = f"/partner/v1/referrals/{whole.ids['referral_id']}"
    owner = await whole.as_role("partner_system", "3506", "red_cross")
    assert (await owner.get(path)).status_code == 200
    for code in ("youth_league", "trade_union", "womens_federation", "charity_federation"):
        stranger = await whole.as_role("partner_system", "3506", code)
        shown = await stranger.get(path)
        absent = await stranger.get(f"/partner/v1/referrals/{_ABSENT}")
        assert (shown.status_code, shown.json()) == (404, absent.json())
        answered = await stranger.post(f"{path}/status", json={"status": "accepted"})
        assert answered.status_code == 404
        assert whole.ids["referral_id"] not in (await stranger.get("/partner/v1/referrals")).text


async def test_whom_the_table_lets_in_the_part_does_not_refuse(whole: Whole) -> None:
    """The table and the parts' own scopes agree: nobody passes the door to be told 403 inside."""
    refused = []
    for route in route_table().routes:
        if route.path in ("/api/v1/stream", "/partner/v1/events") or route.is_public:
            continue
        for code, role in roles().items():
            if code == "operator" or route.scope not in role.scopes or (route.roles and code not in route.roles):
                continue
            partner = "red_cross" if code.startswith("partner_") else None
            client = await whole.as_role(code, "350623", partner)
            body = _BODIES.get(route.template, {}) if route.method != "GET" else None
            answer = await client.request(route.method, _path(route, {}), json=body)
            if answer.status_code in (403, 500):
                refused.append((route.template, code, answer.status_code, json.dumps(answer.json())[:100]))
    assert refused == []


async def test_whom_the_table_does_not_let_in_is_told_so_whatever_the_object(whole: Whole) -> None:
    for route in route_table().routes:
        if route.is_public:
            continue
        for code, role in roles().items():
            admitted = route.scope in role.scopes and (not route.roles or code in route.roles)
            if admitted or code == "operator":
                continue
            partner = "red_cross" if code.startswith("partner_") else None
            client = await whole.as_role(code, "3506", partner)
            answer = await client.request(route.method, _path(route, whole.ids), json={})
            assert answer.status_code == 403, (route.template, code, answer.status_code)


async def test_a_village_worker_notes_what_came_of_the_visit(whole: Whole) -> None:
    worker = await whole.as_role("village_worker", VILLAGE)
    path = f"/api/v1/eligibility/visits/{whole.ids['household_ref']}"
    visit = (await worker.get(path)).json()
    answer = await worker.post(f"{path}/result", json={"result": "unreachable", "version": visit["version"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["code"] == "unreachable"
    elsewhere = await whole.as_role("village_worker", "350622101001")
    assert (await elsewhere.post(f"{path}/result", json={"result": "unreachable", "version": 9})).status_code == 404
