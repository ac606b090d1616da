"""What the doors share: the clock, page keys, and how rows are shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from services.charity.ledger.chart import chart
from services.charity.models import Award, AwardStep, JournalEntry, PostingRow
from services.charity.programmes.award_steps import allowed, award_number
from services.charity.programmes.directory import Words as BrandWords
from services.charity.programmes.directory import directory
from services.charity.programmes.policy import sentence
from services.charity.schemas.answers import AwardOut, StepOut
from services.charity.schemas.common import Words
from services.charity.schemas.money import EntryOut, LineOut
from services.contracts.money import yuan
from services.kit.clock import Clock
from services.kit.fields import Ref
from services.kit.pages import write_cursor

PREFIX = "/api/v1/charity"
PathRef = Ref


def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


ClockDep = Annotated[Clock, Depends(_clock)]


def next_ordinal(ordinals: Sequence[int], limit: int) -> str | None:
    """The cursor of the next page, None when this page was not full."""
    return write_cursor(ordinals[-1]) if len(ordinals) == limit else None


def next_key(rows: Sequence[tuple[datetime, UUID]], limit: int) -> str | None:
    """The cursor of the next page, None when this page was not full."""
    return write_cursor(rows[-1][0].isoformat(), rows[-1][1]) if len(rows) == limit else None


def words(text: BrandWords) -> Words:
    """A text in both languages."""
    return Words(zh=text.zh, en=text.en)


def why(code: str) -> Words:
    """The sentence of a reason code."""
    return words(sentence(code))


def optional_yuan(fen: int | None) -> str | None:
    """Yuan text, None where nobody can say."""
    return None if fen is None else yuan(fen)


def _why_of(award: Award) -> str:
    if award.cause == "need_unmet":
        return "need_unmet"
    return "near_miss" if award.near_miss else "referral_requested"


def award_out(award: Award) -> AwardOut:
    """An award as it is shown."""
    return AwardOut(**award_fields(award))


def award_fields(award: Award) -> dict[str, object]:
    """The fields of an award as it is shown."""
    brand = directory().get(award.brand)
    name = Words(zh=brand.name.zh, en=brand.name.en) if brand else Words(zh=award.brand, en=award.brand)
    return {
        **award.model_dump(exclude={"amount_fen", "gap_fen", "reason", "subject_ref", "same_help_accepted", "round"}),
        "number": award_number(award.id),
        "brand_name": name,
        "amount": yuan(award.amount_fen),
        "gap": optional_yuan(award.gap_fen),
        "reason": None if award.reason is None else why(award.reason),
        "why": why(_why_of(award)),
        "allowed": allowed(award.status),  # type: ignore[arg-type]  # the column's check holds the same words
    }


def step_out(step: AwardStep) -> StepOut:
    """A step of an award's history as it is shown."""
    return StepOut(**step.model_dump(exclude={"award_id", "division", "amount_fen"}), amount=yuan(step.amount_fen))


def entry_out(head: JournalEntry, lines: Sequence[PostingRow]) -> EntryOut:
    """A journal entry as it is shown."""
    return EntryOut(
        **head.model_dump(exclude={"digest"}),
        digest=f"sha256:{bytes(head.digest).hex()}",
        lines=[_line_out(line) for line in lines],
    )


def entries_out(heads: Sequence[JournalEntry], lines: Mapping[UUID, Sequence[PostingRow]]) -> list[EntryOut]:
    """Journal entries as they are shown."""
    return [entry_out(head, lines[head.id]) for head in heads]


def _line_out(line: PostingRow) -> LineOut:
    account = chart().account(line.account)
    return LineOut(
        account=line.account,
        name=Words(zh=account.name_zh, en=account.name_en),
        fund=line.fund,
        debit=yuan(line.amount_fen) if line.amount_fen > 0 else None,
        credit=yuan(-line.amount_fen) if line.amount_fen < 0 else None,
    )
