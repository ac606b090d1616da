"""Screening runs, what each run found of every household, and the leads worth following.

A household found by screening is assessed like any other: `screened_run` and `screened_on` are the ground for it.
"""

from services.kit.migrations import run_sql
from services.kit.tables import protect

revision = "2026_11_25_1100"
down_revision = "2026_11_25_1000"

TABLES = """
CREATE TABLE screening_run (
    run_id uuid PRIMARY KEY,
    division text NOT NULL,
    basis text NOT NULL CHECK (basis IN ('full', 'changed')),
    since_run uuid,
    cause text NOT NULL CHECK (cause IN ('officer', 'policy', 'facts', 'command')),
    policy_ref uuid,
    parameters text[] NOT NULL DEFAULT '{}',
    note text NOT NULL DEFAULT '',
    requested_by text NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'completed', 'failed', 'cancelled')),
    problem text,
    as_of date NOT NULL,
    rule_version text NOT NULL,
    rule_digest text NOT NULL,
    engine text NOT NULL,
    cursor_ref uuid,
    households_total bigint NOT NULL DEFAULT 0,
    households_done bigint NOT NULL DEFAULT 0,
    persons_done bigint NOT NULL DEFAULT 0,
    carried bigint NOT NULL DEFAULT 0,
    leads bigint NOT NULL DEFAULT 0,
    tally text NOT NULL DEFAULT '{}',
    visits_ref uuid,
    lease_by uuid,
    lease_until timestamptz,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    changed_at timestamptz NOT NULL,
    CONSTRAINT screening_run_changed_since CHECK (basis = 'full' OR since_run IS NOT NULL),
    CONSTRAINT screening_run_of_policy CHECK (cause <> 'policy' OR policy_ref IS NOT NULL)
);
CREATE INDEX screening_run_to_do ON screening_run (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX screening_run_division ON screening_run (division text_pattern_ops, run_id);

CREATE TABLE screening_outcome (
    run_id uuid NOT NULL,
    household_ref uuid NOT NULL,
    division text NOT NULL,
    mark text NOT NULL,
    fresh_until date NOT NULL,
    outcomes text NOT NULL,
    found text NOT NULL,
    PRIMARY KEY (run_id, household_ref)
);

CREATE TABLE lead (
    run_id uuid NOT NULL,
    household_ref uuid NOT NULL,
    programme text NOT NULL,
    division text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('eligible', 'unknown', 'near_miss')),
    score int NOT NULL,
    month_fen bigint NOT NULL,
    once_fen bigint NOT NULL,
    signals text[] NOT NULL,
    missing text[] NOT NULL,
    reason text NOT NULL,
    is_new boolean NOT NULL,
    PRIMARY KEY (run_id, household_ref, programme)
);
CREATE INDEX lead_in_order ON lead (run_id, score DESC, household_ref, programme);

ALTER TABLE household_facts ADD COLUMN screened_run uuid, ADD COLUMN screened_on date;
"""


def upgrade() -> None:
    """Make the tables; every one is limited to the transaction's territory."""
    run_sql(TABLES + "".join(protect(table) for table in ("screening_run", "screening_outcome", "lead")))
