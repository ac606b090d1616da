"""A civil-affairs office imports its roll: families on it are served and told so, and a newer roll ends it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from deploy.local.opened import Databases, opened_databases
from deploy.local.town.stories import widower
from deploy.local.verify.broker import look_at_broker
from deploy.local.verify.check import Verdict
from deploy.local.verify.events import check_events
from deploy.local.verify.rolls import check_rolls, people_on_rolls
from tests.scenario.test_the_command_line_at_work import yiqijiu
from tests.scenario.test_verify_names_each_breach import planted
from tests.support.forms import grid_report
from tests.support.suite import RunningSuite
from tests.support.waiting import until

HEADERS = ["姓名", "证件号码", "救助项目", "所属区划", "享受起始年月", "月救助金额"]
TOWNSHIP = "350602007"


def roll(folder: Path, name: str, *lines: list[str]) -> str:
    """A roll as a file."""
    out = io.StringIO()
    csv.writer(out).writerows([HEADERS, *lines])
    (folder / name).write_text(out.getvalue(), encoding="utf-8")
    return str(folder / name)


async def brought_in(suite: RunningSuite, file: str) -> dict[str, Any]:
    """The counts of a roll brought in by the command line."""
    status, out, err = await yiqijiu(suite, "import", file, "--kind", "benefit-rolls", "--json")
    assert status == 0, err
    counts: dict[str, Any] = json.loads(out)["counts"]
    return counts


def looked_at(verdict: Verdict) -> dict[str, int]:
    """How many things each invariant was held against."""
    return {check.code: check.looked_at for check in verdict.checks}


async def test_a_family_on_the_roll_is_told_so_and_proposed_nothing_that_it_has(
    suite: RunningSuite, tmp_path: Path
) -> None:
    family = suite.family(f"{TOWNSHIP}003")
    draft = widower(family, 0)
    household = await suite.register(draft.body(suite.rng))
    report = grid_report(draft.patient, draft.village, suite.number(), "major_illness", reported_on=suite.today)
    await suite.account_of((await suite.post("/api/v1/intake/grid-reports", report))["record_id"])
    visit = await suite.get(f"/api/v1/eligibility/visits/{household}")
    proposed = {each["code"] for each in visit["programmes"]}
    assert proposed and visit["on_rolls"] == []
    held = sorted(proposed & {"dibao", "tekun", "margin"})[0]

    before = looked_at(await suite.verify())
    stranger = suite.family(f"{TOWNSHIP}003")
    other = widower(stranger, 0).patient
    line = [draft.patient.name, draft.patient.id_number, held, TOWNSHIP, "2025-03", "812.50"]
    unknown = [other.name, other.id_number, held, TOWNSHIP, "2024-11", ""]
    counts = await brought_in(suite, roll(tmp_path, "first.csv", line, unknown))
    assert (counts["new"], counts["rejected"]) == (2, 0)

    async def is_known() -> bool:
        told = await suite.get(f"/api/v1/eligibility/visits/{household}")
        return [each["code"] for each in told["on_rolls"]] == [held]

    await until(is_known, every_s=0.2, what="the roll to reach the visit list")
    visit = await suite.get(f"/api/v1/eligibility/visits/{household}")
    assert held not in {each["code"] for each in visit["programmes"]}
    case = await suite.get(f"/api/v1/households/{household}")
    (told,) = case["assessment"]["on_rolls"]
    assert (told["programme"], told["since"], told["monthly_amount"]) == (held, "2025-03-01", "812.50")
    assert [one["programme"] for one in case["household"]["benefits"]] == [held]
    page = await suite.page(f"/cases/{household}")
    assert "在册：" in page and "自2025-03" in page and draft.patient.id_number not in page
    assert "在册：" in await suite.page(f"/visits?division={TOWNSHIP}003")
    assert (await suite.verify()).breaches() == []

    gone = roll(tmp_path, "second.csv", unknown)
    counts = await brought_in(suite, gone)
    assert (counts["same"], counts["new"]) == (1, 0)

    async def is_over() -> bool:
        told = await suite.get(f"/api/v1/eligibility/visits/{household}")
        return not told["on_rolls"]

    await until(is_over, every_s=0.2, what="the newer roll to end it")
    verdict = await suite.verify()
    assert verdict.breaches() == []
    after = looked_at(verdict)
    assert after["roll_rows_stand_once"] - before["roll_rows_stand_once"] == 3
    assert after["rolls_are_known"] - before["rolls_are_known"] == 2


async def breaches(databases: Databases, folder: Path) -> str:
    """The breaches of the invariants of rolls."""
    told = await people_on_rolls(databases)
    _, pending = await check_events(databases, await look_at_broker(folder))
    checks = await check_rolls(databases, told, pending)
    return "\n".join(f"{check.code}: {breach}" for check in checks for breach in check.breaches)


async def test_verify_finds_a_line_that_was_lost_and_a_person_nobody_heard_of(
    suite: RunningSuite, tmp_path: Path
) -> None:
    someone = widower(suite.family("350603"), 0).patient
    await brought_in(
        suite, roll(tmp_path, "own.csv", [someone.name, someone.id_number, "低保", "350603001", "2025-03", ""])
    )
    folder = suite.stage.home.path

    async with opened_databases(folder, read_only=False) as databases:

        async def has_arrived() -> bool:
            query = "SELECT count(*) FROM person_benefit WHERE division = '350603001'"
            return bool(await databases["eligibility"].fetchval(query))

        await until(has_arrived, every_s=0.2, what="the roll to arrive")
        assert await breaches(databases, folder) == ""
        async with planted(databases, "intake", "DELETE FROM roll_line WHERE division = '350603001'"):
            assert "roll_rows_stand_once: stores another number" in await breaches(databases, folder)
        async with planted(databases, "eligibility", "DELETE FROM person_benefit WHERE division = '350603001'"):
            assert "rolls_are_known: on a roll, and unknown there" in await breaches(databases, folder)
        wrong = "UPDATE person_benefit SET benefits = '[]' WHERE division = '350603001'"
        async with planted(databases, "eligibility", wrong):
            assert "rolls_are_known: known otherwise" in await breaches(databases, folder)


async def test_a_roll_without_a_needed_column_or_of_nothing_known_is_refused(
    suite: RunningSuite, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_text("姓名,证件号码,救助项目,享受起始年月\n林示例,1,低保,2025-03\n", encoding="utf-8")
    status, _, err = await yiqijiu(suite, "import", str(tmp_path / "bad.csv"), "--kind", "benefit-rolls")
    assert status == 1 and "所属区划" in err and "没有导入任何一行" in err
