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
    lines = [f"# {page['name']['zh']}", "", f"{page['name']['en']} · `{page['code']}`", ""]
    lines += [f"给予：{page['gives']['zh']}。", ""]
    lines += ["## 条件", "", "| 要求 | 依据 |", "|---|---|"]
    lines += [f"| {row['text']['zh']} | {_source(row['citation'])} |" for row in page["criteria"]]
    if page["stands_on"]:
        named = "、".join(f"[{each['zh']}]({each['code']}.md)" for each in page["stands_on"])
        lines += ["", f"还要看：{named}。"]
    lines += ["", "## 标准与上限", "", *_values(page["parameters"])]
    lines += ["## 系统不能判断、要由人核实的", ""]
    lines += [f"- {each['zh']}" for each in page["cannot_tell"]]
    lines += ["", "## 还没有公布数字的", ""]
    gaps = list(dict.fromkeys(f"- {gap['text']['zh']}（{gap['place']}）" for gap in page["gaps"]))
    lines += ["以下是示例值，拿到当地文件后更换：", "", *gaps] if gaps else ["没有：所有的值都有公布的出处。"]
    lines += ["", "## 出处", "", *(f"- {_source(each)}" for each in page["sources"])]
    return "\n".join(lines) + "\n"


def _values(parameters: list[dict[str, Any]]) -> Iterator[str]:  # Any: JSON
    """One table for all values, by parameter and place, each with its day, source and mark."""
    if not parameters:
        yield from ("这个项目不看数额。", "")
        return
    yield from ("| 名称 | 辖区 | 值 | 起止 | 依据 | |", "|---|---|---|---|---|---|")
    for each in parameters:
        for row in each["values"]:
            until = f"至{row['to']}" if row["to"] else "起"
            cells = (
                *(f"{each['title']['zh']} `{each['id']}`", row["place"], row["shown"]["zh"]),
                *(f"{row['from']}{until}", _source(row["source"]), "示例值" if row["illustrative"] else ""),
            )
            yield "| " + " | ".join(cells) + " |"
    yield ""


def _source(source: dict[str, Any] | None) -> str:  # Any: JSON
    return f"{source['title']} {source.get('article') or ''}".strip() if source else "—"
