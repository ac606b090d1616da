"""Intake's application."""

import asyncio

from fastapi import FastAPI

from services.intake import worker
from services.intake.api import ROUTERS
from services.intake.settings import IntakeSettings
from services.kit.application import build_app
from services.kit.clock import Clock


def create_app(settings: IntakeSettings | None = None) -> FastAPI:
    """The application; without `settings` they are read from the data folder."""
    settings = settings or IntakeSettings.load("intake")
    app = build_app(
        settings,
        title="一起救 · intake",
        description="住院费用、网格上报、家庭登记与同意 / Hospital costs, reports, households, consents come in.",
        routers=ROUTERS,
        loops=worker.loops,
    )
    app.state.keys = settings.keys()
    app.state.clock = Clock()
    app.state.import_wake = asyncio.Event()
    return app
