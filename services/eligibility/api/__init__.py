"""The HTTP door of eligibility."""

from services.eligibility.api import assessments, checks, funnel, records, visits

routers = [checks.routes, assessments.routes, records.routes, visits.routes, funnel.routes]
"""All routes of the service."""
