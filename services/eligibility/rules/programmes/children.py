"""孤儿 · 事实无人抚养儿童: children without parents, or whose parents cannot care for them (ORPHAN54, KID62 §1).

- orphan: a minor, present, whose listed parents are all dead or declared missing.
- unattended_child: a minor, present, whose listed parents are each dead, missing, or unable to care (severely disabled:
  grade 1-2, or 3-4 intellectual or mental; seriously ill; imprisoned; in compulsory detox; six months out of contact),
  at least one of them being of the second kind.

Gives: the child benefit, as `basic_living`. An unattended child who is on tekun, on dibao or on the living subsidy for
disabled persons gets the difference to it (KID62 §3(1)): tekun living and care, or an equal share of the household's
base and the child's own top-up, or the child's own single-person dibao, and the living subsidy come off. While nobody
can tell whether the child is on one of them, the full rate stands and the missing facts are named.

Readings: the parents listed are taken for all; a child of whom no parent is listed is not tested. A minor who meets the
orphan rule and is tekun has not chosen the child benefit, so it is not offered as well (M43 Art 9).

Cannot tell: the length of a sentence; whether lost contact includes no care; parental rights revoked; a child found.
"""

from typing import Final

from services.eligibility.rules.criteria import Claim
from services.eligibility.rules.household import whole
from services.eligibility.rules.logic import (
    RATE,
    Value,
    all_of,
    any_of,
    established,
    larger,
    negate,
    round_half_up,
    undecided,
)
from services.eligibility.rules.persons import topup_is_open
from services.eligibility.rules.programmes.dibao_single import single_base, single_topup
from services.eligibility.rules.programmes.disability import living_amount
from services.eligibility.rules.programmes.tekun import basic_living, care
from services.eligibility.rules.steps import Fold, Programme, Step

_ORPHAN: Final = Claim(
    id="orphan.parents",
    cites=("ORPHAN54", "二（一）"),
    reason="ORPHAN",
    refusal="A_PARENT_IS_LIVING",
    holds=lambda m, p: m.parents_gone,
)
_ORPHAN_CHOICE: Final = Claim(
    id="orphan.choice",
    cites=("M43", "第九条"),
    refusal="STATUS_IS_TEKUN",
    holds=lambda m, p: negate(m.tekun),
)
_UNATTENDED: Final = Claim(
    id="unattended_child.parents",
    cites=("KID62", "一"),
    reason="UNATTENDED_CHILD",
    refusal="A_PARENT_CAN_CARE",
    holds=lambda m, p: all_of(m.parents_cannot_care, negate(m.parents_gone)),
)


def is_reached(m: Value, p: Value) -> Value:
    """A minor, present, of whom a parent is listed."""
    return all_of(m.presence == "present", m.has_parents, m.is_minor)


def already_paid(m: Value, p: Value) -> Value:
    """What tekun, dibao and the living subsidy pay for the child already. Units: fen a month."""
    h = m.home
    tekun = round_half_up(basic_living(m, p), RATE) + care(m, p)
    share = round_half_up(h.dibao_base, h.people) + round_half_up(m.topup_rate * p.dibao_standard_month, RATE)
    on_dibao = all_of(h.dibao, m.is_inside)
    single = single_base(m, p) + single_topup(m, p)
    return established(m.tekun, tekun, established(on_dibao, share, single)) + living_amount(m, p)


def already_paid_is_open(m: Value, p: Value) -> Value:
    """Unknown while a missing fact bears on what is paid already, else False. For naming the fact only."""
    on_dibao = all_of(m.home.dibao, m.is_inside)
    share = any_of(undecided(on_dibao), all_of(on_dibao, topup_is_open(m, p)))
    living = undecided(m.disability_living)
    return all_of(m.unattended_child, any_of(undecided(m.tekun), share, undecided(m.dibao_single), living))


def unattended_amount(m: Value, p: Value) -> Value:
    """The child benefit, or what is missing to it. Units: fen a month."""
    return established(m.unattended_child, whole(larger(p.child_benefit - already_paid(m, p), 0), 1, p), 0)


def orphan_amount(m: Value, p: Value) -> Value:
    """The child benefit. Units: fen a month."""
    return established(m.orphan, whole(p.child_benefit, 1, p), 0)


CHILDREN: Final = (
    Programme(
        code="orphan",
        scope="person",
        reached=is_reached,
        holds=lambda m, p: all_of(_ORPHAN(m, p), _ORPHAN_CHOICE(m, p)),
        unreached="NO_CHILD_TO_TEST",
        components=(("basic_living", lambda h, p: h.orphan_amount),),
    ),
    Programme(
        code="unattended_child",
        scope="person",
        reached=is_reached,
        holds=lambda m, p: _UNATTENDED(m, p),
        unreached="NO_CHILD_TO_TEST",
        components=(("basic_living", lambda h, p: h.unattended_amount),),
        amount_facts=already_paid_is_open,
    ),
)

AMOUNTS: Final[tuple[Step, ...]] = (
    Fold("orphan_amount", "members", "sum", orphan_amount, "orphan"),
    Fold("unattended_amount", "members", "sum", unattended_amount, "unattended_child"),
)
