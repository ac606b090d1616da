"""From promises to money in hand: a batch for the bank, and what the bank did with it."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.actions.moves import book, deed_for, home_division, kind_of, move, report_on
from services.charity.errors import Differs, NotFound, UnknownCode
from services.charity.ledger.entry import Entry
from services.charity.ledger.payment_file import PaymentLine, file_digest, write_payment_file
from services.charity.ledger.recipes import award_paid, award_payable, award_returned
from services.charity.models import Award, Payment, PaymentBatch, Report
from services.charity.programmes.award_steps import award_number
from services.charity.programmes.directory import directory
from services.charity.schemas.bodies import BatchIn, ReceiptLineIn, ReceiptsIn
from services.charity.store import awards as store
from services.charity.store import books, donations, payments, reports
from services.kit.auth import Actor
from services.kit.clock import shanghai_date
from services.kit.errors import Conflict
from services.kit.ids import derived_id


async def make_batch(db: AsyncSession, body: BatchIn, *, actor: Actor, now: datetime) -> PaymentBatch:
    """Put approved awards on a list for the bank: each is now owed, and says so at the door.

    The same reference of an office with the same request answers the first batch.
    Raises: Differs, Conflict when a named award is not approved or nothing is.
    """
    digest = hashlib.sha256(json.dumps(body.model_dump(mode="json"), sort_keys=True).encode()).digest()
    office = home_division(actor)
    await donations.reference_lock(db, "batch", f"{office}:{body.reference}")
    known = await payments.get_batch_by_reference(db, office, body.reference)
    if known is not None:
        if bytes(known.request_digest) != digest:
            raise Differs()
        return known
    awards = await store.lock_approved(db, ids=body.award_ids, brand=body.brand, limit=body.most)
    if body.award_ids is not None and len(awards) != len(set(body.award_ids)):
        missing = sorted(str(award_id) for award_id in set(body.award_ids) - {award.id for award in awards})
        raise Conflict(
            "名单中有未批准的救助", "Some awards are not approved", code="not_approved", extra={"award_ids": missing}
        )
    if not awards:
        raise Conflict("没有可付款的救助", "No award waits for payment", code="nothing_to_pay")
    return await _add_batch(db, body.reference, digest, awards, actor=actor, now=now)


async def _add_batch(
    db: AsyncSession, reference: str, digest: bytes, awards: Sequence[Award], *, actor: Actor, now: datetime
) -> PaymentBatch:
    division = home_division(actor)
    batch_id = derived_id("batch", division, reference)
    ordered = sorted(awards, key=lambda award: (award.proposed_at, award.id))
    lines = [
        Payment(
            batch_id=batch_id,
            line=number,
            award_id=award.id,
            round=award.round,
            division=award.division,
            fund=award.fund or "",
            amount_fen=award.amount_fen,
        )
        for number, award in enumerate(ordered, 1)
    ]
    text = write_payment_file(reference, [_file_line(line, award) for line, award in zip(lines, ordered, strict=True)])
    batch = PaymentBatch(
        id=batch_id,
        reference=reference,
        division=division,
        request_digest=digest,
        payments=len(lines),
        total_fen=sum(line.amount_fen for line in lines),
        file=text,
        file_sha256=file_digest(text),
        created_by=actor.subject,
        created_at=now,
    )
    today = shanghai_date(now)
    funds = await books.funds_by_code(db, [line.fund for line in lines])
    entries = [
        award_payable(deed_for(award, "payable", today), kind_of(funds[award.fund or ""]), award.amount_fen)
        for award in ordered
    ]
    await book(db, entries, booked_by=actor.subject, now=now)
    await payments.add_batch(db, batch, lines)
    for award in ordered:
        award.status, award.batch_id = "in_payment", batch_id
    said = [report_on(award, "in_progress", now=now) for award in ordered if award.referral_id is not None]
    if said:
        await reports.add_reports(db, said, now=now)
    await move(db, ordered, taken_by=actor.subject, now=now)
    return batch


def _file_line(line: Payment, award: Award) -> PaymentLine:
    brand = directory().get(award.brand)
    name = brand.name.zh if brand else award.brand
    return PaymentLine(line.line, award_number(award.id), award.id, line.amount_fen, name, line.fund)


async def take_receipts(
    db: AsyncSession, batch_id: UUID, body: ReceiptsIn, *, actor: Actor, now: datetime
) -> list[tuple[int, str]]:
    """Settle lines as the bank says; answers (line, settled|same|unknown_line|conflict) for each, in order.

    Money that came back after it was paid is a `returned` of a paid line; nothing else changes a settled line.
    Raises: NotFound, UnknownCode for a day to come or before the batch, Conflict for another file's digest.
    """
    batch = await payments.get_batch(db, batch_id)
    if batch is None:
        raise NotFound()
    if batch.file_sha256 != body.file_sha256:
        raise Conflict("回单对应的文件不是本批次的文件", "The bank worked from another file", code="other_file")
    _check_days(body.lines, first=shanghai_date(batch.created_at), today=shanghai_date(now))
    held = {payment.line: payment for payment in await payments.payments_of(db, batch_id, lock=True)}
    answers = [(line.line, _answer(held.get(line.line), line)) for line in body.lines]
    todo = [line for line, (_, answer) in zip(body.lines, answers, strict=True) if answer == "settled"]
    if todo:
        await _settle(db, [(held[line.line], line) for line in todo], actor=actor, now=now)
        await payments.settle(
            db, batch_id, [(line.line, line.result, line.on) for line in todo], receipt=body.reference
        )
    return answers


def _check_days(lines: Sequence[ReceiptLineIn], *, first: date, today: date) -> None:
    for number, line in enumerate(lines):
        if line.on < first:
            raise UnknownCode(
                f"lines[{number}].on", "before_the_batch", "日期早于本批次", "The day is before the batch"
            )
        if line.on > today:
            raise UnknownCode(f"lines[{number}].on", "in_the_future", "日期在今天之后", "The day is yet to come")


def _answer(payment: Payment | None, line: ReceiptLineIn) -> str:
    if payment is None:
        return "unknown_line"
    if payment.state == line.result:
        return "same" if payment.settled_on == line.on else "conflict"
    if payment.state == "waiting" or (payment.state == "paid" and line.result == "returned"):
        return "settled"
    return "conflict"


async def _settle(
    db: AsyncSession, lines: Sequence[tuple[Payment, ReceiptLineIn]], *, actor: Actor, now: datetime
) -> None:
    awards = {award.id: award for award in await store.lock_awards(db, [payment.award_id for payment, _ in lines])}
    funds = await books.funds_by_code(db, [payment.fund for payment, _ in lines])
    closed = {row.month for row in await books.closed_months(db)}
    today = shanghai_date(now)
    entries: list[Entry] = []
    said: list[Report] = []
    for payment, line in lines:
        award = awards[payment.award_id]
        # The bank's day, unless its month is closed by now: then it is booked today.
        day = line.on if line.on.replace(day=1) not in closed else today
        fund = kind_of(funds[payment.fund])
        if line.result == "paid":
            entries.append(award_paid(deed_for(award, "paid", day), fund, payment.amount_fen))
            award.status, award.paid_on = "paid", line.on
        else:
            was_paid = payment.state == "paid"
            deed = deed_for(award, "returned", day)
            entries.append(award_returned(deed, fund, payment.amount_fen, was_paid=was_paid))
            award.status, award.paid_on, award.reason = "failed", None, "payment_returned"
        if award.referral_id is not None:
            said.append(_report(award, line, now=now))
    await book(db, entries, booked_by=actor.subject, now=now)
    if said:
        await reports.add_reports(db, said, now=now)
    await move(db, list(awards.values()), taken_by=actor.subject, now=now)


def _report(award: Award, line: ReceiptLineIn, *, now: datetime) -> Report:
    if line.result == "returned":
        return report_on(award, "on_hold", now=now, reason_code="cannot_reach")
    brand = directory().get(award.brand)
    kind = brand.aid if brand else "cash"
    return report_on(award, "completed", now=now, outcome=(kind, award.amount_fen, line.on))
