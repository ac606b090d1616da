"""`import` and `dlq` as a person at the machine uses them, on the running suite."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.local.opened import opened_databases
from deploy.local.town.recipes import card_holder
from tests.support.suite import RunningSuite
from tests.support.waiting import until

DATA = Path(__file__).parents[1] / "data"


async def yiqijiu(suite: RunningSuite, *arguments: str) -> tuple[int, str, str]:
    """Run a command beside the suite; answers (exit status, stdout, stderr)."""
    env = os.environ | {
        "YIQIJIU_HOME": str(suite.stage.home.path),
        "NO_COLOR": "1",
        "LANG": "zh_CN.UTF-8",
        "LC_ALL": "",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local", *arguments),
        cwd=Path(__file__).parents[2],
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_good_file_goes_in_and_again_changes_nothing(suite: RunningSuite) -> None:
    file = str(DATA / "hospital-costs-gbk.csv")
    status, out, _ = await yiqijiu(suite, "import", file, "--kind", "hospital-costs", "--json")
    assert status == 0
    counts = json.loads(out)["counts"]
    assert (counts["rows"], counts["new"] + counts["same"], counts["rejected"]) == (40, 40, 0)
    status, _, err = await yiqijiu(suite, "import", file, "--kind", "hospital-costs")
    assert status == 0 and "导入过" in err


async def test_rejected_rows_are_told_by_line_and_the_status_says_so(suite: RunningSuite) -> None:
    file = str(DATA / "hospital-costs-dirty.csv")
    status, out, err = await yiqijiu(suite, "import", file, "--kind", "hospital-costs")
    assert status == 3
    assert "ID_CHECK_DIGIT" in out and "证件号码" in out
    assert "退回共 26 行" in err
    status, out, _ = await yiqijiu(suite, "import", file, "--kind", "hospital-costs", "--json")
    assert {(row["line"], row["code"]) for row in json.loads(out)["errors"]} >= {
        (2, "ID_CHECK_DIGIT"),
        (15, "ID_MISSING"),
    }


async def test_a_file_without_a_needed_column_is_refused_as_a_whole(suite: RunningSuite) -> None:
    file = str(DATA / "hospital-costs-missing-column.csv")
    status, _, err = await yiqijiu(suite, "import", file, "--kind", "hospital-costs")
    assert status == 1
    assert "结算流水号" in err and "没有导入任何一行" in err


async def test_other_headers_need_a_word(suite: RunningSuite) -> None:
    file = str(DATA / "hospital-costs-other-headers.csv")
    status, _, err = await yiqijiu(suite, "import", file, "--kind", "hospital-costs")
    assert status == 1 and "流水号 → settlement_id" in err
    status, _, _ = await yiqijiu(suite, "import", file, "--kind", "hospital-costs", "--yes")
    assert status == 0


async def dead_letter(suite: RunningSuite) -> UUID:
    """Set aside, by hand, an event that referral has taken in; answers its id."""
    household = await suite.register(card_holder(suite.family("350605"), 0).body(suite.rng))
    await suite.referrals_when(household, lambda found: len(found) > 0)
    async with opened_databases(suite.stage.home.path, read_only=False) as databases:
        row = await databases["eligibility"].fetchrow(
            "SELECT id, subject, division, body FROM outbox WHERE ref = $1 AND subject = $2 ORDER BY id LIMIT 1",
            UUID(household),
            "eligibility.assessment.completed",
        )
        await databases["referral"].execute(
            "INSERT INTO dead_letter (event_id, consumer, subject, division, body, error, attempts)"
            " VALUES ($1, 'referral', $2, $3, $4, 'ValueError', 5)",
            *(row["id"], row["subject"], row["division"], row["body"]),
        )
        identifier: UUID = row["id"]
        return identifier


async def state_of(suite: RunningSuite, event: UUID) -> dict[str, Any]:
    async with opened_databases(suite.stage.home.path) as databases:
        query = "SELECT state, reason FROM dead_letter WHERE event_id = $1"
        return dict(await databases["referral"].fetchrow(query, event))


async def test_a_dead_letter_is_listed_shown_and_tried_again(suite: RunningSuite) -> None:
    event = await dead_letter(suite)
    status, out, _ = await yiqijiu(suite, "dlq", "list", "--json")
    assert status == 0 and str(event) in [row["event_id"] for row in json.loads(out)]
    status, out, _ = await yiqijiu(suite, "dlq", "show", str(event))
    assert status == 0 and json.loads(out)[0]["body"]["type"] == "eligibility.assessment.completed"
    status, _, _ = await yiqijiu(suite, "dlq", "retry", str(event))
    assert status == 0

    async def is_resolved() -> bool:
        return bool((await state_of(suite, event))["state"] == "resolved")

    await until(is_resolved, every_s=0.2, what="the dead letter to take effect")


async def test_a_dead_letter_is_dropped_with_a_reason_only(suite: RunningSuite) -> None:
    event = await dead_letter(suite)
    status, _, _ = await yiqijiu(suite, "dlq", "drop", str(event))
    assert status == 2
    status, _, _ = await yiqijiu(suite, "dlq", "drop", str(event), "--reason", "重复推送，已核实")
    assert status == 0
    assert await state_of(suite, event) == {"state": "dropped", "reason": "重复推送，已核实"}
    status, _, err = await yiqijiu(suite, "dlq", "retry", str(event))
    assert status == 1 and "没有这条" in err


async def test_verify_says_that_everything_holds(suite: RunningSuite) -> None:
    status, out, _ = await yiqijiu(suite, "verify", "--json")
    told = json.loads(out)
    assert status == 0, [check for check in told["checks"] if not check["holds"]]
    assert told["clean"] is True and {check["invariant"] for check in told["checks"]} == {1, 2, 3, 4, 5, 6}
