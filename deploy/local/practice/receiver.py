"""A partner's door: the ownership challenge, and webhooks."""

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Callable

from aiohttp import web

from deploy.local.practice.config import PartnerPlan
from deploy.local.practice.memory import Memory
from deploy.local.practice.signature import NotGenuine, check_message

MOST_BYTES = 20_000
"""A webhook stays under this. Source: Standard Webhooks 1.0.0, payload size."""
_THIN = frozenset(
    (
        *("referral_id", "case_ref", "partner", "need", "programme", "priority", "township_code", "age_band"),
        *("household_size", "gap_band", "consent", "expires_on", "due_on", "sequence", "office", "links"),
    )
)
# What looks like an ID number or a mobile phone, but for the duty line of the office. Digits beside a letter of a UUID
# are part of it: one identifier in some thousands holds eleven of them in a row.
_PERSONAL = re.compile(r"(?<![0-9a-f])[1-9][0-9]{16}[0-9Xx](?![0-9a-f])|(?<![0-9a-f])1[3-9][0-9]{9}(?![0-9a-f])")

PlanOf = Callable[[], PartnerPlan]
Wake = Callable[[], None]


def partner_app(plan_of: PlanOf, memory: Memory, wake: Wake) -> web.Application:
    """The application of one partner. `plan_of` gives its plan as it is now; `wake` tells the worker of new work."""
    app = web.Application(client_max_size=4 * MOST_BYTES)

    async def challenge(request: web.Request) -> web.Response:
        return web.Response(text=request.query.get("challenge", ""))

    async def receive(request: web.Request) -> web.Response:
        plan = plan_of()
        raw = await request.read()
        if plan.answer_only:
            _count(plan, memory, request.headers.get("webhook-id", ""), raw)
            return web.Response(status=204)
        try:
            message_id = check_message(request.headers, raw, secrets=plan.secrets, now=time.time())
        except NotGenuine as error:
            memory.problem(plan.code, f"refused a webhook: {error}")
            return web.Response(status=401)
        if plan.refuse_first and memory.turn_away(plan.code, message_id):
            return web.Response(status=503)
        if plan.delay_s:
            await asyncio.sleep(plan.delay_s)
        if _take_in(plan, memory, message_id, raw):
            wake()
        return web.Response(status=204)

    app.router.add_get("/{tail:.*}", challenge)
    app.router.add_post("/{tail:.*}", receive)
    return app


def _take_in(plan: PartnerPlan, memory: Memory, message_id: str, raw: bytes) -> bool:
    """Remember a genuine webhook and note whatever it should not be or hold. True when it is new."""
    try:
        body = json.loads(raw)
        data = body["data"]
    except (ValueError, KeyError, TypeError):
        memory.problem(plan.code, "a webhook is not {type, timestamp, data}")
        return False
    is_new = memory.receive(plan.code, message_id, sha256=hashlib.sha256(raw).hexdigest(), body=body, at=time.time())
    if is_new:
        for what in _not_as_promised(plan, body, data, raw):
            memory.problem(plan.code, what)
    return is_new


def _not_as_promised(plan: PartnerPlan, body: dict[str, object], data: dict[str, object], raw: bytes) -> list[str]:
    found = []
    if len(raw) >= MOST_BYTES:
        found.append("a webhook has 20 kB or more")
    if body.keys() != {"type", "timestamp", "data"}:
        found.append("a webhook has other keys than type, timestamp and data")
    if body.get("type") == "referral.requested" and data.keys() - _THIN:
        found.append(f"a referral's webhook has more fields: {', '.join(sorted(data.keys() - _THIN))}")
    if data.get("partner", plan.code) != plan.code:
        found.append("a webhook is for another partner")
    rest = {name: value for name, value in data.items() if name != "office"}
    if _PERSONAL.search(json.dumps(rest)):
        found.append("a webhook holds what looks like an ID number or a phone")
    return found


def _count(plan: PartnerPlan, memory: Memory, message_id: str, raw: bytes) -> None:
    body = json.loads(raw)
    memory.receive(plan.code, message_id, sha256=hashlib.sha256(raw).hexdigest(), body=body, at=time.time())
    memory.partners[plan.code].waiting.clear()
