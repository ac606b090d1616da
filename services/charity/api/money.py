"""Donations and funds: how much may still be promised, for what purpose."""

from fastapi import Request, Response

from services.charity.actions import books as book_actions
from services.charity.actions import donations as actions
from services.charity.api.common import PREFIX, ClockDep, PathRef, next_key
from services.charity.errors import NotFound
from services.charity.ledger.statements import FundBalance as Figures
from services.charity.models import Donation, Donor, Fund, FundBalance
from services.charity.schemas.bodies import DonationIn, DonorShownIn, FundIn, TransferIn
from services.charity.schemas.common import Words
from services.charity.schemas.money import DonationOut, DonationsOut, FundOut, FundsOut, TransferOut
from services.charity.store import books, donations
from services.contracts.money import yuan
from services.kit.application import router as new_router
from services.kit.auth import Actor, ActorDep, require
from services.kit.db import SessionDep
from services.kit.fields import Code
from services.kit.pages import Cursor, Limit, moment_and_id

router = new_router(prefix=PREFIX, tags=["donations and funds"])


def _sealing(request: Request) -> actions.Sealing:
    sealing: actions.Sealing = request.app.state.sealing
    return sealing


def _donation_out(donation: Donation, donor: Donor | None, actor: Actor, sealing: actions.Sealing) -> DonationOut:
    shown = donor is not None and sealing.sealer is not None and (not donor.anonymous or actor.may("people:read"))
    return DonationOut(
        **donation.model_dump(exclude={"amount_fen", "recorded_by", "office"}),
        amount=yuan(donation.amount_fen),
        anonymous=donor is None or donor.anonymous,
        donor=sealing.unseal(donor) if shown and donor is not None else None,
    )


@router.post("/donations", status_code=201, dependencies=[require("charity:write")])
async def post_donation(
    body: DonationIn, db: SessionDep, actor: ActorDep, clock: ClockDep, request: Request, response: Response
) -> DonationOut:
    """Record a donation. The same reference with the same content is the same donation (200)."""
    sealing = _sealing(request)
    donation, donor, new = await actions.receive_donation(db, body, sealing=sealing, actor=actor, now=clock.now())
    response.status_code = 201 if new else 200
    return _donation_out(donation, donor, actor, sealing)


@router.get("/donations", dependencies=[require("charity:read")])
async def get_donations(
    db: SessionDep,
    actor: ActorDep,
    request: Request,
    fund: Code | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> DonationsOut:
    """Donations, newest first."""
    rows = await donations.donations_page(db, fund=fund, after=moment_and_id(cursor), limit=limit)
    sealing = _sealing(request)
    return DonationsOut(
        items=[_donation_out(donation, donor, actor, sealing) for donation, donor in rows],
        next=next_key([(donation.recorded_at, donation.id) for donation, _ in rows], limit),
    )


@router.put("/donations/{donation_id}/donor", dependencies=[require("charity:write")])
async def put_donor(
    donation_id: PathRef, body: DonorShownIn, db: SessionDep, actor: ActorDep, request: Request
) -> DonationOut:
    """Whether the donor's name may be shown."""
    donation, donor = await actions.show_donor(db, donation_id, anonymous=body.anonymous)
    return _donation_out(donation, donor, actor, _sealing(request))


def _fund_out(fund: Fund, balance: FundBalance) -> FundOut:
    figures = Figures(
        balance.cash_fen,
        balance.payable_fen,
        balance.reserved_fen,
        balance.net_fen,
        balance.income_fen,
        balance.expense_fen,
    )
    return FundOut(
        code=fund.code,
        name=Words(zh=fund.name_zh, en=fund.name_en),
        restricted=fund.restricted,
        brand=fund.brand,
        needs=list(fund.needs),
        division=fund.division,
        received=yuan(figures.income_fen),
        available=yuan(figures.available_fen),
        reserved=yuan(figures.reserved_fen),
        payable=yuan(figures.payable_fen),
        paid=yuan(figures.paid_fen),
        cash=yuan(figures.cash_fen),
    )


@router.get("/funds", dependencies=[require("charity:read")])
async def get_funds(db: SessionDep) -> FundsOut:
    """Every fund with its figures, the free money first."""
    return FundsOut(items=[_fund_out(fund, balance) for fund, balance in await books.funds_with_figures(db)])


@router.get("/funds/{code}", dependencies=[require("charity:read")])
async def get_fund(code: Code, db: SessionDep) -> FundOut:
    """One fund."""
    rows = await books.funds_with_figures(db, code)
    if not rows:
        raise NotFound()
    return _fund_out(*rows[0])


@router.post("/funds", status_code=201, dependencies=[require("charity:write")])
async def post_fund(body: FundIn, db: SessionDep, actor: ActorDep, clock: ClockDep, response: Response) -> FundOut:
    """Open a restricted fund. The same again is the same fund (200)."""
    new = await actions.open_fund(db, body, actor=actor, now=clock.now())
    response.status_code = 201 if new else 200
    return _fund_out(*(await books.funds_with_figures(db, body.code))[0])


@router.post("/transfers", status_code=201, dependencies=[require("charity:write")])
async def post_transfer(
    body: TransferIn, db: SessionDep, actor: ActorDep, clock: ClockDep, response: Response
) -> TransferOut:
    """Set free money aside for a purpose. The same again is the same transfer (200)."""
    made, new = await book_actions.transfer(db, body, actor=actor, now=clock.now())
    response.status_code = 201 if new else 200
    return TransferOut(
        id=made.id,
        reference=made.reference,
        from_fund=made.giver,
        to_fund=made.taker,
        amount=yuan(made.amount_fen),
        entry_id=made.entry_id,
    )
