"""Hypothesis strategies for any body of `POST /checks`: households of every shape, and any overrides of parameters."""

from datetime import date
from typing import Any, get_args

from hypothesis import strategies as st

from services.eligibility import schemas
from services.eligibility.rules.book import Definition, file_book
from tests.unit.eligibility.random_households import CAUSES, EXEMPT

Json = dict[str, Any]
ON = date(2025, 3, 1)
PLACES = ("350602", "350622", "3506", "350605", "350622001")


def fen_text(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


# Close to the lines, at nothing, and as much as the text form holds.
YUAN = st.one_of(
    st.sampled_from(("0", "0.00", "850", "849.99", "850.01", "1275.00", "40000.01", "9999999999.99")),
    st.integers(0, 500_000).map(fen_text),
    st.integers(0, 10**12 - 1).map(fen_text),
)
BIG_YUAN = st.integers(0, 10**9).map(fen_text)
RATE = st.one_of(
    st.sampled_from(("0", "1", "0.0001", "0.2", "1.5", "999999.9999")),
    st.integers(0, 30_000).map(lambda each: f"{each // 10_000}.{each % 10_000:04d}"),
)
COUNT = st.one_of(st.integers(0, 130), st.sampled_from((0, 1, 999_999)))
CODE = st.sampled_from(
    (*CAUSES, *EXEMPT, "visual", "mental", "undergraduate", "primary", "active_sole", "car", "other")
)
DAY = st.dates(date(1, 1, 2), date(9999, 12, 30)).map(date.isoformat)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


def literal(kind: Any) -> st.SearchStrategy[str]:
    return st.sampled_from(get_args(kind))


def values_of(unit: Any, choices: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Any value of a kind, as JSON."""
    if isinstance(unit, tuple):
        return st.lists(st.tuples(*map(values_of, unit)).map(list), max_size=5)
    if unit.startswith("list/"):
        return st.lists(values_of(unit.removeprefix("list/")), max_size=4)
    if unit.startswith("span/"):
        return st.lists(values_of(unit.removeprefix("span/")), min_size=2, max_size=2).map(sorted)
    if unit == "codes":
        return st.lists(CODE, max_size=4)
    if unit.startswith("yuan"):
        return YUAN
    if unit == "choice":
        return st.sampled_from(choices)
    named = {"rate": RATE, "multiple": RATE, "switch": st.booleans(), "date": DAY, "code": CODE}
    return named.get(unit, COUNT)


def override_of(definition: Definition) -> st.SearchStrategy[Any]:
    """Any value of one parameter."""
    return values_of(definition.unit, definition.choices)


DEFINITIONS = sorted(file_book().definitions.values(), key=lambda each: each.id)
OVERRIDES = st.fixed_dictionaries({}, optional={each.id: override_of(each) for each in DEFINITIONS})
SOME_OVERRIDES = st.lists(st.sampled_from(DEFINITIONS), max_size=6, unique_by=lambda each: each.id).flatmap(
    lambda chosen: st.fixed_dictionaries({each.id: override_of(each) for each in chosen})
)

DISABILITY = st.fixed_dictionaries({"kind": literal(schemas.CardKind), "grade": st.integers(1, 4)})
INCOME = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(("wage", "property", "transfer", "other")), "monthly": BIG_YUAN},
        optional={"item": maybe(CODE)},
    ),
    st.fixed_dictionaries({"kind": st.just("business"), "monthly": st.integers(-(10**8), 10**8).map(fen_text)}),
)
PARENT = st.fixed_dictionaries(
    {},
    optional={
        "presence": maybe(literal(schemas.Presence)),
        "disability": maybe(DISABILITY),
        "serious_illness": maybe(st.booleans()),
        "out_of_contact_months": maybe(st.integers(0, 30)),
    },
)
BIRTH = st.dates(date(1915, 1, 1), ON).map(date.isoformat)
MEMBER = st.fixed_dictionaries(
    {"relation": literal(schemas.Relation)},
    optional={
        "gender": maybe(st.sampled_from(("female", "male"))),
        "birth_date": maybe(BIRTH),
        "presence": maybe(literal(schemas.Presence)),
        "cohabits": maybe(st.booleans()),
        "legal_duty": maybe(st.booleans()),
        "custody": maybe(st.sampled_from(("here", "elsewhere"))),
        "independent": maybe(st.booleans()),
        "disability": maybe(DISABILITY),
        "serious_illness": maybe(st.booleans()),
        "able_to_work": maybe(st.booleans()),
        "employment": maybe(st.sampled_from(("employed", "flexible", "farming", "retired", "none"))),
        "student": maybe(literal(schemas.Study)),
        "self_care_failed_items": maybe(st.integers(0, 6)),
        "needs_long_term_care": maybe(st.booleans()),
        "union_member": maybe(st.booleans()),
        "left_behind": maybe(st.booleans()),
        "chooses_child_benefit": maybe(st.booleans()),
        "incomes": maybe(st.lists(INCOME, max_size=3)),
        "obligors": maybe(st.lists(st.fixed_dictionaries({"able": st.booleans()}), max_size=2)),
        "parents": maybe(st.lists(PARENT, max_size=2)),
    },
)
VEHICLE = st.fixed_dictionaries(
    {}, optional={"kind": maybe(CODE), "value": maybe(BIG_YUAN), "exempt": maybe(st.booleans())}
)
ASSETS = st.fixed_dictionaries(
    {},
    optional={
        "financial_total": maybe(BIG_YUAN),
        "vehicles": maybe(st.lists(VEHICLE, max_size=2)),
        "dwellings": maybe(st.integers(0, 3)),
        "business": maybe(st.sampled_from(("none", "dormant", "active_sole", "active_company"))),
    },
)
SPENT = st.fixed_dictionaries(
    {}, optional={name: maybe(BIG_YUAN) for name in ("medical_self_paid", "education", "rehabilitation")}
)
RECORD = st.fixed_dictionaries(
    {
        "settlement_id": st.sampled_from(("S1", "S2")),
        "self_paid": BIG_YUAN,
        "settled_on": st.dates(date(2023, 1, 1), ON).map(date.isoformat),
    },
    optional={"version": maybe(st.integers(1, 3)), "unit": maybe(st.just("yuan"))},
)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "kind": maybe(st.sampled_from(("application", "hospital_cost", "grid_report", "screening"))),
        "severity": maybe(st.sampled_from(("light", "medium", "severe"))),
        "cause": maybe(CODE),
        "records": maybe(st.lists(RECORD, max_size=3)),
        "year": maybe(st.integers(2023, 2025)),
    },
)
TAPER = st.fixed_dictionaries({"since": st.dates(date(2023, 1, 1), ON).map(date.isoformat), "grant": BIG_YUAN})
HISTORY = st.fixed_dictionaries(
    {},
    optional={
        "single_applicant": maybe(st.just("m1")),
        "refused_jobs": maybe(st.integers(0, 5)),
        "temp_aid_same_cause_within_12m": maybe(st.booleans()),
        "temp_aid_received_this_year": maybe(BIG_YUAN),
        "dibao_taper": maybe(TAPER),
    },
)


def _numbered(members: list[Json]) -> list[Json]:
    return [{**member, "ref": f"m{number}"} for number, member in enumerate(members, 1)]


HOUSEHOLD = st.fixed_dictionaries(
    {"members": st.lists(MEMBER, min_size=1, max_size=5).map(_numbered)},
    optional={
        "assets": maybe(ASSETS),
        "expenditures_12m": maybe(SPENT),
        "housing": maybe(
            st.fixed_dictionaries(
                {}, optional={"kind": maybe(st.sampled_from(("safe", "dangerous", "crowded", "none")))}
            )
        ),
        "monitored": maybe(st.booleans()),
    },
)


def divides_by_something(overrides: dict[str, Any]) -> bool:
    """Whether grants are rounded to a unit that is not zero; zero is refused."""
    unit = overrides.get("grant_unit")
    return unit is None or float(unit) > 0


CHECK = st.fixed_dictionaries(
    {"county": st.sampled_from(PLACES), "as_of": st.just(ON.isoformat()), "household": HOUSEHOLD},
    optional={
        "event": maybe(EVENT),
        "history": maybe(HISTORY),
        "parameters": maybe(st.one_of(SOME_OVERRIDES, OVERRIDES).filter(divides_by_something)),
    },
)
