"""Which partners and bureaux hear of which need: pairs known to the directory, none twice. Pure.

Eligibility's routing has already named the partners and bureaux of each need; nothing is added here. A need that names
nobody, or somebody unknown, leaves a reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from services.contracts.eligibility import NeedState
from services.referral.partners.directory import PartnerDirectory

MissReason = Literal["no_partner", "unknown_party", "not_served", "near_miss_not_allowed"]


@dataclass(frozen=True, slots=True)
class Match:
    """One partner or bureau to hear of one need."""

    need: NeedState
    party: str
    bureau: bool


@dataclass(frozen=True, slots=True)
class Miss:
    """Why a need reaches nobody, or not this party (`""` when it names none)."""

    need: str
    party: str
    reason: MissReason


def merge_needs(needs: Iterable[NeedState]) -> dict[str, NeedState]:
    """Needs by code. Two of one code (two pupils of a family) become one: a household has one referral for it.

    The gap is the sum, unknown when either is; whom it is about is the household unless both say the same; a need with
    aid open wins over a near-miss.
    """
    merged: dict[str, NeedState] = {}
    for need in needs:
        held = merged.get(need.code)
        if held is None or (held.near_miss and not need.near_miss):
            merged[need.code] = need
        elif held.near_miss == need.near_miss:
            merged[need.code] = held.model_copy(
                update={
                    "partners": tuple(dict.fromkeys((*held.partners, *need.partners))),
                    "bureaux": tuple(dict.fromkeys((*held.bureaux, *need.bureaux))),
                    "why": tuple(dict.fromkeys((*held.why, *need.why))),
                    "gap_fen": None if held.gap_fen is None or need.gap_fen is None else held.gap_fen + need.gap_fen,
                    "subject_ref": held.subject_ref if held.subject_ref == need.subject_ref else None,
                    "programme": held.programme or need.programme,
                }
            )
    return merged


def match_partners(
    needs: Iterable[NeedState], directory: PartnerDirectory
) -> tuple[tuple[Match, ...], tuple[Miss, ...]]:
    """Pairs of need and party that the directory knows, and the reasons for those it does not."""
    matches: dict[tuple[str, str], Match] = {}
    misses: list[Miss] = []
    for need in merge_needs(needs).values():
        if not need.partners and not need.bureaux:
            misses.append(Miss(need.code, "", "no_partner"))
        for code in dict.fromkeys((*need.partners, *need.bureaux)):
            reason = _why_not(need, code, directory)
            if reason:
                misses.append(Miss(need.code, code, reason))
            else:
                matches[need.code, code] = Match(need, code, directory[code].bureau)
    return tuple(matches.values()), tuple(misses)


def _why_not(need: NeedState, code: str, directory: PartnerDirectory) -> MissReason | None:
    party = directory.get(code)
    if party is None:
        return "unknown_party"
    if need.near_miss and not party.takes_near_miss:
        return "near_miss_not_allowed"
    if party.service(need.code, near_miss=need.near_miss) is None:
        return "not_served"
    return None
