"""残疾人两项补贴: the living subsidy and the care subsidy for disabled persons (DIS52 §2).

- disability_living: every card holder of a dibao household, and the person on single-person dibao who holds a card.
- disability_care: a person present with a card of grade 1 or 2 who needs long-term care, whatever the status.

Gives: a fixed monthly amount a person, as `base` and `care`.

Stacking (DIS52 §2(4)): where the switch `disability_stack` is off, a tekun person gets neither subsidy and an orphan on
the child benefit gets the care subsidy only. An unattended child's benefit pays the difference to the living subsidy
(KID62 §3(1), `children.py`), so the two are never paid on top of each other.

Readings: while the switch is on, "every" and "any status" are taken at their word, tekun persons included.

Cannot tell: a work-injury nursing fee or a similar allowance of the same nature, of which only the higher is paid.
"""

from typing import Final

from services.eligibility.rules.criteria import Claim
from services.eligibility.rules.household import whole
from services.eligibility.rules.logic import Value, all_of, any_of, choose, established, negate
from services.eligibility.rules.steps import Fold, Programme, Step

_CARE_GRADES: Final = (1, 2)

_STATUS: Final = Claim(
    id="disability_living.status",
    cites=("DIS52", "二（一）"),
    reason="CARD_HOLDER_ON_DIBAO",
    refusal="NOT_ON_DIBAO",
    holds=lambda m, p: any_of(all_of(m.home.dibao, m.is_inside), m.dibao_single),
)
_GRADE: Final = Claim(
    id="disability_care.grade",
    cites=("DIS52", "二（一）"),
    reason="SEVERE_CARD_NEEDING_CARE",
    refusal="CARD_NOT_SEVERE",
    holds=lambda m, p: m.card_grade <= _CARE_GRADES[-1],
    shows=lambda m, p: m.card_grade,
)
_LIVING_STACK: Final = Claim(
    id="disability_living.stack",
    cites=("DIS52", "二（四）"),
    refusal="DISABILITY_NO_STACKING",
    holds=lambda m, p: any_of(p.disability_stack, negate(any_of(m.tekun, m.orphan))),
)
_CARE_STACK: Final = Claim(
    id="disability_care.stack",
    cites=("DIS52", "二（四）"),
    refusal="DISABILITY_NO_STACKING",
    holds=lambda m, p: any_of(p.disability_stack, negate(m.tekun)),
)


def holds_card(m: Value, p: Value) -> Value:
    """Present, with a card."""
    return all_of(m.presence == "present", m.has_card)


def needs_care(m: Value, p: Value) -> Value:
    """Such a person who needs long-term care."""
    return all_of(m.long_term_care, holds_card(m, p))


def living_amount(m: Value, p: Value) -> Value:
    """The living subsidy of a person. Units: fen a month."""
    return established(m.disability_living, whole(p.disability_living, 1, p), 0)


def care_amount(m: Value, p: Value) -> Value:
    """The care subsidy of a person by grade. Units: fen a month."""
    rate = choose(m.card_grade == _CARE_GRADES[0], p.disability_care_1, p.disability_care_2)
    return established(m.disability_care, whole(rate, 1, p), 0)


DISABILITY: Final = (
    Programme(
        code="disability_living",
        scope="person",
        reached=holds_card,
        unreached="NO_CARD_HOLDER",
        holds=lambda m, p: all_of(_STATUS(m, p), _LIVING_STACK(m, p)),
        components=(("base", lambda h, p: h.living_amount),),
    ),
    Programme(
        code="disability_care",
        scope="person",
        reached=needs_care,
        unreached="NOBODY_NEEDS_CARE",
        holds=lambda m, p: all_of(_GRADE(m, p), _CARE_STACK(m, p)),
        components=(("care", lambda h, p: h.care_amount),),
    ),
)

AMOUNTS: Final[tuple[Step, ...]] = (
    Fold("living_amount", "members", "sum", living_amount, "disability_living"),
    Fold("care_amount", "members", "sum", care_amount, "disability_care"),
)
