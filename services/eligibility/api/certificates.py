"""What an assessment is told as: the decision certificate, the content of the notice, and the plain version."""

from datetime import date
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response

from services.contracts.divisions import divisions
from services.eligibility.actions.books import book_by_digest
from services.eligibility.actions.certificates import WITH_FINDINGS, certificate_of
from services.eligibility.actions.holdings import holding_of, without_held
from services.eligibility.api.answers import Words
from services.eligibility.api.on_rolls import on_rolls
from services.eligibility.errors import NoFindings, UnknownAssessment
from services.eligibility.models import Assessment
from services.eligibility.rules.assessment import Assessment as Answer
from services.eligibility.rules.letters import Office, notice_content, office_of, plain_version
from services.eligibility.store.assessments import find_assessment
from services.eligibility.store.visits import find_visit
from services.kit.application import router
from services.kit.auth import require
from services.kit.clock import Clock
from services.kit.db import SessionDep

routes = router(prefix="/api/v1/eligibility", tags=["certificates"])
_MAY = [require("eligibility:read")]
_COUNTY = 6


@routes.get(
    "/assessments/{assessment_id}/certificate",
    dependencies=_MAY,
    summary="核对证书 / The decision certificate",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}}},
)
async def get_certificate(assessment_id: UUID, db: SessionDep) -> Response:
    """Facts used, values in force, each test with actual against threshold and article, the rule book, the engine.

    RFC 8785 JSON: the same bytes at any later time, with their own `sha256`.
    """
    document = await certificate_of(db, await find_with_findings(db, assessment_id))
    return Response(document, media_type="application/json")


@routes.get(
    "/assessments/{assessment_id}/notice-content", dependencies=_MAY, summary="告知书的内容 / What the notice says"
)
async def get_notice_content(assessment_id: UUID, db: SessionDep) -> dict[str, Any]:
    """The notice without names: people are refs, which whoever prints it fills in. A proposal, never a refusal."""
    row = await find_with_findings(db, assessment_id)
    document = orjson.loads(await certificate_of(db, row))
    holding = await holding_of(db, row.household_ref, Clock().today())
    book = await book_by_digest(db, row.rule_digest)
    content = notice_content(_answer(row), book, office=_office(row.division), held=holding.covers)
    members = orjson.loads(row.facts)["household"]["members"]
    applicant = next((each["ref"] for each in members if each.get("relation") == "self"), members[0]["ref"])
    return {
        "number": _number(row),
        "assessment_id": row.assessment_id,
        "household_ref": row.household_ref,
        "division": row.division,
        "place": divisions().full_name(row.division) or row.division,
        "applicant": applicant,
        "date": row.as_of,
        **content,
        "on_rolls": [line.text for line in on_rolls(holding, ())],
        "certificate_sha256": document["sha256"],
        "rule_book": {"version": row.rule_version, "digest": row.rule_digest},
        "engine": row.engine,
    }


@routes.get(
    "/assessments/{assessment_id}/plain",
    dependencies=_MAY,
    summary="一句话说明 / The plain version",
    response_model=Words,
)
async def get_plain(assessment_id: UUID, db: SessionDep) -> Words:
    """What, why, what next, by when and whom to call; the Chinese has at most 120 characters.

    What the family is on the roll of is not proposed to it again.
    """
    row = await find_with_findings(db, assessment_id)
    book = await book_by_digest(db, row.rule_digest)
    visit = await find_visit(db, row.household_ref)
    due: date | None = visit.due_on if visit is not None and visit.state == "open" else None
    holding = await holding_of(db, row.household_ref, Clock().today())
    answer = without_held(_answer(row), holding)
    return Words(**plain_version(answer, book, office=_office(row.division), due=due, held=list(holding.first_days())))


async def find_with_findings(db: SessionDep, assessment_id: UUID) -> Assessment:
    """An assessment of which there is something to tell.

    Raises: UnknownAssessment; NoFindings.
    """
    row = await find_assessment(db, assessment_id)
    if row is None:
        raise UnknownAssessment()
    if row.state not in WITH_FINDINGS:
        raise NoFindings()
    return row


def _answer(row: Assessment) -> Answer:
    return Answer.from_json(orjson.loads(row.findings))


def _office(division: str) -> Office:
    county = division[:_COUNTY]
    found = divisions().get(county) if len(county) == _COUNTY else None
    return office_of(county, {"zh": found.name, "en": found.name} if found else None)


def _number(row: Assessment) -> str:
    """The notice's number: place, day, the household's how many-eth assessment, and the assessment's last digits."""
    return f"{row.division[:_COUNTY]}-{row.as_of:%Y%m%d}-{row.number:02d}-{row.assessment_id.hex[-6:].upper()}"
