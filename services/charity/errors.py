"""Charity's refusals.

services.kit.errors.ServiceError
├── BadInput
│   └── UnknownCode          422   a brand, fund, need or month that does not exist, or an amount outside limits
├── NotFound
├── Conflict
│   ├── StepNotAllowed       409   the award is not where this step begins; lists the steps that are allowed
│   ├── SamePerson           409   reviewer and approver must be two people
│   ├── FundExhausted        409   the fund has less than asked; says how much it has
│   ├── MonthClosed          409   a closed month takes no entry; a reversal in an open month is the way
│   ├── AlreadyHelped        409   same help twice in a season, without the reviewer's word
│   ├── StandBack            409   another partner's answer is open, or the need is gone
│   ├── BooksDisagree        409   the check of the books found a breach: nothing is paid until it is mended
│   └── Differs              409   the same natural key with other content
└── Unavailable
    └── NoSealKey            503   a named donor cannot be sealed
"""

from collections.abc import Sequence

from services.kit.errors import BadInput, Conflict, FieldError, NotFound, Unavailable

__all__ = [
    "AlreadyHelped",
    "BooksDisagree",
    "Differs",
    "FundExhausted",
    "MonthClosed",
    "NoSealKey",
    "NotFound",
    "SamePerson",
    "StandBack",
    "StepNotAllowed",
    "UnknownCode",
]


class UnknownCode(BadInput):
    """One field names something that does not exist or does not fit."""

    def __init__(self, field: str, code: str, zh: str, en: str) -> None:
        super().__init__(errors=(FieldError(field, code, zh, en),))


class StepNotAllowed(Conflict):
    """The award is not where this step begins."""

    code = "step_not_allowed"

    def __init__(self, status: str, allowed: Sequence[str]) -> None:
        super().__init__(
            "当前状态不能进行这一步", "This step is not allowed now", extra={"status": status, "allowed": list(allowed)}
        )


class SamePerson(Conflict):
    """Four eyes are two people."""

    code = "same_person"
    zh = "复核人与批准人不能是同一人"
    en = "Reviewer and approver must be two people"


class FundExhausted(Conflict):
    """A fund has less than asked, or no fund that may pay has enough."""

    code = "fund_exhausted"

    def __init__(self, available: str | None) -> None:
        super().__init__(
            "可用资金不足", "The fund has not enough left", extra={} if available is None else {"available": available}
        )


class MonthClosed(Conflict):
    """A closed month stays as it is."""

    code = "month_closed"

    def __init__(self, month: str) -> None:
        super().__init__(
            "该月已结账，请在未结账的月份冲正后重记",
            "The month is closed; reverse and book anew in an open month",
            extra={"month": month},
        )


class AlreadyHelped(Conflict):
    """The stacking rule of the brand asks the reviewer's word."""

    code = "same_help_twice"
    zh = "本季内已有同类帮扶，如仍需帮扶请复核人注明同意"
    en = "The same kind of help was given this season; the reviewer has to accept it"


class StandBack(Conflict):
    """Another answer to the same need is open, or the need is gone."""

    code = "stand_back"

    def __init__(self, reason: str) -> None:
        super().__init__(
            "同一需求已有其他答复，或需求已不存在，慈善不重复帮扶",
            "The need has another answer or is gone; charity stands back",
            extra={"reason": reason},
        )


class BooksDisagree(Conflict):
    """A safe halt is better than a wrong payment."""

    code = "books_disagree"
    zh = "账目核对发现不一致，付款已暂停，请先查明"
    en = "The check of the books found a breach; payments stop until it is mended"


class Differs(Conflict):
    """The natural key is taken by other content."""

    code = "content_differs"
    zh = "同一编号已登记过不同的内容"
    en = "The same reference was recorded with other content"


class NoSealKey(Unavailable):
    """Names are never stored unsealed."""

    code = "no_seal_key"
    zh = "尚未配置封存密钥，不能登记实名捐赠人"
    en = "No sealing key is set; a named donor cannot be recorded"
