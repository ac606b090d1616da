"""One household's referrals thought through: what to open, release, hold, take back, tell, hand on. Pure.

The same thinking answers every cause: a new assessment, a decision on consent, a partner's answer, an officer's word,
a day that has passed. It looks at the whole state and so does not care in which order things came.

Source: design of referral and of one bill's journey (4, 5).
"""

from services.contracts.eligibility import NeedState
from services.contracts.referral import NeedUnmet
from services.kit.clock import shanghai_date
from services.kit.ids import derived_id
from services.referral.partners import state as codes
from services.referral.partners.casework import Casework
from services.referral.partners.gaps import age_band, left_for
from services.referral.partners.match import match_partners
from services.referral.partners.state import NeedRecord, ReferralState
from services.referral.partners.statuses import OPEN, TAKEN

_ADULT = 18
_FORGOTTEN = {codes.NEED_GONE, codes.MERGED, codes.NOT_MATCHED}
_BY_CONSENT = {codes.REFUSED, codes.REVOKED}


def settle(work: Casework) -> None:
    """Bring every referral in line with the needs, the decisions, the gap and the day."""
    if work.household.assessment_id is None:
        return
    matched = _open_for_needs(work)
    _take_back_unneeded(work, matched)
    for referral in list(work.referrals.values()):
        _settle_one(work, referral)
    _note_overdue(work)
    for need in work.current.values():
        _follow_up(work, need, is_matched=any(code == need.code for code, _ in matched))
    for referral in work.referrals.values():
        work.tell_changes(referral)


def _open_for_needs(work: Casework) -> set[tuple[str, str]]:
    """Open what is missing, note what became of each need, and answer the pairs of need and party that belong."""
    matches, misses = match_partners(work.current.values(), work.books.directory)
    household = work.household
    for code, need in work.current.items():
        record = work.records.get(code)
        if record is None:
            ref = household.household_ref
            record = NeedRecord(ref, code, derived_id("need", ref, code), household.division)
            work.records[code] = record
        record.state, record.gap_fen, record.subject_ref = "open", need.gap_fen, need.subject_ref
        record.division = household.division
    for code, record in work.records.items():
        if code not in work.current:
            record.state = "gone"
            _close_unmet(work, record)
    for match in matches:
        referral = _standing(work, match.party, match.need.code) or work.open(match.party, match.need)
        work.note_outcome(match.need.code, match.party, referral_id=referral.id)
    for miss in misses:
        work.note_outcome(miss.need, miss.party, reason=miss.reason)
    return {(match.need.code, match.party) for match in matches}


def _standing(work: Casework, party: str, need: str) -> ReferralState | None:
    """The referral that answers this need for this party already: the open one, else the last closed that counts."""
    same = [r for r in work.referrals.values() if r.partner == party and r.need == need]
    is_open = next((r for r in same if r.status in OPEN), None)
    if is_open is not None:
        return is_open
    counted = [r for r in same if _still_counts(work, r)]
    return max(counted, key=lambda r: r.closed_at or r.changed_at, default=None)


def _still_counts(work: Casework, referral: ReferralState) -> bool:
    """Whether a closed referral still answers its need, so that none is opened anew."""
    if referral.closing_code in _FORGOTTEN:
        return False
    if referral.closing_code in _BY_CONSENT:
        return work.permission(referral).is_no
    closed_on = shanghai_date(referral.closed_at or referral.changed_at)
    return (work.today - closed_on).days < work.books.directory.rules.repeat_after_days


def _take_back_unneeded(work: Casework, matched: set[tuple[str, str]]) -> None:
    """Cancel what no partner has accepted yet and the newest assessment no longer asks for."""
    for referral in work.referrals.values():
        if referral.status not in ("draft", "requested"):
            continue
        if referral.need not in work.current and work.household.cause == "merged":
            work.set_status(referral, "cancelled", reason="duplicate", closing=codes.MERGED)
        elif referral.need not in work.current:
            work.set_status(referral, "cancelled", reason="need_met", closing=codes.NEED_GONE)
        elif referral.rerouted_from is None and (referral.need, referral.partner) not in matched:
            work.set_status(referral, "cancelled", reason="other", closing=codes.NOT_MATCHED)


def _settle_one(work: Casework, referral: ReferralState) -> None:
    """Facts, then the family's word, then the officer's: what does not hold it back lets it leave."""
    if referral.status not in OPEN:
        return
    referral.division = work.household.division
    need = work.current.get(referral.need)
    if need is not None:
        _refresh(work, referral, need)
    said = work.permission(referral)
    if said.is_no:
        closing = codes.REFUSED if referral.requested_at is None else codes.REVOKED
        work.set_status(referral, "cancelled", reason="person_declined", closing=closing)
    elif not said.may_leave:
        work.hold(referral)
    elif referral.status == "draft" and _waits_for_an_officer(work, referral):
        referral.held_for = "confirmation"
    else:
        referral.consent, referral.consent_expires_on = said.state, said.expires_on
        if referral.status == "draft":
            work.set_status(referral, "requested")
        elif referral.held_for is not None:
            work.send_out(referral)


