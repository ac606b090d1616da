"""An invented household as the four parts would tell of it, for pages to show. Its findings come from the rules."""

from datetime import date
from typing import Any

from services.eligibility.rules.assess import assess
from services.eligibility.rules.book import rule_book
from services.eligibility.rules.readers import event_of, facts_of
from services.eligibility.rules.rendering import render
from tests.unit.gateway.conftest import Gateway

HOUSEHOLD = "1c3f7a10-5c0e-4c77-8c0f-1f5c2ad9a001"
_PERSON = "2b3f7a10-5c0e-4c77-8c0f-1f5c2ad9a0{:02d}"
_ASSESSMENT = "3a3f7a10-5c0e-4c77-8c0f-1f5c2ad9a003"
_REFERRAL = "4e3f7a10-5c0e-4c77-8c0f-1f5c2ad9a0{:02d}"
_AS_OF = date(2026, 3, 1)
ID_NUMBER = "350623198005019973"
_FACTS: dict[str, Any] = {
    "members": [
        {
            "ref": _PERSON.format(1),
            "relation": "self",
            "gender": "female",
            "birth_date": "1980-05-01",
            "incomes": [{"kind": "wage", "monthly": "1500.00"}],
            "serious_illness": True,
            "able_to_work": True,
            "employment": "employed",
            "disability": {"kind": "physical", "grade": 2},
        },
        {
            "ref": _PERSON.format(2),
            "relation": "child",
            "gender": "male",
            "birth_date": "2012-05-01",
            "student": "junior_high",
        },
        {"ref": _PERSON.format(3), "relation": "parent", "gender": "female", "birth_date": "1950-02-01", "incomes": []},
    ],
    "assets": {"financial_total": "5000.00", "vehicles": [], "dwellings": 1, "business": "none"},
    "expenditures_12m": {"medical_self_paid": "61234.56", "education": "0.00", "rehabilitation": "0.00"},
}
_FUNNEL = {
    "division": "3506",
    "since": "2000-01-01",
    "until": "2026-03-01",
    "records": 15_313,
    "reports": 60,
    "persons": 14_870,
    "over_threshold": 1_912,
    "records_assessed": 2_044,
    "accounts": {"below_threshold": 12_961, "superseded": 141, "refunded": 87, "out_of_area": 80},
    "assessments": 2_010,
    "assessments_live": 1_980,
    "households_assessed": 1_903,
    "outcomes": {"eligible": 1_201, "not_eligible": 20_000, "unknown": 3_010},
    "programmes": {
        "dibao": {"eligible": 141, "not_eligible": 900, "unknown": 860},
        "temp_spending": {"eligible": 402, "not_eligible": 700, "unknown": 800},
        "medical_aid": {"eligible": 420, "not_eligible": 683, "unknown": 800},
    },
    "statuses": {"dibao": 141, "margin": 62, "rigid": 120, "none": 1_580},
    "watch": {},
    "visits": {"open": 1_650, "done": 225, "withdrawn": 28},
    "visits_late": 12,
    "open_by_priority": {"stat": 3, "asap": 20, "urgent": 200, "routine": 1_427},
    "results": {"temp_aid_granted": 141, "dibao_or_margin_included": 41, "unreachable": 43},
}


def funnel(**changes: Any) -> dict[str, Any]:
    """Eligibility's counts, some changed."""
    return _FUNNEL | changes


def _visit(number: int, **more: Any) -> dict[str, Any]:
    ref = HOUSEHOLD if number == 1 else HOUSEHOLD[:-2] + f"{number:02d}"
    row = {
        "household_ref": ref,
        "division": "350623105",
        "place": "漳浦县赤湖镇",
        "version": 1,
        "state": "open",
        "priority": "urgent",
        "priority_text": {"zh": "优先（5个工作日内）", "en": "Ahead of others (within 5 working days)"},
        "reasons": [
            {
                "code": "hospital_sum",
                "zh": "2026年度个人自付医疗费61234.56元，超过40000.00元",
                "en": "Self-paid hospital costs of 2026 come to 61234.56 yuan, over 40000.00",
            },
            {"code": "eligible", "zh": "可能符合：低保", "en": "May be eligible: dibao"},
        ],
        "assessment_id": _ASSESSMENT,
        "status": "dibao",
        "on_rolls": [{"code": "disability_living", "zh": "困难残疾人生活补贴", "en": "Living subsidy"}],
        "programmes": [{"code": "dibao", "zh": "最低生活保障", "en": "Minimum living allowance"}],
        "unknown": [{"code": "tekun", "zh": "特困人员救助供养", "en": "Support for the destitute"}],
        "money": {"monthly": "1955.00", "one_off": "3200.00"},
        "due_on": "2026-12-04",
        "assignee": {
            "role": "township_clerk",
            "division": "350623105",
            "zh": "赤湖镇民政经办人",
            "en": "clerk on duty",
        },
        "safe_to_call": number != 2,
        "sum_dropped": False,
        "result": None,
        "result_on": None,
        "opened_at": "2026-01-15T08:03:00Z",
    }
    return row | more


