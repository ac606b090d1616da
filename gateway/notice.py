"""The notice (告知书) of an assessment as a PDF: eligibility says what, intake to whom (masked as on screen).

Printed with a free Chinese font that comes as a wheel, so that every machine prints the same.
"""

import asyncio
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import WrapMode

from gateway.compose import Asking, Json, piece

_FONT = "noto"
_LINE_MM = 6.2


async def compose_notice(asking: Asking, assessment_id: str) -> bytes:
    """The notice of an assessment, as the bytes of a PDF; names are left out where the caller may not read them.

    Raises: Refused, PartAway from eligibility.
    """
    content = await asking.get("eligibility", f"/api/v1/eligibility/assessments/{assessment_id}/notice-content")
    household, _ = await piece(asking.get("intake", f"/api/v1/intake/households/{content['household_ref']}"))
    names = {str(one["person_ref"]): str(one.get("name") or "") for one in (household or {}).get("members", ())}
    return await asyncio.to_thread(print_notice, content, names)


def print_notice(content: Json, names: dict[str, str]) -> bytes:
    """The PDF of a notice's content. `names` are masked names by person ref; it may be empty."""
    page = _Page()
    page.title(content["title"]["zh"], content["kind"]["zh"])
    page.small(f"编号 {content['number']}　日期 {content['date']}")
    page.text(f"{names.get(str(content['applicant']), '')}（{content['place']}）：")
    page.text(content["intro"]["zh"])
    for item in content["items"]:
        _print_item(page, item, names)
    if content["missing"]:
        page.head("还需要了解")
        for wanted in content["missing"]:
            page.point(_zh(wanted.get("name") or wanted.get("text") or wanted))
    page.head("说明与权利")
    page.text(content["standing"]["zh"])
    for right in content["rights"]:
        page.point(right["zh"])
    page.head("依据")
    for source in content["sources"]:
        page.point(f"{source['title']} {source.get('article') or ''}")
    page.gap()
    page.right(f"{content['office']['zh']}　电话 {content['phone']}")
    page.right(str(content["date"]))
    page.small(
        f"规则库 {content['rule_book']['version']} {content['rule_book']['digest'][:19]}…　"
        f"证书 {str(content['certificate_sha256'])[:16]}…"
    )
    return page.bytes()


def _print_item(page: "_Page", item: Json, names: dict[str, str]) -> None:
    page.head(f"{item['name']['zh']}：{item['result']['zh']}")
    whom = [names[ref] for ref in map(str, item["members"]) if names.get(ref)]
    if whom:
        page.text("涉及：" + "、".join(whom))
    for amount in item["amounts"]:
        page.text(amount["zh"])
    for test in item["tests"]:
        cited = test.get("citation") or {}
        article = f"（{cited['title']} {cited['article']}）" if cited else ""
        page.point(test["text"]["zh"] + article)
    if item["margin_text"]:
        page.text(item["margin_text"]["zh"] + "。")


def _zh(words: Any) -> str:  # Any: JSON
    return str(words["zh"]) if isinstance(words, dict) else str(words)


@cache
def _font_file() -> Path:
    with as_file(files("noto_cjk_sans_otc") / "NotoSansCJK-Regular.ttc") as path:
        return path


class _Page:
    """A4 with the measures of an official notice, one column, its pages numbered."""

    def __init__(self) -> None:
        self._pdf = FPDF(format="A4")
        self._pdf.set_margins(25, 22, 25)
        self._pdf.set_auto_page_break(True, 20)
        self._pdf.add_font(_FONT, fname=_font_file(), collection_font_number=2)
        self._pdf.add_page()

    def _write(self, words: str, size: float, align: str = "L", indent: float = 0.0) -> None:
        self._pdf.set_font(_FONT, size=size)
        self._pdf.set_x(self._pdf.l_margin + indent)
        self._pdf.multi_cell(
            0, _LINE_MM * size / 11, words, align=align, wrapmode=WrapMode.CHAR, new_x="LMARGIN", new_y="NEXT"
        )

    def title(self, words: str, under: str) -> None:
        """The name of the document, and what kind it is."""
        self._write(words, 17, "C")
        self._write(under, 11, "C")
        self.gap()

    def head(self, words: str) -> None:
        """A heading."""
        self._pdf.ln(2)
        self._write(words, 12.5)

    def text(self, words: str) -> None:
        """A paragraph."""
        self._write(words, 11)

    def point(self, words: str) -> None:
        """An item of a list."""
        self._write("· " + words, 11, indent=4)

    def small(self, words: str) -> None:
        """Small print."""
        self._write(words, 8.5)

    def right(self, words: str) -> None:
        """A line at the right."""
        self._write(words, 11, "R")

    def gap(self) -> None:
        """Space."""
        self._pdf.ln(5)

    def bytes(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())
