"""Every row of the sample pushes, held against the answer keys beside them."""

from collections import defaultdict

import pytest

from services.contracts.money import yuan
from services.intake.records.batch import ReviewedLine, sum_record
from services.intake.records.headers import MappingNeeded, RefusedFile
from services.intake.records.hospital_file import open_hospital_file, review_hospital_file
from services.intake.records.issues import Action
from services.intake.records.sums import person_sums
from tests.unit.intake.samples import SOURCE, TODAY, expected, sample

DIRTY = [row for row in expected("hospital-costs-dirty-expected.csv") if row["file"] == "hospital-costs-dirty.csv"]


def read(name: str) -> list[ReviewedLine]:
    return review_hospital_file(sample(name), source=SOURCE, today=TODAY)


@pytest.fixture(scope="module")
def dirty() -> dict[int, ReviewedLine]:
    return {line.line: line for line in read("hospital-costs-dirty.csv")}


@pytest.mark.parametrize("row", DIRTY, ids=[f"{row['row']}-{row['code']}" for row in DIRTY])
def test_a_dirty_row_gets_its_code_its_column_its_action_and_its_sentence(
    row: dict[str, str], dirty: dict[int, ReviewedLine]
) -> None:
    line = dirty[int(row["line"])]
    found = {(issue.code, issue.column, issue.zh) for issue in line.issues}
    assert line.action == row["action"]
    if row["code"].startswith("OK_"):
        assert not line.issues
        return
    assert (row["code"], row["column"], row["message_zh"]) in found
    assert {code for code, _, _ in found} == {row["code"]}


@pytest.mark.parametrize(
    "row", [row for row in DIRTY if row["action"] in ("accept", "accept_warn", "hold")], ids=lambda row: row["code"]
)
def test_what_can_be_cleaned_is_stored(row: dict[str, str], dirty: dict[int, ReviewedLine]) -> None:
    cost = dirty[int(row["line"])].cost
    assert cost is not None
    shown = {
        "ID_15_DIGITS": cost.person.id_number,
        "ID_TYPE_MISMATCH": "居民身份证" * (cost.person.id_type == "resident_id"),
        "DIVISION_ABOLISHED": cost.division,
        "DIVISION_NAME": cost.division,
        "REFUND_MATCHED": yuan(cost.amounts.self_paid_fen),
        "YEAR_MISMATCH": str(cost.settlement_year),
        "AMOUNT_DASH_ZERO": yuan(cost.amounts.medical_aid_paid_fen or 0),
    }
    if row["code"].startswith("DATE_"):
        assert cost.settled_on.isoformat() == row["value"]
    elif row["code"] in shown:
        assert shown[row["code"]] == row["value"]
    assert cost.is_held == (row["action"] == "hold")


def test_no_finding_repeats_a_name_a_number_a_phone_or_an_address(dirty: dict[int, ReviewedLine]) -> None:
    text = sample("hospital-costs-dirty.csv").decode("utf-8-sig")
    cells = {cell for row in text.splitlines()[1:] for cell in row.split(",")[:7] if len(cell) > 2}
    secrets = (
        cells
        - set(text.splitlines()[0].split(","))
        - {"居民身份证", "外国护照", "漳浦县赤湖镇", "350681", "350699123456", "合计"}
    )
    for line in dirty.values():
        for issue in line.issues:
            said = issue.zh + issue.en + issue.masked
            assert not [secret for secret in secrets if secret in said and not (secret.isdecimal() or "*" in secret)]
            assert not [secret for secret in secrets if secret.isdecimal() and len(secret) > 10 and secret in said]


def test_a_file_in_gb18030_is_read_with_its_rare_character() -> None:
    opened = open_hospital_file(sample("hospital-costs-gbk.csv"), source=SOURCE, today=TODAY)
    assert [issue.code for issue in opened.notes] == ["ENCODING_GB18030"]
    lines = list(opened.lines)
    assert len(lines) == 40 and all(line.read.cost for line in lines)
    noted = [(line.row, issue.code, issue.column) for line in lines for issue in line.read.issues]
    assert noted == [(18, "NAME_RARE_CHARACTER", "姓名")]
    rare = lines[17].read.cost
    assert rare is not None and rare.name == "蔡䶮辉"


def test_a_file_without_a_needed_column_is_refused_whole_and_the_column_named() -> None:
    with pytest.raises(RefusedFile) as refused:
        read("hospital-costs-missing-column.csv")
    issue = refused.value.issues[0]
    assert (issue.code, issue.column, issue.action) == ("COLUMN_MISSING", "结算流水号", Action.REFUSE)
    assert issue.zh == "缺少必需的列：结算流水号；本文件未导入"


def test_other_headers_are_asked_about_and_read_once_answered() -> None:
    data = sample("hospital-costs-other-headers.csv")
    with pytest.raises(MappingNeeded) as asked:
        review_hospital_file(data, source=SOURCE, today=TODAY)
    assert asked.value.suggestion == {
        "身份证号": "id_number",
        "参保地": "division",
        "个人负担金额": "self_paid",
        "流水号": "settlement_id",
    }
    assert asked.value.issues[0].action is Action.ASK
    lines = review_hospital_file(data, source=SOURCE, today=TODAY, mapping=asked.value.suggestion)
    assert len(lines) == 5 and all(line.cost and not line.issues for line in lines)


def test_the_workbook_says_the_same_as_the_csv() -> None:
    assert [line.cost for line in read("hospital-costs.xlsx")] == [line.cost for line in read("hospital-costs.csv")]


def test_every_row_of_the_good_file_is_accepted_and_its_sums_are_those_of_the_answer_key() -> None:
    lines = read("hospital-costs.csv")
    assert len(lines) == 500 and {line.action for line in lines} == {Action.ACCEPT}
    people = defaultdict(list)
    for line in lines:
        assert line.cost is not None
        people[line.cost.person.id_number].append(line.cost)
    found = set()
    for number, costs in people.items():
        sums = person_sums(sum_record(cost, cost.key) for cost in costs)
        for year in sums.years.values():
            found.add((number, str(year.year), str(year.records), yuan(year.self_paid_fen)))
    key = expected("hospital-costs-expected.csv")
    assert found == {(r["证件号码"], r["年度"], r["settlements"], r["self_paid_sum"]) for r in key}


def test_six_people_of_the_good_file_are_registered_elsewhere() -> None:
    outside = {
        line.cost.person.id_number
        for line in read("hospital-costs.csv")
        if line.cost and any(issue.code == "DIVISION_OUT_OF_AREA" for issue in line.issues)
    }
    key = {row["证件号码"] for row in expected("hospital-costs-expected.csv") if row["in_city"] == "no"}
    assert outside == key and len(outside) == 6
