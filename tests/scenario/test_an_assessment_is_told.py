"""What an assessment is told as: a certificate of the same bytes each time, a notice as a PDF, a plain version."""

from tests.scenario.test_the_same_bill_counts_once import someone_with_a_bill
from tests.support.suite import RunningSuite


async def test_the_family_gets_a_notice_and_the_officer_a_certificate(suite: RunningSuite) -> None:
    _, receipt = await someone_with_a_bill(suite, "61000.00")
    account = (await suite.account_of(receipt["record_id"]))["account"]
    path = f"/api/v1/eligibility/assessments/{account['assessment_id']}"
    first, again = [await suite.client.get(f"{path}/certificate") for _ in range(2)]
    assert first.status_code == 200 and first.content == again.content
    assert first.json()["sha256"] and first.json()["rule_book"]["digest"].startswith("sha256:")
    notice = await suite.client.get(f"{path}/notice")
    assert notice.status_code == 200 and notice.headers["content-type"] == "application/pdf"
    assert notice.content.startswith(b"%PDF") and b"%%EOF" in notice.content[-16:]
    plain = await suite.get(f"{path}/plain")
    assert 0 < len(plain["zh"]) <= 120


async def test_an_assessment_that_is_none_has_no_notice(suite: RunningSuite) -> None:
    answer = await suite.client.get("/api/v1/eligibility/assessments/00000000-0000-4000-8000-000000000000/notice")
    assert answer.status_code == 404 and answer.json()["code"]
