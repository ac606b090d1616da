"""What eligibility refuses, and why.

ServiceError                        any refusal; see the kit
├── NotFound
│   ├── UnknownAssessment     404      no such assessment, or another territory's
│   ├── UnknownHousehold      404      no such household here
│   └── UnknownRecord         404      the record has not reached eligibility, or is another territory's
└── Conflict
    ├── VisitMoved            409      the visit is at another version than the caller saw
    ├── VisitClosed           409      the visit was withdrawn or its household merged: no result can be recorded
    └── BookChanged           409      the rule book an assessment was made with is not the one at hand
"""

from services.kit.errors import Conflict, NotFound


class UnknownAssessment(NotFound):
    """No such assessment."""

    code = "unknown_assessment"
    zh = "没有这次评估"
    en = "There is no such assessment"


class UnknownHousehold(NotFound):
    """No such household."""

    code = "unknown_household"
    zh = "没有这个家庭"
    en = "There is no such household"


class UnknownRecord(NotFound):
    """No such record."""

    code = "unknown_record"
    zh = "没有这条记录，或者尚未核到"
    en = "There is no such record, or it has not been looked at yet"


class VisitMoved(Conflict):
    """Somebody else changed the visit."""

    code = "visit_moved"
    zh = "这次走访已被他人更新，请刷新后再填"
    en = "Somebody else changed this visit; read it again first"


class VisitClosed(Conflict):
    """The visit is no longer asked for."""

    code = "visit_closed"
    zh = "这次走访已撤销，不能再填结果"
    en = "This visit was withdrawn; no result can be recorded"


class BookChanged(Conflict):
    """The stored assessment was made with another rule book."""

    code = "rule_book_changed"
    zh = "政策规则库已更新，不能按当时的版本重算"
    en = "The rule book has changed since; the assessment cannot be run again as it was"
