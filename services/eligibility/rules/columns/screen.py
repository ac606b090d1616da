"""The plan carried out on dataframe columns: the same rule texts, for as many households as there are rows.

All arithmetic is on 64-bit whole numbers, exact as the plain reading is; amounts beyond what a household can have are
refused before they could overflow.

All households of a run share one place and day: a population is run county by county.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from services.eligibility.rules.book import file_book
from services.eligibility.rules.columns.frames import Frames
from services.eligibility.rules.columns.questions import Questions, Texts, amounts_of, together
from services.eligibility.rules.columns.words import HOME
from services.eligibility.rules.facts import NO_TAPER
from services.eligibility.rules.logic import RATE
from services.eligibility.rules.plan import PLAN
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.steps import CauseFlag, Fold, HouseholdFigure, PersonFigure, Programme, Step
from services.eligibility.rules.values import Unit, unit_of_each

LARGEST_INCOME_FEN: Final = 10**10
"""Largest monthly income. Sixty members with a hundred such incomes each still fit into 64 bits at the rules' scale."""

LARGEST_FEN: Final = 10**13
"""Largest amount of another fact."""

LARGEST_VALUES: Final = {"yuan": 10**9, "rate": RATE, "multiple": 100 * RATE, "count": 10**5, "months": 10**5}
"""Largest value of a parameter by the kind of its unit: with it, no product of the rules leaves 64 bits."""


def screen(frames: Frames, p: Parameters, *, plan: tuple[Step, ...] = PLAN) -> Frames:
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
    for questions in together(plan, p):
        frames = _answer(questions, frames, p)
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
    if (item := unit_of_each(unit)) is not None:
        return any(_is_too_large(item, each) for each in value)
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
            amounts = frame.get_column(name)
            least, largest = amounts.min(), amounts.max()
            if isinstance(least, int) and isinstance(largest, int) and max(-least, largest) > most:
                raise OverflowError("an amount is larger than any household has")


def _ages(born: pl.Series, on: date) -> pl.Series:
    """Completed years on a day. Each day of birth is thought about once: far more people are born than days."""
    first, last = born.min(), born.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return pl.repeat(None, len(born), dtype=pl.Int64, eager=True)
    days = pl.date_range(first, last, eager=True).alias("birth_date")
    if len(days) > len(born):
        return born.to_frame().select(_age(on)).to_series()
    since = born.to_physical() - days.to_physical()[0]
    return days.to_frame().select(_age(on)).to_series().gather(since)


def _age(on: date) -> pl.Expr:
    born = pl.col("birth_date")
    not_yet = pl.lit(on.month * 100 + on.day) < born.dt.month().cast(pl.Int64) * 100 + born.dt.day()
    return pl.lit(on.year, dtype=pl.Int64) - born.dt.year().cast(pl.Int64) - not_yet.cast(pl.Int64)


def _answer(questions: Questions, frames: Frames, p: Parameters) -> Frames:
    """Ask questions of the same rows at once, and keep each answer under its step's name."""
    rows = _rows(questions, frames)
    answers = _asked(questions.texts, questions.over, frames, rows)
    for step, answer in zip(questions.steps, answers, strict=True):
        frames = _kept(step, answer, frames, p, rows)
    return frames


def _rows(questions: Questions, frames: Frames) -> pl.Series | None:
    """Which members are asked; None for everybody."""
    if questions.paid_by:
        return frames.members.get_column(questions.paid_by).arg_true()
    if questions.reached is None:
        return None
    (reached,) = questions.reached.names
    asked = _beside_homes(frames.members, questions.reached.homes, frames.households).lazy()
    may_be = pl.col(reached).fill_null(True)
    return asked.with_columns(questions.reached.values).select(may_be.arg_true()).collect().to_series()


def _kept(step: Any, answer: pl.Series, frames: Frames, p: Parameters, rows: pl.Series | None) -> Frames:  # Any: a step
    if isinstance(step, PersonFigure):
        return replace(frames, members=_beside(frames.members, step.name, answer))
    if isinstance(step, HouseholdFigure | CauseFlag):
        return replace(frames, households=_beside(frames.households, step.name, answer))
    if isinstance(step, Fold):
        return _fold(step, answer, frames, rows)
    assert isinstance(step, Programme)
    if step.scope == "household":
        return _amounts(step, replace(frames, households=_beside(frames.households, step.code, answer)), p)
    owners, homes = frames.members.get_column("household"), frames.households
    anyone = _folded("any", owners if rows is None else owners.gather(rows), answer, homes.height)
    if rows is not None:
        answer = pl.Series(np.zeros(frames.members.height, dtype=np.bool_)).scatter(rows, answer)
    members = _beside(frames.members, step.code, answer)
    return replace(frames, members=members, households=_beside(homes, step.anyone, anyone))


