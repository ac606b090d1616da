"""Policy versions, rehearsals, and every rule book that was ever used.

A policy version is seen in its own territory and in the places below it, for which it is law; it is written in its own
only. Rule books and their layers hold law, no person, and are seen by all.
"""

from services.kit.migrations import run_sql
from services.kit.tables import protect

revision = "2026_11_25_1200"
down_revision = "2026_11_25_1100"

TABLES = """
CREATE TABLE rule_book (
    digest text PRIMARY KEY,
    version text NOT NULL,
    content bytea NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE rule_layer (
    edition bigint PRIMARY KEY CHECK (edition >= 1),
    layer text NOT NULL,
    sha256 text NOT NULL,
    policy_id uuid NOT NULL,
    made_at timestamptz NOT NULL
);

CREATE TABLE policy (
    id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    division text NOT NULL,
    title text NOT NULL,
    reason text NOT NULL,
    state text NOT NULL CHECK (state IN
        ('draft', 'rehearsed', 'approved', 'scheduled', 'in_force', 'superseded', 'withdrawn')),
    changes text NOT NULL,
    losers_reason text,
    created_by text NOT NULL,
    approved_by text,
    four_eyes_waived boolean NOT NULL DEFAULT false,
    scheduled_for date,
    sequence bigint UNIQUE,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT policy_four_eyes CHECK (approved_by IS NULL OR four_eyes_waived OR approved_by <> created_by),
    CONSTRAINT policy_two_people CHECK (state NOT IN ('approved', 'scheduled', 'in_force', 'superseded')
        OR approved_by IS NOT NULL),
    CONSTRAINT policy_has_day CHECK (state NOT IN ('scheduled', 'in_force', 'superseded') OR scheduled_for IS NOT NULL),
    CONSTRAINT policy_has_sequence CHECK ((state IN ('in_force', 'superseded')) = (sequence IS NOT NULL))
);
CREATE INDEX policy_newest ON policy (created_at DESC, id);
CREATE INDEX policy_due ON policy (scheduled_for) WHERE state = 'scheduled';

-- What two people signed stays what they signed.
CREATE FUNCTION guard_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('approved', 'scheduled', 'in_force', 'superseded') AND
        (NEW.changes, NEW.division, NEW.created_by, NEW.approved_by) IS DISTINCT FROM
        (OLD.changes, OLD.division, OLD.created_by, OLD.approved_by) THEN
        RAISE EXCEPTION 'an approved policy version does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policy_guard BEFORE UPDATE ON policy FOR EACH ROW EXECUTE FUNCTION guard_policy();

CREATE TABLE policy_step (
    policy_id uuid NOT NULL REFERENCES policy,
    version bigint NOT NULL,
    division text NOT NULL,
    state text NOT NULL,
    four_eyes_waived boolean NOT NULL DEFAULT false,
    taken_by text NOT NULL,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (policy_id, version)
);
-- The days on which a version in force changes what holds: a value begins, or the day after it ended.
CREATE TABLE policy_onset (
    policy_id uuid NOT NULL REFERENCES policy,
    day date NOT NULL,
    division text NOT NULL,
    screening_id uuid,
    done_at timestamptz,
    PRIMARY KEY (policy_id, day)
);
CREATE INDEX policy_onset_due ON policy_onset (day) WHERE done_at IS NULL;

CREATE TABLE rehearsal (
    id uuid PRIMARY KEY,
    policy_id uuid REFERENCES policy,
    policy_version bigint,
    title text NOT NULL,
    division text NOT NULL,
    as_of date NOT NULL,
    changes text NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
    problem text,
    households_done bigint NOT NULL DEFAULT 0,
    households_total bigint NOT NULL DEFAULT 0,
    cursor_ref uuid,
    tally text NOT NULL DEFAULT '',
    tests text NOT NULL DEFAULT '',
    result text NOT NULL DEFAULT '',
    baseline_version text NOT NULL DEFAULT '',
    baseline_digest text NOT NULL DEFAULT '',
    attempts int NOT NULL DEFAULT 0,
    lease_by uuid,
    lease_until timestamptz,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT rehearsal_has_result CHECK (state <> 'completed' OR (result <> '' AND tests <> ''))
);
CREATE INDEX rehearsal_newest ON rehearsal (created_at DESC, id);
CREATE INDEX rehearsal_policy ON rehearsal (policy_id) WHERE policy_id IS NOT NULL;
CREATE INDEX rehearsal_to_do ON rehearsal (created_at) WHERE state IN ('queued', 'running');
"""

_WIDE = "(in_territory(division) OR starts_with(current_setting('yiqijiu.territory', true), division))"


def _law(table: str) -> str:
    """Read where it is law, written in its own territory."""
    written = "in_territory(division)"
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
        f"CREATE POLICY {table}_read ON {table} FOR SELECT USING {_WIDE};"
        f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({written});"
        f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({written}) WITH CHECK ({written});"
        f"CREATE POLICY {table}_remove ON {table} FOR DELETE USING ({written});"
    )


def upgrade() -> None:
    """Make the tables."""
    run_sql(TABLES + "".join(map(_law, ("policy", "policy_step", "policy_onset"))) + protect("rehearsal"))
