"""Facts read from JSON objects in the shape of `POST /checks`, as intake's events and stored snapshots carry them.

`null` and absent read the same, except that `disability: null` is "holds no card". What is absent takes its default;
only the facts that `facts.py` names are unknown. Amounts are decimal yuan texts or JSON numbers, read exactly. Codes
are taken as they are: whoever takes a body in from outside checks them first (`schemas.py`).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from services.eligibility.rules.facts import (
    NO_CARD,
    Assets,
    CareRecord,
    Disability,
    Event,
    Expenditures,
    Facts,
    History,
    Income,
    Member,
    Obligor,
    Parent,
    Vehicle,
)
from services.eligibility.rules.values import WrongValue, fen_of, number_text

Json = Mapping[str, Any]
"""A JSON object."""


class UnreadableFacts(ValueError):
    """A fact is missing or of the wrong shape. `path` says where; the value is never repeated."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


def facts_of(household: Json) -> Facts:
    """A household.

    Raises: UnreadableFacts.
    """
    members = household.get("members")
    if not isinstance(members, list | tuple) or not members:
        raise UnreadableFacts("members", "at least one member is needed")
    assets, spent = household.get("assets"), household.get("expenditures_12m")
    return Facts(
        tuple([member_of(each, f"members[{index}]") for index, each in enumerate(members)]),
        None if assets is None else _assets(assets),
        None if spent is None else _expenditures(spent),
        (household.get("housing") or _NOTHING).get("kind") or "safe",
        household.get("monitored") is True,
    )


def member_of(raw: Json, path: str = "members[0]") -> Member:
    """One member.

    Raises: UnreadableFacts.
    """
    get = raw.get
    incomes, obligors, born = get("incomes"), get("obligors"), get("birth_date")
    try:
        return Member(
            raw["ref"],
            raw["relation"],
            get("gender") or "",
            None if born is None else _day(born),
            get("presence") or "present",
            get("cohabits") is not False,
            get("legal_duty") is not False,
            get("custody") or "here",
            get("independent"),
            _card(raw),
            get("serious_illness"),
            get("able_to_work"),
            get("employment"),
            get("student"),
            get("self_care_failed_items") or 0,
            get("needs_long_term_care") is True,
            get("union_member") is True,
            get("left_behind") is True,
            get("chooses_child_benefit") is True,
            None if incomes is None else tuple([_income(each) for each in incomes]),
            None if obligors is None else tuple([_obligor(each) for each in obligors]),
            tuple([_parent(each) for each in get("parents") or ()]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableFacts(path, "a value is missing or of the wrong shape") from error


def event_of(raw: Json | None) -> Event:
    """What happened; an application when nothing is said. `causes` may be given instead of one `cause`.

    Raises: UnreadableFacts.
    """
    if not raw:
        return Event()
    cause = raw.get("cause")
    try:
        return Event(
            raw.get("kind") or "application",
            raw.get("severity"),
            tuple(raw.get("causes") or (() if cause is None else (cause,))),
            tuple([_record(each) for each in raw.get("records") or ()]),
            raw.get("year"),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableFacts("event", "a value is missing or of the wrong shape") from error


def history_of(raw: Json | None) -> History:
    """What is on record of earlier help; nothing when nothing is said.

    Raises: UnreadableFacts.
    """
    if not raw:
        return History()
    try:
        return History(
            raw.get("single_applicant") or "",
            raw.get("refused_jobs") or 0,
            raw.get("temp_aid_same_cause_within_12m") is True,
            _yuan(raw.get("temp_aid_received_this_year")),
            *_taper(raw.get("dibao_taper")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableFacts("history", "a value is of the wrong shape") from error


def _taper(raw: Json | None) -> tuple[date | None, int]:
    return (_day(raw["since"]), _yuan(raw["grant"])) if raw else (None, 0)


_NOTHING: Final[Json] = {}


def _day(raw: Any) -> date:  # Any: a date, or its text
    return raw if isinstance(raw, date) else date.fromisoformat(raw)


def _yuan(raw: Any) -> int:  # Any: a JSON number or text
    if raw is None:
        return 0
    text = number_text(raw)
    return -fen_of(text[1:]) if text.startswith("-") else fen_of(text)


def _known_yuan(raw: Any) -> int | None:  # Any: a JSON number or text
    return None if raw is None else _yuan(raw)


def _card(raw: Json) -> Disability | None:
    if "disability" not in raw:
        return None
    card = raw["disability"]
    return NO_CARD if card is None else Disability(card["kind"], card["grade"])


def _obligor(raw: Json) -> Obligor:
    return Obligor(raw["able"], raw.get("relation") or "")


def _income(raw: Json) -> Income:
    if raw["monthly"] is None:
        raise WrongValue("an amount is expected")
    return Income(raw["kind"], _yuan(raw["monthly"]), raw.get("item") or "")


def _parent(raw: Json) -> Parent:
    return Parent(
        raw.get("presence") or "present",
        _card(raw),
        raw.get("serious_illness"),
        raw.get("out_of_contact_months") or 0,
    )


def _assets(raw: Json) -> Assets:
    try:
        vehicles = [
            Vehicle(each.get("kind") or "", _known_yuan(each.get("value")), each.get("exempt"))
            for each in raw.get("vehicles") or ()
        ]
        return Assets(
            _yuan(raw.get("financial_total")), tuple(vehicles), raw.get("dwellings") or 0, raw.get("business") or "none"
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise UnreadableFacts("assets", "a value is of the wrong shape") from error


def _expenditures(raw: Json) -> Expenditures:
    try:
        return Expenditures(
            _yuan(raw.get("medical_self_paid")), _yuan(raw.get("education")), _yuan(raw.get("rehabilitation"))
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise UnreadableFacts("expenditures_12m", "a value is of the wrong shape") from error


def _record(raw: Json) -> CareRecord:
    amount = raw["self_paid"]
    fen = int(number_text(amount)) if raw.get("unit") == "fen" else _yuan(amount)
    return CareRecord(raw["settlement_id"], raw.get("version") or 1, fen, _day(raw["settled_on"]))