def _referral(number: int, partner: str, need: str, status: str, **more: Any) -> dict[str, Any]:
    row = {
        "id": _REFERRAL.format(number),
        "household_ref": HOUSEHOLD,
        "partner": partner,
        "need": need,
        "status": status,
        "held_for": None,
        "delivery_state": "delivered",
        "priority": "routine",
        "due_on": "2026-12-10",
        "why": {"zh": "困难家庭自付医疗费用高", "en": "A family in hardship with high self-paid medical cost"},
        "acknowledged_at": None,
        "outcome": None,
        "confirmed": None,
        "version": 2,
    }
    return row | more


def _referrals() -> list[dict[str, Any]]:
    money = {"kind": "money", "amount": "3000.00", "on": "2026-02-20"}
    steps = [
        {"version": 1, "status": "requested", "held_for": None, "at": "2026-01-16T01:00:00Z", "amount": None},
        {"version": 2, "status": "accepted", "held_for": None, "at": "2026-01-17T02:00:00Z", "amount": None},
    ]
    return [
        _referral(1, "red_cross", "medical_cost", "completed", outcome=money, confirmed=True, steps=steps),
        _referral(2, "youth_league", "education_cost", "requested", delivery_state="retrying", steps=steps[:1]),
        _referral(
            3, "charity_federation", "medical_cost", "draft", held_for="consent", delivery_state="held", steps=[]
        ),
    ]


def _members() -> list[dict[str, Any]]:
    shown = []
    names = ("林*", "陈*", "黄*")
    for number, (facts, name) in enumerate(zip(_FACTS["members"], names, strict=True), 1):
        masked = {"name": name, "id_number": "350623********9973", "phone": "154****0001" if number == 1 else None}
        shown.append({**facts, **masked, "person_ref": _PERSON.format(number)})
    return shown


def _on_roll(programme: str, name: str) -> dict[str, Any]:
    """A line of a roll; of the second kind the rules say no."""
    is_review = programme == "elderly_allowance"
    text = f"在册：{name}，自2025-03，每月100.00元" + ("，按现有情况不符合，请复核，不停发" if is_review else "")
    return {
        "programme": programme,
        "person_ref": _PERSON.format(1),
        "place": "福建省漳州市云霄县",
        "since": "2025-03-01",
        "to_review": is_review,
        "text": {"zh": text, "en": f"On the roll: {programme} since 2025-03"},
    }


def assessment() -> dict[str, Any]:
    """The assessment of the household as eligibility tells it."""
    book = rule_book()
    record = {"settlement_id": "S1", "version": 1, "self_paid": "61234.56", "settled_on": "2026-01-15"}
    event = event_of({"kind": "hospital_cost", "records": [record], "year": 2026})
    made = assess(facts_of(_FACTS), book.at("350623", _AS_OF, None), book, event=event)
    facts = {"county": "350623", "as_of": _AS_OF.isoformat(), "event": {"kind": "hospital_cost"}, "household": _FACTS}
    certificate = {"facts": facts, "rule_book": {"version": book.version, "digest": book.digest}}
    head = {"assessment_id": _ASSESSMENT, "state": "live", "as_of": _AS_OF.isoformat(), "certificate": certificate}
    head["on_rolls"] = [_on_roll("disability_living", "困难残疾人生活补贴"), _on_roll("elderly_allowance", "高龄津贴")]
    return head | render(made, book)