def _waits_for_an_officer(work: Casework, referral: ReferralState) -> bool:
    service = work.service(referral)
    return service is not None and service.mode == "confirm" and referral.released_at is None


def _refresh(work: Casework, referral: ReferralState, need: NeedState) -> None:
    household = work.household
    assert household.assessment_id is not None
    age = work.age(need.subject_ref)
    referral.assessment_id = household.assessment_id
    referral.subject_ref = need.subject_ref
    referral.programme = need.programme
    referral.near_miss = need.near_miss
    referral.why = list(need.why)
    referral.priority = household.priority
    referral.household_size = household.household_size
    referral.hardship = household.status
    referral.age_band = age_band(age)
    referral.is_minor = age is not None and age < _ADULT
    referral.safe_to_call = household.safe_to_call
    referral.gap_fen = work.left_for(referral)


def _note_overdue(work: Casework) -> None:
    """Ask once for an answer that is late, and once for an outcome that is late."""
    for referral in work.referrals.values():
        if referral.held_for is not None or referral.requested_at is None:
            continue
        late = referral.due_on is not None and referral.due_on < work.today
        if referral.status == "requested" and late and referral.overdue_on is None:
            referral.overdue_on = work.today
            work.ask_for_outcome(referral)
        slow = referral.outcome_due_on is not None and referral.outcome_due_on < work.today
        if referral.status in TAKEN and slow and referral.outcome_asked_on is None:
            referral.outcome_asked_on = work.today
            work.ask_for_outcome(referral)


def _follow_up(work: Casework, need: NeedState, *, is_matched: bool) -> None:
    """Hand a need on that the partners asked so far did not take, or say that nobody did."""
    record = work.records[need.code]
    mine = [
        r
        for r in work.referrals.values()
        if r.need == need.code and not r.bureau and (r.status in OPEN or _still_counts(work, r))
    ]
    tried = [r for r in mine if r.status in ("rejected", "failed") or r.overdue_on is not None]
    at_work = any((r.status in OPEN and r.overdue_on is None) or r.status == "completed" for r in mine)
    is_stuck = not at_work and (bool(tried) or not is_matched)
    if is_stuck and tried and not need.near_miss:
        is_stuck = not _hand_on(work, need, tried[-1], {r.partner for r in mine})
    if not is_stuck:
        _close_unmet(work, record)
    else:
        _say_unmet(work, need, record, [r.partner for r in tried])


def _hand_on(work: Casework, need: NeedState, after: ReferralState, asked: set[str]) -> bool:
    """Open a referral to the next partner that serves the need and was not asked; False when there is none."""
    for party in work.books.directory.second_choices(need.code, work.age(need.subject_ref)):
        if party.code in asked or work.permission_for(party, need.code, near_miss=False).is_no:
            continue
        _settle_one(work, work.open(party.code, need, after=after))
        return True
    return False


def _say_unmet(work: Casework, need: NeedState, record: NeedRecord, tried: list[str]) -> None:
    """Tell the charity side, by the family's yes to it; what was told already is not told again."""
    party = work.books.directory.takes_unmet()
    if party is None or not work.permission_for(party, need.code, near_miss=need.near_miss).may_leave:
        _close_unmet(work, record)
        return
    same = [r for r in work.referrals.values() if r.need == need.code]
    left = left_for(None, same, need.gap_fen, work.household.as_of)
    if (record.unmet_state, record.unmet_gap_fen, record.tried) != ("open", left, tried):
        record.unmet_state, record.unmet_gap_fen, record.tried = "open", left, tried
        _emit_unmet(work, record)


def _close_unmet(work: Casework, record: NeedRecord) -> None:
    if record.unmet_state == "open":
        record.unmet_state = "closed"
        _emit_unmet(work, record)


def _emit_unmet(work: Casework, record: NeedRecord) -> None:
    record.unmet_version += 1
    work.made.events.append(
        NeedUnmet(
            ref=record.need_id,
            version=record.unmet_version,
            division=record.division,
            household_ref=record.household_ref,
            subject_ref=record.subject_ref,
            need=record.code,
            gap_fen=record.unmet_gap_fen,
            tried=tuple(record.tried),
            state="open" if record.unmet_state == "open" else "closed",
        )
    )
