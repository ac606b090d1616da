"""What charity's door takes. Amounts are decimal yuan strings outside, fen inside."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.kit.fields import Body, Code, Day, Division, Ref, ShortText, YuanFen

Reference = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$")]
"""A natural key of the caller's: a receipt or voucher number."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
RejectReason = Literal[
    "no_capacity",
    "not_our_scope",
    "cannot_reach",
    "person_declined",
    "already_helped",
    "need_met",
    "duplicate",
    "other",
]


class DonorIn(Body):
    """Who gave. Anonymous unless said otherwise: the name is then never shown outside."""

    name: ShortText
    anonymous: bool = True


class PurposeIn(Body):
    """What the donor gave for; what is absent is not limited."""

    brand: Code | None = None
    need: Code | None = None
    division: Division | None = None

    @model_validator(mode="after")
    def _names_something(self) -> "PurposeIn":
        if self.brand is None and self.need is None and self.division is None:
            zh, en = "用途至少写明品牌、需求或地区之一", "A purpose names a brand, a need or a place"
            raise PydanticCustomError("empty_purpose", "empty purpose", {"zh": zh, "en": en})
        return self


class DonationIn(Body):
    """`POST donations`. With neither `fund` nor `purpose` the money is free."""

    reference: Reference
    fund: Code | None = None
    purpose: PurposeIn | None = None
    amount: YuanFen = Field(gt=0)
    received_on: Day
    division: Division | None = None
    donor: DonorIn | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "DonationIn":
        if self.fund is not None and self.purpose is not None:
            zh, en = "资金与用途只写一项", "Name the fund or the purpose, not both"
            raise PydanticCustomError("fund_and_purpose", "fund and purpose", {"zh": zh, "en": en})
        return self


class DonorShownIn(Body):
    """`PUT donations/{id}/donor`: what the donor wants shown."""

    anonymous: bool


class FundIn(Body):
    """`POST funds`: a restricted fund; its purpose names at least one thing."""

    code: Code
    name_zh: ShortText
    name_en: ShortText
    purpose: PurposeIn


class TransferIn(Body):
    """`POST transfers`: free money set aside for a purpose."""

    reference: Reference
    from_fund: Code
    to_fund: Code
    amount: YuanFen = Field(gt=0)


class ReverseIn(Body):
    """`POST entries/{id}/reverse`."""

    reason: Literal["wrong_amount", "wrong_fund", "donation_returned", "duplicate", "other"]


class ReviewIn(Body):
    """`POST proposals/{id}/review`: what is absent stays as proposed."""

    amount: YuanFen | None = Field(default=None, gt=0)
    brand: Code | None = None
    fund: Code | None = None
    accept_same_help: bool = False
    version: int | None = None


class ApproveIn(Body):
    """`POST proposals/{id}/approve`. `version`: what the approver saw."""

    fund: Code | None = None
    version: int | None = None


class RejectIn(Body):
    """`POST proposals/{id}/reject`."""

    reason_code: RejectReason


class BatchIn(Body):
    """`POST payment-batches`: the named approved awards, or the oldest of a brand or of all."""

    reference: Reference
    award_ids: list[Ref] | None = Field(default=None, min_length=1, max_length=5000)
    brand: Code | None = None
    most: int = Field(default=1000, ge=1, le=5000)


class ReceiptLineIn(Body):
    """What the bank did with a line of the batch."""

    line: int = Field(ge=1, le=5000)
    result: Literal["paid", "returned"]
    on: Day


class ReceiptsIn(Body):
    """`POST payment-batches/{id}/receipts`. `file_sha256` says which file the bank worked from."""

    reference: Reference
    file_sha256: Sha256
    lines: list[ReceiptLineIn] = Field(min_length=1, max_length=5000)

    @model_validator(mode="after")
    def _each_line_once(self) -> "ReceiptsIn":
        if len({line.line for line in self.lines}) != len(self.lines):
            zh, en = "同一行出现了两次", "A line appears twice"
            raise PydanticCustomError("line_twice", "line twice", {"zh": zh, "en": en})
        return self
