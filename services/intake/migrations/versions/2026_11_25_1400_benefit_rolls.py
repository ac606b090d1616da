"""Benefit rolls: who is on which roll (在册名册) of which programme and place, and what each person was told to hold.

A roll is stored whole, each accepted row as one line, and is current until another one takes its place: nothing is
half replaced, and taking an import back makes the former roll current again.
"""

from services.kit.migrations import run_sql
from services.kit.tables import protect

revision = "2026_11_25_1400"
down_revision = "2026_11_25_1000"

ROLLS = """
CREATE TABLE benefit_roll (
    id uuid PRIMARY KEY,
    division text NOT NULL,
    programme text NOT NULL,
    state text NOT NULL CHECK (state IN ('current', 'replaced', 'undone')),
    import_id uuid NOT NULL REFERENCES import_job (id),
    replaced_by uuid REFERENCES import_job (id),
    lines int NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'replaced') = (replaced_by IS NOT NULL))
);
CREATE UNIQUE INDEX benefit_roll_current ON benefit_roll (programme, division) WHERE state = 'current';
CREATE INDEX benefit_roll_import ON benefit_roll (import_id);
CREATE INDEX benefit_roll_replaced_by ON benefit_roll (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE TABLE roll_line (
    roll_id uuid NOT NULL REFERENCES benefit_roll (id),
    person_id uuid NOT NULL REFERENCES person (id),
    division text NOT NULL,
    since date NOT NULL,
    until date,
    month_fen bigint,
    import_line int NOT NULL,
    PRIMARY KEY (roll_id, person_id),
    CHECK (until >= since),
    CHECK (month_fen >= 0)
);
CREATE INDEX roll_line_person_id ON roll_line (person_id);
ALTER TABLE person ADD COLUMN benefits_version bigint NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    """Make the tables; each is limited to the transaction's territory."""
    run_sql(ROLLS + "".join(map(protect, ("benefit_roll", "roll_line"))))
