"""What families say about sharing: each decision is a new record, the same one said again is not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contracts.intake import ConsentChanged, ConsentDecision
from services.intake.actions.work import Work
from services.intake.store import consents, households, people
from services.intake.store.consents import ConsentRow
from services.kit.errors import BadInput, FieldError, NotFound
from services.kit.ids import new_id
from services.kit.outbox import emit


@dataclass(frozen=True)
class Said:
    """A decision as somebody tells it. `partner` and `purpose` may be "any"."""

    partner: str
    purpose: str
    decision: str
    given_on: date
    expires_on: date | None = None
    basis: str = "consent"
    evidence_kind: str | None = None
    evidence_sha256: str | None = None


async def record_consent(
    db: AsyncSession, household_ref: UUID, said: Said, *, person_ref: UUID | None = None, work: Work
) -> tuple[UUID, int]:
    """Write a decision down; answers its id and version. The last decision repeated answers itself.

    Raises: NotFound for a household that is not there; BadInput for a person who is not of it.
    """
    home = await households.final_household(db, household_ref)
    if home is None:
        raise NotFound()
    await households.lock_households(db, [home])
    if person_ref is not None:
        person = await people.find_person(db, person_ref)
        if person is None or person.household_id != home:
            wrong = FieldError("person_ref", "not_a_member", "此人不在这一户", "The person is not of this household")
            raise BadInput(errors=(wrong,))
    known = await consents.decisions_of(db, home)
    again = _repeated(known, said, person_ref)
    if again is not None:
        return again.id, again.version
    version, division = await consents.next_version(db, home)
    row = ConsentRow(
        new_id(), home, person_ref, said.partner, said.purpose, said.decision, said.basis, said.given_on,
        said.expires_on, said.evidence_kind, said.evidence_sha256, version,
    )  # fmt: skip
    columns = {name: getattr(row, name) for name in ConsentRow.__slots__}
    await consents.add_decision(db, **columns, division=division, recorded_by=work.actor.subject, recorded_at=work.now)
    await emit(db, consent_event(home, division, version, [*known, row], work))
    return row.id, row.version


async def tell_consents(db: AsyncSession, household_id: UUID, *, work: Work) -> None:
    """Tell a household's decisions again, because another household with decisions was merged into it."""
    known = await consents.decisions_of(db, household_id)
    if known:
        version, division = await consents.next_version(db, household_id)
        await emit(db, consent_event(household_id, division, version, known, work))


def _repeated(known: Sequence[ConsentRow], said: Said, person_ref: UUID | None) -> ConsentRow | None:
    """The decision in force about the same thing, when it says the very same."""
    for row in reversed(known):
        if (row.person_id, row.partner, row.purpose) != (person_ref, said.partner, said.purpose):
            continue
        same = (row.decision, row.given_on, row.expires_on, row.basis, row.evidence_kind, row.evidence_sha256) == (
            said.decision, said.given_on, said.expires_on, said.basis, said.evidence_kind, said.evidence_sha256
        )  # fmt: skip
        return row if same else None
    return None


def in_force(known: Iterable[ConsentRow]) -> list[ConsentRow]:
    """Of several decisions about the same thing, the one given last; of one day, the one written down last."""
    last = {(row.person_id, row.partner, row.purpose): row for row in sorted(known, key=lambda r: r.given_on)}
    return list(last.values())


def consent_event(
    household_id: UUID, division: str, version: int, known: Iterable[ConsentRow], work: Work
) -> ConsentChanged:
    """The whole list of a household's decisions in force."""
    decisions = tuple(
        ConsentDecision(
            consent_id=row.id,
            person_ref=row.person_id,
            partner=row.partner,
            purpose=row.purpose,
            decision=row.decision,
            basis=row.basis,
            given_on=row.given_on,
            expires_on=row.expires_on,
        )
        for row in in_force(known)
    )
    return ConsentChanged(
        ref=household_id, version=version, division=division, occurred_at=work.now, decisions=decisions
    )
