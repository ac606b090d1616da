"""What each programme reads: the parameters behind it and the programmes it stands on, found by reading its texts.

Each text is called once with a subject and parameters that know nothing and note what they are asked for. A figure
that was asked for is followed to its own text; another programme's answer is not: it is named instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from services.eligibility.rules.criteria import Line, Test, Text
from services.eligibility.rules.logic import UNKNOWN
from services.eligibility.rules.plan import PLAN, PROGRAMMES
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import CauseFlag, Fold, HouseholdFigure, PersonFigure, Programme

_IDS: Final = Parameters.ids()


@dataclass(frozen=True, slots=True)
class Reads:
    """Of a programme: its tests in the order in which they are put, the parameters by id, the programmes by code."""

    tests: tuple[Test, ...]
    parameters: tuple[str, ...]
    stands_on: tuple[str, ...]


@cache
def reads_of(code: str) -> Reads:
    """What a programme reads.

    Raises: KeyError for a code that the plan does not have.
    """
    programme = _PROGRAMMES[code]
    notebook = _Notebook()
    subject = _Subject(notebook)
    for text in _texts_of(programme):
        text(subject, notebook)
    parameters, stands_on = dict(notebook.parameters), dict[str, None]()
    followed: set[str] = {code}
    waiting = list(notebook.figures)
    while waiting:
        name = waiting.pop(0)
        if name in followed:
            continue
        followed.add(name)
        named = _OUTCOMES.get(name)
        if named is not None and named != code:
            stands_on[named] = None
        elif name in _FIGURES:
            beside = _noted(_FIGURES[name])
            parameters |= beside.parameters
            waiting += beside.figures
    tests = tuple(dict.fromkeys(line.test for line in notebook.lines))
    return Reads(tests, tuple(sorted(parameters)), tuple(each.code for each in PROGRAMMES if each.code in stands_on))


class _Notebook:
    """Parameters that know nothing; whatever is asked of them or of a subject is noted here."""

    def __init__(self) -> None:
        self.parameters: dict[str, None] = {}
        self.figures: dict[str, None] = {}
        self.lines: list[Line] = []

    def __getattr__(self, name: str) -> Any:  # Any: a value of any kind
        if name in _IDS:
            self.parameters[name] = None
        return UNKNOWN


class _Subject:
    """A household or person of whom nothing is known."""

    members: Final = ()

    def __init__(self, notebook: _Notebook) -> None:
        self._notebook = notebook
        self.trace = notebook.lines
        self.home = self

    def __getattr__(self, name: str) -> Any:  # Any: a fact or figure of any kind
        self._notebook.figures[name] = None
        return UNKNOWN


def _noted(text: Text) -> _Notebook:
    notebook = _Notebook()
    text(_Subject(notebook), notebook)
    return notebook


def _texts_of(programme: Programme) -> Iterable[Text]:
    """The programme's texts, its condition first. Whom it names is no condition, and left out."""
    asked = (programme.reached, programme.holds, programme.one_off, programme.authority)
    yield from (text for text in asked if text is not None)
    yield from (text for _, text in programme.components)


def _figures() -> dict[str, Text]:
    found: dict[str, Text] = {}
    for step in PLAN:
        if isinstance(step, PersonFigure | HouseholdFigure | Fold):
            found[step.name] = step.text
        elif isinstance(step, CauseFlag):
            found[step.name] = lambda s, p, codes=step.codes: codes(p)  # type: ignore[misc] # the default binds the step
    return found


def _outcomes() -> dict[str, str]:
    """Names under which later texts find a programme's answer and amounts."""
    return {name: each.code for each in PROGRAMMES for name in (each.code, each.anyone, *each.amounts)}


_PROGRAMMES: Final = {programme.code: programme for programme in PROGRAMMES}
_FIGURES: Final = _figures()
_OUTCOMES: Final = _outcomes()
