"""The plan carried out on dataframe columns: the same rule texts, for as many households as there are rows.

All arithmetic is on 64-bit whole numbers, exact as the plain reading is; amounts beyond what a household can have are
refused before they could overflow.

All households of a run share one place and day: a population is run county by county.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from services.eligibility.rules.book import file_book
from services.eligibility.rules.columns.frames import Frames
from services.eligibility.rules.facts import NO_TAPER
from services.eligibility.rules.logic import RATE, Value, all_of, any_of, is_unknown, use_columns
from services.eligibility.rules.plan import PLAN
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import CauseFlag, Fold, HouseholdFigure, PersonFigure, Programme, Step
from services.eligibility.rules.values import Unit

LARGEST_INCOME_FEN: Final = 10**10
"""Largest monthly income. Sixty members with a hundred such incomes each still fit into 64 bits at the rules' scale."""

LARGEST_FEN: Final = 10**13
"""Largest amount of another fact."""

LARGEST_VALUES: Final = {"yuan": 10**9, "rate": RATE, "multiple": 100 * RATE, "count": 10**5, "months": 10**5}
"""Largest value of a parameter by the kind of its unit: with it, no product of the rules leaves 64 bits."""

_HOME: Final = "home."
_VALUE: Final = "value."


class PolarsWords:
    """What rule texts need beyond operators, in polars."""

    unknown: Value = pl.lit(None)

    def choose(self, claim: Value, then: Value, otherwise: Value) -> Value:
        """As `logic.choose`."""
        same: Value = False
        if isinstance(then, pl.Expr) or isinstance(otherwise, pl.Expr):
            same = as_column(then) == as_column(otherwise)
        elif then == otherwise:
            return then
        return pl.when(claim | same).then(as_column(then)).when(~claim).then(as_column(otherwise))

    def established(self, claim: Value, then: Value, otherwise: Value) -> Value:
        """As `logic.established`."""
        return pl.when(claim).then(as_column(then)).otherwise(as_column(otherwise))

    def larger(self, one: Value, other: Value) -> Value:
        """As `logic.larger`."""
        one, other = as_column(one), as_column(other)
        return pl.when((one >= other).is_not_null()).then(pl.max_horizontal(one, other))

    def smaller(self, one: Value, other: Value) -> Value:
        """As `logic.smaller`."""
        one, other = as_column(one), as_column(other)
        return pl.when((one >= other).is_not_null()).then(pl.min_horizontal(one, other))


use_columns(PolarsWords())


def as_column(value: Value) -> pl.Expr:
    """A plain value as a column; whole numbers in 64 bits, or a product of two would wrap."""
    if isinstance(value, pl.Expr):
        return value
    if is_unknown(value) or value is None:
        return pl.lit(None)
    if isinstance(value, int) and not isinstance(value, bool):
        return pl.lit(value, dtype=pl.Int64)
    return pl.lit(value)


class ColumnView:
    """A frame as rule texts see it: each fact or figure is a column."""

    trace: Final = None

    def __getattr__(self, name: str) -> pl.Expr:
        return pl.col(name)

    @property
    def home(self) -> Any:  # Any: another view
        """A household is its own home."""
        return self


class _HomeColumns:
    """The household's columns, as a person's text asks for them."""

    def __init__(self) -> None:
        self.asked: dict[str, None] = {}

    def __getattr__(self, name: str) -> pl.Expr:
        self.asked[name] = None
        return pl.col(_HOME + name)


class MemberColumns(ColumnView):
    """The members' frame; `home` notes which columns of the household are needed."""

    def __init__(self) -> None:
        self._home = _HomeColumns()

    @property
    def home(self) -> Any:  # Any: another view
        """The household's columns."""
        return self._home


_HOUSEHOLD: Final = ColumnView()


def screen(frames: Frames, p: Parameters, *, plan: Sequence[Step] = PLAN) -> Frames:
    """Carry out the plan, or its first steps, on all households of one place and day.

    The answer's households have a column for each programme (its code, or `any_<code>` where persons are tested: true,
    false, null), its components (`<code>_<component>`) and one-off amount (`<code>_one_off`), in fen; the members a
    column for each programme of persons; both all figures of the plan.

    Raises: ValueError when a parameter has no value on the day, OverflowError for amounts that no household has and for
    values that no law has: plain values, of any size, have to be asked then.
    """
    if p.has_gaps:
        raise ValueError("a parameter has no value for this place on this day")
    _check_values(p)
    _check_amounts(frames)
    frames = replace(
        frames,
        members=_beside(frames.members, "age", _ages(frames.members.get_column("birth_date"), p.on)),
        households=frames.households.with_columns(
            taper_months=_completed_months("taper_since", p.on).fill_null(NO_TAPER)
        ),
    )
    for step in plan:
        frames = _take(step, frames, p)
    for programme in (step for step in plan if isinstance(step, Programme) and step.scope == "person"):
        frames = _amounts(programme, frames, p)
    return frames


