"""A practice process for a test, and a small office that stands for the gateway's partner door."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from standardwebhooks import Webhook

from deploy.local.home import Home
from deploy.local.ports import free_port
from deploy.local.practice.config import PartnerPlan
from deploy.local.practice.run import PracticePartners
from services.kit.signing import new_secret


class Office:
    """Takes endpoints, shows details, takes answers; may be told to fail or to have taken a referral back."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.secrets: dict[str, str] = {}
        self.answers: dict[str, list[dict[str, Any]]] = {}
        self.tokens: set[str] = set()
        self.taken_back: set[str] = set()
        self.failures = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_put("/api/v1/referral/partners/{code}/endpoint", self._endpoint)
        app.router.add_post("/api/v1/referral/endpoints/{id}/replay", self._replay)
        app.router.add_get("/partner/v1/referrals/{id}", self._detail)
        app.router.add_post("/partner/v1/referrals/{id}/status", self._status)
        return app

    async def _endpoint(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        self.secrets[code] = new_secret()
        url = (await request.json())["url"]
        async with aiohttp.ClientSession() as http, http.get(f"{url}?challenge=abc") as answer:
            state = "active" if await answer.text() == "abc" else "unverified"
        return web.json_response({"id": str(uuid4()), "secret": self.secrets[code], "state": state})

    async def _replay(self, request: web.Request) -> web.Response:
        assert (await request.json())["only"] == "missing" and request.headers["Idempotency-Key"]
        return web.json_response({"queued": 0})

    async def _detail(self, request: web.Request) -> web.Response:
        self.tokens.add(request.headers["Authorization"])
        referral_id = request.match_info["id"]
        given = self.answers.get(referral_id, [])
        status = given[-1]["status"] if given else "requested"
        return web.json_response({"referral_id": referral_id, "status": status, "fields": ["need"], "person": {}})

    async def _status(self, request: web.Request) -> web.Response:
        if self.failures:
            self.failures -= 1
            return web.json_response({"code": "unavailable"}, status=503)
        referral_id = request.match_info["id"]
        if referral_id in self.taken_back:
            return web.json_response({"code": "illegal_step", "allowed": []}, status=409)
        self.answers.setdefault(referral_id, []).append(await request.json())
        return web.json_response({"id": referral_id, "status": "ok", "version": 1})

    def webhook(self, code: str, referral_id: str, **more: Any) -> tuple[dict[str, str], bytes]:
        """(headers, body) of a `referral.requested`, signed by the specification's own library."""
        data = {
            "referral_id": referral_id,
            "case_ref": "c1",
            "partner": code,
            "need": "medical_cost",
            "office": {"name": "值班", "phone": "0596-12345"},
            "links": {
                "detail": f"{self.url}/partner/v1/referrals/{referral_id}",
                "status": f"{self.url}/partner/v1/referrals/{referral_id}/status",
            },
            **more,
        }
        body = json.dumps({"type": "referral.requested", "timestamp": "2026-11-25T00:00:00Z", "data": data})
        message_id = f"msg_{referral_id}"
        now = datetime.fromtimestamp(int(time.time()), UTC)
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secrets[code]).sign(message_id, now, body),
        }
        return headers, body.encode()


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """A running office."""
    made = Office()
    runner = web.AppRunner(made.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", made.port).start()
    yield made
    await runner.cleanup()


@pytest.fixture
async def practice(office: Office, tmp_path: Path) -> AsyncIterator[PracticePartners]:
    """Two practice partners at work: the Red Cross, and a youth league that refuses each first attempt."""
    plans = [PartnerPlan(code="red_cross", port=0), PartnerPlan(code="youth_league", port=0, refuse_first=True)]
    partners = PracticePartners(Home.open(tmp_path / "home"), plans=plans)
    await partners.start()
    try:
        await partners.connect(office.url, operator="op", tokens={"red_cross": "rc", "youth_league": "yl"})
        yield partners
    finally:
        await partners.stop()
