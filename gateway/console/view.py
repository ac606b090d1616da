"""How numbers, money, dates and names look on screen. Pure; the language comes as `Words`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from gateway.console.texts import Words
from services.contracts.divisions import divisions
from services.contracts.money import UnreadableAmount, parse_yuan
from services.kit.clock import SHANGHAI

NONE = "—"
"""None: not zero (`0.00`), and not unknown (`待核实`)."""
_PROGRAMMES = "eligibility.programmes."
_TEN_THOUSAND_YUAN = 10_000 * 100
_HUNDRED_MILLION_YUAN = 100_000_000 * 100


def fen_of(amount: object) -> int | None:
    """A decimal yuan text (or None) as fen; None where there is no amount."""
    if amount is None or amount == "":
        return None
    try:
        return parse_yuan(str(amount))
    except UnreadableAmount:
        return None


def yuan(fen: int | None) -> str:
    """`1,020.00`, as in tables and letters.

    Units: fen.
    """
    if fen is None:
        return NONE
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def yuan_text(amount: object) -> str:
    """A decimal yuan text as `1,020.00`."""
    return yuan(fen_of(amount))


def yuan_short(fen: int | None, words: Words) -> str:
    """As on cards: yuan below ten thousand, then 万元, then 亿元, rounded half up to two decimals.

    Units: fen.
    """
    if fen is None:
        return NONE
    if abs(fen) < _TEN_THOUSAND_YUAN:
        return words("unit.yuan", amount=yuan(fen))
    for size, key in ((_HUNDRED_MILLION_YUAN, "unit.yi_yuan"), (_TEN_THOUSAND_YUAN, "unit.wan_yuan")):
        if abs(fen) >= size:
            hundredths = (abs(fen) * 100 * 2 + size) // (2 * size)
            text = f"{hundredths // 100:,}.{hundredths % 100:02d}"
            return words(key, amount=f"-{text}" if fen < 0 else text)
    raise AssertionError


def rate(part: int, base: int) -> str:
    """`1.47%` under ten per cent, `98.5%` above, `—` when the base is below five."""
    if base < 5:
        return NONE
    thousandths = (part * 100_000 * 2 + base) // (2 * base)
    if thousandths < 10_000:
        hundredths = (part * 10_000 * 2 + base) // (2 * base)
        return f"{hundredths // 100}.{hundredths % 100:02d}%"
    tenths = (part * 1_000 * 2 + base) // (2 * base)
    return f"{tenths // 10}.{tenths % 10}%"


def count(number: object) -> str:
    """`15,313`; `—` for none."""
    return f"{number:,}" if isinstance(number, int) else NONE


def day(value: object) -> str:
    """A date as `2025-03-05`."""
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value or "")
    return text[:10] if text else NONE


def moment(value: object) -> str:
    """A time as `2025-03-05 16:05`, in Shanghai."""
    if not value:
        return NONE
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return NONE
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def age(birth_date: object, on: date) -> int | None:
    """Completed years on a day; None when the date of birth is not known."""
    try:
        born = date.fromisoformat(str(birth_date))
    except ValueError:
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def figure(value: object, unit: object, words: Words) -> str:
    """A test's figure with its unit, as the eye reads it: money grouped, years and shares named, unknown in words."""
    if value is None or value == "":
        return words("unknown")
    if isinstance(value, bool):
        return words("yes") if value else words("no")
    kind = str(unit or "")
    if kind.startswith("yuan"):
        return words("unit.yuan", amount=yuan_text(value))
    if kind == "rate":
        try:
            return f"{(Decimal(str(value)) * 100).normalize():f}%"
        except InvalidOperation:
            return str(value)
    text = words.code("figure", value) if isinstance(value, str) else str(value)
    return f"{text}{words.code('unit_of', kind)}" if kind and words.language == "zh-CN" else text


def masked_name(name: object) -> str:
    """A name as a list shows it. Masked here even if a part sent it whole."""
    text = str(name or "")
    return f"{text[:1]}*" if text else NONE


def programme_counts(counts: Mapping[str, int]) -> list[tuple[str, dict[str, int]]]:
    """The funnel's counts by programme and outcome: (code, {outcome: n}), the most often eligible first."""
    rows: dict[str, dict[str, int]] = {}
    for name, number in counts.items():
        if name.startswith(_PROGRAMMES):
            code, _, outcome = name.removeprefix(_PROGRAMMES).partition(".")
            rows.setdefault(code, {})[outcome] = number
    return sorted(rows.items(), key=lambda row: (-row[1].get("eligible", 0), row[0]))


_ORDER = {"eligible": 0, "unknown": 1, "not_eligible": 2}


Findings = list[Mapping[str, Any]]


def findings_in_order(findings: Sequence[Mapping[str, Any]]) -> tuple[Findings, Findings]:
    """Findings to show first (yes, then what nobody can tell, then near misses), and the plain noes."""
    told = [one for one in findings if one.get("outcome") != "not_eligible" or _is_near(one)]
    others = [one for one in findings if one.get("outcome") == "not_eligible" and not _is_near(one)]
    return sorted(told, key=lambda one: _ORDER.get(str(one.get("outcome")), 1)), others


def _is_near(finding: Mapping[str, Any]) -> bool:
    margin = finding.get("margin")
    return bool(margin and margin.get("near_miss"))


def margin_words(finding: Mapping[str, Any], words: Words) -> str:
    """How far a finding is from its line, the sign in words: `低于标准37.50元`."""
    margin = finding.get("margin") or {}
    distance = margin.get("distance")
    if distance is None:
        return ""
    shown = figure(distance, margin.get("unit"), words)
    return words("margin.below" if finding.get("outcome") == "eligible" else "margin.over", distance=shown.lstrip("-"))


def yuan_or_unknown(amount: object, words: Words) -> str:
    """An amount of money, or the word for what nobody knows yet."""
    return words("unknown") if amount is None else yuan_text(amount)


def host(url: object) -> str:
    """The host of an address: enough to know whose it is."""
    return urlsplit(str(url or "")).netloc


def when(value: object) -> str:
    """A day as a day, a moment as a moment."""
    text = str(value or "")
    return day(text) if len(text) <= 10 else moment(text)


def place(code: object) -> str:
    """What a place is called, county and township together; the code where nobody knows it."""
    return divisions().full_name(str(code)) or str(code)
