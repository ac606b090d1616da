"""A grid worker's report → a GridReport, and what must be noticed about it before anyone acts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from services.intake.records.fields import Fields
from services.intake.records.identity import Gender, Identity, read_id_type, read_identity
from services.intake.records.issues import Action, Issue, Notes, check, gravest, load_yaml
from services.intake.records.text_cells import read_division

Urgency = Literal["red", "yellow", "blue"]

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_FIELDS = (
    "report_id", "reported_at", "reporter", "grid_code", "division_code", "place", "person", "household_size", "kinds",
    "urgency", "text", "safe_to_call", "consent", "photos", "channel",
)  # fmt: skip
_PERSON_FIELDS = ("name", "gender", "age", "id_type", "id_number", "phone", "alias")
_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reported. Personal, except `id`."""

    id: str
    name: str | None
    phone: str | None
    role: str | None


@dataclass(frozen=True, slots=True)
class ReportedPerson:
    """What is known of the person. `identity` is None without a number; `is_alias`: the name is a child's alias."""

    name: str | None
    gender: Gender | None
    age: int | None
    identity: Identity | None
    phone: str | None
    phone_is_usable: bool
    is_alias: bool


@dataclass(frozen=True, slots=True)
class GridReport:
    """One report. `division` is shortened; `has_informed_consent` and `shares` are what the family told the worker."""

    report_id: str
    reported_at: datetime
    reporter: Reporter
    grid_code: str | None
    division: str
    place: str | None
    person: ReportedPerson
    household_size: int | None
    kinds: tuple[str, ...]
    urgency: Urgency
    text: str | None
    is_safe_to_call: bool
    is_informed: bool
    shares: bool
    photos: tuple[str, ...]
    channel: str | None


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What reading one report gave: None when it cannot be stored, and the issues."""

    report: GridReport | None
    issues: tuple[Issue, ...]

    @property
    def action(self) -> Action:
        """What happens to the report."""
        return gravest(self.issues)


@cache
def _vocabulary(name: str) -> tuple[str, ...]:
    return tuple(load_yaml("grid.yaml")[name])


def report_kinds() -> tuple[str, ...]:
    """The codes of the report form."""
    return _vocabulary("kinds")


def read_report(body: Mapping[str, Any], *, now: datetime) -> ReadReport:
    """Read one report, given as the parsed JSON object. `now` is the present moment in any zone.

    The report is None when anything is wrong; the issues name each field. Otherwise the issues say what to notice.
    """
    notes = Notes()
    fields = Fields(body, "", notes)
    fields.only(_FIELDS)
    report_id = fields.text("report_id", needed=True, most=_LONGEST_ID)
    reported_at = fields.moment("reported_at", needed=True)
    if reported_at and reported_at > now + timedelta(minutes=check("clock_skew_minutes")):
        notes.add("DATE_FUTURE", "reported_at")
    division_text = fields.raw("division_code", str, needed=True)
    division = read_division(division_text, field="division_code", notes=notes, strict=True) if division_text else None
    person = _read_person(fields, now, notes)
    consent = fields.inner("consent", needed=True) or Fields({}, "consent", Notes())
    consent.only(("informed", "share_with_partners"))
    is_informed = consent.flag("informed", needed=True)
    shares = consent.flag("share_with_partners", needed=True)
    rest = _read_rest(fields)
    if notes.has_error or not (report_id and reported_at and division and person):
        return ReadReport(None, notes.issues)
    report = GridReport(
        report_id=report_id, reported_at=reported_at, division=division, person=person,
        is_informed=bool(is_informed), shares=bool(shares), **rest,
    )  # fmt: skip
    notes.extend(_notices(report))
    return ReadReport(report, notes.issues)


def _read_rest(fields: Fields) -> dict[str, Any]:
    reporter = fields.inner("reporter", needed=True) or Fields({"id": "-"}, "reporter", Notes())
    reporter.only(("id", "name", "phone", "role"))
    safe = fields.flag("safe_to_call", default=True)
    return {
        "reporter": Reporter(
            reporter.text("id", needed=True, most=_LONGEST_ID) or "",
            reporter.name("name"),
            reporter.phone("phone")[0],
            reporter.text("role", most=40),
        ),
        "grid_code": fields.text("grid_code", most=40),
        "place": fields.text("place", most=200, strict=False),
        "household_size": fields.whole("household_size", 1, 50),
        "kinds": _read_kinds(fields),
        "urgency": cast(Urgency, fields.choice("urgency", _vocabulary("urgencies"), needed=True)),
        "text": fields.narrative("text"),
        "is_safe_to_call": safe is not False,
        "photos": fields.texts("photos"),
        "channel": fields.text("channel", most=40),
    }


def _read_kinds(fields: Fields) -> tuple[str, ...]:
    kinds = fields.raw("kinds", list, needed=True)
    if kinds is None:
        return ()
    if not kinds or any(kind not in report_kinds() for kind in kinds if isinstance(kind, str)):
        fields.notes.add("FIELD_CHOICE", "kinds")
    if any(not isinstance(kind, str) for kind in kinds) or len(kinds) > len(report_kinds()):
        fields.notes.add("FIELD_TYPE", "kinds")
        return ()
    return tuple(dict.fromkeys(kinds))


def _read_person(fields: Fields, now: datetime, notes: Notes) -> ReportedPerson | None:
    person = fields.inner("person", needed=True)
    if person is None:
        return None
    person.only(_PERSON_FIELDS)
    number = person.raw("id_number", str)
    id_type = person.raw("id_type", str) or ""
    identity = None
    if number:
        code = read_id_type(id_type, field="person.id_type", notes=notes)
        today = now.astimezone(_SHANGHAI).date()
        if code:
            identity = read_identity(number, notes=notes, not_after=today, id_type=code, strict=True, prefix="person.")
    phone, is_usable = person.phone("phone")
    gender = cast(Gender | None, person.choice("gender", ("female", "male")))
    return ReportedPerson(
        name=person.name("name"),
        gender=(identity.gender if identity else None) or gender,
        age=person.whole("age", 0, check("oldest_age_years")),
        identity=identity,
        phone=phone,
        phone_is_usable=is_usable,
        is_alias=bool(person.flag("alias", default=False)),
    )


def _notices(report: GridReport) -> Iterable[Issue]:
    if report.person.is_alias:
        yield Issue("CHILD_ALIAS", "person.name")
    if not report.is_safe_to_call:
        yield Issue("DO_NOT_CALL", "person.phone")
    if report.person.identity is None and report.person.name is None:
        yield Issue("NO_IDENTITY", "person.id_number")
    if refers_nobody(report):
        yield Issue("NEGATIVE_CLUE", "kinds")
    if not report.shares and any(word in (report.text or "") for word in _vocabulary("no_referral_words")):
        yield Issue("NO_REFERRAL", "consent")


def refers_nobody(report: GridReport) -> bool:
    """Whether it holds nothing but negative clues: they open a review and refer nobody."""
    return set(report.kinds) <= set(_vocabulary("negative_kinds"))


def notice_known(
    report: GridReport, *, is_known_person: bool, same_name_reports: Iterable[GridReport]
) -> tuple[Issue, ...]:
    """What to notice once it is known what is recorded already.

    `same_name_reports` are other reports of the same village. A number that is known makes one case with two causes;
    the same name in the same village without a number is a question for a person, never a merge.
    """
    if report.person.identity is not None:
        return (Issue("SAME_PERSON", "person.id_number"),) if is_known_person else ()
    if report.person.name is None or report.person.is_alias:
        return ()
    for other in same_name_reports:
        if (
            other.report_id != report.report_id
            and other.person.name == report.person.name
            and other.division == report.division
            and not other.person.is_alias
        ):
            return (Issue("POSSIBLE_DUPLICATE", "person.name", (("report_id", other.report_id),)),)
    return ()
