"""The kinds of step by which a household is worked through. A plan is a row of steps; two readers carry it out.

`plain.py` carries the plan out on one household, `columns.py` on a dataframe of households. Both do the same: work out
the step's text for each subject and keep the value under the step's name, where later texts find it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from services.eligibility.rules.criteria import Line, Text
from services.eligibility.rules.logic import Value

Over = Literal["incomes", "parents", "members", "vehicles"]
How = Literal["sum", "any", "all", "largest"]


@dataclass(frozen=True, slots=True)
class PersonFigure:
    """A value of each person, from the person's facts and former figures; `m.home` is the household."""

    name: str
    text: Text


@dataclass(frozen=True, slots=True)
class HouseholdFigure:
    """A value of the household."""

    name: str
    text: Text


@dataclass(frozen=True, slots=True)
class Fold:
    """One value made of many: of a person's incomes or parents, or of a household's members or vehicles.

    Conditions of one person meet inside the text, before anything is folded: "a severely disabled member" is one
    person who is both, never two. An amount names the programme it is `paid_by`, and is 0 for who is not known to be on
    it: nobody else is asked.
    """

    name: str
    over: Over
    how: How
    text: Text
    paid_by: str = ""


@dataclass(frozen=True, slots=True)
class CauseFlag:
    """Whether one of the event's causes is in a list of the rule book."""

    name: str
    codes: Callable[[Value], Value]


Tidy = Callable[[list[Line]], list[Line]]


def as_they_are(lines: list[Line]) -> list[Line]:
    """Keep every line."""
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What a programme asks and gives.

    `holds` is its whole condition, of the household or of each person. Where `reached` does not hold nobody asks the
    rest. `components` are monthly amounts in fen, `one_off` a single amount; both are texts of the household, counted
    only where the programme is known to hold. `members` says whom a household's finding is about. `amount_facts` is
    unknown for a person whose missing facts bear on the amount, not on the answer.

    For the explanation only, never on columns: `notes` are reason codes and when an eligible finding carries them;
    `unreached` is the reason code when nobody was reached; `tidy` drops lines that had no bearing on the answer.
    """

    code: str
    scope: Literal["household", "person"]
    holds: Text
    reached: Text | None = None
    components: tuple[tuple[str, Text], ...] = ()
    one_off: Text | None = None
    authority: Text | None = None
    members: Text | None = None
    amount_facts: Text | None = None
    notes: tuple[tuple[str, Text], ...] = ()
    unreached: str = ""
    can_near_miss: bool = False
    tidy: "Tidy" = as_they_are
    anyone: str = field(init=False)
    """The household's figure that somebody is on a person's programme, or the household's own outcome."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "anyone", f"any_{self.code}" if self.scope == "person" else self.code)

    @property
    def amounts(self) -> dict[str, Text]:
        """Its amounts, the monthly ones first, under the names by which a household's figures have them."""
        one_off = {} if self.one_off is None else {f"{self.code}_one_off": self.one_off}
        return {f"{self.code}_{component}": text for component, text in self.components} | one_off


Step = PersonFigure | HouseholdFigure | Fold | CauseFlag | Programme
