"""Who else helps with the same: government aid, partners, other awards. Pure.

Stacking is allowed, but never unseen: the reviewer is shown every line, and lines that break a brand's stacking rule
need the reviewer's word.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.charity.programmes.directory import AidKind, Brand, Directory
from services.charity.programmes.policy import Policy


@dataclass(frozen=True, slots=True)
class OtherAward:
    """An award of the same household. Units: fen."""

    brand: str
    need: str
    amount_fen: int
    on: date


@dataclass(frozen=True, slots=True)
class OtherHelp:
    """Help that a partner reported for the same need. Units: fen, None when it was not money."""

    giver: str
    kind: str
    amount_fen: int | None
    on: date


@dataclass(frozen=True, slots=True)
class SameHelp:
    """One line for the reviewer. `needs_word`: the brand's stacking rule asks the reviewer to say yes to it."""

    source: Literal["government", "partner", "brand"]
    giver: str
    kind: str
    amount_fen: int | None
    on: date | None
    needs_word: bool


def same_help(
    *,
    brand: Brand,
    need: str,
    on: date,
    programmes: Iterable[tuple[str, int | None]],
    partners: Iterable[OtherHelp],
    awards: Iterable[OtherAward],
    directory: Directory,
    policy: Policy,
) -> tuple[SameHelp, ...]:
    """Every line of help with the same need, and every award of the season that the brand's rule looks at.

    `programmes` are the household's eligible government programmes with their amounts.
    """
    alike = set(policy.government_help.get(need, ()))
    lines = [SameHelp("government", code, code, amount, None, False) for code, amount in programmes if code in alike]
    lines += [SameHelp("partner", help.giver, help.kind, help.amount_fen, help.on, False) for help in partners]
    first, last = brand.season(on)
    for award in awards:
        other = directory.get(award.brand)
        kind: AidKind = other.aid if other else "cash"
        in_season = first <= award.on <= last
        same_kind = kind == brand.aid and award.need == need
        breaks = in_season and ((same_kind and brand.same_kind == "once_a_season") or not brand.stacks)
        if breaks or award.need == need:
            lines.append(SameHelp("brand", award.brand, kind, award.amount_fen, award.on, breaks))
    return tuple(lines)
