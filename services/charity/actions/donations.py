"""Money in: donations with their donors and purposes, and the funds they are kept in."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.charity.actions.moves import book, home_division, kind_of
from services.charity.errors import Differs, NoSealKey, NotFound, UnknownCode
from services.charity.ledger.recipes import Deed, donation_received
from services.charity.models import Donation, Donor, Fund
from services.charity.programmes.directory import directory
from services.charity.schemas.bodies import DonationIn, FundIn, PurposeIn
from services.charity.store import books, donations
from services.contracts.charity import DonationReceived
from services.contracts.divisions import divisions, shorten
from services.kit.auth import Actor
from services.kit.clock import shanghai_date
from services.kit.ids import derived_id
from services.kit.outbox import emit
from services.kit.privacy import Sealer

EARLIEST = date(2000, 1, 1)
"""Before this day no books of ours exist; such a day is a typing error."""
GENERAL = "general"
"""The fund of free money, made with the tables."""


@dataclass(frozen=True)
class Sealing:
    """How donors' names are sealed; None when no key is set."""

    sealer: Sealer | None

    def seal(self, name: str, donor_id: UUID) -> bytes:
        """The sealed name. Raises: NoSealKey."""
        if self.sealer is None:
            raise NoSealKey()
        return self.sealer.seal(name, f"donor.name.{donor_id}")

    def unseal(self, donor: Donor) -> str:
        """The name. Raises: NoSealKey, SealBroken."""
        if self.sealer is None:
            raise NoSealKey()
        return self.sealer.unseal(bytes(donor.sealed_name), f"donor.name.{donor.id}")


async def receive_donation(
    db: AsyncSession, body: DonationIn, *, sealing: Sealing, actor: Actor, now: datetime
) -> tuple[Donation, Donor | None, bool]:
    """Book money that came in; answers the donation, its donor, and whether it is new.

    The same reference of an office with the same content answers the first.
    Raises: UnknownCode, Differs, MonthClosed, NoSealKey.
    """
    if body.received_on > shanghai_date(now):
        raise UnknownCode("received_on", "in_the_future", "日期在今天之后", "The day is yet to come")
    if body.received_on < EARLIEST:
        raise UnknownCode("received_on", "too_early", "日期过早", "The day is too long ago")
    office = home_division(actor)
    division = _division(body.division, actor)
    await donations.reference_lock(db, "donation", f"{office}:{body.reference}")
    fund = await _fund_for(db, body, actor=actor, now=now)
    known = await donations.get_donation_by_reference(db, office, body.reference)
    if known is not None:
        donor = await donations.get_donor(db, known.donor_ref) if known.donor_ref else None
        _check_same(known, donor, body, fund, division, sealing)
        return known, donor, False
    donation_id = derived_id("donation", office, body.reference)
    donor = _donor(donation_id, body, division, sealing, now)
    entry = donation_received(
        Deed(derived_id("entry", "donation", donation_id), body.received_on, donation_id), kind_of(fund), body.amount
    )
    await book(db, [entry], booked_by=actor.subject, now=now)
    donation = Donation(
        id=donation_id,
        office=office,
        reference=body.reference,
        division=division,
        donor_ref=donor.id if donor else None,
        fund=fund.code,
        amount_fen=body.amount,
        received_on=body.received_on,
        entry_id=entry.id,
        recorded_by=actor.subject,
        recorded_at=now,
    )
    await donations.add_donation(db, donation, donor)
    await emit(db, donation_event(donation, version=1))
    return donation, donor, True


def donation_event(donation: Donation, *, version: int) -> DonationReceived:
    """The donation's state, for the outbox: version 1 as received, version 2 with nothing left when taken back."""
    return DonationReceived(
        ref=donation.id,
        version=version,
        division=donation.division,
        fund=donation.fund,
        amount_fen=donation.amount_fen if version == 1 else 0,
        received_on=donation.received_on,
    )


def _division(written: str | None, actor: Actor) -> str:
    if written is None:
        return home_division(actor)
    division = shorten(written)
    if actor.territory != "all" and not division.startswith(actor.territory):
        raise UnknownCode("division", "outside_territory", "不在您的辖区内", "Outside your territory")
    if not divisions().resolve(division).in_city:
        raise UnknownCode("division", "unknown_division", "没有这个地区", "There is no such place")
    return division


