"""The five parts, and where each one's code is."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

SERVICES = ("intake", "eligibility", "referral", "charity")
PARTS = (*SERVICES, "gateway")


def app_module(part: str) -> str:
    """The module whose `create_app` makes the part's application."""
    return "gateway.app" if part == "gateway" else f"services.{part}.app"


def migrations_folder(part: str) -> Path:
    """Where the part's migrations are; absent for a part that keeps nothing."""
    return ROOT / "gateway" / "migrations" if part == "gateway" else ROOT / "services" / part / "migrations"


def newest_revision(part: str) -> str | None:
    """The revision the part's code needs: the last file's name up to its slug; None where there are no migrations."""
    files = sorted(path.name for path in (migrations_folder(part) / "versions").glob("2*.py"))
    return files[-1][:15] if files else None
