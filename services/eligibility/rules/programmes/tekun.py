"""特困人员救助供养: support for persons in extreme hardship, tested person by person.

Asks (all):
- no work ability, by age and disability alone: 60 or older, under 16, or a card of the grades listed (M43 Art 5);
- no livelihood: own income below the standard, the household's assets within the limit of one person (M43 Art 6);
- every obligor unable, or none exists (M43 Art 8);
- the person has not chosen the child benefit instead (M43 Art 9).
Tested only for members present for whom `obligors` is stated.

Gives: 1.3 times the standard as `basic_living` and a tier by failed self-care items as `care` (M43 Arts 21-22); each is
rounded once, on the total of the finding. No category top-ups. Tekun persons leave the household before it is counted.

Readings: a card of kind "multiple" is in no list of Art 5, so it does not by itself mean no work ability. A person who
is away (prison, missing, dead …) is not tested.

Cannot tell: why an obligor is unable (the flag is taken); provincial extras; a minor who entered before 16 and stays
while at school; that tekun support ends with a new household.
"""

from typing import Final

from services.eligibility.rules.criteria import Claim, Comparison
from services.eligibility.rules.household import asset_tests, one_head, whole
from services.eligibility.rules.logic import RATE, Value, all_of, any_of, choose, established, graded, negate
from services.eligibility.rules.steps import Fold, Programme, Step

_LABOUR: Final = Claim(
    id="tekun.labour",
    cites=("M43", "第五条"),
    refusal="TEKUN_FAIL_LABOUR",
    unit="years",
    holds=lambda m, p: any_of(m.age >= p.tekun_elder_age, m.age < p.tekun_minor_age, graded(m, p.tekun_disability)),
    shows=lambda m, p: m.age,
)
_INCOME: Final = Comparison(
    id="tekun.income",
    cites=("M43", "第六条"),
    refusal="TEKUN_FAIL_INCOME",
    unit="yuan/month",
    operator="<",
    actual=lambda m, p: m.own_income,
    threshold=lambda m, p: p.dibao_standard_month,
)
_ASSETS: Final = asset_tests(
    "tekun",
    kind="tekun",
    heads=one_head,
    cites=("M43", "第六条"),
    refusals=("TEKUN_FAIL_ASSETS",) * 4,
    business="business_allowed_tekun",
)
_OBLIGORS: Final = Claim(
    id="tekun.obligors",
    cites=("M43", "第八条"),
    refusal="TEKUN_FAIL_OBLIGORS",
    holds=lambda m, p: m.obligors_unable,
)
_CHOICE: Final = Claim(
    id="tekun.choice",
    cites=("M43", "第九条"),
    refusal="TEKUN_CHOSE_CHILD_BENEFIT",
    holds=lambda m, p: negate(m.chooses_child_benefit),
)


def is_tested(m: Value, p: Value) -> Value:
    """Present, with something said of the obligors."""
    return all_of(m.presence == "present", m.is_tekun_tested)


def is_tekun(m: Value, p: Value) -> Value:
    """Whether a tested person is in extreme hardship."""
    return all_of(_LABOUR(m, p), _INCOME(m, p), _ASSETS(m, p), _OBLIGORS(m, p), _CHOICE(m, p))


def basic_living(m: Value, p: Value) -> Value:
    """The basic living of a tekun person. Units: fen x 10,000 a month."""
    return p.tekun_basic_multiple * p.dibao_standard_month


def care(m: Value, p: Value) -> Value:
    """The care allowance by failed self-care items: none, up to three, more. Units: fen a month."""
    loss = choose(m.failed_items <= p.self_care_partial_items, p.care_partial_loss, p.care_total_loss)
    return choose(m.failed_items == 0, p.care_full_self_care, loss)


TEKUN: Final = Programme(
    code="tekun",
    scope="person",
    reached=is_tested,
    holds=is_tekun,
    components=(
        ("basic_living", lambda h, p: whole(h.tekun_basic, RATE, p)),
        ("care", lambda h, p: whole(h.tekun_care, 1, p)),
    ),
    notes=(("TEKUN_OVER_DIBAO", lambda h, p: True),),
    unreached="TEKUN_NOT_TESTED",
    can_near_miss=True,
)

AMOUNTS: Final[tuple[Step, ...]] = (
    Fold("tekun_basic", "members", "sum", lambda m, p: established(m.tekun, basic_living(m, p), 0), "tekun"),
    Fold("tekun_care", "members", "sum", lambda m, p: established(m.tekun, care(m, p), 0), "tekun"),
)
