"""`./yiqijiu docs`: the programmes' pages, generated from the rule book that checks use."""

from collections.abc import Iterator, Sequence
from typing import Any

from deploy.local.arguments import Arguments
from deploy.local.parts import ROOT
from deploy.local.terminal import tell
from services.eligibility.actions.programme_page import programme_page
from services.eligibility.rules.book import rule_book

FOLDER = ROOT / "docs" / "programmes"


def main(arguments: Sequence[str]) -> int:
    """Write `docs/programmes/`. Status 0."""
    Arguments(
        "docs",
        zh="由规则库生成每个救助项目的说明页（docs/programmes）。",
        en="Generate a page for each programme from the rule book (docs/programmes).",
        example="./yiqijiu docs",
    ).parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    pages = dict(programme_pages())
    for name, text in pages.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    tell(f"写好 {len(pages)} 页：docs/programmes", f"{len(pages)} pages written: docs/programmes")
    return 0


def programme_pages() -> Iterator[tuple[str, str]]:
    """(file name, Markdown) of each page, and of the list of them."""
    book = rule_book()
    listed = ["# 救助项目", "", "由规则库生成（`./yiqijiu docs`），和核对时用的是同一份文件。", ""]
    for named in book.programmes:
        page = programme_page(book, named.code)
        assert page is not None
        listed.append(f"- [{named.zh}]({named.code}.md) `{named.code}`")
        yield f"{named.code}.md", _page(page)
    yield "README.md", "\n".join(listed) + "\n"


def _page(page: dict[str, Any]) -> str:  # Any: JSON
    lines = [f"# {page['name']['zh']}", "", f"{page['name']['en']} · `{page['code']}`", "", "## 条件", ""]
    lines += ["| 要求 | 依据 |", "|---|---|"]
    lines += [f"| {row['text']['zh']} | {_source(row['citation'])} |" for row in page["criteria"]]
    lines += ["", "## 标准与上限", ""]
    for each in page["parameters"]:
        lines += [f"**{each['title']['zh']}** `{each['id']}`（{each['unit']}）", ""]
        lines += ["| 辖区 | 值 | 自 | 依据 | |", "|---|---|---|---|---|"]
        for row in each["values"]:
            mark = "示例值" if row["illustrative"] else ""
            lines.append(f"| {row['place']} | {row['value']} | {row['from']} | {_source(row['source'])} | {mark} |")
        lines.append("")
    if not page["parameters"]:
        lines += ["这个项目不看数额。", ""]
    lines += ["## 还不确定的", ""]
    gaps = list(dict.fromkeys(f"- {gap['text']['zh']}（{gap['place']}）" for gap in page["gaps"]))
    lines += gaps or ["所有的值都有公布的出处。"]
    return "\n".join(lines) + "\n"


def _source(source: dict[str, Any] | None) -> str:  # Any: JSON
    return f"{source['title']} {source.get('article') or ''}".strip() if source else "—"
