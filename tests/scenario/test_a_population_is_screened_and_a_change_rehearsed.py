"""`screen` and `simulate` as a person at the machine uses them, on the running suite."""

import json

from tests.scenario.test_the_command_line_at_work import yiqijiu
from tests.support.suite import RunningSuite


async def test_every_household_is_screened_and_counted_once_for_each_programme(suite: RunningSuite) -> None:
    status, out, _ = await yiqijiu(suite, "screen", "--json")
    assert status == 0
    run = json.loads(out)
    assert run["state"] == "completed" and run["cause"] in ("officer", "command")
    assert run["households"] == run["progress"]["households_total"]
    assert len(run["programmes"]) == 18
    for row in run["programmes"]:
        counted = row["eligible"] + row["already"] + row["unknown"] + row["not_eligible"]
        assert counted == run["households"], row["code"]
    status, out, err = await yiqijiu(suite, "screen", "--since", run["id"])
    assert status == 0 and "最低生活保障" in out and "线索" in err


async def test_a_place_that_is_none_is_refused_in_words(suite: RunningSuite) -> None:
    status, _, err = await yiqijiu(suite, "screen", "--division", "nowhere")
    assert status == 1 and "division" in err and "怎么办" in err


async def test_a_higher_standard_costs_more_and_takes_from_nobody(suite: RunningSuite) -> None:
    status, out, _ = await yiqijiu(suite, "simulate", "--set", "dibao_standard_month=950", "--json")
    assert status == 0
    run = json.loads(out)
    assert run["tests"]["failed"] == 0 and run["tests"]["passed"] > 0
    figures = run["figures"]
    assert float(figures["yearly_after"]) >= float(figures["yearly_before"])
    assert figures["less"] == figures["lost"] == 0


async def test_a_parameter_that_does_not_exist_is_named(suite: RunningSuite) -> None:
    status, _, err = await yiqijiu(suite, "simulate", "--set", "nonsense=1")
    assert status == 1 and "changes[0].parameter" in err
    status, _, err = await yiqijiu(suite, "simulate")
    assert status == 2 and "--set" in err
