"""What referral refuses.

NotFound            (kit)   absent, another territory's, another partner's, or not yet theirs: the same answer
Conflict            (kit)
├── IllegalStep             the status machine does not allow it; `allowed` says what it does
├── GapTaken                other partners have taken the whole gap
├── ConsentRequired         the family has not said yes, or took it back, or it ran out
├── SamePerson              who asked for it may not approve it
└── NothingToReplay
BadInput            (kit)
├── ReasonRequired          this status needs a reason code
└── ForbiddenAddress        the URL leads where no webhook may go
NotSignedIn         (kit)
└── UnsignedCallback        the signature is missing, old, or fits none of the partner's secrets
"""

from typing import Any

from services.kit.errors import BadInput, Conflict, FieldError, NotSignedIn


class IllegalStep(Conflict):
    """The machine does not allow this step from here."""

    code = "illegal_status"
    zh = "当前状态不能这样变更"
    en = "The present status does not allow this step"

    def __init__(self, allowed: tuple[str, ...], status: str) -> None:
        super().__init__(extra={"allowed": list(allowed), "status": status})


class GapTaken(Conflict):
    """Other partners have taken the whole gap of this need."""

    code = "gap_taken"
    zh = "该需求的缺口已由其他单位认领，不必重复帮扶"
    en = "Other partners have already taken the whole gap of this need"

    def __init__(self) -> None:
        super().__init__(extra={"allowed": ["rejected", "failed"]})


class ConsentRequired(Conflict):
    """Nothing may be shared without the family's yes."""

    code = "consent_required"
    zh = "未取得或已撤回、过期的群众同意，不能提供信息"
    en = "The family's consent is missing, withdrawn or has run out"

    def __init__(self, thin: dict[str, Any] | None = None) -> None:
        super().__init__(extra={"referral": thin} if thin else {})


class SamePerson(Conflict):
    """Four eyes: the one who asked may not approve."""

    code = "same_person"
    zh = "登记人不能审批自己登记的地址，请由另一人审批"
    en = "Another person must approve it"


class NothingToReplay(Conflict):
    """No webhook of this referral has been queued yet."""

    code = "nothing_to_replay"
    zh = "还没有可以重发的通知"
    en = "There is no webhook to send again"


class ReasonRequired(BadInput):
    """This status needs a reason code."""

    def __init__(self) -> None:
        super().__init__(
            errors=(FieldError("reason_code", "missing", "该状态须填写原因代码", "This status needs a reason code"),)
        )


class ForbiddenAddress(BadInput):
    """The URL leads where no webhook may go."""

    def __init__(self, code: str) -> None:
        text = ("地址须为外网可达的https地址（443或8443端口）", "Give an https address on port 443 or 8443 outside")
        super().__init__(errors=(FieldError("url", code, *text),))


class UnsignedCallback(NotSignedIn):
    """A callback whose signature does not hold."""

    code = "bad_signature"
    zh = "签名无效、过期或不属于该单位"
    en = "The signature is missing, too old, or fits none of the partner's secrets"
