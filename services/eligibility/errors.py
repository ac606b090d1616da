"""What eligibility refuses, and why.

ServiceError                        any refusal; see the kit
├── NotFound
│   ├── UnknownAssessment     404      no such assessment, or another territory's
│   ├── UnknownHousehold      404      no such household here
│   ├── UnknownRecord         404      the record has not reached eligibility, or is another territory's
│   ├── UnknownScreening      404      no such screening run, or of another territory
│   ├── UnknownPolicy         404      no such policy version, or of a place that is not the caller's
│   └── UnknownRehearsal      404      no such rehearsal, or of another territory
└── Conflict
    ├── VisitMoved            409      the visit is at another version than the caller saw
    ├── VisitClosed           409      the visit was withdrawn or its household merged: no result can be recorded
    ├── ScreeningMoved        409      the state of the screening run does not allow the step
    ├── ScreeningForgotten    409      the run's lists of households were cleared away; its counts stay
    ├── NotComparable         409      a screening run is not completed, or does not cover the place
    ├── NoFindings            409      the assessment was withdrawn or merged: it holds no findings to tell of
    ├── BookNotKept           409      the rule book that a digest names was never used here
    ├── PolicyMoved           409      the policy version is at another version than the caller saw
    ├── PolicyStep            409      the state of the policy version does not allow the step
    ├── SamePerson            409      who wrote a policy version does not approve it
    └── NotReady              409      a policy version lacks what its approval needs: rehearsal, tests, a reason
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


class UnknownScreening(NotFound):
    """No such screening run."""

    code = "unknown_screening"
    zh = "没有这次筛查"
    en = "There is no such screening run"


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


class NoFindings(Conflict):
    """The assessment holds no findings: its trigger was withdrawn, or its household merged into another."""

    code = "assessment_without_findings"
    zh = "这次评估已撤回或已并户，没有可出具的内容"
    en = "This assessment was withdrawn or its household merged; there is nothing to tell of it"


class ScreeningMoved(Conflict):
    """The state does not allow the step; `allowed` names those it does."""

    code = "screening_state"
    zh = "这次筛查当前的状态不能做这一步"
    en = "The state of the screening run does not allow this step"


class ScreeningForgotten(Conflict):
    """The lists of an old run were cleared away."""

    code = "screening_forgotten"
    zh = "这次筛查较早，逐户结果已清理，只保留计数"
    en = "This screening run is old: its lists were cleared away, its counts stay"


class NotComparable(Conflict):
    """A run to go on from or to compare with is not completed, or covers another place."""

    code = "screening_not_comparable"
    zh = "另一次筛查没有完成，或者不包括这个地方"
    en = "The other screening run is not completed, or does not cover this place"


class BookNotKept(Conflict):
    """No rule book of this digest was kept."""

    code = "rule_book_not_kept"
    zh = "没有保存当时的政策规则库，不能按当时的版本重算"
    en = "The rule book of that time was not kept; the assessment cannot be run again as it was"


class UnknownPolicy(NotFound):
    """No such policy version."""

    code = "unknown_policy"
    zh = "没有这个政策版本"
    en = "There is no such policy version"


class UnknownRehearsal(NotFound):
    """No such rehearsal."""

    code = "unknown_rehearsal"
    zh = "没有这次演练"
    en = "There is no such rehearsal"


class PolicyMoved(Conflict):
    """Somebody else changed the policy version."""

    code = "policy_moved"
    zh = "这个政策版本已被他人更新，请刷新后再改"
    en = "Somebody else changed this policy version; read it again first"


class PolicyStep(Conflict):
    """The state does not allow the step; `allowed` names those it does."""

    code = "policy_state"
    zh = "当前状态不能做这一步"
    en = "The state of the policy version does not allow this step"


class SamePerson(Conflict):
    """Who wrote it does not approve it."""

    code = "same_person"
    zh = "起草人不能批准自己的政策版本，请由另一人批准"
    en = "Who wrote the policy version may not approve it; another person has to"


class NotReady(Conflict):
    """Something an approval needs is missing; the code says what."""

    code = "policy_not_ready"
    zh = "还不能批准"
    en = "It cannot be approved yet"
