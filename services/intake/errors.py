"""Intake's refusals.

ServiceError
├── BadInput
│   ├── UnreadableRecord      422  a body's fields are wrong; each is named, no value repeated
│   └── FileRefused           422  the file as a whole: a needed column is missing, too large, not readable
│       └── ColumnsUnclear    422  the headers are other words; `mapping` says what they probably mean
├── Conflict
│   ├── SettlementConflict    409  the same (source, settlement_id, version) with other content
│   ├── ReportConflict        409  the same report_id with other content
│   ├── MembershipConflict    409  a member is counted in another registered household
│   ├── ImportState           409  the import is not in a state that allows this
│   └── ImportTouched         409  records of the import were corrected, or its roll was replaced, since
├── Raced                     503  another push of the same was faster; the doors try again by themselves
├── OutsideTerritory          403  the place named is not the caller's
├── NotAFileKind              422  this kind of file is not taken yet
└── NotJson                   415  the body must be application/json
"""

from collections.abc import Iterable, Mapping

from services.intake.records.headers import MappingNeeded, RefusedFile
from services.intake.records.issues import Action, Issue
from services.kit.errors import BadInput, Conflict, FieldError, NotAllowed, ServiceError, Unavailable

_MOST_NAMED = 50


def field_errors(issues: Iterable[Issue], prefix: str = "") -> tuple[FieldError, ...]:
    """The errors among some issues, as fields of a body."""
    return tuple(
        FieldError(
            prefix + issue.field if issue.field else prefix.rstrip(".") or "body", issue.code, issue.zh, issue.en
        )
        for issue in issues
        if issue.action not in (Action.ACCEPT, Action.ACCEPT_WARN, Action.HOLD)
    )[:_MOST_NAMED]


class UnreadableRecord(BadInput):
    """A body's fields are wrong."""


class FileRefused(BadInput):
    """The file is refused as a whole; nothing of it was imported."""

    code = "file_refused"
    zh = "文件未导入"
    en = "The file was not imported"

    @classmethod
    def of(cls, refused: RefusedFile) -> "FileRefused":
        """The answer to a file the readers refuse."""
        if isinstance(refused, MappingNeeded):
            return ColumnsUnclear(refused)
        first = refused.issues[0]
        return cls(first.zh, first.en, errors=field_errors(refused.issues))


class ColumnsUnclear(FileRefused):
    """The headers are other words than the agreed ones."""

    code = "column_mapping_needed"

    def __init__(self, asked: MappingNeeded) -> None:
        first = asked.issues[0]
        mapping = {"suggestion": asked.suggestion, "headers": list(asked.headers), "needed": list(asked.missing)}
        super().__init__(first.zh, first.en, errors=field_errors(asked.issues), extra={"mapping": mapping})


class SettlementConflict(Conflict):
    """The same key with other content."""

    code = "settlement_conflict"
    zh = "同一来源、流水号和版本已有不同内容的记录；如为更正请提高版本号"
    en = "This source, settlement and version is recorded with other content; a correction needs a higher version"


class ReportConflict(Conflict):
    """The same report with other content."""

    code = "report_conflict"
    zh = "同一报告编号已有不同内容的报告"
    en = "This report id is recorded with other content"


class MembershipConflict(Conflict):
    """Somebody is counted in another registered household, and nobody is counted twice."""

    code = "membership_conflict"
    zh = "有成员已登记在另一户，请先更正那一户"
    en = "A member is registered in another household; correct that one first"


class ImportState(Conflict):
    """The import's state does not allow it."""

    code = "import_state"
    zh = "导入任务当前状态不能做这一步"
    en = "The import is not in a state that allows this"

    @classmethod
    def of(cls, state: str, allowed: Iterable[str]) -> "ImportState":
        """The answer that says which state it is in and which would do."""
        return cls(extra={"state": state, "allowed": list(allowed)})


class ImportTouched(Conflict):
    """Records of the import were corrected since."""

    code = "import_touched"
    zh = "导入的记录之后已被更正、确认或由新名册取代，不能整批撤销"
    en = "Records of this import were corrected, confirmed or replaced by a newer roll since; it cannot be undone"


class Raced(Unavailable):
    """Another transaction recorded the same person or settlement at this moment. Doing it again finds it there."""


class OutsideTerritory(NotAllowed):
    """The place named is not the caller's."""

    code = "outside_territory"
    zh = "区划不在您的辖区内"
    en = "The place is outside your territory"


class NotAFileKind(BadInput):
    """This kind of file is not taken yet."""

    code = "kind_not_taken"
    zh = "暂不接收这类文件"
    en = "This kind of file is not taken yet"


class NotJson(ServiceError):
    """The body must be JSON."""

    status = 415
    code = "not_json"
    zh = "请求正文应为application/json"
    en = "The body must be application/json"


def refuse(issues: Iterable[Issue], prefix: str = "", *, extra: Mapping[str, object] | None = None) -> UnreadableRecord:
    """The answer to a body the readers cannot take."""
    return UnreadableRecord(errors=field_errors(issues, prefix), extra=dict(extra or {}))
