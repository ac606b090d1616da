"""Charity's door: `/api/v1/charity/…`, a module a topic."""

from services.charity.api import awards, books, counts, households, money, payments, programmes, public, reports

ROUTERS = [
    programmes.router,
    money.router,
    awards.router,
    payments.router,
    books.router,
    reports.router,
    counts.router,
    households.router,
    public.router,
]
"""Every router of the part."""