def _check_values(p: Parameters) -> None:
    for id, definition in file_book().definitions.items():
        if _is_too_large(definition.unit, getattr(p, id)):
            raise OverflowError(f"{id} is larger than any law has it")


def _is_too_large(unit: Unit, value: Any) -> bool:  # Any: the kind decides the type
    if isinstance(unit, tuple):
        return any(_is_too_large(each, cell) for row in value for each, cell in zip(unit, row, strict=True))
    if unit.startswith("list/"):
        return any(_is_too_large(unit.removeprefix("list/"), each) for each in value)
    most = LARGEST_VALUES.get(unit.split("/")[0])
    return most is not None and value > most


def _check_amounts(frames: Frames) -> None:
    named = (
        (frames.incomes, ("monthly",), LARGEST_INCOME_FEN),
        (frames.households, ("financial", "medical", "education", "rehabilitation", "aid_received"), LARGEST_FEN),
        (frames.vehicles, ("value",), LARGEST_FEN),
    )
    for frame, names, most in named:
        for name in names:
            largest = frame.get_column(name).abs().max()
            if isinstance(largest, int) and largest > most:
                raise OverflowError("an amount is larger than any household has")


def _ages(born: pl.Series, on: date) -> pl.Series:
    """Completed years on a day. Each day of birth is thought about once: far more people are born than days."""
    first, last = born.min(), born.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return pl.repeat(None, len(born), dtype=pl.Int64, eager=True)
    days = pl.date_range(first, last, eager=True).alias("birth_date")
    if len(days) > len(born):
        return born.to_frame().select(_age(on)).to_series()
    return days.to_frame().select(_age(on)).to_series().gather((born - first).dt.total_days())


def _age(on: date) -> pl.Expr:
    born = pl.col("birth_date")
    not_yet = pl.lit(on.month * 100 + on.day) < born.dt.month().cast(pl.Int64) * 100 + born.dt.day()
    return pl.lit(on.year, dtype=pl.Int64) - born.dt.year().cast(pl.Int64) - not_yet.cast(pl.Int64)


def _take(step: Any, frames: Frames, p: Parameters) -> Frames:  # Any: a step of the plan
    if isinstance(step, PersonFigure):
        return _on_members(step.name, step.text, frames, p)
    if isinstance(step, HouseholdFigure):
        return _on_households(step.name, step.text(_HOUSEHOLD, p), frames)
    if isinstance(step, CauseFlag):
        named = [pl.col("causes").list.contains(code) for code in step.codes(p)]
        return _on_households(step.name, any_of(*named), frames)
    if isinstance(step, Fold):
        return _fold(step, frames, p)
    assert isinstance(step, Programme)

    if step.scope == "person":
        frames = _person_programme(step, frames, p)
        return _fold(Fold(step.anyone, "members", "any", lambda m, q: getattr(m, step.code)), frames, p)
    holds = (
        step.holds(_HOUSEHOLD, p)
        if step.reached is None
        else all_of(step.reached(_HOUSEHOLD, p), step.holds(_HOUSEHOLD, p))
    )
    frames = _on_households(step.code, holds, frames)
    return _amounts(step, frames, p)


def _person_programme(step: Programme, frames: Frames, p: Parameters) -> Frames:
    """A programme of persons: the whole condition is asked only of those whom it may reach."""
    if step.reached is None:
        return _on_members(step.code, step.holds, frames, p)
    reached = _of_members(step.reached, frames, p)
    rows = reached.fill_null(True).arg_true()
    holds = _of_members(step.holds, frames, p, rows)
    answer = _evaluated(
        pl.DataFrame({"reached": reached.gather(rows), "holds": holds}), all_of(pl.col("reached"), pl.col("holds"))
    )
    whole = pl.zeros(frames.members.height, dtype=pl.Boolean, eager=True).scatter(rows, answer)
    return replace(frames, members=_beside(frames.members, step.code, whole))


def _beside(frame: pl.DataFrame, name: str, values: pl.Series) -> pl.DataFrame:
    """A frame with one more column."""
    return frame.hstack([values.alias(name)])


def _amounts(programme: Programme, frames: Frames, p: Parameters) -> Frames:
    """Amounts of a programme where it is known to hold, else 0. They are worked out for those households only."""
    components = programme.components
    if programme.one_off is not None:
        components = (*components, ("one_off", programme.one_off))
    if not components:
        return frames
    rows = frames.households.get_column(programme.anyone).fill_null(False).arg_true()
    made = []
    for code, text in components:
        value = as_column(text(_HOUSEHOLD, p))
        amounts = _evaluated(_only(frames.households, value)[rows], value)
        none = pl.zeros(frames.households.height, dtype=pl.Int64, eager=True)
        made.append(none.scatter(rows, amounts).alias(f"{programme.code}_{code}"))
    return replace(frames, households=frames.households.with_columns(made))


