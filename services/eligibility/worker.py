"""Eligibility's loops: its relay and its consumers."""

from fastapi import FastAPI

from services.eligibility.consumers import HANDLERS
from services.kit.clock import Clock
from services.kit.worker import run_loops


async def loops(app: FastAPI) -> None:
    """Run until cancelled."""
    await run_loops(app.state.settings, app.state.database, HANDLERS, Clock())
