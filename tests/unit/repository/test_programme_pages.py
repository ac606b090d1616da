"""The programmes' pages say what the rule book says."""

from deploy.local.docs import FOLDER, programme_pages


def test_pages_are_in_step_with_the_rule_book() -> None:
    pages = dict(programme_pages())
    assert len(pages) == 19
    for name, text in pages.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"run ./yiqijiu docs: {name}"
    assert {path.name for path in FOLDER.glob("*.md")} == set(pages)


def test_every_criterion_says_what_it_asks_and_where_it_is_written() -> None:
    for name, text in programme_pages():
        if name != "README.md":
            rows = [line for line in text.split("## 标准与上限")[0].splitlines() if line.startswith("| ")][1:]
            assert rows, name
            assert not [row for row in rows if "| —" in row or "`" in row], name
