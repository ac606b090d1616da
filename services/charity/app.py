"""Charity's application."""

from fastapi import FastAPI

from services.charity import worker
from services.charity.actions.donations import Sealing
from services.charity.api import ROUTERS
from services.charity.settings import CharitySettings
from services.kit.application import build_app
from services.kit.clock import Clock
from services.kit.privacy import Sealer


def create_app(settings: CharitySettings | None = None) -> FastAPI:
    """The application; settings are read from the environment when not given."""
    settings = settings or CharitySettings.load("charity")
    app = build_app(
        settings,
        title="Yiqijiu charity",
        description="Nine brand programmes, donations, restricted funds, awards and the double-entry books.",
        routers=ROUTERS,
        loops=worker.loops,
    )
    key = settings.seal_key
    app.state.sealing = Sealing(Sealer(key.get_secret_value()) if key else None)
    app.state.clock = Clock()
    app.state.breaches = []
    return app