def _evaluated(frame: pl.DataFrame, value: pl.Expr) -> pl.Series:
    """A text's value for each row. The same part of a text is worked out once, however often it stands there."""
    # a text that comes to the same for everybody is one value: a new column makes it as long as the others
    return frame.lazy().with_columns(value.alias(_VALUE)).select(_VALUE).collect().to_series()


def _on_households(name: str, value: Value, frames: Frames) -> Frames:
    answer = _evaluated(frames.households, as_column(value))
    return replace(frames, households=_beside(frames.households, name, answer))


def _on_members(name: str, text: Callable[[Value, Value], Value], frames: Frames, p: Parameters) -> Frames:
    return replace(frames, members=_beside(frames.members, name, _of_members(text, frames, p)))


def _of_members(
    text: Callable[[Value, Value], Value], frames: Frames, p: Parameters, rows: pl.Series | None = None
) -> pl.Series:
    """A text's value for each member, or for those of the rows."""
    view = MemberColumns()
    value = as_column(text(view, p))
    members = _only(frames.members, value)
    some = replace(frames, members=members if rows is None else members[rows])
    return _evaluated(with_home(some, view), value)


def _only(frame: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    """The columns that a text asks of a frame, with the household that each row is of."""
    asked = dict.fromkeys(("household", *value.meta.root_names()))
    return frame[[name for name in asked if not name.startswith(_HOME)]]


def with_home(frames: Frames, view: MemberColumns) -> pl.DataFrame:
    """The members' frame with the household columns that a text asked for."""
    asked = list(view.home.asked)
    if not asked:
        return frames.members
    homes = frames.members.get_column("household")
    return frames.members.hstack(
        [frames.households.get_column(each).gather(homes).alias(_HOME + each) for each in asked]
    )


def _completed_months(name: str, on: date) -> pl.Expr:
    """Whole months from a day to the day of the run."""
    since = pl.col(name)
    months = pl.lit(on.year * 12 + on.month, dtype=pl.Int64) - since.dt.year().cast(pl.Int64) * 12 - since.dt.month()
    return months - (pl.lit(on.day) < since.dt.day()).cast(pl.Int64)


def _fold(step: Fold, frames: Frames, p: Parameters) -> Frames:
    if step.over == "members":
        return replace(frames, households=_over_members(step, frames, p))
    items = {"vehicles": frames.vehicles, "incomes": frames.incomes, "parents": frames.parents}[step.over]
    values = _evaluated(items, as_column(step.text(ColumnView(), p)))
    if step.over == "vehicles":
        folded = _folded(step.how, items.get_column("household"), values, frames.households.height)
        known = _null_unless(frames.households.get_column("assets_known"), folded)
        return replace(frames, households=_beside(frames.households, step.name, known))
    folded = _folded(step.how, items.get_column("member"), values, frames.members.height)
    if step.over == "incomes":
        folded = _null_unless(frames.members.get_column("incomes_known"), folded)
    return replace(frames, members=_beside(frames.members, step.name, folded))


def _over_members(step: Fold, frames: Frames, p: Parameters) -> pl.DataFrame:
    """A fold of members; an amount is asked only of those who are known to be paid it."""
    rows, owners = None, frames.members.get_column("household")
    if step.paid_by:
        rows = frames.members.get_column(step.paid_by).arg_true()
        owners = owners.gather(rows)
    values = _of_members(step.text, frames, p, rows)
    folded = _folded(step.how, owners, values, frames.households.height)
    return _beside(frames.households, step.name, folded)


def _folded(how: str, owners: pl.Series, values: pl.Series, count: int) -> pl.Series:
    """Many values as one for each of `count` owners; null when a part is null and could matter.

    `owners` are places of owners in their frame. An owner without values has a sum of 0, no any, and all of them.
    """
    open_ = _has(owners, values.is_null(), count) if values.null_count() else None
    if how in ("any", "all"):
        decisive = values.fill_null(how == "all")
        settled = _has(owners, decisive if how == "any" else ~decisive, count)
        said = pl.Series(settled if how == "any" else ~settled)
        return said if open_ is None else said.set(pl.Series(open_ & ~settled), None)
    whole = np.zeros(count, dtype=np.int64)
    fold = np.add if how == "sum" else np.maximum
    fold.at(whole, owners.to_numpy(), values.fill_null(0).cast(pl.Int64).to_numpy())
    return pl.Series(whole) if open_ is None else pl.Series(whole).set(pl.Series(open_), None)


def _has(owners: pl.Series, claims: pl.Series, count: int) -> npt.NDArray[np.bool_]:
    """Which of `count` owners a claim holds of."""
    found = np.zeros(count, dtype=np.bool_)
    found[owners.gather(claims.arg_true()).to_numpy()] = True
    return found


def _null_unless(known: pl.Series, values: pl.Series) -> pl.Series:
    return values if known.all() else values.set(~known, None)
