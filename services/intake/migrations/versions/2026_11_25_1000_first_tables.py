"""People, households, bills, grid reports, consents, imports and disclosures, each limited to its territory."""

from services.kit.migrations import run_sql
from services.kit.tables import FIRST_TABLES, protect

revision = "2026_11_25_1000"
down_revision = None

# `household.facts` is what HouseholdChanged tells. Somebody in no registered household lives in a provisional one of
# their own, without a membership. A row's `division` is the place whose workers may see it. People registered outside
# the city are kept with the city, whose office forwards them; `registered_division` says where they are registered.
PEOPLE = """
CREATE TABLE household (
    id uuid PRIMARY KEY,
    division text NOT NULL,
    provisional boolean NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    consent_version bigint NOT NULL DEFAULT 0,
    facts jsonb NOT NULL DEFAULT '{}',
    sealed bytea,
    merged_into uuid REFERENCES household (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CHECK (merged_into IS DISTINCT FROM id)
);
CREATE INDEX household_merged_into ON household (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE person (
    id uuid PRIMARY KEY,
    division text NOT NULL,
    registered_division text NOT NULL,
    in_city boolean NOT NULL,
    household_id uuid NOT NULL REFERENCES household (id),
    id_index bytea UNIQUE,
    id_type text NOT NULL,
    sealed bytea NOT NULL,
    birth_date date,
    gender text CHECK (gender IN ('female', 'male')),
    is_alias boolean NOT NULL DEFAULT false,
    is_deceased boolean NOT NULL DEFAULT false,
    care_version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CHECK (id_index IS NULL OR length(id_index) = 32)
);
CREATE INDEX person_household_id ON person (household_id);
CREATE TABLE membership (
    household_id uuid NOT NULL REFERENCES household (id),
    person_id uuid NOT NULL REFERENCES person (id),
    joined_on date NOT NULL,
    left_on date,
    division text NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    CHECK (left_on >= joined_on)
);
CREATE UNIQUE INDEX membership_present ON membership (person_id) WHERE left_on IS NULL;
CREATE INDEX membership_household_id ON membership (household_id);
"""

# One settlement may be there once in each version; a withdrawn one may be sent again.
CARE = """
CREATE TABLE care_record (
    id uuid PRIMARY KEY,
    division text NOT NULL,
    person_id uuid NOT NULL REFERENCES person (id),
    source text NOT NULL,
    settlement_id text NOT NULL,
    version int NOT NULL CHECK (version >= 1),
    refund_of text,
    digest bytea NOT NULL,
    registered_division text NOT NULL,
    hospital text NOT NULL,
    admitted_on date,
    discharged_on date,
    settled_on date NOT NULL,
    settlement_year int NOT NULL,
    total_fen bigint NOT NULL,
    self_paid_fen bigint NOT NULL,
    pooled_fund_paid_fen bigint,
    serious_illness_paid_fen bigint,
    medical_aid_paid_fen bigint,
    is_refund boolean NOT NULL,
    is_held boolean NOT NULL,
    is_withdrawn boolean NOT NULL DEFAULT false,
    note text NOT NULL DEFAULT '' CHECK (note IN ('', 'superseded', 'held', 'withdrawn', 'refunded')),
    other_name bytea,
    import_id uuid,
    import_line int,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CHECK (settlement_year = extract(year FROM settled_on)),
    CHECK (admitted_on <= discharged_on),
    CHECK (is_refund OR self_paid_fen <= total_fen)
);
CREATE UNIQUE INDEX care_record_key ON care_record (source, settlement_id, version) WHERE NOT is_withdrawn;
CREATE INDEX care_record_person_id ON care_record (person_id);
CREATE INDEX care_record_import ON care_record (import_id, import_line) WHERE import_id IS NOT NULL;
CREATE TABLE person_year (
    person_id uuid NOT NULL REFERENCES person (id),
    year int NOT NULL,
    division text NOT NULL,
    self_paid_fen bigint NOT NULL,
    records int NOT NULL,
    latest_settled_on date NOT NULL,
    PRIMARY KEY (person_id, year)
);
"""

