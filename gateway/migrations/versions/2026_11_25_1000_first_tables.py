"""Accounts, sessions, tokens, and the audit chain that nobody may change."""

from services.kit.migrations import run_sql
from services.kit.tables import FIRST_TABLES

revision = "2026_11_25_1000"
down_revision = None

_SIGN_IN = """
CREATE TABLE account (
    id uuid PRIMARY KEY,
    username text NOT NULL UNIQUE CHECK (username = lower(username)),
    password_hash text NOT NULL,
    display_name text NOT NULL,
    roles text[] NOT NULL CHECK (cardinality(roles) > 0 AND NOT 'operator' = ANY (roles)),
    territory text NOT NULL,
    partner text,
    language text NOT NULL DEFAULT 'zh-CN' CHECK (language IN ('zh-CN', 'en')),
    failures int NOT NULL DEFAULT 0,
    locked_until timestamptz,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    signed_in_at timestamptz
);
CREATE TABLE session (
    sha256 bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    csrf text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expires_at ON session (expires_at);
CREATE TABLE api_token (
    id uuid PRIMARY KEY,
    sha256 bytea NOT NULL UNIQUE,
    roles text[] NOT NULL CHECK (cardinality(roles) > 0),
    territory text NOT NULL,
    partner text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
"""

# The columns beside `body` are computed from it, so that what is searched is what is chained. Writers of one database
# take turns by the advisory lock; a writer that built on an old head meets the primary key and builds again.
_AUDIT = """
CREATE TABLE audit_entry (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    body text NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    request_id text GENERATED ALWAYS AS (body::jsonb ->> 'request_id') STORED,
    kind text GENERATED ALWAYS AS (body::jsonb ->> 'kind') STORED,
    actor text GENERATED ALWAYS AS (body::jsonb ->> 'actor') STORED,
    object text GENERATED ALWAYS AS (body::jsonb ->> 'object') STORED,
    territory text GENERATED ALWAYS AS (body::jsonb ->> 'territory') STORED
);
CREATE INDEX audit_entry_request ON audit_entry (request_id);
CREATE INDEX audit_entry_object ON audit_entry (object, seq) WHERE object <> '';
CREATE INDEX audit_entry_actor ON audit_entry (actor, seq) WHERE actor IS NOT NULL;

CREATE FUNCTION audit_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7202511251000);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_in_turn BEFORE INSERT ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_in_turn();

CREATE FUNCTION audit_is_for_ever() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit chain is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_is_for_ever BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_for_ever();

DO $$
DECLARE holder record;
BEGIN
    FOR holder IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = current_schema() AND table_name = 'audit_entry' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON audit_entry FROM %I', holder.grantee);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    """Runs as the owner of the database."""
    run_sql(FIRST_TABLES + _SIGN_IN + _AUDIT)
