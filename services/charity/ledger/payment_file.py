"""The file a bank is asked to pay from: CSV as spreadsheets here open it, and its digest. Pure.

It names awards by number. Who is paid on which account is matched by the paying office, which holds the accounts;
neither names nor account numbers pass through charity.
"""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.contracts.money import yuan

_HEADER = ("序号", "批次", "救助编号", "救助标识", "金额（元）", "项目", "资金")
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payment. Units: fen."""

    line: int
    number: str
    award_id: UUID
    amount_fen: int
    brand: str
    fund: str


def write_payment_file(reference: str, lines: Sequence[PaymentLine]) -> str:
    """The file's text: a byte-order mark, a header, a row a payment, CRLF ends."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEADER)
    for line in lines:
        writer.writerow(
            (line.line, reference, line.number, line.award_id, yuan(line.amount_fen), line.brand, line.fund)
        )
    return _BOM + out.getvalue()


def file_digest(text: str) -> str:
    """SHA-256 of the file's bytes (UTF-8), in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
