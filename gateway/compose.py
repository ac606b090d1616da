"""Answers made of several parts' answers. A part that is away takes only its own piece; the rest stands."""

import asyncio
import json
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from gateway.audit import Entry
from gateway.auth import Grant
from gateway.desk import Desk
from gateway.errors import PartAway
from gateway.proxy import Answer
from services.kit.auth import Actor
from services.kit.errors import NotFound, ServiceError

Json = dict[str, Any]
_REFERRAL_FIELDS = ("id", "partner", "need", "status")
_MOST_PAGES = 5


class Refused(ServiceError):
    """A part refused; its answer goes on as it is."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.status_code = answer.status
        self._answer = answer

    def problem(self) -> Json:
        """The part's own problem."""
        try:
            body = self._answer.json()
        except ValueError:
            return super().problem() | {"status": self._answer.status}
        return body if isinstance(body, dict) else super().problem()


class Asking:
    """One caller's reads for one composed answer; none of them is written down again."""

    def __init__(self, desk: Desk, grant: Grant, request_id: str) -> None:
        self._desk = desk
        self._grant = grant
        self._request_id = request_id

    async def get(self, part: str, path: str, **query: str | None) -> Json:
        """A part's answer to the caller.

        Raises: PartAway; Refused for any status that is not good.
        """
        asked = {name: value for name, value in query.items() if value}
        target = f"{path}?{urlencode(asked)}" if asked else path
        answer = await self._desk.upstream.send(
            part,
            "GET",
            target,
            token=self._desk.callers.inner_token(self._grant, part),
            request_id=self._request_id,
            headers=((b"accept", b"application/json"),),
            is_repeatable=True,
        )
        if not answer.is_good:
            raise Refused(answer)
        body: Json = answer.json()
        return body

    async def all_items(self, part: str, path: str, **query: str | None) -> list[Json]:
        """The items of a list, page after page, up to a few pages."""
        items: list[Json] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self.get(part, path, cursor=cursor, **query)
            items += page.get("items") or ()
            cursor = page.get("next")
            if not cursor:
                break
        return items


async def piece(waiting: Awaitable[Any]) -> tuple[Any, ServiceError | None]:
    """A piece of a composed answer, or the refusal that stands in its place."""
    try:
        return await waiting, None
    except ServiceError as error:
        return None, error


def is_absent(error: ServiceError | None) -> bool:
    """Whether a part answered that it has no such thing (yet)."""
    return error is not None and error.status_code == NotFound.status


async def compose_record(asking: Asking, record_id: str) -> Json:
    """One intake record with its account, assessment, referrals and outcome.

    Raises: Refused, PartAway from intake; what another part does not answer is None and its part in `unavailable`.
    """
    record, (account, no_account) = await asyncio.gather(
        asking.get("intake", f"/api/v1/intake/records/{record_id}"),
        piece(asking.get("eligibility", f"/api/v1/eligibility/records/{record_id}")),
    )
    account = account or {}
    household = account.get("household_ref") or record.get("household_ref")
    held = account.get("account")
    assessment_id = held.get("assessment_id") if held else None
    (assessment, no_assessment), (referrals, no_referrals) = await asyncio.gather(
        piece(_assessment(asking, assessment_id)), piece(_referrals(asking, household))
    )
    away = [
        part
        for part, error in (("eligibility", no_account or no_assessment), ("referral", no_referrals))
        if error is not None and not is_absent(error)
    ]
    return {
        **record,
        "household_ref": household,
        "year_sum": record.get("year_sum") or account.get("year_sum"),
        "trigger": account.get("trigger"),
        "account": held,
        "assessment": assessment,
        "referrals": [{name: row.get(name) for name in _REFERRAL_FIELDS} for row in referrals or ()],
        "outcome": next((row["outcome"] for row in referrals or () if row.get("outcome")), None),
        "unavailable": away,
    }


async def _assessment(asking: Asking, assessment_id: str | None) -> Json | None:
    if assessment_id is None:
        return None
    return await asking.get("eligibility", f"/api/v1/eligibility/assessments/{assessment_id}")


