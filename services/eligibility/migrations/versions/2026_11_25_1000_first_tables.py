"""First tables: facts as they were told, person-years, reports, assessments, accounts, visits and the watch.

Facts of an assessment and its findings are `text`, not jsonb: an assessment must run again from the same bytes.
"""

from services.kit.migrations import run_sql
from services.kit.tables import FIRST_TABLES, protect

revision = "2026_11_25_1000"
down_revision = None

TABLES = """
CREATE TABLE household_facts (
    household_ref uuid PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    division text NOT NULL,
    provisional boolean NOT NULL,
    merged_into uuid CHECK (merged_into <> household_ref),
    facts jsonb,
    stated_at timestamptz,
    applied_on date,
    assessments int NOT NULL DEFAULT 0 CHECK (assessments >= 0),
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX household_facts_merged_into ON household_facts (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX household_facts_division ON household_facts (division text_pattern_ops);

CREATE TABLE person_care (
    person_ref uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    division text NOT NULL,
    household_ref uuid NOT NULL,
    stated_household_ref uuid NOT NULL,
    birth_date date,
    gender text CHECK (gender IN ('female', 'male')),
    in_city boolean NOT NULL,
    deceased boolean NOT NULL,
    records jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX person_care_household ON person_care (household_ref);

CREATE TABLE person_year (
    person_ref uuid NOT NULL,
    year int NOT NULL,
    division text NOT NULL,
    sum_fen bigint NOT NULL,
    records int NOT NULL,
    last_settled_on date,
    threshold_fen bigint,
    band int NOT NULL CHECK (band >= 0),
    watched_at timestamptz,
    PRIMARY KEY (person_ref, year)
);
CREATE INDEX person_year_over ON person_year (division text_pattern_ops) WHERE band > 0;

CREATE TABLE grid_report (
    record_id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    division text NOT NULL,
    household_ref uuid NOT NULL,
    stated_household_ref uuid NOT NULL,
    person_ref uuid,
    birth_date date,
    gender text CHECK (gender IN ('female', 'male')),
    household_size int,
    kinds text[] NOT NULL,
    urgency text NOT NULL CHECK (urgency IN ('red', 'yellow', 'blue')),
    reported_on date NOT NULL,
    told_at timestamptz NOT NULL,
    safe_to_call boolean NOT NULL,
    informed boolean NOT NULL,
    share_with_partners boolean NOT NULL,
    in_city boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX grid_report_household ON grid_report (household_ref);

CREATE TABLE assessment (
    assessment_id uuid PRIMARY KEY,
    household_ref uuid NOT NULL,
    number int NOT NULL CHECK (number >= 1),
    division text NOT NULL,
    as_of date NOT NULL,
    cause text NOT NULL CHECK (cause IN ('hospital_cost', 'grid_report', 'household', 'screening', 'merged')),
    cause_ref text NOT NULL,
    state text NOT NULL CHECK (state IN ('live', 'superseded', 'withdrawn', 'merged')),
    superseded_by uuid,
    status text,
    priority text NOT NULL CHECK (priority IN ('stat', 'asap', 'urgent', 'routine')),
    household_size int NOT NULL,
    eligible text[] NOT NULL,
    unknown text[] NOT NULL,
    not_eligible text[] NOT NULL,
    monthly_fen bigint NOT NULL,
    one_off_fen bigint NOT NULL,
    facts text NOT NULL,
    facts_sha256 text NOT NULL,
    findings text NOT NULL,
    findings_sha256 text NOT NULL,
    needs text NOT NULL,
    rule_version text NOT NULL,
    rule_digest text NOT NULL,
    engine text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (household_ref, number)
);
CREATE UNIQUE INDEX assessment_one_live ON assessment (household_ref) WHERE state = 'live';
CREATE INDEX assessment_live_division ON assessment (division text_pattern_ops) WHERE state = 'live';

CREATE TABLE record_account (
    record_id uuid PRIMARY KEY,
    division text NOT NULL,
    source text NOT NULL CHECK (source IN ('hospital_cost', 'grid_report')),
    household_ref uuid NOT NULL,
    person_ref uuid,
    year int,
    kind text NOT NULL CHECK (kind IN ('assessment', 'none')),
    reason text CHECK (reason IN ('below_threshold', 'superseded', 'refunded', 'withdrawn', 'already_assessed',
        'out_of_area', 'deceased', 'membership_conflict', 'data_error')),
    assessment_id uuid,
    first_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT record_account_one_answer CHECK (
        (kind = 'assessment' AND assessment_id IS NOT NULL AND reason IS NULL)
        OR (kind = 'none' AND assessment_id IS NULL AND reason IS NOT NULL))
);
CREATE INDEX record_account_household ON record_account (household_ref);
CREATE INDEX record_account_division ON record_account (division text_pattern_ops);

CREATE TABLE visit (
    household_ref uuid PRIMARY KEY,
    division text NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    state text NOT NULL CHECK (state IN ('open', 'done', 'withdrawn', 'merged')),
    priority text NOT NULL CHECK (priority IN ('stat', 'asap', 'urgent', 'routine')),
    rank smallint NOT NULL,
    reasons text[] NOT NULL,
    assessment_id uuid NOT NULL,
    due_on date NOT NULL,
    assignee_role text NOT NULL,
    assignee_division text NOT NULL,
    safe_to_call boolean NOT NULL,
    band smallint NOT NULL,
    programmes text[] NOT NULL,
    result text,
    result_on date,
    result_by text,
    worked_at timestamptz,
    sum_dropped boolean NOT NULL DEFAULT false,
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT visit_done_has_result CHECK (state <> 'done' OR (result IS NOT NULL AND worked_at IS NOT NULL))
);
CREATE INDEX visit_list ON visit (state, rank, due_on, household_ref);
CREATE INDEX visit_division ON visit (division text_pattern_ops);

CREATE TABLE low_income_watch (
    household_ref uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('status', 'disability_card', 'elder_alone', 'sole_earner_ill', 'year_sum')),
    division text NOT NULL,
    since date NOT NULL,
    PRIMARY KEY (household_ref, reason)
);
CREATE INDEX low_income_watch_division ON low_income_watch (division text_pattern_ops);
"""

_PERSONAL = (
    "household_facts",
    "person_care",
    "person_year",
    "grid_report",
    "assessment",
    "record_account",
    "visit",
    "low_income_watch",
)


def upgrade() -> None:
    """Make the tables; every one is limited to the transaction's territory."""
    run_sql(FIRST_TABLES + TABLES + "".join(protect(table) for table in _PERSONAL))
