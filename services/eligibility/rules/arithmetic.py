"""The arithmetic behind an answer, step by step, as data that a page can fold out.

Only steps whose figures are all known are told. Every figure is the one the rules compare or pay; what is divided for
display is rounded half up to the fen.
"""

from collections.abc import Iterator
from typing import Any, Final

from services.eligibility.rules.advice import say
from services.eligibility.rules.facts import Event, Facts, History
from services.eligibility.rules.household import deductible_cost, whole
from services.eligibility.rules.logic import MONTHS, NET, RATE, is_unknown, round_half_up
from services.eligibility.rules.plain import HouseholdView, PersonView, work_through
from services.eligibility.rules.programmes import dibao, dibao_single, temp_spending
from services.eligibility.rules.programmes.rigid import rigid_spending
from services.eligibility.rules.snapshot import Parameters
from services.eligibility.rules.values import rate_text, yuan_text

Json = dict[str, Any]
"""A JSON object."""

_HOUSEHOLD: Final = "household"


def arithmetic(facts: Facts, event: Event, history: History, p: Parameters) -> dict[str, list[Json]]:
    """The steps by topic: `household` (from incomes to income per head), then by programme.

    A step: `{code, text: {zh, en}, amount}` with `member` where it is one person's; amounts in decimal yuan.
    """
    h = work_through(facts, event, history, p, keep_lines=False)
    told = {
        _HOUSEHOLD: list(_income(h, p)),
        "tekun": list(_tekun(h, p)),
        "dibao": list(_dibao(h, p)),
        "margin": list(_margin(h, p)),
        "rigid": list(_yearly(h, p, rigid_spending(h, p))) if h.rigid is not False or h.margin is False else [],
        "dibao_single": [step for m in h.members for step in _single(m, p)],
        "temp_spending": list(_temp(h, p)),
    }
    h.release()
    return {topic: steps for topic, steps in told.items() if steps}


def _step(code: str, amount: Any, member: str = "", **figures: Any) -> Iterator[Json]:
    """A step, when all its figures are known. Whole numbers are fen; texts stand as they are."""
    if is_unknown(amount) or any(is_unknown(figure) for figure in figures.values()):
        return
    written = {name: yuan_text(each) if isinstance(each, int) else str(each) for name, each in figures.items()}
    step: Json = {"code": code, "text": say("steps", code, **written), "amount": yuan_text(amount)}
    yield step | ({"member": member} if member else {})


def _count(number: Any) -> Any:
    return number if is_unknown(number) else str(number)


def _rate(value: Any, times: int = 1) -> Any:
    return value if is_unknown(value) else rate_text(value * times)


def _income(h: HouseholdView, p: Parameters) -> Iterator[Json]:
    if is_unknown(h.people) or h.people == 0:
        return
    for m in h.members:
        if m.is_inside is True:
            yield from _step("income", m.own_income, m.ref, income=m.own_income)
    yield from _step("gross", h.gross, gross=h.gross)
    cost = round_half_up(h.wage * p.job_cost_rate, RATE)
    spent = deductible_cost(h, p)
    a_month = round_half_up(spent, MONTHS)
    net = round_half_up(h.net, NET)
    per_head = round_half_up(h.net, h.people * NET)
    yield from _step("job_cost", cost, wage=h.wage, rate=_rate(p.job_cost_rate, 100), cost=cost)
    yield from _step("deduction", a_month, spent=spent, a_month=a_month)
    yield from _step("net", net, gross=h.gross, cost=cost, a_month=a_month, net=net)
    yield from _step("per_head", per_head, net=net, people=_count(h.people), per_head=per_head)


def _tekun(h: HouseholdView, p: Parameters) -> Iterator[Json]:
    count = sum(1 for m in h.members if m.tekun is True)
    if count:
        basic, care = whole(h.tekun_basic, RATE, p), whole(h.tekun_care, 1, p)
        figures = {"standard": p.dibao_standard_month, "multiple": _rate(p.tekun_basic_multiple)}
        yield from _step("tekun", basic + care, people=str(count), basic=basic, care=care, **figures)


def _dibao(h: HouseholdView, p: Parameters) -> Iterator[Json]:
    if h.dibao is not True:
        return
    net, people = round_half_up(h.net, NET), str(h.people)
    base, topup, standard = h.dibao_base, h.dibao_category_top_up, p.dibao_standard_month
    if dibao.is_below(h, p) is not True:
        yield from _step("dibao_taper", base, base=base)
        return
    gap = standard * h.people * NET - h.net
    full = whole(gap, NET, p)
    if p.grant_mode == "tier":
        full = dibao.by_tier(h, p)
        per_head = round_half_up(h.net, h.people * NET)
        yield from _step("dibao_tier", full, per_head=per_head, people=people, base=full)
    else:
        shown = round_half_up(gap, NET)
        yield from _step("dibao_base", full, standard=standard, people=people, net=net, gap=shown, base=full)
    if dibao.has_refused_jobs(h, p) is True:
        yield from _step("dibao_refused", base, base=base)
    topped = sum(1 for m in h.members if m.is_inside is True and not is_unknown(m.topup_rate) and m.topup_rate > 0)
    yield from _step("dibao_topup", topup, people=str(topped), topup=topup)
    yield from _step("dibao_sum", base + topup, base=base, topup=topup, sum=base + topup)


def _margin(h: HouseholdView, p: Parameters) -> Iterator[Json]:
    if h.dibao is not True and (h.people > 0) is True:
        line = round_half_up(p.dibao_standard_month * p.margin_multiple, RATE)
        figures = {"standard": p.dibao_standard_month, "multiple": _rate(p.margin_multiple)}
        yield from _step("margin_line", line, line=line, **figures)


def _yearly(h: HouseholdView, p: Parameters, spent: Any) -> Iterator[Json]:
    """Income of a year before deductions, and what spending is of it."""
    if is_unknown(h.people) or h.people == 0:
        return
    per_head = round_half_up(h.gross * MONTHS, h.people)
    yield from _step("gross_year", per_head, gross=h.gross, people=_count(h.people), per_head=per_head)
    if is_unknown(h.gross) or is_unknown(spent):
        return
    if h.gross == 0:
        yield from _step("no_income", spent, spent=spent)
        return
    share = rate_text(round_half_up(spent * RATE * 100, h.gross * MONTHS))
    yield from _step("share", spent, spent=spent, gross=h.gross, share=share)


def _single(m: PersonView, p: Parameters) -> Iterator[Json]:
    if m.dibao_single is True:
        base, topup = dibao_single.single_base(m, p), dibao_single.single_topup(m, p)
        figures = {"standard": p.dibao_standard_month, "income": m.own_income}
        yield from _step("single", base + topup, m.ref, base=base, topup=topup, **figures)


def _temp(h: HouseholdView, p: Parameters) -> Iterator[Json]:
    has_status = h.dibao is True or h.margin is True or h.rigid is True or h.any_tekun is True
    if not has_status and not is_unknown(h.temp_multiple) and h.temp_multiple > 0:
        yield from _yearly(h, p, h.spending)
    if h.temp_spending is True:
        wanted = round_half_up(temp_spending.wanted(h, p), RATE)
        left = round_half_up(temp_spending.left_of_cap(h, p), RATE)
        figures = {"standard": p.dibao_standard_month, "multiple": _rate(h.temp_multiple)}
        given = temp_spending.amount(h, p)
        yield from _step("temp_amount", given, wanted=wanted, left=left, given=given, **figures)
