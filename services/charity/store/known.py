"""What the events told of households, their referrals and unmet needs: newest version wins, the rest is stale."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.models import Household, Referral, Unmet
from services.charity.store.reading import among, fresh, fresh_one

_STUBS = text(
    "INSERT INTO household (household_ref, division)"
    " SELECT * FROM unnest(CAST(:refs AS uuid[]), CAST(:divisions AS text[]))"
    " ON CONFLICT DO NOTHING"
)
_LOCK = text(
    "SELECT 1 FROM household WHERE household_ref = ANY(CAST(:refs AS uuid[])) ORDER BY household_ref FOR UPDATE"
)
_KEEP_HOUSEHOLDS = text(
    "UPDATE household h SET division = n.division, version = n.version, assessment_id = n.assessment_id,"
    " as_of = n.as_of, status = n.status, size = n.size, oldest = n.oldest, youngest = n.youngest,"
    " needs = CAST(n.needs AS jsonb), programmes = CAST(n.programmes AS jsonb)"
    " FROM unnest(CAST(:refs AS uuid[]), CAST(:divisions AS text[]), CAST(:versions AS bigint[]),"
    " CAST(:assessments AS uuid[]), CAST(:days AS date[]), CAST(:statuses AS text[]), CAST(:sizes AS int[]),"
    " CAST(:oldest AS date[]), CAST(:youngest AS date[]), CAST(:needs AS text[]), CAST(:programmes AS text[]))"
    " AS n(ref, division, version, assessment_id, as_of, status, size, oldest, youngest, needs, programmes)"
    " WHERE h.household_ref = n.ref AND h.version < n.version RETURNING h.household_ref"
)
_KEEP_REFERRALS = text(
    "INSERT INTO referral (id, version, household_ref, division, subject_ref, partner, bureau, need, near_miss, status,"
    " gap_fen, outcome_kind, outcome_fen, outcome_on, changed_at)"
    " SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), CAST(:households AS uuid[]),"
    " CAST(:divisions AS text[]), CAST(:subjects AS uuid[]), CAST(:partners AS text[]), CAST(:bureaux AS boolean[]),"
    " CAST(:needs AS text[]), CAST(:near AS boolean[]), CAST(:statuses AS text[]), CAST(:gaps AS bigint[]),"
    " CAST(:kinds AS text[]), CAST(:amounts AS bigint[]), CAST(:days AS date[]), CAST(:changed AS timestamptz[]))"
    " ON CONFLICT (id) DO UPDATE SET version = excluded.version, household_ref = excluded.household_ref,"
    " division = excluded.division, subject_ref = excluded.subject_ref, partner = excluded.partner,"
    " bureau = excluded.bureau, need = excluded.need, near_miss = excluded.near_miss, status = excluded.status,"
    " gap_fen = excluded.gap_fen, outcome_kind = excluded.outcome_kind, outcome_fen = excluded.outcome_fen,"
    " outcome_on = excluded.outcome_on, changed_at = excluded.changed_at WHERE referral.version < excluded.version"
    " RETURNING id"
)
_KEEP_UNMET = text(
    "INSERT INTO unmet (ref, version, household_ref, division, subject_ref, need, gap_fen, state, opened_version)"
    " SELECT r, v, h, d, s, n, g, st, v FROM unnest(CAST(:refs AS uuid[]), CAST(:versions AS bigint[]),"
    " CAST(:households AS uuid[]), CAST(:divisions AS text[]), CAST(:subjects AS uuid[]), CAST(:needs AS text[]),"
    " CAST(:gaps AS bigint[]), CAST(:states AS text[])) AS e(r, v, h, d, s, n, g, st)"
    " ON CONFLICT (ref) DO UPDATE SET version = excluded.version, household_ref = excluded.household_ref,"
    " division = excluded.division, subject_ref = excluded.subject_ref, need = excluded.need,"
    " gap_fen = excluded.gap_fen, state = excluded.state,"
    " opened_version = CASE WHEN unmet.state = 'closed' AND excluded.state = 'open' THEN excluded.version"
    " ELSE unmet.opened_version END WHERE unmet.version < excluded.version RETURNING ref"
)
_CONCERNED = text(
    "SELECT household_ref AS h, need AS n FROM award WHERE household_ref = ANY(CAST(:refs AS uuid[]))"
    " AND status IN ('proposed', 'reviewed', 'approved', 'in_payment')"
    " UNION SELECT household_ref, need FROM unmet WHERE household_ref = ANY(CAST(:refs AS uuid[])) AND state = 'open'"
    " UNION SELECT household_ref, need FROM referral WHERE household_ref = ANY(CAST(:refs AS uuid[]))"
    " AND status = 'requested' AND NOT bureau AND partner = ANY(CAST(:partners AS text[]))"
    " AND (near_miss OR partner = ANY(CAST(:any_kind AS text[])))"
)
_WAITING = text(
    "SELECT u.household_ref AS h, u.division AS d FROM unmet u WHERE u.state = 'open' AND NOT EXISTS ("
    "SELECT 1 FROM award a WHERE a.household_ref = u.household_ref AND a.need = u.need)"
    " UNION SELECT r.household_ref, r.division FROM referral r WHERE r.status = 'requested' AND NOT r.bureau"
    " AND r.partner = ANY(CAST(:partners AS text[])) AND (r.near_miss OR r.partner = ANY(CAST(:any_kind AS text[])))"
    " AND NOT EXISTS ("
    "SELECT 1 FROM award a WHERE a.referral_id = r.id) LIMIT :most"
)


async def lock_households(db: AsyncSession, divisions: Mapping[UUID, str]) -> None:
    """Hold households (made when unknown) until the transaction ends, so that one consumer at a time decides."""
    refs = sorted(divisions)
    await db.execute(_STUBS, {"refs": refs, "divisions": [divisions[ref] for ref in refs]})
    await db.execute(_LOCK, {"refs": refs})


async def keep_households(db: AsyncSession, rows: Sequence[Household]) -> set[UUID]:
    """Take in newer states of households that are held. Answers the refs of those that were newer."""
    answer = await db.execute(
        _KEEP_HOUSEHOLDS,
        {
            "refs": [row.household_ref for row in rows],
            "divisions": [row.division for row in rows],
            "versions": [row.version for row in rows],
            "assessments": [row.assessment_id for row in rows],
            "days": [row.as_of for row in rows],
            "statuses": [row.status for row in rows],
            "sizes": [row.size for row in rows],
            "oldest": [row.oldest for row in rows],
            "youngest": [row.youngest for row in rows],
            "needs": [json.dumps(row.needs) for row in rows],
            "programmes": [json.dumps(row.programmes) for row in rows],
        },
    )
    return set(answer.scalars())


async def keep_referrals(db: AsyncSession, rows: Sequence[Referral]) -> set[UUID]:
    """Take in newer states of referrals, one row for each. Answers the ids of those that were newer."""
    answer = await db.execute(
        _KEEP_REFERRALS,
        {
            "ids": [row.id for row in rows],
            "versions": [row.version for row in rows],
            "households": [row.household_ref for row in rows],
            "divisions": [row.division for row in rows],
            "subjects": [row.subject_ref for row in rows],
            "partners": [row.partner for row in rows],
            "bureaux": [row.bureau for row in rows],
            "needs": [row.need for row in rows],
            "near": [row.near_miss for row in rows],
            "statuses": [row.status for row in rows],
            "gaps": [row.gap_fen for row in rows],
            "kinds": [row.outcome_kind for row in rows],
            "amounts": [row.outcome_fen for row in rows],
            "days": [row.outcome_on for row in rows],
            "changed": [row.changed_at for row in rows],
        },
    )
    return set(answer.scalars())


async def keep_unmet(db: AsyncSession, rows: Sequence[Unmet]) -> set[UUID]:
    """Take in newer states of unmet needs, one row for each. Answers the refs of those that were newer."""
    answer = await db.execute(
        _KEEP_UNMET,
        {
            "refs": [row.ref for row in rows],
            "versions": [row.version for row in rows],
            "households": [row.household_ref for row in rows],
            "divisions": [row.division for row in rows],
            "subjects": [row.subject_ref for row in rows],
            "needs": [row.need for row in rows],
            "gaps": [row.gap_fen for row in rows],
            "states": [row.state for row in rows],
        },
    )
    return set(answer.scalars())


async def concerned(
    db: AsyncSession, refs: Collection[UUID], *, partners: Mapping[str, Collection[str]]
) -> list[tuple[UUID, str]]:
    """(household, need) of households where there is something to decide: a live award, an unmet need, our referral.

    `partners`: for whom charity acts, with the kinds of referrals it takes up for each.
    """
    any_kind = [partner for partner, kinds in partners.items() if "any" in kinds]
    asked = {"refs": sorted(refs), "partners": sorted(partners), "any_kind": any_kind}
    answer = await db.execute(_CONCERNED, asked)
    return sorted((row.h, row.n) for row in answer)


async def waiting(db: AsyncSession, *, partners: Mapping[str, Collection[str]], most: int) -> dict[UUID, str]:
    """Households (with divisions) that asked something of charity that was never proposed. `partners` as above."""
    any_kind = [partner for partner, kinds in partners.items() if "any" in kinds]
    answer = await db.execute(_WAITING, {"partners": sorted(partners), "any_kind": any_kind, "most": most})
    return {row.h: row.d for row in answer}


async def households_by_ref(db: AsyncSession, refs: Collection[UUID]) -> dict[UUID, Household]:
    """Households by ref."""
    rows = await fresh(db, select(Household).where(among(Household.household_ref, refs)))
    return {row.household_ref: row for row in rows}


async def referrals_of(db: AsyncSession, refs: Collection[UUID]) -> list[Referral]:
    """All referrals of households."""
    return await fresh(db, select(Referral).where(among(Referral.household_ref, refs)))


async def unmet_of(db: AsyncSession, refs: Collection[UUID]) -> list[Unmet]:
    """All unmet needs of households, closed ones included."""
    return await fresh(db, select(Unmet).where(among(Unmet.household_ref, refs)))


async def get_household(db: AsyncSession, ref: UUID) -> Household | None:
    """What is known of a household."""
    return await fresh_one(db, Household, ref)


def needs_of(household: Household | None) -> Mapping[str, Mapping[str, Any]]:
    """The household's needs by code: `{gap_fen, near_miss}`; empty for an unknown household."""
    return household.needs if household is not None else {}
