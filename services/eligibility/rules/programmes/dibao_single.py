"""单人保: dibao for one person, by reference to a household of one.

Asks one gateway and own income strictly below the standard:
- a: a counted member of a margin household who is severely disabled (M57 Art 8(1));
- b: a counted member of a margin household who is seriously ill (M57 Art 8(2));
- c: the member named as applying alone, adult, jobless, no student, severely disabled, in a household without a status
  or with rigid status (M83 §1(1)).
Own income is the sum of counted incomes, without any deduction. N, income and status of the household stay as they
were.

Gives: the standard less own income as `base` and the person's top-up as `category_top_up`, each rounded per person.

Readings: gateway c asks the person to be present and not tekun, and takes "status null" to the letter: a household
whose only status is a tekun person's is closed to it. No asset test of its own: gateways a and b stand on the margin
test, gateway c names none.

Cannot tell: the local list of serious illnesses (the flag is taken); religious personnel (gateway d, a human decision);
support from relatives (not imputed by default).
"""

from typing import Final

from services.eligibility.rules.criteria import Claim, Comparison, Group, Line
from services.eligibility.rules.household import whole
from services.eligibility.rules.logic import RATE, Value, all_of, any_of, established, negate
from services.eligibility.rules.persons import topup_is_open
from services.eligibility.rules.steps import Fold, HouseholdFigure, Programme, Step

_NO_GATEWAY: Final = "SINGLE_NO_GATEWAY"
_SEVERE: Final = Claim(
    id="dibao_single.severe_disability",
    cites=("M57", "第八条"),
    reason="SINGLE_MARGIN_SEVERE_DISABILITY",
    refusal=_NO_GATEWAY,
    holds=lambda m, p: all_of(m.home.margin, m.is_inside, m.is_severe),
    alternative=True,
)
_ILL: Final = Claim(
    id="dibao_single.serious_illness",
    cites=("M57", "第八条"),
    reason="SINGLE_MARGIN_SERIOUS_ILLNESS",
    refusal=_NO_GATEWAY,
    holds=lambda m, p: all_of(m.home.margin, m.is_inside, m.serious_illness),
    alternative=True,
)
_JOBLESS: Final = Claim(
    id="dibao_single.adult_jobless",
    cites=("M83", "一（一）"),
    reason="SINGLE_ADULT_JOBLESS_SEVERE_DISABILITY",
    refusal=_NO_GATEWAY,
    holds=lambda m, p: all_of(
        applies_alone(m, p),
        m.home.is_without_or_rigid,
        negate(m.is_minor),
        m.employment == "none",
        m.student == "none",
        m.is_severe,
    ),
    alternative=True,
)
_GATEWAY: Final = Group(_SEVERE, _ILL, _JOBLESS, how=any_of)
_INCOME: Final = Comparison(
    id="dibao_single.income",
    cites=("M83", "一（一）"),
    refusal="SINGLE_INCOME_NOT_BELOW_STANDARD",
    unit="yuan/month",
    operator="<",
    actual=lambda m, p: m.own_income,
    threshold=lambda m, p: p.dibao_standard_month,
)


def applies_alone(m: Value, p: Value) -> Value:
    """The member named as single applicant, when present and not tekun."""
    return all_of(m.is_single_applicant, m.presence == "present", negate(m.tekun))


def is_reached(m: Value, p: Value) -> Value:
    """A person of a margin household, or the one who applies alone."""
    return any_of(all_of(m.home.margin, m.is_inside), applies_alone(m, p))


def is_without_or_rigid(h: Value, p: Value) -> Value:
    """Neither dibao nor margin, and no tekun person: the household's status is rigid or none."""
    return all_of(negate(h.dibao), negate(h.margin), negate(h.any_tekun))


def is_single(m: Value, p: Value) -> Value:
    """A gateway is open and own income is below the standard."""
    return all_of(_GATEWAY(m, p), _INCOME(m, p))


def single_base(m: Value, p: Value) -> Value:
    """The standard less own income. Units: fen a month."""
    return established(m.dibao_single, whole(p.dibao_standard_month - m.own_income, 1, p), 0)


def single_topup(m: Value, p: Value) -> Value:
    """The person's top-up. Units: fen a month."""
    return established(m.dibao_single, whole(m.topup_rate * p.dibao_standard_month, RATE, p), 0)


BEFORE: Final[tuple[Step, ...]] = (HouseholdFigure("is_without_or_rigid", is_without_or_rigid),)


def tidy(lines: list[Line]) -> list[Line]:
    """A person with an open gateway shows no closed one; for one without any, income does not come up."""
    *gateways, income = lines
    opened = [line for line in gateways if line.holds is True]
    if opened:
        return [*opened, income]
    return gateways if all(line.holds is False for line in gateways) else lines


DIBAO_SINGLE: Final = Programme(
    code="dibao_single",
    scope="person",
    reached=is_reached,
    holds=is_single,
    components=(("base", lambda h, p: h.single_base), ("category_top_up", lambda h, p: h.single_topup)),
    unreached="SINGLE_NOT_REACHED",
    tidy=tidy,
    amount_facts=lambda m, p: all_of(m.dibao_single, topup_is_open(m, p)),
)

AMOUNTS: Final[tuple[Step, ...]] = (
    Fold("single_base", "members", "sum", single_base, "dibao_single"),
    Fold("single_topup", "members", "sum", single_topup, "dibao_single"),
)
