"""The HTTP door of eligibility."""

from services.eligibility.api import (
    assessments,
    certificates,
    checks,
    funnel,
    leads,
    policies,
    records,
    rehearsals,
    screened,
    screenings,
    visits,
    watch,
)

routers = [
    checks.routes,
    assessments.routes,
    certificates.routes,
    records.routes,
    visits.routes,
    funnel.routes,
    screenings.routes,
    leads.routes,
    screened.routes,
    watch.routes,
    policies.routes,
    rehearsals.routes,
]
"""All routes of the service."""
