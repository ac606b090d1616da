"""Field types for request bodies: strict where pydantic's defaults guess.

Stock pydantic reads full-width digits as a Decimal, `true` as 1, 0 as a date; none of these does.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from services.contracts.money import UnreadableAmount, parse_yuan
from services.kit.strict_json import NumberText

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Body(BaseModel):
    """Base of request bodies: unknown fields are refused, values are not coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _amount_text(value: Any) -> str:
    if isinstance(value, NumberText):
        return value.text
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return value
    raise PydanticCustomError("amount", "not an amount")


def _yuan(value: Any) -> int:
    try:
        return parse_yuan(_amount_text(value))
    except UnreadableAmount:
        raise PydanticCustomError("amount", "not an amount") from None


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("date", "not a date")


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass
    raise PydanticCustomError("moment", "not a moment")


def _ref(value: Any) -> UUID:
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and _UUID.fullmatch(value):
        return UUID(value)
    raise PydanticCustomError("ref", "not a ref")


YuanFen = Annotated[int, BeforeValidator(_yuan)]
"""An amount in yuan (decimal string or JSON number), read as fen; may be negative."""

AmountText = Annotated[str, BeforeValidator(_amount_text)]
"""An amount as its exact source text, for a reader that also knows the unit."""

Day = Annotated[date, BeforeValidator(_date)]
"""A calendar date, `YYYY-MM-DD` only."""

Moment = Annotated[datetime, BeforeValidator(_moment)]
"""An RFC 3339 moment with its offset."""

Ref = Annotated[UUID, BeforeValidator(_ref)]
"""A lower-case UUID."""

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""One to 200 characters."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A code such as `red_cross`."""

Division = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{3}(?:[0-9]{2}|[0-9]{5}|[0-9]{8})?$")]
"""A division code of 4, 6, 9 or 12 digits; shortened by the reader."""
