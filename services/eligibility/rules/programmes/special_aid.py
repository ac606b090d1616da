"""医疗 · 教育 · 住房 · 就业救助: special aids that follow from the status found (D649 Arts 27-46, G39 §4(2)).

Low income = dibao, margin, rigid or tekun status, or a member on single-person dibao.
- medical_aid: dibao, margin, tekun or single-person dibao; rigid with a counted seriously ill member. Handled by the
  medical-insurance bureau, which works out the amount from compliant cost.
- education_aid: low income and a counted pupil or student of any stage. Applied for at the school.
- housing_aid: low income and a dwelling that is dangerous, crowded or none.
- employment_aid: low income and a counted member of 16-59 who is able to work and jobless.

Readings: "counted" here is membership of the household for the law (M57 Art 7), tekun persons included: they leave the
count of heads and income, not the family. Families monitored against falling back into poverty get medical aid only
where the switch `medical_aid_monitored` is on: the list that settles the branches does not name them.

Cannot tell: compliant cost and the insurance already paid; premium help; the stage's local list of aids; whether a
jobless member looks for work.
"""

from typing import Final

from services.eligibility.rules.criteria import Claim
from services.eligibility.rules.logic import Value, all_of, any_of, negate, one_of
from services.eligibility.rules.steps import Fold, HouseholdFigure, PersonFigure, Programme, Step

POOR_HOUSING: Final = ("dangerous", "crowded", "none")


def is_low_income(h: Value, p: Value) -> Value:
    """The household has a status, or a member is on single-person dibao."""
    return any_of(h.dibao, h.margin, h.rigid, h.any_tekun, h.any_dibao_single)


def is_student(m: Value, p: Value) -> Value:
    """A counted pupil or student."""
    return all_of(m.is_counted, negate(m.student == "none"))


def is_ill(m: Value, p: Value) -> Value:
    """A counted seriously ill member."""
    return all_of(m.is_counted, m.serious_illness)


def is_jobless(m: Value, p: Value) -> Value:
    """A counted member of working age who is able to work and has no employment."""
    return all_of(
        m.is_counted,
        m.age >= p.working_age_min,
        m.age <= p.working_age_max,
        m.able_to_work,
        m.employment == "none",
    )


_LOW_INCOME_ONLY: Final = "NO_LOW_INCOME_STATUS"
_MEDICAL: Final = Claim(
    id="medical_aid.status",
    cites=("MED42", "二"),
    reason="MEDICAL_AID_BY_STATUS",
    refusal="NO_STATUS_FOR_MEDICAL_AID",
    holds=lambda h, p: any_of(
        h.dibao,
        h.margin,
        h.any_tekun,
        h.any_dibao_single,
        all_of(h.rigid, h.any_ill),
        all_of(p.medical_aid_monitored, h.monitored),
    ),
)
_STUDENT: Final = Claim(
    id="education_aid.student",
    cites=("D649", "第三十三条"),
    refusal="NO_STUDENT",
    holds=lambda h, p: h.any_student,
)
_HOUSING: Final = Claim(
    id="housing_aid.housing",
    cites=("D649", "第三十七条"),
    refusal="HOUSING_IS_SAFE",
    holds=lambda h, p: one_of(h.housing, POOR_HOUSING),
    shows=lambda h, p: h.housing,
)
_JOBLESS: Final = Claim(
    id="employment_aid.jobless",
    cites=("D649", "第四十二条"),
    refusal="NO_JOBLESS_MEMBER",
    holds=lambda h, p: h.any_jobless,
)


def _low_income(programme: str, article: tuple[str, str]) -> Claim:
    return Claim(
        id=f"{programme}.low_income",
        cites=article,
        reason="LOW_INCOME_STATUS",
        refusal=_LOW_INCOME_ONLY,
        holds=lambda h, p: h.is_low_income,
    )


_POOR_PUPIL: Final = _low_income("education_aid", ("D649", "第三十三条"))
_POOR_HOME: Final = _low_income("housing_aid", ("D649", "第三十七条"))
_POOR_JOBLESS: Final = _low_income("employment_aid", ("D649", "第四十二条"))


def covered(m: Value, p: Value) -> Value:
    """Everyone of the family: who is counted, and who is tekun."""
    return any_of(m.is_counted, m.tekun)


def medical_members(m: Value, p: Value) -> Value:
    """The family of a dibao or margin household, else those with a status of their own, or ill in a rigid one."""
    h = m.home
    return any_of(
        m.tekun,
        m.dibao_single,
        all_of(m.is_inside, any_of(h.dibao, h.margin, all_of(p.medical_aid_monitored, h.monitored))),
        all_of(h.rigid, m.is_ill),
    )


BEFORE: Final[tuple[Step, ...]] = (
    HouseholdFigure("is_low_income", is_low_income),
    PersonFigure("is_student", is_student),
    PersonFigure("is_ill", is_ill),
    PersonFigure("is_jobless", is_jobless),
    Fold("any_student", "members", "any", lambda m, p: m.is_student),
    Fold("any_ill", "members", "any", lambda m, p: m.is_ill),
    Fold("any_jobless", "members", "any", lambda m, p: m.is_jobless),
)

SPECIAL_AIDS: Final = (
    Programme(code="medical_aid", scope="household", holds=lambda h, p: _MEDICAL(h, p), members=medical_members),
    Programme(
        code="education_aid",
        scope="household",
        holds=lambda h, p: all_of(_POOR_PUPIL(h, p), _STUDENT(h, p)),
        members=lambda m, p: m.is_student,
    ),
    Programme(
        code="housing_aid",
        scope="household",
        holds=lambda h, p: all_of(_POOR_HOME(h, p), _HOUSING(h, p)),
        members=covered,
    ),
    Programme(
        code="employment_aid",
        scope="household",
        holds=lambda h, p: all_of(_POOR_JOBLESS(h, p), _JOBLESS(h, p)),
        members=lambda m, p: m.is_jobless,
    ),
)
