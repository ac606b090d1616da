"""Starts the practice partners beside a suite, registers their endpoints, and asks what they saw."""

import asyncio
import json
import random
import secrets
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import aiohttp

from deploy.local.events import Journal
from deploy.local.home import Home, read_json, write_over
from deploy.local.keeper import Keeper
from deploy.local.ports import is_free
from deploy.local.practice.config import CODES, PartnerPlan
from deploy.local.processes import ProcessBook, end
from deploy.local.refusal import Refusal, Words
from deploy.local.spawn import part_environment, spawn
from services.kit.clock import Clock

DIVISION = "3506"
# Above the ports a suite chooses from and below those of outgoing connections: both may choose at the same time.
_PORTS = range(32_000, 32_760)
_START_S = 20.0
_MISSED_FOR = timedelta(days=7)


class PracticePartners:
    """One process with all seven, known as `practice`. Start it, then `connect` it to a running suite."""

    def __init__(self, home: Home, *, plans: Sequence[PartnerPlan] | None = None) -> None:
        self._home = home
        self._file = home.run / "practice.json"
        self._book = ProcessBook(home.run / "practice-processes.json")
        held = read_json(self._file)
        before = {plan["code"]: PartnerPlan(**plan) for plan in held.get("partners", ())}
        ports = _settle({code: plan.port for code, plan in before.items()}, int(held.get("control_port", 0)))
        wanted = plans or [PartnerPlan(code=code, port=0) for code in CODES]
        self.plans = {
            plan.code: plan.model_copy(
                update={
                    "port": plan.port or ports[plan.code],
                    # What was left waiting by an earlier process goes on before anything is registered anew.
                    "secrets": before[plan.code].secrets if plan.code in before else (),
                    "token": plan.token or (before[plan.code].token if plan.code in before else ""),
                }
            )
            for plan in wanted
        }
        self._control_port = ports["control"]
        self._control_token = secrets.token_urlsafe(24)
        self._gateway = "http://127.0.0.1:9"
        self._keeper: Keeper | None = None
        self._http: aiohttp.ClientSession | None = None

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._keeper.pid if self._keeper is not None else None

    def url_of(self, code: str) -> str:
        """Where a partner receives webhooks."""
        return f"http://127.0.0.1:{self.plans[code].port}/webhooks/{code}"

    async def start(self) -> None:
        """Start the process and wait until its ports answer. It is brought back when it ends. Raises: Refusal."""
        await end(self._book.leftovers())
        self._write()
        self._http = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._control_token}"}, timeout=aiohttp.ClientTimeout(total=10)
        )
        journal = Journal(self._home.log_file("practice-keeper"))
        self._keeper = Keeper("practice", self._launch, book=self._book, journal=journal, ready_at_launch=True)
        await self._keeper.start()

    async def connect(self, gateway_url: str, *, operator: str, tokens: Mapping[str, str]) -> None:
        """Tell the partners where the gateway is, and register there the endpoints of those that get a token.

        `operator` is a bearer token of this machine, `tokens` those of the partners' systems by code.
        Raises: Refusal when the gateway does not take an endpoint.
        """
        self._gateway = gateway_url
        for code, token in tokens.items():
            self._change(code, token=token)
        await self._reload()
        given = await asyncio.gather(*(self._register(code, operator) for code in tokens))
        for code, _, secret in given:
            self._change(code, secrets=(secret, *self.plans[code].secrets[:1]))
        await self._reload()
        await asyncio.gather(*(self._ask_for_missing(endpoint, operator) for _, endpoint, _ in given))

    async def behave(self, code: str, **changes: Any) -> None:
        """Change how a partner behaves from now on: fields of PartnerPlan but for its port."""
        self._change(code, **changes)
        await self._reload()

    async def state(self) -> dict[str, Any]:
        """Each partner's counts, outcomes and problems, by code."""
        held: dict[str, Any] = (await self._ask("state"))["partners"]
        return held

    async def seen(self, after: int = 0) -> list[dict[str, Any]]:
        """Every distinct webhook that arrived, in order: partner, id, sha256, type, referral_id, at."""
        items: list[dict[str, Any]] = (await self._ask(f"seen?after={after}"))["items"]
        return items

    async def courses(self) -> dict[str, dict[str, str]]:
        """partner → referral → the last status that the office took from the partner."""
        return await self._ask("courses")

    async def stop(self) -> None:
        """End the process."""
        if self._keeper is not None:
            await self._keeper.stop(grace_s=3)
            self._keeper = None
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _change(self, code: str, **changes: Any) -> None:
        self.plans[code] = PartnerPlan(**(self.plans[code].model_dump() | changes))

    def _write(self) -> None:
        held = {
            "gateway": self._gateway,
            "control_port": self._control_port,
            "control_token": self._control_token,
            "journal": str(self._home.run / "practice-journal.jsonl"),
            "partners": [plan.model_dump() for plan in self.plans.values()],
        }
        write_over(self._file, json.dumps(held, indent=1))

    async def _reload(self) -> None:
        self._write()
        assert self._http is not None
        async with self._http.post(f"http://127.0.0.1:{self._control_port}/reload") as answer:
            answer.raise_for_status()

    async def _ask(self, path: str) -> dict[str, Any]:
        assert self._http is not None
        async with self._http.get(f"http://127.0.0.1:{self._control_port}/{path}") as answer:
            answer.raise_for_status()
            held: dict[str, Any] = await answer.json()
            return held

    async def _launch(self) -> Process:
        command = [sys.executable, "-P", "-m", "deploy.local.practice", "--config", str(self._file)]
        env = part_environment("", self._home.path, {}, {"PATH": "/usr/bin:/bin"})
        log_file = self._home.log_file("practice")
        process = await spawn(command, env=env, log_file=log_file)
        until = time.monotonic() + _START_S
        while time.monotonic() < until and process.returncode is None:
            try:
                await self._ask("state")
                return process
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(0.05)
        raise Refusal(
            "practice_not_ready",
            Words("演练用的七家单位没有启动成功。", "The practice partners do not start."),
            Words(f"请看日志 {log_file}。", f"See {log_file}."),
        )

    async def _register(self, code: str, operator: str) -> tuple[str, str, str]:
        """Register one endpoint; answers (code, the endpoint's id, its new secret)."""
        assert self._http is not None
        url = f"{self._gateway}/api/v1/referral/partners/{code}/endpoint"
        body = {"url": self.url_of(code), "division": DIVISION, "verify": True}
        async with self._http.put(url, json=body, headers={"Authorization": f"Bearer {operator}"}) as answer:
            held = await answer.json(content_type=None)
            if answer.status != 200 or held.get("state") != "active":
                raise Refusal(
                    "endpoint_refused",
                    Words(f"演练单位 {code} 的接收地址没有登记成功。", f"The endpoint of {code} was not taken."),
                    Words("请看日志 referral.log。", "See referral.log."),
                    details=(f"{answer.status} {held.get('code', held.get('state', ''))}",),
                )
            return code, str(held["id"]), str(held["secret"])

    async def _ask_for_missing(self, endpoint_id: str, operator: str) -> None:
        """Have sent now what could not be delivered while the partners were away, as a partner that is back would."""
        assert self._http is not None
        since = Clock().now() - _MISSED_FOR
        async with self._http.post(
            f"{self._gateway}/api/v1/referral/endpoints/{endpoint_id}/replay",
            json={"since": since.isoformat(timespec="seconds"), "only": "missing"},
            headers={"Authorization": f"Bearer {operator}", "Idempotency-Key": secrets.token_hex(12)},
        ) as answer:
            answer.raise_for_status()


def _settle(before: Mapping[str, int], control: int) -> dict[str, int]:
    """A port for each partner and for control: the former one when nobody took it."""
    ports: dict[str, int] = {}
    for name in (*CODES, "control"):
        held = control if name == "control" else before.get(name, 0)
        while not held or held in ports.values() or not is_free(held):
            held = random.choice(_PORTS)
        ports[name] = held
    return ports