def _donor(donation_id: UUID, body: DonationIn, division: str, sealing: Sealing, now: datetime) -> Donor | None:
    if body.donor is None:
        return None
    donor_id = derived_id("donor", donation_id)
    return Donor(
        id=donor_id,
        division=division,
        sealed_name=sealing.seal(body.donor.name, donor_id),
        anonymous=body.donor.anonymous,
        created_at=now,
    )


def _check_same(
    known: Donation, donor: Donor | None, body: DonationIn, fund: Fund, division: str, sealing: Sealing
) -> None:
    named = sealing.unseal(donor) if donor is not None else None
    same = (
        known.fund == fund.code
        and known.amount_fen == body.amount
        and known.received_on == body.received_on
        and known.division == division
        and named == (body.donor.name if body.donor else None)
    )
    if not same:
        raise Differs()


async def _fund_for(db: AsyncSession, body: DonationIn, *, actor: Actor, now: datetime) -> Fund:
    if body.purpose is None:
        fund = await books.get_fund(db, body.fund or GENERAL)
        if fund is None:
            raise UnknownCode("fund", "unknown_fund", "没有这个资金", "There is no such fund")
        return fund
    purpose = body.purpose
    where = _check_purpose(purpose)
    code = f"for_{derived_id('purpose', purpose.brand, purpose.need, where).hex[:16]}"
    fund = _new_fund(code, *_names(purpose, where), purpose, where, actor=actor, now=now)
    await books.add_fund(db, fund)
    return fund


def _check_purpose(purpose: PurposeIn) -> str | None:
    """The shortened division of a purpose. Raises: UnknownCode."""
    if purpose.brand is not None and directory().get(purpose.brand) is None:
        raise UnknownCode("purpose.brand", "unknown_brand", "没有这个品牌", "There is no such brand")
    if purpose.need is not None and not any(purpose.need in brand.needs for brand in directory().brands):
        raise UnknownCode("purpose.need", "unknown_need", "没有品牌帮扶这类需求", "No brand serves this need")
    if purpose.division is None:
        return None
    where = shorten(purpose.division)
    if not divisions().resolve(where).in_city:
        raise UnknownCode("purpose.division", "unknown_division", "没有这个地区", "There is no such place")
    return where


def _names(purpose: PurposeIn, where: str | None) -> tuple[str, str]:
    brand = directory().get(purpose.brand) if purpose.brand else None
    place = divisions().full_name(where) if where else None
    zh = "·".join(part for part in (brand.name.zh if brand else None, purpose.need, place) if part)
    en = ", ".join(part for part in (brand.name.en if brand else None, purpose.need, where) if part)
    return zh, en


def _new_fund(
    code: str, zh: str, en: str, purpose: PurposeIn, where: str | None, *, actor: Actor, now: datetime
) -> Fund:
    return Fund(
        code=code,
        name_zh=zh,
        name_en=en,
        restricted=True,
        brand=purpose.brand,
        needs=[purpose.need] if purpose.need else [],
        division=where,
        created_by=actor.subject,
        created_at=now,
    )


async def open_fund(db: AsyncSession, body: FundIn, *, actor: Actor, now: datetime) -> bool:
    """Open a restricted fund; answers whether it is new.

    Raises: UnknownCode, Differs when the code is taken by another purpose.
    """
    where = _check_purpose(body.purpose)
    fund = _new_fund(body.code, body.name_zh, body.name_en, body.purpose, where, actor=actor, now=now)
    if await books.add_fund(db, fund):
        return True
    held = await books.get_fund(db, body.code)
    same = held is not None and all(
        getattr(held, name) == getattr(fund, name)
        for name in ("name_zh", "name_en", "restricted", "brand", "needs", "division")
    )
    if not same:
        raise Differs()
    return False


async def show_donor(db: AsyncSession, donation_id: UUID, *, anonymous: bool) -> tuple[Donation, Donor]:
    """Follow what the donor wants shown.

    Raises: NotFound when there is no such donation or nobody was named.
    """
    donation = await donations.get_donation(db, donation_id)
    if donation is None or donation.donor_ref is None:
        raise NotFound()
    await donations.set_anonymous(db, donation.donor_ref, anonymous=anonymous)
    donor = await donations.get_donor(db, donation.donor_ref)
    if donor is None:
        raise NotFound()
    return donation, donor
