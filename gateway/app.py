"""The gateway's application: the door in front, the gateway's own answers and the console inside."""

import asyncio
from contextlib import AsyncExitStack

from fastapi import FastAPI

from gateway.accounts import SignIn
from gateway.api import router as api_router
from gateway.audit import AuditLog
from gateway.auth import Callers
from gateway.console.app_pages import install_console
from gateway.desk import Desk
from gateway.door import Door
from gateway.openapi import OpenApi
from gateway.proxy import Upstream
from gateway.routes import route_table
from gateway.settings import GatewaySettings
from gateway.stream import Streams
from gateway.verify import heads_file, note_heads
from services.kit.application import build_app
from services.kit.clock import Clock


async def run_loops(app: FastAPI) -> None:
    """The audit's writer and the lookers at the parts, until cancelled."""
    async with AsyncExitStack() as stack:
        desk: Desk = app.state.desk
        stack.push_async_callback(desk.upstream.close)
        async with asyncio.TaskGroup() as group:
            group.create_task(desk.audit.run())
            group.create_task(note_heads(desk.audit, heads_file(app.state.settings.home)))
            group.create_task(app.state.openapi.run())


def create_app(settings: GatewaySettings | None = None) -> Door:
    """The gateway, ready to be served."""
    settings = settings or GatewaySettings.load("gateway")
    app = build_app(
        settings,
        title="网关 Gateway",
        description="The only public door of Yiqijiu.",
        routers=[api_router],
        loops=run_loops,
    )
    clock = Clock()
    desk = Desk(
        table=route_table(),
        callers=Callers(lambda: app.state.database, settings.jwt_private_key.get_secret_value(), clock=clock),
        audit=AuditLog(settings.database_url.get_secret_value(), settings.audit_key.get_secret_value()),
        upstream=Upstream(settings.urls),
        clock=clock,
    )
    app.state.desk = desk
    app.state.streams = Streams(desk)
    app.state.sign_in = SignIn(clock=clock)
    app.state.openapi = OpenApi(app.openapi(), route_table(), desk.upstream)
    # FastAPI's own /openapi.json shows this application alone; the merged one takes its place.
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", "") != app.openapi_url]
    install_console(app, demo=settings.demo)
    return Door(app, desk=desk)
