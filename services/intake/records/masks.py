"""How personal values look where the whole value is not needed."""

_KEEP_ID = 4


def mask_id(number: str) -> str:
    """An ID number as its last four characters: `**************997X`. Numbers under eight characters show nothing."""
    if len(number) < 2 * _KEEP_ID:
        return "*" * len(number)
    return "*" * (len(number) - _KEEP_ID) + number[-_KEEP_ID:]


def mask_id_region(number: str) -> str:
    """For staff in the territory: region and last four, `350622********997X`; the birth date is always hidden."""
    if len(number) != 18:
        return mask_id(number)
    return number[:6] + "*" * 8 + number[-_KEEP_ID:]


def mask_name(name: str) -> str:
    """A name as its first character: `林*`, `林**`; at most three stars, so that length says little."""
    return name[:1] + "*" * min(max(len(name) - 1, 0), 3)


def mask_phone(phone: str) -> str:
    """A phone number as its first three and last four digits: `154****0001`. Short ones show nothing."""
    if len(phone) < 10:
        return "*" * len(phone)
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]


def mask_text(text: str) -> str:
    """Free text shows only that there was some."""
    return "***" if text else ""
