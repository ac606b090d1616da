"""The notice (告知书) of an assessment as a PDF: eligibility says what, intake to whom.

The applicant stands there by name, which is read and written down like any other reveal; the others masked as on
screen. Printed with a free Chinese font that comes as a wheel, so that every machine prints the same; of the same
content and names come the same bytes.
"""

import asyncio
import json
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.enums import WrapMode

from gateway.auth import Grant
from gateway.compose import Asking, Json, piece
from gateway.desk import Desk
from gateway.routes import Match

_FONT: Final = "noto"
_SIMPLIFIED: Final = 2
"""Which font of the collection has the forms of mainland China."""
_LINE_MM: Final = 6.2
_PURPOSE: Final = "notice"
_NAMELESS: Final = "＿＿＿＿"
_PRESS: Final = asyncio.Semaphore(1)
"""One notice at a time: a font of this size takes a processor for a second."""


async def compose_notice(desk: Desk, grant: Grant, assessment_id: str, *, request_id: str) -> bytes:
    """The notice of an assessment, as the bytes of a PDF; names are left out where the caller may not read them.

    Raises: Refused, PartAway from eligibility.
    """
    asking = Asking(desk, grant, request_id)
    content = await asking.get("eligibility", f"/api/v1/eligibility/assessments/{assessment_id}/notice-content")
    household, _ = await piece(asking.get("intake", f"/api/v1/intake/households/{content['household_ref']}"))
    names = {str(one["person_ref"]): str(one.get("name") or "") for one in (household or {}).get("members", ())}
    applicant = str(content["applicant"])
    if applicant in names:
        names[applicant] = await _name_in_full(desk, grant, applicant, request_id) or names[applicant]
    async with _PRESS:
        return await asyncio.to_thread(print_notice, content, names)


async def _name_in_full(desk: Desk, grant: Grant, person_ref: str, request_id: str) -> str:
    """The person's name, its reading written down; empty where the caller may not read it."""
    path = f"/api/v1/intake/persons/{person_ref}/reveal"
    match = desk.table.find("POST", path)
    assert isinstance(match, Match)
    if not grant.actor.may(match.route.scope):
        return ""
    answer = await desk.ask(
        grant,
        match,
        path,
        request_id=request_id,
        purpose=_PURPOSE,
        headers=((b"content-type", b"application/json"),),
        body=json.dumps({"fields": ["name"]}).encode(),
    )
    return str(answer.json().get("name") or "") if answer.is_good else ""


def print_notice(content: Json, names: dict[str, str]) -> bytes:
    """The PDF of a notice's content. `names` are names by person ref, as they are to be printed; it may be empty."""
    page = _Page(str(content["number"]), str(content["date"]))
    page.title(content["title"]["zh"], content["kind"]["zh"])
    page.small(f"编号 {content['number']}　日期 {_day(content['date'])}")
    page.text(f"{names.get(str(content['applicant'])) or _NAMELESS}（{content['place']}）：")
    page.text(content["intro"]["zh"])
    for line in content.get("on_rolls") or ():
        page.text(f"{line['zh']}。")
    for item in content["items"]:
        _print_item(page, item, names)
    if content["missing"]:
        page.head("还需要了解")
        for wanted in content["missing"]:
            whose = names.get(str(wanted["member"]))
            page.point(f"{whose + '：' if whose else ''}{wanted['name']['zh']}（{wanted['source']['zh']}）")
    page.head("说明与权利")
    page.text(content["standing"]["zh"])
    for right in content["rights"]:
        page.point(right["zh"])
    page.head("依据")
    for source in content["sources"]:
        page.point(f"{source['title']} {source.get('article') or ''}")
    page.gap()
    page.right(f"{content['office']['zh']}　电话 {content['phone']}")
    page.right(f"{_day(content['date'])}　（盖章）")
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


def _day(iso: object) -> str:
    day = date.fromisoformat(str(iso))
    return f"{day.year}年{day.month}月{day.day}日"


@cache
def _font_file() -> Path:
    with as_file(files("noto_cjk_sans_otc") / "NotoSansCJK-Regular.ttc") as path:
        return path


class _Paper(FPDF):
    """A4 with the measures of an official notice; the foot says which page of how many it is, and of which notice."""

    def __init__(self, number: str) -> None:
        super().__init__(format="A4")
        self._number = number

    def footer(self) -> None:
        """As FPDF: called at the end of each page."""
        self.set_y(-15)
        self.set_font(_FONT, size=8.5)
        self.cell(0, 6, f"第{self.page_no()}页 共{{nb}}页 · 编号 {self._number}", align="C")


class _Page:
    """One column of text on as many sheets as it takes."""

    def __init__(self, number: str, day: str) -> None:
        self._pdf = _Paper(number)
        self._pdf.set_margins(25, 22, 25)
        self._pdf.set_auto_page_break(True, 22)
        self._pdf.set_title(f"告知书 {number}")
        self._pdf.set_lang("zh-CN")
        self._pdf.set_creation_date(datetime.fromisoformat(day).replace(tzinfo=UTC))
        self._pdf.add_font(_FONT, fname=_font_file(), collection_font_number=_SIMPLIFIED)
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
        """A heading, never alone at the foot of a page."""
        self._pdf.ln(2)
        if self._pdf.will_page_break(4 * _LINE_MM):
            self._pdf.add_page()
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
