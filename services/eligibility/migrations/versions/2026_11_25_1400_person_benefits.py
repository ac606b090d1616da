"""What persons receive by the rolls, as intake told it last. A person's newest event says whose household it is."""

from services.kit.migrations import run_sql
from services.kit.tables import protect

revision = "2026_11_25_1400"
down_revision = "2026_11_25_1300"

BENEFITS = """
CREATE TABLE person_benefit (
    person_ref uuid PRIMARY KEY,
    version bigint NOT NULL,
    division text NOT NULL,
    household_ref uuid NOT NULL,
    benefits jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX person_benefit_household ON person_benefit (household_ref);
"""


def upgrade() -> None:
    """Make the table; it is limited to the transaction's territory."""
    run_sql(BENEFITS + protect("person_benefit"))
