"""Why a partner was asked, in both languages, from the codes of the routing rows that found the need. Pure."""

from collections.abc import Iterable

from services.referral.partners.directory import PartnerDirectory


def explain(codes: Iterable[str], need: str, *, near_miss: bool, directory: PartnerDirectory) -> dict[str, str]:
    """Both texts; a code without words of its own is told by its need's name."""
    found = [directory.reasons[code] for code in codes if code in directory.reasons]
    name = directory.need_name(need)
    if not found:
        zh, en = f"评估发现有{name.zh}需求", f"the assessment found a need: {name.en}"
    else:
        zh, en = "；".join(words.zh for words in found), "; ".join(words.en for words in found)
    if near_miss:
        zh += "，但略超标准，未能纳入救助"
        en += ", just over the line for aid"
    return {"zh": zh, "en": en[:1].upper() + en[1:]}
