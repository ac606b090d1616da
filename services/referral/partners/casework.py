"""The file of one household on the desk: its referrals, and what is to be written and said after thinking. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from services.contracts.codes import ReferralStatus
from services.contracts.eligibility import NeedState
from services.contracts.event import Event
from services.contracts.workdays import WorkCalendar
from services.kit.clock import shanghai_date
from services.kit.ids import new_id
from services.referral.partners.consent import Permission, permission
from services.referral.partners.directory import PartnerDirectory, Party, Service
from services.referral.partners.events import referral_changed
from services.referral.partners.gaps import age_on, gap_band, left_for, share_fen
from services.referral.partners.match import merge_needs
from services.referral.partners.state import HouseholdState, Message, NeedOutcome, NeedRecord, ReferralState
from services.referral.partners.statuses import OPEN, TAKEN

Kind = Literal["referral.requested", "referral.updated", "referral.revoked", "outcome.requested"]


@dataclass(frozen=True, slots=True)
class Books:
    """What thinking looks things up in."""

    directory: PartnerDirectory
    calendar: WorkCalendar
    make_id: Callable[[], UUID] = new_id


@dataclass(slots=True)
class Changes:
    """What is to be written and said. `steps` have a new version; what waits to leave of `stops` is cancelled."""

    opened: list[ReferralState] = field(default_factory=list)
    altered: list[ReferralState] = field(default_factory=list)
    steps: list[ReferralState] = field(default_factory=list)
    stops: set[UUID] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    outcomes: list[NeedOutcome] = field(default_factory=list)
    needs: list[NeedRecord] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class Casework:
    """Change referrals through `set_status`, bring the rest in line with `settle`, then take `changes`, once."""

    def __init__(
        self,
        household: HouseholdState,
        referrals: Iterable[ReferralState],
        needs: Iterable[NeedRecord],
        books: Books,
        *,
        now: datetime,
    ) -> None:
        self.household = household
        self.referrals = {referral.id: referral for referral in referrals}
        self.records = {need.code: need for need in needs}
        self.books = books
        self.now = now
        self.today = shanghai_date(now)
        self.current: dict[str, NeedState] = merge_needs(household.needs)
        """The needs of the newest assessment, by code."""
        self.made = Changes()
        self._shown = {referral.id: referral.shown() for referral in self.referrals.values()}
        self._rows = {referral.id: _row(referral) for referral in self.referrals.values()}
        self._need_rows = {code: _row(need) for code, need in self.records.items()}

    # Steps

    def open(self, party: str, need: NeedState, *, after: ReferralState | None = None) -> ReferralState:
        """A new draft for a party and a need; `after` is the referral whose partner did not take it."""
        household = self.household
        assert household.assessment_id is not None
        referral = ReferralState(
            id=self.books.make_id(),
            household_ref=household.household_ref,
            division=household.division,
            partner=party,
            bureau=self.books.directory[party].bureau,
            need=need.code,
            assessment_id=household.assessment_id,
            created_at=self.now,
            changed_at=self.now,
            near_miss=need.near_miss,
            rerouted_from=after.id if after else None,
        )
        self.referrals[referral.id] = referral
        return referral

    def set_status(
        self, referral: ReferralState, status: ReferralStatus, *, reason: str | None = None, closing: str | None = None
    ) -> None:
        """Move a referral on. The caller has checked that the step is allowed.

        An end stops its webhooks; taking it back tells a partner that may know of it.
        """
        was_out = referral.requested_at is not None
        referral.status, referral.reason_code, referral.closing_code = status, reason, closing
        referral.overdue_on = None
        if status == "requested":
            self.send_out(referral)
        elif status == "accepted":
            days = self.books.directory.rules.outcome_working_days
            referral.outcome_due_on = self.books.calendar.after(self.today, days).on
        if status in OPEN:
            return
        referral.closed_at, referral.held_for = self.now, None
        if status != "completed":
            referral.reserved_fen = 0
        self.made.stops.add(referral.id)
        if was_out and status in ("cancelled", "entered_in_error"):
            facts = {"need": referral.need, "status": status, "reason_code": reason}
            self._say(referral, "referral.revoked", facts, only_if_seen=True)

    def send_out(self, referral: ReferralState) -> None:
        """Queue the first webhook, or the first one after it was held; the reply time begins now."""
        service = self.service(referral)
        referral.requested_at, referral.held_for = referral.requested_at or self.now, None
        if service is not None and referral.status == "requested":
            referral.due_on = service.reply.due_on(self.now, self.books.calendar)
        self._say_all(referral, "referral.requested")

    def hold(self, referral: ReferralState) -> None:
        """Stop what has not left until there is consent."""
        if referral.requested_at is not None and referral.held_for is None:
            self.made.stops.add(referral.id)
        referral.held_for = "consent"

    def reserve(self, referral: ReferralState, named_fen: int | None) -> bool:
        """Reserve a share of the gap for a partner that accepts. False when others have taken all of it."""
        left = self.left_for(referral)
        same = [r for r in self.referrals.values() if r.need == referral.need and not r.bureau and r.id != referral.id]
        if left == 0 and any(r.status in TAKEN and r.reserved_fen for r in same):
            return False
        waiting = 1 + sum(r.status == "requested" for r in same)
        referral.reserved_fen = 0 if referral.bureau else share_fen(left, named_fen, waiting)
        return True

    # Words to partners

    def tell_changes(self, referral: ReferralState) -> None:
        """Queue `referral.updated` when what a partner was told is no longer so."""
        out = referral.status in OPEN and referral.requested_at is not None and referral.held_for is None
        if out and referral.told is not None and referral.told != self._facts(referral):
            self._say_all(referral, "referral.updated")

    def ask_for_outcome(self, referral: ReferralState) -> None:
        """Queue `outcome.requested`: an answer or an outcome is late."""
        due_on = referral.due_on.isoformat() if referral.due_on else None
        facts = {"need": referral.need, "status": referral.status, "due_on": due_on}
        self._say(referral, "outcome.requested", facts, expires_on=referral.consent_expires_on)

    def _say_all(self, referral: ReferralState, kind: Kind) -> None:
        referral.told = self._facts(referral)
        self._say(referral, kind, referral.told, expires_on=referral.consent_expires_on)

    def _say(
        self,
        referral: ReferralState,
        kind: Kind,
        facts: dict[str, Any],
        *,
        expires_on: date | None = None,
        only_if_seen: bool = False,
    ) -> None:
        referral.sequence += 1
        self.made.messages.append(
            Message(
                type=kind,
                referral_id=referral.id,
                household_ref=referral.household_ref,
                partner=referral.partner,
                division=referral.division,
                sequence=referral.sequence,
                facts=facts,
                expires_on=expires_on,
                only_if_seen=only_if_seen,
            )
        )

    def _facts(self, referral: ReferralState) -> dict[str, Any]:
        expires_on = referral.consent_expires_on
        return {
            "need": referral.need,
            "programme": referral.programme,
            "priority": referral.priority,
            "township_code": referral.division[:9],
            "age_band": referral.age_band,
            "household_size": referral.household_size,
            "gap_band": gap_band(referral.gap_fen),
            "consent": referral.consent,
            "expires_on": expires_on.isoformat() if expires_on else None,
            "due_on": referral.due_on.isoformat() if referral.due_on else None,
        }

    # Looking up

    def permission(self, referral: ReferralState) -> Permission:
        """What the family's decisions say about this referral today."""
        party = self.books.directory.get(referral.partner)
        if party is None:
            return Permission("none")
        return self.permission_for(party, referral.need, near_miss=referral.near_miss)

    def permission_for(self, party: Party, need: str, *, near_miss: bool) -> Permission:
        """What the family's decisions say about a party and a need today."""
        return permission(self.household.decisions, party, need, near_miss=near_miss, today=self.today)

    def service(self, referral: ReferralState) -> Service | None:
        """What the partner does about the referral's need; None when its file no longer says."""
        party = self.books.directory.get(referral.partner)
        return party.service(referral.need, near_miss=referral.near_miss) if party else None

    def left_for(self, referral: ReferralState) -> int | None:
        """What is left of the need's gap for this referral's partner, in fen."""
        need = self.current.get(referral.need)
        same = [other for other in self.referrals.values() if other.need == referral.need]
        return left_for(referral, same, need.gap_fen if need else referral.gap_fen, self.household.as_of)

    def age(self, subject: UUID | None) -> int | None:
        """The subject's age today in completed years; of a household of one, that person's. None when unknown."""
        people = self.household.people
        if subject is None and len(people) == 1:
            subject = people[0].person_ref
        born = next((person.birth_date for person in people if person.person_ref == subject), None)
        return age_on(born, self.today) if born else None

    # The end

    def note_outcome(
        self, need: str, party: str, *, referral_id: UUID | None = None, reason: str | None = None
    ) -> None:
        """Record what became of a need of the newest assessment for a party."""
        household = self.household
        assert household.assessment_id is not None
        self.made.outcomes.append(
            NeedOutcome(
                household.assessment_id, household.household_ref, household.division, need, party, referral_id, reason
            )
        )

    def changes(self) -> Changes:
        """What came of it, with versions raised and events made."""
        made = self.made
        for referral in self.referrals.values():
            before = self._shown.get(referral.id)
            if referral.shown() != before:
                referral.version += 1
                referral.changed_at = self.now
                made.steps.append(referral)
                made.events.append(referral_changed(referral))
            if before is None:
                made.opened.append(referral)
            elif _row(referral) != self._rows[referral.id]:
                made.altered.append(referral)
        made.needs = [need for code, need in self.records.items() if _row(need) != self._need_rows.get(code)]
        return made


def _row(record: ReferralState | NeedRecord) -> tuple[object, ...]:
    values = (getattr(record, name) for name in type(record).__slots__)
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)