REPORTS = """
CREATE TABLE grid_report (
    id uuid PRIMARY KEY,
    division text NOT NULL,
    report_id text NOT NULL UNIQUE,
    digest bytea NOT NULL,
    person_id uuid REFERENCES person (id),
    household_id uuid NOT NULL REFERENCES household (id),
    is_identified boolean NOT NULL,
    reported_at timestamptz NOT NULL,
    kinds text[] NOT NULL CHECK (cardinality(kinds) > 0),
    urgency text NOT NULL CHECK (urgency IN ('red', 'yellow', 'blue')),
    household_size int,
    is_safe_to_call boolean NOT NULL,
    is_informed boolean NOT NULL,
    shares boolean NOT NULL,
    in_city boolean NOT NULL,
    notices text[] NOT NULL,
    sealed bytea NOT NULL,
    name_index bytea,
    import_id uuid,
    import_line int,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX grid_report_name ON grid_report (name_index) WHERE name_index IS NOT NULL;
CREATE INDEX grid_report_household_id ON grid_report (household_id);
"""

CONSENTS = """
CREATE TABLE consent_decision (
    id uuid PRIMARY KEY,
    division text NOT NULL,
    household_id uuid NOT NULL REFERENCES household (id),
    person_id uuid REFERENCES person (id),
    partner text NOT NULL,
    purpose text NOT NULL,
    decision text NOT NULL CHECK (decision IN ('given', 'refused', 'revoked')),
    basis text NOT NULL CHECK (basis IN ('consent', 'statutory')),
    given_on date NOT NULL,
    expires_on date,
    evidence_kind text,
    evidence_sha256 text,
    version bigint NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (household_id, version),
    CHECK (expires_on >= given_on)
);
CREATE TABLE disclosure (
    id uuid PRIMARY KEY,
    division text NOT NULL,
    household_id uuid NOT NULL,
    person_id uuid,
    partner text NOT NULL,
    referral_id uuid NOT NULL,
    need text NOT NULL,
    basis text NOT NULL CHECK (basis IN ('consent', 'statutory')),
    fields text[] NOT NULL,
    asked_by text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX disclosure_household_id ON disclosure (household_id);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER consent_decision_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER disclosure_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON disclosure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

IMPORTS = """
CREATE TABLE import_job (
    id uuid PRIMARY KEY,
    division text NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    dry_run boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('checking', 'checked', 'committing', 'committed', 'failed', 'undone')),
    territory text NOT NULL,
    file_sha256 bytea NOT NULL,
    file_bytes int NOT NULL,
    sealed_file bytea,
    mapping jsonb NOT NULL DEFAULT '{}',
    form text NOT NULL DEFAULT '',
    encoding text NOT NULL DEFAULT '',
    separator text NOT NULL DEFAULT '',
    sheet text NOT NULL DEFAULT '',
    counts jsonb NOT NULL DEFAULT '{}',
    file_notes jsonb NOT NULL DEFAULT '[]',
    done_rows int NOT NULL DEFAULT 0,
    total_rows int,
    error_code text,
    tries int NOT NULL DEFAULT 0,
    leased_until timestamptz,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    committed_at timestamptz,
    undone_at timestamptz
);
CREATE UNIQUE INDEX import_job_file ON import_job (file_sha256, kind, source, territory)
    WHERE state NOT IN ('failed', 'undone');
CREATE INDEX import_job_due ON import_job (created_at) WHERE state IN ('checking', 'committing');
CREATE TABLE import_row (
    import_id uuid NOT NULL REFERENCES import_job (id),
    line int NOT NULL,
    place int NOT NULL,
    division text NOT NULL,
    is_error boolean NOT NULL,
    field text NOT NULL,
    code text NOT NULL,
    column_zh text NOT NULL,
    zh text NOT NULL,
    en text NOT NULL,
    masked text NOT NULL,
    PRIMARY KEY (import_id, line, place)
);
CREATE TABLE import_mapping (
    source text NOT NULL,
    headers_sha256 bytea NOT NULL,
    mapping jsonb NOT NULL,
    given_by text NOT NULL,
    given_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, headers_sha256)
);
"""

_PERSONAL = (
    "household", "person", "membership", "care_record", "person_year", "grid_report", "consent_decision", "disclosure",
    "import_job", "import_row",
)  # fmt: skip


def upgrade() -> None:
    """Make everything."""
    run_sql(FIRST_TABLES + PEOPLE + CARE + REPORTS + CONSENTS + IMPORTS + "".join(map(protect, _PERSONAL)))
