"""Figures of each person: who is counted, who is severely disabled, what each has of their own.

A person's facts in these texts: ref, relation, presence, cohabits, legal_duty, custody, independent, age (completed
years on the day; the 18th birthday is the first day of 18), is_woman, has_card, card_kind, card_grade, serious_illness,
able_to_work, employment, student, failed_items, long_term_care, union_member, left_behind, chooses_child_benefit,
is_tekun_tested, obligors_unable, is_single_applicant, has_parents.

Cannot tell: whether a study is full-time (the stage is taken for it), a serious illness beyond the flag, how long a
parent is sentenced for, whether a member away is paid for from here.
"""

from typing import Final

from services.eligibility.rules.logic import (
    Value,
    all_of,
    any_of,
    choose,
    established,
    graded,
    larger,
    negate,
    one_of,
    undecided,
)
from services.eligibility.rules.steps import Fold, PersonFigure, Step

APPLICANT_AND_SPOUSE: Final = ("self", "spouse")
KIN_WITH_DUTY: Final = ("parent", "grandparent", "grandchild")
CENTRAL_PENSION: Final = "central_basic_pension"
GONE: Final = ("deceased", "declared_missing")
LOCKED_UP: Final = ("imprisoned", "compulsory_detox")


def counted_income(income: Value, p: Value) -> Value:
    """What one income counts for: nothing when exempt; a loss of a business counts as nothing.

    Units: fen a month. Source: M57 Art 13; central basic pension only until the dated day.
    """
    exempt = any_of(
        one_of(income.item, p.exempt_incomes),
        all_of(income.item == CENTRAL_PENSION, p.on <= p.central_basic_pension_exempt_until),
    )
    return choose(exempt, 0, larger(income.monthly, 0))


def counted_wage(income: Value, p: Value) -> Value:
    """The part of a counted income that is a wage. Units: fen a month."""
    return choose(income.kind == "wage", counted_income(income, p), 0)


def is_minor(m: Value, p: Value) -> Value:
    """Under the age of majority. Source: Civil Code Art 17."""
    return m.age < p.adult_age


def is_severe(m: Value, p: Value) -> Value:
    """Severely disabled: grade 1 or 2 of any kind, or grade 3 intellectual or mental. Source: M57 Art 8(1)."""
    return graded(m, p.severe_disability)


def lives_here_by_duty(m: Value, p: Value) -> Value:
    """Lives with the applicant for long, under a legal duty of support."""
    return all_of(m.cohabits, m.legal_duty)


def is_kept_when_grown(m: Value, p: Value) -> Value:
    """A child of age who still belongs to the household. Source: M57 Art 7(2)."""
    return any_of(one_of(m.student, p.dependent_studies), m.is_severe, negate(m.independent), lives_here_by_duty(m, p))


def is_counted(m: Value, p: Value) -> Value:
    """Whether a person belongs to the household for the law.

    Applicant and spouse; minor children in custody here; adult children who study full-time, are severely disabled,
    cannot live independently, or live here under a duty of support; parents, grandparents and grandchildren who live
    here under such a duty. Nobody who is not present, conscripts included; never a divorced spouse, a sibling or
    others.

    Source: M57 Art 7.
    """
    child = choose(m.is_minor, m.custody == "here", is_kept_when_grown(m, p))
    return all_of(
        m.presence == "present",
        any_of(
            one_of(m.relation, APPLICANT_AND_SPOUSE),
            all_of(m.relation == "child", child),
            all_of(one_of(m.relation, KIN_WITH_DUTY), lives_here_by_duty(m, p)),
        ),
    )


def is_inside(m: Value, p: Value) -> Value:
    """Counted, and not taken out as a tekun person. Source: M43 Art 9 with M57 Art 9: one basic-living status each."""
    return all_of(m.is_counted, negate(m.tekun))


def topup_rate(m: Value, p: Value) -> Value:
    """The category top-up of a person, as a rate of the standard: the highest that is established.

    Only what is known to hold counts; a fact that is missing is named with the finding.
    Source: M57 Art 27, D649 Art 12.
    """
    old = established(m.age >= p.topup_elder_age, p.topup_elder70, 0)
    young = established(m.is_minor, p.topup_minor, 0)
    disabled = established(m.is_severe, p.topup_severe_disabled, 0)
    ill = established(m.serious_illness, p.topup_seriously_ill, 0)
    highest = larger(larger(old, young), larger(disabled, ill))
    return choose(p.topup_stack, old + young + disabled + ill, highest)


def topup_is_open(m: Value, p: Value) -> Value:
    """Unknown while a missing fact could raise the person's top-up, else False. For naming the fact only."""

    def could_rise(claim: Value, rate: Value) -> Value:
        return all_of(undecided(claim), any_of(p.topup_stack, rate > m.topup_rate))

    return any_of(
        could_rise(m.age >= p.topup_elder_age, p.topup_elder70),
        could_rise(m.is_minor, p.topup_minor),
        could_rise(m.is_severe, p.topup_severe_disabled),
        could_rise(m.serious_illness, p.topup_seriously_ill),
    )


def is_gone(parent: Value, p: Value) -> Value:
    """Dead or declared missing. Source: ORPHAN54, KID62 §1."""
    return one_of(parent.presence, GONE)


def cannot_care(parent: Value, p: Value) -> Value:
    """Gone, or unable to raise a child: severely disabled, seriously ill, locked up, or out of contact for months.

    Source: KID62 §1. Cannot tell: the length of a sentence.
    """
    return any_of(
        is_gone(parent, p),
        graded(parent, p.unattended_disability),
        parent.serious_illness,
        one_of(parent.presence, LOCKED_UP),
        parent.out_of_contact_months >= p.unattended_contact_months,
    )


BEFORE_TEKUN: Final[tuple[Step, ...]] = (
    Fold("own_income", "incomes", "sum", counted_income),
    Fold("own_wage", "incomes", "sum", counted_wage),
    Fold("parents_gone", "parents", "all", is_gone),
    Fold("parents_cannot_care", "parents", "all", cannot_care),
    PersonFigure("is_minor", is_minor),
    PersonFigure("is_severe", is_severe),
    PersonFigure("is_counted", is_counted),
)
"""Own figures of each person, before anybody is taken out."""

AFTER_TEKUN: Final[tuple[Step, ...]] = (
    PersonFigure("is_inside", is_inside),
    PersonFigure("topup_rate", topup_rate),
)
"""What each counts for in the household that is left."""
