"""Which missing facts a question hangs on.

A rule text is worked through once more on views that note each unknown value they are asked for. Parts that are decided
forget what they asked (`criteria.ask`, tests, groups), so what remains are the facts that could still change the
answer. A figure that is itself worked out is followed down to the facts it is made of.

Facts are named as in the request: `members[m2].incomes`, `assets`, `expenditures_12m`, `event.severity`; a parameter
without a value on the day by its id.
"""

from collections.abc import Iterable
from typing import Any, Final

from services.eligibility.rules.criteria import Text
from services.eligibility.rules.logic import UNKNOWN, Value, all_of
from services.eligibility.rules.plain import HouseholdView, ParentView, PersonView
from services.eligibility.rules.plan import PLAN
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import CauseFlag, Fold, HouseholdFigure, PersonFigure, Programme, Step

_PERSON_FACTS: Final = {
    "age": "birth_date",
    "has_card": "disability",
    "card_kind": "disability",
    "card_grade": "disability",
    "serious_illness": "serious_illness",
    "able_to_work": "able_to_work",
    "employment": "employment",
    "student": "student",
}
_HOUSEHOLD_FACTS: Final = {
    "financial": "assets",
    "dwellings": "assets",
    "business": "assets",
    "medical": "expenditures_12m",
    "education": "expenditures_12m",
    "rehabilitation": "expenditures_12m",
}
_SEVERITY: Final = "event.severity"

_PERSON_STEPS: Final[dict[str, Step]] = {}
_HOUSEHOLD_STEPS: Final[dict[str, Step]] = {}
for _step in PLAN:
    if isinstance(_step, Programme):
        _HOUSEHOLD_STEPS[_step.anyone] = _step
        if _step.scope == "person":
            _PERSON_STEPS[_step.code] = _step
    elif isinstance(_step, PersonFigure) or (isinstance(_step, Fold) and _step.over in ("incomes", "parents")):
        _PERSON_STEPS[_step.name] = _step
    else:
        _HOUSEHOLD_STEPS[_step.name] = _step


class Reading:
    """A view (or the parameters) that notes each unknown value it is asked for."""

    trace: Final = None

    def __init__(self, target: Any, asked: list[tuple[Any, str]]) -> None:  # Any: any view, or the parameters
        self._target = target
        self.asked = asked

    def __getattr__(self, name: str) -> Any:  # Any: as the view's
        value = getattr(self._target, name)
        if value is UNKNOWN:
            self.asked.append((self._target, name))
        return Reading(value, self.asked) if name == "home" else value


class Search:
    """The missing facts of one household, found question by question."""

    def __init__(self, h: HouseholdView, p: Parameters) -> None:
        self._h = h
        self._p = p
        self._found: dict[tuple[int, str], tuple[str, ...]] = {}

    def of_text(self, text: Text, subject: Any) -> tuple[str, ...]:  # Any: any view
        """The facts that a text on a subject hangs on; none when it is decided."""
        asked: list[tuple[Any, str]] = []
        if text(Reading(subject, asked), Reading(self._p, asked)) is not UNKNOWN:
            return ()
        return _unique(fact for target, name in asked for fact in self._of_value(target, name))

    def of_programme(self, programme: Programme, subject: Any) -> tuple[str, ...]:  # Any: any view
        """The facts that a programme's answer for a subject hangs on."""

        def whole(s: Value, p: Value) -> Value:
            reached = True if programme.reached is None else programme.reached(s, p)
            return all_of(reached, programme.holds(s, p))

        return self.of_text(whole, subject)

    def _of_value(self, target: Any, name: str) -> tuple[str, ...]:  # Any: any view, or the parameters
        key = (id(target), name)
        if key not in self._found:
            self._found[key] = _unique(self._follow(target, name))
        return self._found[key]

    def _follow(self, target: Any, name: str) -> Iterable[str]:  # Any: any view, or the parameters
        if isinstance(target, Parameters):
            return (name,)
        if isinstance(target, PersonView):
            return self._of_person(target, name)
        if isinstance(target, HouseholdView):
            return self._of_household(name)
        if isinstance(target, ParentView):
            return self._of_parent(target, name)
        return ()

    def _of_person(self, m: PersonView, name: str) -> Iterable[str]:
        if name in _PERSON_FACTS:
            return (f"members[{m.ref}].{_PERSON_FACTS[name]}",)
        step = _PERSON_STEPS[name]
        if isinstance(step, Programme):
            return self.of_programme(step, m)
        if isinstance(step, Fold):
            if step.over == "incomes" and m.incomes is UNKNOWN:
                return (f"members[{m.ref}].incomes",)
            items = m.incomes if step.over == "incomes" else m.parents
            return (fact for item in items for fact in self.of_text(step.text, item))
        assert isinstance(step, PersonFigure)
        return self.of_text(step.text, m)

    def _of_household(self, name: str) -> Iterable[str]:
        h = self._h
        if name in _HOUSEHOLD_FACTS:
            return (_HOUSEHOLD_FACTS[name],)
        step = _HOUSEHOLD_STEPS[name]
        if isinstance(step, Fold):
            if step.over == "vehicles":
                return ("assets",) if h.vehicle_list is UNKNOWN else self._of_each(step, h.vehicle_list)
            return self._of_each(step, h.members)
        if isinstance(step, Programme):
            subjects = h.members if step.scope == "person" else [h]
            return (fact for subject in subjects for fact in self.of_programme(step, subject))
        if isinstance(step, CauseFlag):
            asked: list[tuple[Any, str]] = []
            step.codes(Reading(self._p, asked))
            return (name for _, name in asked)
        assert isinstance(step, HouseholdFigure)
        return self.of_text(step.text, h) or ((_SEVERITY,) if step.name == "severity" else ())

    def _of_each(self, step: Fold, items: Iterable[Any]) -> Iterable[str]:  # Any: any view
        return (fact for item in items for fact in self.of_text(step.text, item))

    def _of_parent(self, parent: ParentView, name: str) -> Iterable[str]:
        fact = "disability" if name.startswith("card_") else name
        for m in self._h.members:
            for index, each in enumerate(m.parents):
                if each is parent:
                    return (f"members[{m.ref}].parents[{index}].{fact}",)
        return ()


def _unique(facts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(facts))
