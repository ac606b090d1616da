"""When a screening run's lists of households were cleared away; its counts stay."""

from services.kit.migrations import run_sql

revision = "2026_11_25_1300"
down_revision = "2026_11_25_1200"


def upgrade() -> None:
    """Add the column."""
    run_sql("ALTER TABLE screening_run ADD COLUMN forgotten_at timestamptz")
