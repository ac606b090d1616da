"""Amounts in the capital figures of Chinese accounts: 人民币壹仟零贰拾元整."""

from typing import Final

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_GROUPS: Final = ("", "万", "亿", "兆")
_GROUP: Final = 10_000


def in_capitals(fen: int) -> str:
    """Fen, not negative, as capital figures. Source: 支付结算办法, annex on writing amounts."""
    yuan, cents = divmod(fen, 100)
    jiao, fen = divmod(cents, 10)
    text = (_whole(yuan) + "元") if yuan or not cents else ""
    if not cents:
        return f"人民币{text}整"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif yuan:
        text += "零"
    return "人民币" + text + (_DIGITS[fen] + "分" if fen else "整")


def _whole(number: int) -> str:
    if number == 0:
        return "零"
    groups = []
    while number:
        number, group = divmod(number, _GROUP)
        groups.append(group)
    text = ""
    for index in reversed(range(len(groups))):
        group = groups[index]
        if group == 0:
            continue
        # a gap before this group, or a group that does not begin with thousands, is read as one zero
        gap = text and (group < 1_000 or groups[index + 1] == 0)
        text += ("零" if gap else "") + _four(group) + _GROUPS[index]
    return text


def _four(group: int) -> str:
    """Up to four digits."""
    text, has_zero = "", False
    for index in reversed(range(4)):
        digit = group // 10**index % 10
        if digit == 0:
            has_zero = bool(text)
            continue
        text += ("零" if has_zero else "") + _DIGITS[digit] + _PLACES[index]
        has_zero = False
    return text
