"""Payment batches: the list for the bank, its file, and the bank's receipts."""

from fastapi import Request, Response

from services.charity.actions import payments as actions
from services.charity.api.common import PREFIX, ClockDep, PathRef, next_key
from services.charity.errors import BooksDisagree, NotFound
from services.charity.models import PaymentBatch
from services.charity.programmes.award_steps import award_number
from services.charity.schemas.bodies import BatchIn, ReceiptsIn
from services.charity.schemas.money import BatchDetailOut, BatchesOut, BatchOut, PaymentOut, ReceiptLineOut, ReceiptsOut
from services.charity.store import awards, payments
from services.contracts.money import yuan
from services.kit.application import router as new_router
from services.kit.auth import ActorDep, require
from services.kit.db import SessionDep
from services.kit.pages import Cursor, Limit, moment_and_id

router = new_router(prefix=f"{PREFIX}/payment-batches", tags=["payments"])
_LIST_BODY = {"x-max-body": 1024 * 1024}


def _batch_fields(batch: PaymentBatch, states: dict[str, int]) -> dict[str, object]:
    waiting = states.get("waiting", 0)
    return {
        **batch.model_dump(exclude={"division", "request_digest", "total_fen", "file"}),
        "status": "open" if waiting else "settled",
        "total": yuan(batch.total_fen),
        "waiting": waiting,
        "paid": states.get("paid", 0),
        "returned": states.get("returned", 0),
    }


async def _batch_out(db: SessionDep, batch: PaymentBatch) -> BatchOut:
    return BatchOut(**_batch_fields(batch, (await payments.states_of(db, [batch.id]))[batch.id]))


@router.post("", status_code=201, dependencies=[require("charity:decide")], openapi_extra=_LIST_BODY)
async def post_batch(body: BatchIn, db: SessionDep, actor: ActorDep, clock: ClockDep, request: Request) -> BatchOut:
    """Put approved awards on a list for the bank. The same reference and request answer the same batch.

    Nothing goes to the bank while the minute's check of the books finds a breach.
    """
    if request.app.state.breaches:
        raise BooksDisagree()
    return await _batch_out(db, await actions.make_batch(db, body, actor=actor, now=clock.now()))


@router.get("", dependencies=[require("charity:read")])
async def get_batches(db: SessionDep, cursor: Cursor = None, limit: Limit = 50) -> BatchesOut:
    """Batches, newest first."""
    rows = await payments.batches_page(db, after=moment_and_id(cursor), limit=limit)
    states = await payments.states_of(db, [batch.id for batch in rows])
    return BatchesOut(
        items=[BatchOut(**_batch_fields(batch, states[batch.id])) for batch in rows],
        next=next_key([(batch.created_at, batch.id) for batch in rows], limit),
    )


@router.get("/{batch_id}", dependencies=[require("charity:read")])
async def get_batch(batch_id: PathRef, db: SessionDep) -> BatchDetailOut:
    """A batch with its lines."""
    batch = await payments.get_batch(db, batch_id)
    if batch is None:
        raise NotFound()
    lines = await payments.payments_of(db, batch_id)
    brands = {award.id: award.brand for award in await awards.awards_by_id(db, [line.award_id for line in lines])}
    states = (await payments.states_of(db, [batch_id]))[batch_id]
    return BatchDetailOut(
        **_batch_fields(batch, states),
        lines=[
            PaymentOut(
                **line.model_dump(include={"line", "award_id", "fund", "state", "settled_on"}),
                number=award_number(line.award_id),
                brand=brands.get(line.award_id, ""),
                amount=yuan(line.amount_fen),
            )
            for line in lines
        ],
    )


@router.get("/{batch_id}/file", dependencies=[require("charity:decide")], response_class=Response)
async def get_file(batch_id: PathRef, db: SessionDep) -> Response:
    """The very file of the batch (CSV, UTF-8 with its mark), the same bytes each time."""
    batch = await payments.get_batch(db, batch_id)
    if batch is None:
        raise NotFound()
    headers = {
        "Content-Disposition": f'attachment; filename="payments-{batch.id}.csv"',
        "ETag": f'"{batch.file_sha256}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(batch.file.encode(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/{batch_id}/receipts", dependencies=[require("charity:write")], openapi_extra=_LIST_BODY)
async def post_receipts(
    batch_id: PathRef, body: ReceiptsIn, db: SessionDep, actor: ActorDep, clock: ClockDep
) -> ReceiptsOut:
    """What the bank did, line by line; the same receipts again change nothing."""
    lines = await actions.take_receipts(db, batch_id, body, actor=actor, now=clock.now())
    batch = await payments.get_batch(db, batch_id)
    assert batch is not None  # take_receipts found it
    return ReceiptsOut(
        batch=await _batch_out(db, batch),
        lines=[ReceiptLineOut(line=line, result=result) for line, result in lines],
    )
