"""The eligibility application."""

from fastapi import FastAPI

from services.eligibility.api import routers
from services.eligibility.settings import EligibilitySettings
from services.eligibility.worker import loops
from services.kit.application import build_app


def create_app(settings: EligibilitySettings | None = None) -> FastAPI:
    """The application; without settings they are read from the environment and the part's secret file."""
    return build_app(
        settings or EligibilitySettings.load("eligibility"),
        title="Yiqijiu eligibility",
        description="Which programmes may help a household, and why: checks, assessments, the visit list.",
        routers=routers,
        loops=loops,
    )
