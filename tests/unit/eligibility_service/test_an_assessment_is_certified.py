"""Certificates, notices and plain versions of stored assessments, over HTTP."""

from typing import Any

import orjson
from sqlalchemy import text

from services.eligibility.actions.books import keep_book
from services.eligibility.rules.book import RuleBook, file_book
from services.eligibility.rules.certificate import is_genuine, sha256_of
from tests.unit.eligibility_service.conftest import Service
from tests.unit.eligibility_service.make import make_bill, make_care, make_facts, make_household, make_member, ref

ROOT = "/api/v1/eligibility"


async def _lins(service: Service) -> dict[str, Any]:
    await service.take(
        make_household("lins", make_member("lin", serious_illness=True)),
        make_care("lin", make_bill("b1", "52000.00"), household="lins"),
    )
    live = await service.live("lins")
    assert live is not None
    return live


async def test_a_certificate_holds_facts_tests_articles_book_and_engine_and_its_own_digest(service: Service) -> None:
    live = await _lins(service)
    answer = await service.http.get(f"{ROOT}/assessments/{live['assessment_id']}/certificate")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert is_genuine(answer.content)
    told = answer.json()
    assert told["assessment"]["assessment_id"] == str(live["assessment_id"])
    assert told["assessment"]["engine"] == "plain-1" and told["rule_book"]["digest"] == live["rule_digest"]
    assert told["facts"] == live["facts"] and told["findings_sha256"] == live["findings_sha256"]
    assert told["findings_sha256"] == sha256_of(live["findings"].encode())
    income = next(test for finding in told["answer"]["findings"] for test in finding["tests"])
    assert {"actual", "threshold", "citation", "text", "operator"} <= set(income)
    standard = next(row for row in told["parameters"] if row["id"] == "dibao_standard_month")
    assert standard["value"] == "900.00" and standard["division"] == "350602" and standard["source"]["article"]
    assert "由有权的机关和人员作出决定" in told["standing"]["zh"]


async def test_a_certificate_is_the_same_bytes_again_and_a_changed_one_is_found_out(service: Service) -> None:
    live = await _lins(service)
    url = f"{ROOT}/assessments/{live['assessment_id']}/certificate"
    first = (await service.http.get(url)).content
    await service.take(
        make_care("lin", make_bill("b1", "52000.00"), make_bill("b2", "9000.00"), version=2, household="lins")
    )
    assert (await service.live("lins"))["assessment_id"] != live["assessment_id"]  # type: ignore[index] # there is one
    assert (await service.http.get(url)).content == first, "a new assessment does not change the old one's certificate"
    assert not is_genuine(first.replace(b'"52000.00"', b'"42000.00"'))


async def test_a_certificate_of_a_former_rule_book_is_made_by_that_book(service: Service) -> None:
    live = await _lins(service)
    url = f"{ROOT}/assessments/{live['assessment_id']}/certificate"
    first = (await service.http.get(url)).json()
    digest = await _keep_a_former_book(service)
    async with service.database.transaction() as db:
        await db.execute(text("UPDATE assessment SET rule_digest = :digest"), {"digest": digest})
    answer = await service.http.get(url)
    assert answer.status_code == 200, answer.text
    assert is_genuine(answer.content)
    again = answer.json()
    assert again["answer"]["findings"][0]["tests"] == first["answer"]["findings"][0]["tests"]
    claims = [test["text"]["zh"] for finding in again["answer"]["findings"] for test in finding["tests"]]
    assert "从前的说法" in claims, "the sentence is the one of that day"
    told = (await service.http.get(f"{ROOT}/assessments/{live['assessment_id']}")).json()
    assert told["cliff"] is None and told["steps"] == {}


async def test_a_check_tells_of_the_cliff_when_it_is_asked_to(service: Service) -> None:
    member = make_member("m1", serious_illness=True) | {"incomes": [{"kind": "transfer", "monthly": "880.00"}]}
    body = {"county": "350602", "as_of": "2025-03-01", "household": make_facts(member)}
    plain = (await service.http.post(f"{ROOT}/checks", json=body)).json()
    told = (await service.http.post(f"{ROOT}/checks", params={"advice": "true"}, json=body)).json()
    assert told["cliff"]["at"] == "900.00" and told["cliff"]["programmes"] == ["dibao"]
    assert "steps" not in plain and {name: told[name] for name in plain} == plain


async def _keep_a_former_book(service: Service) -> str:
    """A book whose texts differ from those at hand, kept as a former release would have kept it."""
    texts = dict(file_book().texts)
    said, then = "fail: {zh: 没有上报自然灾害", "fail: {zh: 从前的说法"
    texts["texts.yaml"] = texts["texts.yaml"].replace(said, then)
    former = RuleBook(texts=texts)
    async with service.database.transaction() as db:
        await keep_book(db, former)
    return former.digest


async def test_a_withdrawn_assessment_has_nothing_to_certify(service: Service) -> None:
    live = await _lins(service)
    async with service.database.transaction() as db:
        await db.execute(text("UPDATE assessment SET state = 'withdrawn'"))
    for what in ("certificate", "notice-content", "plain"):
        answer = await service.http.get(f"{ROOT}/assessments/{live['assessment_id']}/{what}")
        assert answer.status_code == 409 and answer.json()["code"] == "assessment_without_findings"
    answer = await service.http.get(f"{ROOT}/assessments/{ref('nobody')}/certificate")
    assert answer.status_code == 404 and answer.json()["code"] == "unknown_assessment"


async def test_the_notice_names_refs_only_and_what_was_checked(service: Service) -> None:
    live = await _lins(service)
    told = (await service.http.get(f"{ROOT}/assessments/{live['assessment_id']}/notice-content")).json()
    assert told["applicant"] == str(ref("lin")) and told["office"]["zh"] == "芗城区民政局" and told["phone"] == "12349"
    assert told["number"].startswith("350602-") and told["certificate_sha256"]
    assert {item["outcome"] for item in told["items"]} <= {"eligible", "unknown", "not_eligible"}
    assert orjson.dumps(told["rights"]).decode().count("60日") == 1


async def test_the_plain_version_says_until_when_somebody_comes(service: Service) -> None:
    live = await _lins(service)
    visit = await service.visit("lins")
    assert visit is not None
    told = (await service.http.get(f"{ROOT}/assessments/{live['assessment_id']}/plain")).json()
    _, month, day = visit["due_on"].split("-")
    assert f"将在{int(month)}月{int(day)}日前" in told["zh"] and len(told["zh"]) <= 120
    assert visit["due_on"] in told["en"]


async def test_an_assessment_says_what_would_change_it_and_how_it_was_worked_out(service: Service) -> None:
    live = await _lins(service)
    told = (await service.http.get(f"{ROOT}/assessments/{live['assessment_id']}")).json()
    assert told["steps"]["household"][-1]["code"] == "per_head" and told["steps"]["dibao"][-1]["code"] == "dibao_sum"
    assert told["cliff"] is None, "the bills are taken off so high an income that no rise costs more than it brings"
    assert all({"fact", "name", "source", "settles", "bears_on"} <= set(each) for each in told["missing_facts"])