def _beside(frame: pl.DataFrame, name: str, values: pl.Series) -> pl.DataFrame:
    """A frame with one more column."""
    return frame.hstack([values.alias(name)])


def _amounts(programme: Programme, frames: Frames, p: Parameters) -> Frames:
    """Amounts of a programme where it is known to hold, else 0. They are worked out for those households only."""
    if not programme.amounts:
        return frames
    rows = frames.households.get_column(programme.anyone).arg_true()
    amounts = _asked(amounts_of(programme, p), "households", frames, rows)
    none = np.zeros(frames.households.height, dtype=np.int64)
    made = [pl.Series(name, none).scatter(rows, some) for name, some in zip(programme.amounts, amounts, strict=True)]
    return replace(frames, households=frames.households.with_columns(made))


def _asked(texts: Texts, over: str, frames: Frames, rows: pl.Series | None = None) -> list[pl.Series]:
    """The values of some texts for each row of a frame, or for those given."""
    frame: pl.DataFrame = getattr(frames, over)
    if rows is not None:
        frame = frame[[*dict.fromkeys(("household", *texts.columns))]][rows]
    asked = _beside_homes(frame, texts.homes, frames.households).lazy()
    # a text that comes to the same for everybody is one value: a new column makes it as long as the others
    return asked.with_columns(texts.values).select(texts.names).collect().get_columns()


def with_home(frames: Frames, names: Iterable[str]) -> pl.DataFrame:
    """The members' frame with columns of their households, as their texts ask for them."""
    return _beside_homes(frames.members, names, frames.households)


def _beside_homes(members: pl.DataFrame, names: Iterable[str], households: pl.DataFrame) -> pl.DataFrame:
    if not names:
        return members
    homes = members.get_column("household")
    return members.hstack([households.get_column(each).rechunk().gather(homes).alias(HOME + each) for each in names])


def _completed_months(name: str, on: date) -> pl.Expr:
    """Whole months from a day to the day of the run."""
    since = pl.col(name)
    months = pl.lit(on.year * 12 + on.month, dtype=pl.Int64) - since.dt.year().cast(pl.Int64) * 12 - since.dt.month()
    return months - (pl.lit(on.day) < since.dt.day()).cast(pl.Int64)


def _fold(step: Fold, values: pl.Series, frames: Frames, rows: pl.Series | None) -> Frames:
    homes, people = frames.households, frames.members
    if step.over == "members":
        owners = people.get_column("household")
        folded = _folded(step.how, owners if rows is None else owners.gather(rows), values, homes.height)
        return replace(frames, households=_beside(homes, step.name, folded))
    if step.over == "vehicles":
        folded = _folded(step.how, frames.vehicles.get_column("household"), values, homes.height)
        known = _null_unless(homes.get_column("assets_known"), folded)
        return replace(frames, households=_beside(homes, step.name, known))
    folded = _folded(step.how, getattr(frames, step.over).get_column("member"), values, people.height)
    if step.over == "incomes":
        folded = _null_unless(people.get_column("incomes_known"), folded)
    return replace(frames, members=_beside(people, step.name, folded))


def _folded(how: str, owners: pl.Series, values: pl.Series, count: int) -> pl.Series:
    """Many values as one for each of `count` owners; null when a part is null and could matter.

    `owners` are places of owners in their frame. An owner without values has a sum of 0, no any, and all of them.
    """
    open_ = _has(owners, values.is_null(), count) if values.has_nulls() else None
    if how in ("any", "all"):
        decisive = values.fill_null(how == "all") if values.has_nulls() else values
        settled = _has(owners, decisive if how == "any" else ~decisive, count)
        said = pl.Series(settled if how == "any" else ~settled)
        return said if open_ is None else said.set(pl.Series(open_ & ~settled), None)
    whole = np.zeros(count, dtype=np.int64)
    fold = np.add if how == "sum" else np.maximum
    known = values.fill_null(0) if values.has_nulls() else values
    fold.at(whole, owners.to_numpy(), known.cast(pl.Int64).to_numpy())
    return pl.Series(whole) if open_ is None else pl.Series(whole).set(pl.Series(open_), None)


def _has(owners: pl.Series, claims: pl.Series, count: int) -> npt.NDArray[np.bool_]:
    """Which of `count` owners a claim holds of."""
    found = np.zeros(count, dtype=np.bool_)
    holding = np.flatnonzero(claims.to_numpy())
    found[owners.to_numpy().take(holding)] = True
    return found


def _null_unless(known: pl.Series, values: pl.Series) -> pl.Series:
    return values if known.all() else values.set(~known, None)
