"""A screened city of invented households as eligibility would tell of it, in the shapes that eligibility answers."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from aiohttp import web

from services.contracts.divisions import divisions
from services.eligibility.api.screening_answers import ProgressOut, ScreeningHead, ScreeningOut, StepCount, counts_of
from services.eligibility.api.screening_answers import words_of as both
from services.eligibility.rules.screening.population import CODES
from services.eligibility.rules.screening.tally import Tally
from services.eligibility.rules.screening.words import screening_words
from tests.browser.household import HOUSEHOLD, funnel
from tests.unit.gateway.conftest import Gateway, Seen, StandIn

RUN = "0197a000-0000-7000-8000-000000000001"
EARLIER = "0197a000-0000-7000-8000-000000000002"
SCREENINGS = "/api/v1/eligibility/screenings"
HOUSEHOLDS = 30_000
_COUNTIES = [place.code for place in divisions().children()]
_AT = datetime(2026, 2, 28, 18, 4, tzinfo=UTC)


def fill_population(gateway: Gateway) -> StandIn:
    """Make the stand-in tell of a completed run, an earlier one, its lists and the watch."""
    eligibility = gateway.parts["eligibility"]
    head = _head(RUN)
    eligibility.reply(f"GET {SCREENINGS}", {"items": [_json(head), _json(_head(EARLIER))], "next": None})
    eligibility.reply(f"POST {SCREENINGS}", {"id": RUN, "links": {"self": f"{SCREENINGS}/{RUN}"}}, status=202)
    for run_id in (RUN, EARLIER):
        eligibility.reply(f"GET {SCREENINGS}/{run_id}", run(run_id))
    eligibility.reply(f"GET {SCREENINGS}/{RUN}/leads", {"items": [_lead(n) for n in range(1, 7)], "next": "more"})
    eligibility.reply(f"GET {SCREENINGS}/{RUN}/households", {"items": [_household(n) for n in range(4)], "next": None})
    eligibility.reply(f"POST {SCREENINGS}/{RUN}/visits", {"added": 187, "already": 13})
    eligibility.reply(f"GET {SCREENINGS}/{RUN}/compare", _compared())
    eligibility.reply("GET /api/v1/eligibility/watch", _watch())
    eligibility.replies["GET /api/v1/eligibility/funnel"] = _funnel
    gateway.parts["referral"].reply("GET /api/v1/referral/counts", _referrals())
    for path in (f"{SCREENINGS}/{RUN}/leads", f"{SCREENINGS}/{RUN}/households", "/api/v1/eligibility/watch"):
        eligibility.replies[f"GET {path}"] = _or_file(eligibility.replies[f"GET {path}"])
    return eligibility


def run(run_id: str = RUN, *, state: str = "completed", done: int = HOUSEHOLDS) -> dict[str, Any]:
    """A run with all its counts, as answered."""
    counts = counts_of(_tally(done))
    on_list = both({"zh": "在入户名单上", "en": "on the visit list"})
    counts["funnel"].append(StepCount(step="on_visit_list", name=on_list, count=done // 18))
    return _json(ScreeningOut(**_head(run_id, state=state, done=done).model_dump(), **counts))


def _head(run_id: str, *, state: str = "completed", done: int = HOUSEHOLDS) -> ScreeningHead:
    return ScreeningHead(
        id=UUID(run_id),
        division="3506",
        place="漳州市",
        basis="full" if run_id == RUN else "changed",
        since=None,
        cause="officer" if run_id == RUN else "facts",
        policy_id=None,
        note="",
        state=state,
        problem=None,
        as_of=date(2026, 3, 1),
        created_at=_AT,
        started_at=_AT,
        finished_at=_AT if state == "completed" else None,
        rule_book={"version": "2026.11.2", "digest": "d" * 64},
        progress=ProgressOut(households_done=done, households_total=HOUSEHOLDS, persons_done=done * 3),
        households=done,
        carried=0,
        leads=done // 7,
        has_lists=True,
    )


def _tally(done: int) -> Tally:
    tally = Tally(households=done, persons=done * 3, leads=done // 7)
    for place, code in enumerate(CODES):
        eligible, unknown, already = done // (9 + place * 3), done // (5 + place), done // 30 if place < 6 else 0
        if place in (11, 12, 13):
            eligible = unknown = 0
        fen = (eligible * 46_900, 0) if place % 3 else (0, eligible * 152_000)
        tally.programmes[code] = [eligible, done - eligible - unknown - already, unknown, already, *fen]
    reasons = ("DIBAO_INCOME_NOT_BELOW_STANDARD", "ASSET_FINANCIAL_OVER_DIBAO", "NOBODY_COUNTED")
    tally.reasons = {f"dibao/{code}": done // (2 + n) for n, code in enumerate(reasons)}
    facts = screening_words().facts
    sources = dict.fromkeys(fact["source"] for fact in facts.values())
    tally.facts = {fact: [done // (4 + n), done // (9 + 3 * n)] for n, fact in enumerate(facts)}
    tally.sources = {source: [done // (3 + n), done // (6 + 4 * n)] for n, source in enumerate(sources)}
    tally.funnel = {
        "households": done,
        "told": done * 2 // 3,
        "signals": done // 4,
        "eligible": done // 9,
        "unknown": done // 5,
        "near_miss": done // 40,
        "leads": done // 8,
    }
    for n, county in enumerate(_COUNTIES):
        own = done // 11
        tally.counties[county] = [own, own // (5 + n), own // (3 + n % 4), own // (4 + n)]
    return tally


def _funnel(seen: Seen) -> web.Response:
    """The whole city's counts, or a county's share of them, so that they add up."""
    code = seen.query.partition("division=")[2][:6]
    if code not in _COUNTIES:
        return web.json_response(funnel(days_to_result=6))
    place, last = _COUNTIES.index(code), len(_COUNTIES) - 1

    def share(number: int) -> int:
        part = [number * (each + 1) // 66 for each in range(last)]
        return part[place] if place < last else number - sum(part)

    def shared(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: shared(value) for name, value in node.items()}
        return share(node) if isinstance(node, int) else node

    return web.json_response(shared(funnel()) | {"days_to_result": 4 + place})


def _referrals() -> dict[str, Any]:
    by_partner = {
        "red_cross": {"requested": 40, "accepted": 31, "completed": 120, "draft": 9},
        "youth_league": {"requested": 22, "completed": 61},
        "charity_federation": {"rejected": 3},
    }
    statuses: dict[str, int] = {}
    for row in by_partner.values():
        for status, number in row.items():
            statuses[status] = statuses.get(status, 0) + number
    return {"referrals": statuses, "held": {"consent": 9}, "by_partner": by_partner, "deliveries": {}, "unmet": 4}


def _lead(number: int) -> dict[str, Any]:
    outcome = ("eligible", "unknown", "near_miss")[number % 3]
    return {
        "household_ref": HOUSEHOLD,
        "division": "350623105",
        "place": "漳浦县赤湖镇",
        "programme": ("dibao", "temp_spending", "margin")[number % 3],
        "outcome": outcome,
        "rank": number,
        "at_stake_month": "1955.00" if number % 3 != 1 else "0.00",
        "at_stake_once": "5400.00" if number % 3 == 1 else "0.00",
        "signals": ["severe_disability"],
        "missing": ["incomes"] if outcome == "unknown" else [],
        "reason": {
            "zh": "可能符合最低生活保障，还没有享受；依据：人均收入低于低保标准；每月约1,955.00元；线索：有重病患者",
            "en": "May be eligible for the minimum living guarantee and is not receiving it; 1,955.00 yuan a month",
        },
        "is_new": number == 1,
        "on_visit_list": number % 2 == 0,
    }


def _household(number: int) -> dict[str, Any]:
    return {
        "household_ref": HOUSEHOLD,
        "division": "350623105",
        "place": "漳浦县赤湖镇",
        "answer": "not_eligible",
        "reasons": [{"zh": "人均收入不低于低保标准", "en": "Income a head is not below the standard"}],
        "missing": [{"zh": "收入", "en": "incomes"}] if number % 2 else [],
    }


def _compared() -> dict[str, Any]:
    row = {"gained": 12, "lost": 3, "became_known": 40, "became_unknown": 2, "same": HOUSEHOLDS - 57}
    name = {"zh": "最低生活保障", "en": "Minimum living guarantee"}
    change = {"household_ref": HOUSEHOLD, "division": "350623105", "programme": "dibao"}
    changed = [change | {"before": "unknown", "after": "eligible"}, change | {"before": "eligible", "after": "already"}]
    return {
        "from": EARLIER,
        "to": RUN,
        "programmes": [row | {"code": "dibao", "name": name}],
        "households": {"items": changed, "next": None},
    }


def _watch() -> dict[str, Any]:
    row = {
        "household_ref": HOUSEHOLD,
        "division": "350623105",
        "place": "漳浦县赤湖镇",
        "reasons": ["disability_card", "year_sum"],
        "reason_names": [
            {"zh": "持残疾证", "en": "holds a disability card"},
            {"zh": "年度自付达到监测线", "en": "bills at the line"},
        ],
        "since": "2026-01-15",
        "year_sum_max": "61234.56",
        "last_assessed_on": "2026-03-01",
        "status": "dibao",
    }
    counts = {"status": 812, "disability_card": 640, "elder_alone": 133, "sole_earner_ill": 58, "year_sum": 1_204}
    items = [row, row | {"status": None, "year_sum_max": None}]
    return {"items": items, "next": None, "counts": counts, "households": 2_210}


def _or_file(reply: Any) -> Any:
    def answer(seen: Seen) -> web.Response:
        if "text/csv" in seen.headers.get("accept", ""):
            return web.Response(text="\ufeff家庭编号\r\n", content_type="text/csv", charset="utf-8")
        told: web.Response = reply(seen)
        return told

    return answer


def _json(answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = answer.model_dump(mode="json")
    return told
