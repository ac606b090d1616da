"""What an assessment is: codes, whole figures and refs, nothing rendered.

This is what is stored. Sentences, citations and yuan texts are made from it when it is read (`rendering.py`), in any
language, at any later time.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

Outcome = Literal["eligible", "not_eligible", "unknown"]
Verdict = Literal["pass", "fail", "unknown"]
Shown = int | str | bool | None


class CheckedTest(NamedTuple):
    """One test: its id, verdict and the figures to show (fen, ten-thousandths, whole numbers or codes by its unit)."""

    id: str
    verdict: Verdict
    actual: Shown
    threshold: Shown
    member: str = ""
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Margin:
    """How far the deciding figure is from its line, in the unit of the test: negative on the wrong side of it.

    For a refusal it stands on the one failing comparison; for a yes on the tightest one passed. `near_miss`: a refusal
    by at most the dated share of the line.
    """

    test: str
    distance: int
    near_miss: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One programme's answer. Amounts in fen; None while the answer is unknown."""

    programme: str
    outcome: Outcome
    members: tuple[str, ...] = ()
    monthly_fen: int | None = 0
    one_off_fen: int | None = 0
    components: tuple[tuple[str, int], ...] = ()
    authority: str | None = None
    reason_codes: tuple[str, ...] = ()
    margin: Margin | None = None
    tests: tuple[CheckedTest, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def is_near_miss(self) -> bool:
        """Refused for one figure only, and by little."""
        return self.margin is not None and self.margin.near_miss


@dataclass(frozen=True, slots=True)
class Trigger:
    """The self-paid sum of a person-year against the threshold in force on its latest settlement. Fen."""

    year: int
    sum_fen: int
    threshold_fen: int | None
    fired: bool | None


@dataclass(frozen=True, slots=True)
class Need:
    """A need and who should hear of it.

    `why` are the rows of the routing table that found it. `member` is the one person it is about, "" for the household.
    `gap_fen` is what of a known cost no aid covers yet, None when nobody can say.
    """

    code: str
    partners: tuple[str, ...]
    bureaux: tuple[str, ...]
    why: tuple[str, ...]
    near_miss: bool = False
    member: str = ""
    gap_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """A household checked against every programme on one day in one place."""

    place: str
    as_of: date
    status: str | None
    people: int | None
    per_capita_fen: int | None
    trigger: Trigger | None
    findings: tuple[Finding, ...]
    monthly_total_fen: int
    needs: tuple[Need, ...]
    version: str
    digest: str

    def finding(self, programme: str) -> Finding:
        """The answer of one programme.

        Raises: KeyError for a programme that was not checked.
        """
        for finding in self.findings:
            if finding.programme == programme:
                return finding
        raise KeyError(programme)

    @property
    def is_near_miss(self) -> bool:
        """Some programme was missed by little."""
        return any(finding.is_near_miss for finding in self.findings)

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        """The stored form: JSON of codes, whole numbers and refs."""
        return {
            "place": self.place,
            "as_of": self.as_of.isoformat(),
            "status": self.status,
            "people": self.people,
            "per_capita_fen": self.per_capita_fen,
            "trigger": _trigger_out(self.trigger),
            "findings": [_finding_out(finding) for finding in self.findings],
            "monthly_total_fen": self.monthly_total_fen,
            "needs": [_need_out(need) for need in self.needs],
            "version": self.version,
            "digest": self.digest,
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Assessment":  # Any: JSON
        """Read the stored form back."""
        trigger = raw["trigger"]
        return cls(
            place=raw["place"],
            as_of=date.fromisoformat(raw["as_of"]),
            status=raw["status"],
            people=raw["people"],
            per_capita_fen=raw["per_capita_fen"],
            trigger=Trigger(**trigger) if trigger else None,
            findings=tuple(_finding_in(each) for each in raw["findings"]),
            monthly_total_fen=raw["monthly_total_fen"],
            needs=tuple(_need_in(each) for each in raw["needs"]),
            version=raw["version"],
            digest=raw["digest"],
        )


def _trigger_out(trigger: Trigger | None) -> dict[str, Any] | None:  # Any: JSON
    if trigger is None:
        return None
    return {
        "year": trigger.year,
        "sum_fen": trigger.sum_fen,
        "threshold_fen": trigger.threshold_fen,
        "fired": trigger.fired,
    }


def _finding_out(finding: Finding) -> dict[str, Any]:  # Any: JSON
    raw: dict[str, Any] = {  # Any: JSON
        "programme": finding.programme,
        "outcome": finding.outcome,
        "members": list(finding.members),
        "monthly_fen": finding.monthly_fen,
        "one_off_fen": finding.one_off_fen,
        "components": [list(each) for each in finding.components],
        "authority": finding.authority,
        "reason_codes": list(finding.reason_codes),
        "tests": [list(line) for line in finding.tests],
        "missing": list(finding.missing),
    }
    if finding.margin:
        raw["margin"] = [finding.margin.test, finding.margin.distance, finding.margin.near_miss]
    return raw


def _finding_in(raw: dict[str, Any]) -> Finding:  # Any: JSON
    return Finding(
        programme=raw["programme"],
        outcome=raw["outcome"],
        members=tuple(raw["members"]),
        monthly_fen=raw["monthly_fen"],
        one_off_fen=raw["one_off_fen"],
        components=tuple((code, fen) for code, fen in raw["components"]),
        authority=raw["authority"],
        reason_codes=tuple(raw["reason_codes"]),
        margin=Margin(*raw["margin"]) if "margin" in raw else None,
        tests=tuple(CheckedTest(*each) for each in raw["tests"]),
        missing=tuple(raw["missing"]),
    )


def _need_out(need: Need) -> dict[str, Any]:  # Any: JSON
    return {
        "code": need.code,
        "partners": list(need.partners),
        "bureaux": list(need.bureaux),
        "why": list(need.why),
        "near_miss": need.near_miss,
        "member": need.member,
        "gap_fen": need.gap_fen,
    }


def _need_in(raw: dict[str, Any]) -> Need:  # Any: JSON
    return Need(
        code=raw["code"],
        partners=tuple(raw["partners"]),
        bureaux=tuple(raw["bureaux"]),
        why=tuple(raw["why"]),
        near_miss=raw["near_miss"],
        member=raw["member"],
        gap_fen=raw["gap_fen"],
    )
