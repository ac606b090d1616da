"""Donations, donors and transfers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.charity.models import Donation, Donor, Transfer
from services.charity.store.reading import fresh_one


async def get_donation_by_reference(db: AsyncSession, office: str, reference: str) -> Donation | None:
    """The donation of an office's reference."""
    return (
        await db.execute(select(Donation).where(col(Donation.office) == office, col(Donation.reference) == reference))
    ).scalar_one_or_none()


async def get_donation(db: AsyncSession, donation_id: UUID) -> Donation | None:
    """A donation."""
    return await db.get(Donation, donation_id)


async def reference_lock(db: AsyncSession, kind: str, reference: str) -> None:
    """Let two requests with one reference go one after the other."""
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1798))"), {"key": f"{kind}:{reference}"})


async def add_donation(db: AsyncSession, donation: Donation, donor: Donor | None) -> None:
    """Record a donation, and its donor where one is named."""
    if donor is not None:
        db.add(donor)
        await db.flush()
    db.add(donation)
    await db.flush()


async def get_donor(db: AsyncSession, donor_id: UUID) -> Donor | None:
    """A donor, sealed."""
    return await fresh_one(db, Donor, donor_id)


async def set_anonymous(db: AsyncSession, donor_id: UUID, *, anonymous: bool) -> None:
    """What the donor wants shown."""
    await db.execute(text("UPDATE donor SET anonymous = :a WHERE id = :id"), {"a": anonymous, "id": donor_id})


async def donations_page(
    db: AsyncSession, *, fund: str | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[Donation, Donor | None]]:
    """Donations with their donors, newest first."""
    query = select(Donation, Donor).join(Donor, col(Donor.id) == col(Donation.donor_ref), isouter=True)
    if fund is not None:
        query = query.where(col(Donation.fund) == fund)
    if after is not None:
        query = query.where(
            text("(donation.recorded_at, donation.id) < (:at, :after_id)").bindparams(at=after[0], after_id=after[1])
        )
    rows = await db.execute(query.order_by(col(Donation.recorded_at).desc(), col(Donation.id).desc()).limit(limit))
    return [(row[0], row[1]) for row in rows]


async def get_transfer_by_reference(db: AsyncSession, reference: str) -> Transfer | None:
    """The transfer of a reference."""
    return (await db.execute(select(Transfer).where(col(Transfer.reference) == reference))).scalar_one_or_none()


async def add_transfer(db: AsyncSession, transfer: Transfer) -> None:
    """Record a transfer."""
    db.add(transfer)
    await db.flush()