async def _referrals(asking: Asking, household: str | None) -> list[Json]:
    if household is None:
        return []
    return await asking.all_items("referral", "/api/v1/referral/referrals", household=household)


async def compose_partner_referral(desk: Desk, grant: Grant, referral_id: str, *, request_id: str) -> Json:
    """What a partner may know of a referral: the thin form, and of the person only the allowed fields.

    The fields are read from intake with a token that may disclose exactly that, and the reading is written down with
    the names of the fields and the need as its purpose, before it is answered.

    Raises: Refused (another partner's: 404; consent revoked: 409 with the thin form), PartAway, Unavailable.
    """
    referral = await _inner_referral(desk, grant, referral_id, request_id)
    person_ref, _ = referral.pop("person_ref", None), referral.pop("household_ref", None)
    fields: list[str] = list(referral.get("fields") or ())
    person: Json = dict(referral.get("person") or {})
    wanted = [name for name in fields if name not in person]
    if fields:
        await desk.audit.committed(desk.audit.ask(_disclosed(desk, grant, referral, fields, request_id)))
    if wanted and person_ref is not None:
        person |= await _disclosure(desk, grant, referral, person_ref, wanted, request_id)
    return {**referral, "fields": fields, "person": {name: person[name] for name in fields if name in person}}


async def _inner_referral(desk: Desk, grant: Grant, referral_id: str, request_id: str) -> Json:
    """Referral's answer to the gateway, which alone is told whom the referral is about."""
    actor = grant.actor
    scopes = actor.scopes | {"compose:disclosure"}
    composer = Actor(actor.subject, actor.roles, actor.territory, scopes, actor.partner)
    answer = await desk.upstream.send(
        "referral",
        "GET",
        f"/partner/v1/referrals/{quote(referral_id)}",
        token=desk.callers.inner_token_for(composer, "referral"),
        request_id=request_id,
        is_repeatable=True,
    )
    if not answer.is_good:
        raise Refused(answer)
    body: Json = answer.json()
    return body


async def _partner_of(desk: Desk, grant: Grant, referral_id: str, request_id: str) -> str:
    """Whose referral it is: the caller's, or for an operator whichever partner's it is."""
    if grant.actor.partner is not None:
        return grant.actor.partner
    asking = Asking(desk, grant, request_id)
    return str((await asking.get("referral", f"/api/v1/referral/referrals/{quote(referral_id)}"))["partner"])


async def _disclosure(
    desk: Desk, grant: Grant, referral: Json, person_ref: str, fields: Sequence[str], request_id: str
) -> Json:
    """Those of the fields that intake holds, read with a token that may disclose and nothing else."""
    actor = grant.actor
    discloser = Actor(actor.subject, actor.roles, "all", frozenset({"people:disclose"}), actor.partner)
    body = {
        "person_ref": person_ref,
        "fields": list(fields),
        "referral_id": referral["referral_id"],
        "partner": await _partner_of(desk, grant, referral["referral_id"], request_id),
        "purpose": referral.get("need"),
    }
    answer = await desk.upstream.send(
        "intake",
        "POST",
        "/internal/disclosures",
        token=desk.callers.inner_token_for(discloser, "intake"),
        request_id=request_id,
        headers=((b"content-type", b"application/json"),),
        body=json.dumps(body).encode(),
        is_repeatable=True,
    )
    if not answer.is_good:
        raise PartAway("intake") if answer.status >= 500 else Refused(answer)
    person: Json = answer.json()["person"]
    return person


def _disclosed(desk: Desk, grant: Grant, referral: Json, fields: Sequence[str], request_id: str) -> Entry:
    route, about = "GET /partner/v1/referrals/{referral_id}", str(referral["referral_id"])
    row = desk.row("disclosed", grant, request_id=request_id, route=route, about=about)
    return replace(row, purpose=str(referral.get("need", "")), fields=tuple(fields))
