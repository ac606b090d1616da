"""Intake's doors over HTTP: they parse, call one verb, and answer."""

from services.intake.api import bills, consents, households, imports, internal, reading, reports

ROUTERS = (
    bills.routes,
    reports.routes,
    households.routes,
    consents.routes,
    imports.routes,
    reading.routes,
    internal.routes,
)
