"""A hospital-cost record, whichever door it came by, and the rules that hold between its fields.

Units: every amount is in fen.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date

from services.contracts.money import yuan
from services.intake.records.identity import Gender, Identity
from services.intake.records.issues import Action, Issue, Notes, check, gravest, label

PARTS = ("pooled_fund_paid", "serious_illness_paid", "medical_aid_paid")
AMOUNTS = ("total", *PARTS, "self_paid")


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a settlement cost and who paid. Parts are None when the sender did not say. All are in fen."""

    total_fen: int
    self_paid_fen: int
    pooled_fund_paid_fen: int | None = None
    serious_illness_paid_fen: int | None = None
    medical_aid_paid_fen: int | None = None

    @property
    def parts_fen(self) -> tuple[int | None, ...]:
        """The three payments besides the person's own."""
        return (self.pooled_fund_paid_fen, self.serious_illness_paid_fen, self.medical_aid_paid_fen)


@dataclass(frozen=True, slots=True)
class HospitalCost:
    """One settlement of one person. `phone`, `gender` and `address` come only from files.

    `division` is shortened. `is_held` marks a record that counts in no sum until its sender confirms it.
    """

    source: str
    settlement_id: str
    version: int
    refund_of: str | None
    person: Identity
    name: str
    division: str
    hospital: str
    admitted_on: date | None
    discharged_on: date | None
    settled_on: date
    amounts: Amounts
    is_held: bool = False
    gender: Gender | None = None
    phone: str | None = None
    phone_is_usable: bool = False
    address: str | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes a record the same one: (source, settlement_id, version)."""
        return (self.source, self.settlement_id, self.version)

    @property
    def settlement_year(self) -> int:
        """The year whose sum it counts in: that of the settlement date."""
        return self.settled_on.year

    @property
    def is_refund(self) -> bool:
        """Whether it gives money back."""
        return self.refund_of is not None or self.amounts.total_fen < 0 or self.amounts.self_paid_fen < 0

    def digest(self) -> bytes:
        """SHA-256 of the settlement's content, by which a repeat is told from a conflict.

        Phone, address and gender are no content: one push knows them and another does not.
        """
        amounts = self.amounts
        content = [
            self.person.id_type, self.person.id_number, self.name, self.division, self.hospital, self.refund_of,
            str(self.admitted_on), str(self.discharged_on), str(self.settled_on),
            amounts.total_fen, amounts.self_paid_fen, *amounts.parts_fen,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).digest()


@dataclass(frozen=True, slots=True)
class ReadCost:
    """What reading one row or body gave: the record (None when it cannot be stored) and the issues."""

    cost: HospitalCost | None
    issues: tuple[Issue, ...]

    @property
    def action(self) -> Action:
        """What happens to the row."""
        return gravest(self.issues)


def check_dates(
    admitted: date | None, discharged: date | None, settled: date | None, *, today: date, notes: Notes
) -> None:
    """Admission ≤ discharge ≤ settlement ≤ today, and no settlement from before the records began."""
    if admitted and discharged and discharged < admitted:
        _add_order("discharged_on", "admitted_on", notes)
    elif admitted and settled and not discharged and settled < admitted:
        _add_order("settled_on", "admitted_on", notes)
    if settled is None:
        return
    if settled > today:
        notes.add("DATE_FUTURE", "settled_on", settled.isoformat())
    elif settled < check("earliest_settlement"):
        notes.add("DATE_TOO_OLD", "settled_on", settled.isoformat(), date=check("earliest_settlement"))
    if discharged and settled < discharged:
        _add_order("settled_on", "discharged_on", notes)


def _add_order(field: str, earlier: str, notes: Notes) -> None:
    notes.add("DATE_ORDER", field, earlier=label(earlier), earlier_en=label(earlier, "en"))


def check_amounts(amounts: Amounts, *, is_refund: bool, strict: bool, notes: Notes) -> None:
    """Signs, self-paid within the total, and the four payments adding up.

    With `strict` (JSON bodies) even the last fen must agree.
    """
    sign_code = _sign_problem(amounts, is_refund=is_refund, strict=strict, notes=notes)
    if sign_code:
        return
    if not is_refund and amounts.self_paid_fen > amounts.total_fen:
        notes.add("AMOUNT_SELF_PAID_OVER_TOTAL", "self_paid", yuan(amounts.self_paid_fen))
        return
    parts = [part for part in amounts.parts_fen if part is not None]
    if len(parts) < len(PARTS):
        return
    difference = abs(amounts.total_fen - amounts.self_paid_fen - sum(parts))
    if difference == 0:
        return
    is_tail = difference <= check("rounding_tail_fen") and not strict
    notes.add("AMOUNT_SUM_1_FEN" if is_tail else "AMOUNT_SUM", "total", difference=yuan(difference))


def _sign_problem(amounts: Amounts, *, is_refund: bool, strict: bool, notes: Notes) -> bool:
    """Whether an amount has the wrong sign. The parts of a refund may have either: money moves between funds."""
    wrong = False
    if is_refund:
        for field, fen in (("total", amounts.total_fen), ("self_paid", amounts.self_paid_fen)):
            if fen > 0:
                notes.add("REFUND_SIGN", field, yuan(fen))
                wrong = True
        return wrong
    given = (amounts.total_fen, *amounts.parts_fen, amounts.self_paid_fen)
    if all(part is None or part >= 0 for part in given):
        return False
    for field, part in zip(AMOUNTS, given, strict=True):
        if part is not None and part < 0:
            is_own = strict and field in ("total", "self_paid")
            notes.add("NEGATIVE_AMOUNT" if is_own else "NEGATIVE_PART", field, yuan(part))
            wrong = True
    return wrong


def note_suspected_fen(total_fen: int, *, all_whole: bool, notes: Notes) -> bool:
    """Whether the amounts are probably in fen although yuan was said: all whole and the total implausibly large."""
    limit: int = check("suspected_fen_total_yuan")
    if not all_whole or abs(total_fen) <= limit * 100:
        return False
    shown = f"{limit // 10000}万元" if limit % 10000 == 0 else f"{limit}元"
    notes.add("AMOUNT_FEN", "total", limit=shown, limit_en=f"{limit:,}")
    return True
