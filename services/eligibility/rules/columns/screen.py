"""The plan carried out on dataframe columns: the same rule texts, for as many households as there are rows.

All arithmetic is on 64-bit whole numbers, exact as the plain reading is; amounts beyond what a household can have are
refused before they could overflow.

All households of a run share one place and day: a population is run county by county.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, Final

import polars as pl

from services.eligibility.rules.book import file_book
from services.eligibility.rules.columns.frames import Frames
from services.eligibility.rules.facts import NO_TAPER
from services.eligibility.rules.logic import RATE, Value, all_of, any_of, choose, is_unknown, surely, use_columns
from services.eligibility.rules.plan import PLAN
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import CauseFlag, Fold, HouseholdFigure, PersonFigure, Programme
from services.eligibility.rules.values import Unit

LARGEST_INCOME_FEN: Final = 10**10
"""Largest monthly income. Sixty members with a hundred such incomes each still fit into 64 bits at the rules' scale."""

LARGEST_FEN: Final = 10**13
"""Largest amount of another fact."""

LARGEST_VALUES: Final = {"yuan": 10**9, "rate": RATE, "multiple": 100 * RATE, "count": 10**5, "months": 10**5}
"""Largest value of a parameter by the kind of its unit: with it, no product of the rules leaves 64 bits."""

_HOME: Final = "home."
_FOUND: Final = "found"


class PolarsWords:
    """What rule texts need beyond operators, in polars."""

    unknown: Value = pl.lit(None)

    def choose(self, claim: Value, then: Value, otherwise: Value) -> Value:
        """As `logic.choose`."""
        one, other = as_column(then), as_column(otherwise)
        either = pl.when(one == other).then(one).otherwise(None)
        return pl.when(claim).then(one).when(claim.is_null()).then(either).otherwise(other)

    def surely(self, claim: Value) -> Value:
        """As `logic.surely`."""
        return claim.fill_null(False)


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


def screen(frames: Frames, p: Parameters) -> Frames:
    """Carry out the plan on all households of one place and day.

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
        members=frames.members.with_columns(age=_age(p.on)),
        households=frames.households.with_columns(
            taper_months=_completed_months("taper_since", p.on).fill_null(NO_TAPER)
        ),
    )
    for step in PLAN:
        frames = _take(step, frames, p)
    for programme in (step for step in PLAN if isinstance(step, Programme)):
        frames = _amounts(programme, frames, p, programme.components if programme.scope == "person" else ())
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


def _age(on: date) -> pl.Expr:
    """Completed years on a day."""
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

    def holds(s: Value, q: Value) -> Value:
        reached = True if step.reached is None else step.reached(s, q)
        return all_of(reached, step.holds(s, q))

    if step.scope == "person":
        frames = _on_members(step.code, holds, frames, p)
        return _fold(Fold(step.anyone, "members", "any", lambda m, q: getattr(m, step.code)), frames, p)
    frames = _on_households(step.code, holds(_HOUSEHOLD, p), frames)
    return _amounts(step, frames, p, step.components)


def _amounts(programme: Programme, frames: Frames, p: Parameters, components: Any) -> Frames:  # Any: code, text pairs
    """Amounts of a programme where it is known to hold, else 0."""
    one_off = programme.one_off
    if one_off is not None:
        components = (*components, ("one_off", one_off))
    is_on = surely(pl.col(programme.anyone))
    for code, text in components:
        frames = _on_households(f"{programme.code}_{code}", choose(is_on, text(_HOUSEHOLD, p), 0), frames)
    return frames


def _on_households(name: str, value: Value, frames: Frames) -> Frames:
    return replace(frames, households=frames.households.with_columns(as_column(value).alias(name)))


def _on_members(name: str, text: Callable[[Value, Value], Value], frames: Frames, p: Parameters) -> Frames:
    view = MemberColumns()
    value = as_column(text(view, p)).alias(name)
    # a text that comes to the same for everybody is one value: a new column makes it as long as the others
    answer = with_home(frames, view).with_columns(value).get_column(name)
    return replace(frames, members=frames.members.with_columns(answer))


def with_home(frames: Frames, view: MemberColumns) -> pl.DataFrame:
    """The members' frame with the household columns that a text asked for."""
    asked = list(view.home.asked)
    if not asked:
        return frames.members
    homes = frames.households.select("household", *(pl.col(each).alias(_HOME + each) for each in asked))
    return frames.members.join(homes, on="household", how="left", maintain_order="left")


def _completed_months(name: str, on: date) -> pl.Expr:
    """Whole months from a day to the day of the run."""
    since = pl.col(name)
    months = pl.lit(on.year * 12 + on.month, dtype=pl.Int64) - since.dt.year().cast(pl.Int64) * 12 - since.dt.month()
    return months - (pl.lit(on.day) < since.dt.day()).cast(pl.Int64)


_NOTHING: Final[dict[str, Value]] = {"sum": 0, "largest": 0, "any": False, "all": True}


def _folded(how: str, value: pl.Expr) -> pl.Expr:
    """Many values as one; null when a part is null and could matter."""
    if how == "any":
        return value.any(ignore_nulls=False)
    if how == "all":
        return value.all(ignore_nulls=False)
    whole = value.sum() if how == "sum" else value.max().clip(lower_bound=0)
    return pl.when(value.is_null().any()).then(None).otherwise(whole)


def _fold(step: Fold, frames: Frames, p: Parameters) -> Frames:
    if step.over == "members":
        view = MemberColumns()
        value = as_column(step.text(view, p))
        homes = _join_folded(frames.households, with_home(frames, view), "household", step, value)
        return replace(frames, households=homes)
    value = as_column(step.text(ColumnView(), p))
    if step.over == "vehicles":
        homes = _join_folded(frames.households, frames.vehicles, "household", step, value)
        return replace(frames, households=_null_unless("assets_known", step.name, homes))
    items = frames.incomes if step.over == "incomes" else frames.parents
    members = _join_folded(frames.members, items, "member", step, value)
    return replace(
        frames, members=_null_unless("incomes_known", step.name, members) if step.over == "incomes" else members
    )


def _join_folded(owners: pl.DataFrame, items: pl.DataFrame, key: str, step: Fold, value: pl.Expr) -> pl.DataFrame:
    """Fold the items of each owner; an owner without items has none of them."""
    if not value.meta.root_names():  # the same for everybody: summed up it would be counted once
        items = items.with_columns(value.alias(step.name))
        value = pl.col(step.name)
    folded = items.group_by(key).agg(_folded(step.how, value).alias(step.name), pl.lit(True).alias(_FOUND))
    joined = owners.join(folded, on=key, how="left", maintain_order="left")
    kept = pl.when(pl.col(_FOUND)).then(pl.col(step.name)).otherwise(as_column(_NOTHING[step.how]))
    return joined.with_columns(kept.alias(step.name)).drop(_FOUND)


def _null_unless(known: str, name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.when(pl.col(known)).then(pl.col(name)).otherwise(None).alias(name))