def fill(gateway: Gateway) -> None:
    """Make the stand-ins tell of the household."""
    intake, eligibility, referral, charity = (gateway.parts[part] for part in gateway.parts)
    intake.reply(f"GET /api/v1/intake/households/{HOUSEHOLD}", _intake_household())
    person = _PERSON.format(1)
    intake.reply(
        f"POST /api/v1/intake/persons/{person}/reveal",
        {"name": "林某", "id_number": ID_NUMBER, "phone": "15400000001", "address": "赤湖镇某村1号"},
    )
    eligibility.reply("GET /api/v1/eligibility/funnel", _FUNNEL)
    eligibility.reply("GET /api/v1/eligibility/visits", {"items": [_visit(n) for n in range(1, 9)], "next": "abc"})
    eligibility.reply(f"GET /api/v1/eligibility/visits/{HOUSEHOLD}", _visit(1))
    eligibility.reply(f"GET /api/v1/eligibility/assessments/{_ASSESSMENT}", assessment())
    head = {"assessment_id": _ASSESSMENT, "state": "live", "created_at": "2026-01-15T08:03:00Z"}
    figures = {"eligible": ["dibao", "medical_aid"], "monthly_total": "1955.00"}
    eligibility.reply(
        f"GET /api/v1/eligibility/households/{HOUSEHOLD}/assessments", {"items": [head | figures], "next": None}
    )
    programmes = [{"code": each.code, "zh": each.zh, "en": each.en} for each in rule_book().programmes]
    eligibility.reply("GET /api/v1/eligibility/programmes", {"items": programmes})
    referral.reply("GET /api/v1/referral/referrals", {"items": _referrals(), "next": None})
    for row in _referrals():
        referral.reply(f"GET /api/v1/referral/referrals/{row['id']}", row)
    referral.reply("GET /api/v1/referral/partners", {"items": _partners()})
    referral.reply("GET /api/v1/referral/deliveries", {"items": _deliveries(), "next": None})
    charity.reply(f"GET /api/v1/charity/households/{HOUSEHOLD}", _charity_household())
    charity.reply("GET /api/v1/charity/programmes", {"on": "2026-03-01", "items": [_brand()]})
    charity.reply("GET /api/v1/charity/funds", {"items": [_fund()]})
    for path in ("proposals", "awards"):
        charity.reply(f"GET /api/v1/charity/{path}", {"items": [_award()], "next": None})
    for part in gateway.parts.values():
        part.reply("GET /readyz", {"status": "ready", "problems": [], "outbox_oldest_s": 0.1, "database_ms": 1.2})


def _intake_household() -> dict[str, Any]:
    return {
        "household_ref": HOUSEHOLD,
        "division": "350623105",
        "place": "漳浦县赤湖镇",
        "provisional": False,
        "version": 3,
        "members": _members(),
        "records": [{"record_id": _ASSESSMENT, "settled_on": "2026-01-15", "self_paid": "61234.56", "note": ""}],
        "reports": [],
        "consents": [{"partner": "any", "purpose": "any", "decision": "given", "given_on": "2026-01-15"}],
    }


def _partners() -> list[dict[str, Any]]:
    url = "https://hooks.red-cross.example/in"
    endpoint: dict[str, Any] = {
        "id": _ASSESSMENT,
        "division": "3506",
        "url": url,
        "types": [],
        "state": "active",
        "failing_since": None,
    }
    ill = endpoint | {"url": "https://hooks.youth.example/in", "failing_since": "2026-02-28T08:00:00Z"}
    names = {"red_cross": ("红十字会", "Red Cross"), "youth_league": ("团委", "Youth League")}
    return [
        {
            "code": code,
            "name": {"zh": zh, "en": en},
            "needs": ["medical_cost", "education_cost"],
            "endpoints": [endpoint if code == "red_cross" else ill],
        }
        for code, (zh, en) in names.items()
    ] + [{"code": "charity_federation", "name": {"zh": "慈善总会", "en": "Charity"}, "needs": [], "endpoints": []}]


def _deliveries() -> list[dict[str, Any]]:
    row = {
        "id": _ASSESSMENT,
        "referral_id": _REFERRAL.format(1),
        "partner": "red_cross",
        "type": "referral.requested",
        "state": "delivered",
        "attempts": 1,
        "due_at": "2026-01-16T01:00:00Z",
        "last_status": 204,
        "created_at": "2026-01-16T01:00:00Z",
        "delivered_at": "2026-01-16T01:00:01Z",
    }
    return [row, row | {"partner": "youth_league", "state": "retrying", "attempts": 3, "last_status": 503}]


def _award() -> dict[str, Any]:
    return {
        "id": _ASSESSMENT,
        "number": "A-7K2M",
        "household_ref": HOUSEHOLD,
        "need": "medical_cost",
        "brand": "charity_sunshine",
        "brand_name": {"zh": "慈善阳光", "en": "Sunshine"},
        "amount": "5000.00",
        "status": "proposed",
        "why": {"zh": "政府救助后仍有缺口", "en": "A gap is left after government aid"},
        "proposed_at": "2026-02-01T08:00:00Z",
        "approved_at": None,
        "paid_on": None,
    }


def _charity_household() -> dict[str, Any]:
    return {"household_ref": HOUSEHOLD, "awards": [_award()], "promised": "0.00", "paid": "0.00", "open_needs": []}


def _brand() -> dict[str, Any]:
    return {
        "code": "charity_sunshine",
        "name": {"zh": "慈善阳光", "en": "Sunshine"},
        "owner": "charity_federation",
        "beneficiaries": {"zh": "重病困难家庭", "en": "Families with serious illness"},
        "season": {"zh": "全年", "en": "All year"},
        "is_open": True,
        "available": "120000.00",
        "promised": "5000.00",
        "paid": "0.00",
    }


def _fund() -> dict[str, Any]:
    figures = {"received": "125000.00", "reserved": "5000.00", "paid": "0.00", "available": "120000.00"}
    return {"code": "sunshine", "name": {"zh": "慈善阳光专项", "en": "Sunshine fund"}, **figures}
