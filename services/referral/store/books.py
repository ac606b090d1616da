"""What is written beside a referral, in one statement: its steps, the household's needs, what became of each need, and
the webhooks to be sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.ids import new_id
from services.kit.statements import Statement, fetch
from services.referral.delivery.bell import Handed, bell_beside, ring_after_commit
from services.referral.delivery.payload import Letterhead, write_body
from services.referral.delivery.schedule import LEASE
from services.referral.partners.state import Message, NeedOutcome, NeedRecord, ReferralState

_AT_ONCE = 8
"""More messages than this in one transaction are a load: they queue, and are claimed as their partners can bear."""

_WRITE = Statement(
    """
    WITH steps AS (
        INSERT INTO referral_step (referral_id, version, division, partner, status, held_for, reason_code,
            closing_code, amount_fen, at, by)
        SELECT s.*, CAST(:now AS timestamptz), CAST(:by AS text) FROM unnest(CAST(:step_ids AS uuid[]),
            CAST(:versions AS bigint[]), CAST(:step_divisions AS text[]), CAST(:step_partners AS text[]),
            CAST(:statuses AS text[]), CAST(:held_for AS text[]), CAST(:reasons AS text[]), CAST(:closings AS text[]),
            CAST(:amounts AS bigint[])) s
    ), needs AS (
        INSERT INTO need (household_ref, code, need_id, division, state, gap_fen, subject_ref, unmet_state,
            unmet_version, unmet_gap_fen, tried)
        SELECT household_ref, code, need_id, division, state, gap_fen, subject_ref, unmet_state, unmet_version,
            unmet_gap_fen, CASE tried WHEN '' THEN '{}' ELSE string_to_array(tried, ',') END
        FROM unnest(CAST(:need_refs AS uuid[]), CAST(:need_codes AS text[]), CAST(:need_ids AS uuid[]),
            CAST(:need_divisions AS text[]), CAST(:need_states AS text[]), CAST(:need_gaps AS bigint[]),
            CAST(:need_subjects AS uuid[]), CAST(:unmet_states AS text[]), CAST(:unmet_versions AS bigint[]),
            CAST(:unmet_gaps AS bigint[]), CAST(:tried AS text[]))
            AS n(household_ref, code, need_id, division, state, gap_fen, subject_ref, unmet_state, unmet_version,
                unmet_gap_fen, tried)
        ON CONFLICT (household_ref, code) DO UPDATE SET division = excluded.division, state = excluded.state,
            gap_fen = excluded.gap_fen, subject_ref = excluded.subject_ref, unmet_state = excluded.unmet_state,
            unmet_version = excluded.unmet_version, unmet_gap_fen = excluded.unmet_gap_fen, tried = excluded.tried
    ), outcomes AS (
        INSERT INTO need_outcome (assessment_id, household_ref, division, need, party, referral_id, reason)
        SELECT * FROM unnest(CAST(:assessment_ids AS uuid[]), CAST(:outcome_refs AS uuid[]),
            CAST(:outcome_divisions AS text[]), CAST(:outcome_needs AS text[]), CAST(:parties AS text[]),
            CAST(:referral_ids AS uuid[]), CAST(:outcome_reasons AS text[]))
        ON CONFLICT (assessment_id, need, party) DO UPDATE SET referral_id = excluded.referral_id,
            reason = excluded.reason WHERE need_outcome.referral_id IS DISTINCT FROM excluded.referral_id
            OR need_outcome.reason IS DISTINCT FROM excluded.reason
    ), messages AS (
        SELECT m.*, e.id AS endpoint_id, m.body IS NOT NULL AND coalesce(e.does_well, false) AS goes
        FROM unnest(CAST(:message_ids AS uuid[]), CAST(:message_divisions AS text[]), CAST(:message_partners AS text[]),
            CAST(:message_referrals AS uuid[]), CAST(:message_households AS uuid[]), CAST(:types AS text[]),
            CAST(:sequences AS int[]), CAST(:facts AS jsonb[]), CAST(:expires AS date[]), CAST(:bodies AS text[]))
            WITH ORDINALITY AS m(id, division, partner, referral_id, household_ref, type, sequence, facts, expires_on,
            body, place)
        LEFT JOIN LATERAL (SELECT x.id, x.state = 'active' AND x.rest_until IS NULL AND x.failing_since IS NULL
            AND x.rests = 0 AS does_well FROM endpoint x WHERE x.partner = m.partner AND m.type = ANY(x.types)
            AND starts_with(m.division, x.division) ORDER BY length(x.division) DESC LIMIT 1) e ON true
    ), queued AS (
        INSERT INTO delivery (id, division, partner, endpoint_id, referral_id, household_ref, type, sequence, facts,
            state, due_at, expires_on, created_at, body, claim, attempts, tries)
        SELECT id, division, partner, endpoint_id, referral_id, household_ref, type, sequence, facts,
            CASE WHEN endpoint_id IS NULL THEN 'held' WHEN goes THEN 'sending' ELSE 'queued' END,
            CASE WHEN goes THEN CAST(:until AS timestamptz) ELSE CAST(:now AS timestamptz) END, expires_on,
            CAST(:now AS timestamptz), CASE WHEN goes THEN body END, CASE WHEN goes THEN CAST(:claim AS uuid) END,
            CAST(goes AS int), CAST(goes AS int)
        FROM messages ORDER BY place RETURNING id, division, partner, endpoint_id, body
    )
    SELECT q.*, e.url, e.secret_sealed, e.previous_secret_sealed, e.previous_until FROM queued q
    LEFT JOIN endpoint e ON e.id = q.endpoint_id AND q.body IS NOT NULL
    """
)


async def write_books(
    db: AsyncSession,
    *,
    steps: Sequence[ReferralState],
    needs: Sequence[NeedRecord],
    outcomes: Sequence[NeedOutcome],
    messages: Sequence[Message],
    by: str,
    now: datetime,
) -> None:
    """Note new versions and who made them (`system`, `partner:<code>`, or an actor's opaque id), write needs and what
    became of them, and queue messages.

    A message goes to its partner's nearest endpoint; one without an endpoint is held until there is one, or until the
    partner polls. A few messages for endpoints that do well are claimed as they are written, when this process sends:
    that saves a single bill a transaction on its way. The sender is woken at commit.
    """
    if not (steps or needs or outcomes or messages):
        return
    claim = new_id()
    letterhead = bell_beside(db).letterhead if len(messages) <= _AT_ONCE else None
    values = {"now": now, "by": by, "claim": claim, "until": now + LEASE}
    values |= {**_steps(steps), **_needs(needs), **_outcomes(outcomes), **_messages(messages, letterhead, now)}
    rows = await fetch(db, _WRITE, values)
    if messages:
        handed = [_handed(row, claim, now) for row in rows if row["body"] is not None]
        queued = {row["endpoint_id"] for row in rows if row["endpoint_id"] is not None and row["body"] is None}
        ring_after_commit(db, queued, handed)


def _steps(steps: Sequence[ReferralState]) -> dict[str, list[Any]]:
    return {
        "step_ids": [step.id for step in steps],
        "versions": [step.version for step in steps],
        "step_divisions": [step.division for step in steps],
        "step_partners": [step.partner for step in steps],
        "statuses": [step.status for step in steps],
        "held_for": [step.held_for for step in steps],
        "reasons": [step.reason_code for step in steps],
        "closings": [step.closing_code for step in steps],
        "amounts": [step.outcome_amount_fen for step in steps],
    }


def _needs(needs: Sequence[NeedRecord]) -> dict[str, list[Any]]:
    return {
        "need_refs": [need.household_ref for need in needs],
        "need_codes": [need.code for need in needs],
        "need_ids": [need.need_id for need in needs],
        "need_divisions": [need.division for need in needs],
        "need_states": [need.state for need in needs],
        "need_gaps": [need.gap_fen for need in needs],
        "need_subjects": [need.subject_ref for need in needs],
        "unmet_states": [need.unmet_state for need in needs],
        "unmet_versions": [need.unmet_version for need in needs],
        "unmet_gaps": [need.unmet_gap_fen for need in needs],
        "tried": [",".join(need.tried) for need in needs],
    }


def _outcomes(outcomes: Sequence[NeedOutcome]) -> dict[str, list[Any]]:
    return {
        "assessment_ids": [outcome.assessment_id for outcome in outcomes],
        "outcome_refs": [outcome.household_ref for outcome in outcomes],
        "outcome_divisions": [outcome.division for outcome in outcomes],
        "outcome_needs": [outcome.need for outcome in outcomes],
        "parties": [outcome.party for outcome in outcomes],
        "referral_ids": [outcome.referral_id for outcome in outcomes],
        "outcome_reasons": [outcome.reason for outcome in outcomes],
    }


def _messages(messages: Sequence[Message], letterhead: Letterhead | None, now: datetime) -> dict[str, list[Any]]:
    return {
        "bodies": [_body(message, letterhead, now) if letterhead else None for message in messages],
        "message_ids": [new_id() for _ in messages],
        "message_divisions": [message.division for message in messages],
        "message_partners": [message.partner for message in messages],
        "message_referrals": [message.referral_id for message in messages],
        "message_households": [message.household_ref for message in messages],
        "types": [message.type for message in messages],
        "sequences": [message.sequence for message in messages],
        "facts": [orjson.dumps(message.facts).decode() for message in messages],
        "expires": [message.expires_on for message in messages],
    }


def _body(message: Message, letterhead: Letterhead, now: datetime) -> str:
    return write_body(
        message.type,
        message.facts,
        partner=message.partner,
        referral_id=message.referral_id,
        household_ref=message.household_ref,
        sequence=message.sequence,
        at=now,
        letterhead=letterhead,
    )


def _handed(row: Any, claim: UUID, now: datetime) -> Handed:
    return Handed(
        row["id"],
        row["endpoint_id"],
        claim,
        row["division"],
        row["partner"],
        row["body"],
        row["url"],
        row["secret_sealed"],
        row["previous_secret_sealed"],
        row["previous_until"],
        now,
    )
