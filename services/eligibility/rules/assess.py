"""The whole check of a household: every programme, the trigger, the needs. Pure: no clock, no store, no network.

`status` is the household's basic-living status: dibao, margin or rigid; else tekun or orphan where only such persons
hold one. `per_capita_fen` is net income a head after tekun persons are taken out, half up to the fen.
"""

from typing import Final

from services.eligibility.rules.assessment import Assessment, Trigger
from services.eligibility.rules.book import RuleBook
from services.eligibility.rules.facts import APPLICATION, NO_HISTORY, CareRecord, Event, Facts, History
from services.eligibility.rules.findings import make_finding
from services.eligibility.rules.logic import NET, is_unknown, round_half_up
from services.eligibility.rules.needs import find_needs
from services.eligibility.rules.plain import HouseholdView, work_through
from services.eligibility.rules.plan import PROGRAMMES
from services.eligibility.rules.snapshot import Parameters

_STATUSES: Final = (
    ("dibao", "dibao"),
    ("margin", "margin"),
    ("rigid", "rigid"),
    ("tekun", "any_tekun"),
    ("orphan", "any_orphan"),
)


def assess(
    facts: Facts, p: Parameters, book: RuleBook, *, event: Event = APPLICATION, history: History = NO_HISTORY
) -> Assessment:
    """Check a household on the parameters of a place and day (`book.at`).

    The trigger's threshold is the one in force on its latest settlement day; where `p` replaces it, the replacement.
    """
    h = work_through(facts, event, history, p)
    findings = tuple(make_finding(programme, h) for programme in PROGRAMMES)
    made = Assessment(
        place=p.place,
        as_of=p.on,
        status=status_of(h),
        people=None if is_unknown(h.people) else h.people,
        per_capita_fen=_per_capita(h),
        trigger=find_trigger(event, p, book),
        findings=findings,
        monthly_total_fen=sum(finding.monthly_fen or 0 for finding in findings if finding.outcome == "eligible"),
        needs=find_needs(h, findings, event),
        version=book.version,
        digest=book.digest,
    )
    h.release()
    return made


def status_of(h: HouseholdView) -> str | None:
    """The household's basic-living status; None for none, and while nobody can tell."""
    return next((status for status, figure in _STATUSES if getattr(h, figure) is True), None)


def _per_capita(h: HouseholdView) -> int | None:
    if is_unknown(h.net) or is_unknown(h.people) or h.people == 0:
        return None
    fen: int = round_half_up(h.net, h.people * NET)
    return fen


def find_trigger(event: Event, p: Parameters, book: RuleBook) -> Trigger | None:
    """The sum of the event's records of its year, strictly above the threshold; None where no records are given.

    Of a settlement the latest version counts, a refund is negative. The year of settlement decides.
    """
    if not event.records:
        return None
    latest: dict[str, CareRecord] = {}
    for record in event.records:
        known = latest.get(record.settlement_id)
        if known is None or record.version >= known.version:
            latest[record.settlement_id] = record
    year = event.year or max(record.settled_on for record in latest.values()).year
    counted = [record for record in latest.values() if record.settled_on.year == year]
    day = max((record.settled_on for record in counted), default=p.on)
    threshold = p.replaced_value("hospital_threshold")
    if threshold is None:
        threshold = book.at(p.place, day).hospital_threshold
    total_fen = sum(record.self_paid_fen for record in counted)
    if is_unknown(threshold):
        return Trigger(year, total_fen, None, None)
    return Trigger(year, total_fen, threshold, total_fen > threshold)
