"""The referral service's application."""

from fastapi import FastAPI

from services.kit.application import build_app
from services.kit.clock import Clock
from services.referral import worker
from services.referral.api import deliveries, door, endpoints, referrals
from services.referral.settings import ReferralSettings
from services.referral.worker.post import letterhead_of


def create_app(settings: ReferralSettings | None = None, *, clock: Clock | None = None) -> FastAPI:
    """The application, with its loops. `clock` is the routes' time, for tests."""
    settings = settings or ReferralSettings.load("referral")
    app = build_app(
        settings,
        title="Yiqijiu referral",
        description="Opens referrals to partners and bureaux, sends them signed webhooks, and takes their answers.",
        routers=[referrals.router, endpoints.router, deliveries.router, door.router],
        loops=worker.loops,
    )
    app.state.clock = clock or Clock()
    app.state.letterhead = letterhead_of(settings)
    return app
