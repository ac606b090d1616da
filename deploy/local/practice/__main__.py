"""All practice partners in one process: `python -m deploy.local.practice --config FILE`."""

import argparse
import asyncio
import hmac
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import aiohttp
import uvloop
from aiohttp import web

from deploy.local.practice.caseworker import Desk
from deploy.local.practice.config import PartnerPlan, PracticeConfig
from deploy.local.practice.memory import Memory
from deploy.local.practice.receiver import partner_app


class Practice:
    """The seven and their control port. `config` is the file as last read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.config = PracticeConfig.read(path)
        self.memory = Memory(self.config.journal, tuple(plan.code for plan in self.config.partners))

    def plan_of(self, code: str) -> PartnerPlan:
        """A partner's plan as it is now."""
        return self.config.plan_of(code)

    def reload(self) -> None:
        """Read the file again: tokens, secrets and behaviour may be others; ports stay."""
        self.config = PracticeConfig.read(self._path)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        stopped = asyncio.Event()
        for one in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(one, stopped.set)
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as http:
            desks = [
                Desk(partial(self.plan_of, plan.code), self.memory, http, gateway_of=lambda: self.config.gateway)
                for plan in self.config.partners
            ]
            runners = []
            for plan, desk in zip(self.config.partners, desks, strict=True):
                app = partner_app(partial(self.plan_of, plan.code), self.memory, desk.wake)
                runners.append(await _serve(app, self.config.host, plan.port))
            runners.append(await _serve(control_app(self), self.config.host, self.config.control_port))
            work = [asyncio.create_task(desk.run()) for desk in desks]
            await stopped.wait()
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await asyncio.gather(*(runner.cleanup() for runner in runners))


def control_app(practice: Practice) -> web.Application:
    """What the partners saw and did, for whoever started them.

    `GET /state`: counts; `GET /seen?after=N`: webhook-ids and hashes of bodies; `GET /courses`: the last status the
    office took for each referral; `POST /reload`: read the configuration again.
    """

    @web.middleware
    async def only_us(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        wanted = f"Bearer {practice.config.control_token}"
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted.encode()):
            return web.Response(status=401)
        return await handler(request)

    async def state(request: web.Request) -> web.Response:
        return web.json_response({"partners": practice.memory.tell(), "seen": len(practice.memory.seen)})

    async def seen(request: web.Request) -> web.Response:
        return web.json_response({"items": practice.memory.seen[int(request.query.get("after", "0")) :]})

    async def courses(request: web.Request) -> web.Response:
        return web.json_response({code: held.courses for code, held in practice.memory.partners.items()})

    async def reload(request: web.Request) -> web.Response:
        practice.reload()
        return web.Response(status=204)

    app = web.Application(middlewares=[only_us])
    app.router.add_get("/state", state)
    app.router.add_get("/seen", seen)
    app.router.add_get("/courses", courses)
    app.router.add_post("/reload", reload)
    return app


async def _serve(app: web.Application, host: str, port: int) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port, backlog=1024).start()
    return runner


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT."""
    reader = argparse.ArgumentParser(prog="practice", description="Seven practice partner organisations.")
    reader.add_argument("--config", type=Path, required=True)
    uvloop.run(Practice(reader.parse_args(arguments).config).run())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
