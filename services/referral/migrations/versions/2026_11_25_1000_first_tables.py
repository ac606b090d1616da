"""Referral's first tables: households as referral knows them, referrals, webhooks, endpoints, answers."""

from services.kit.migrations import run_sql
from services.kit.tables import FIRST_TABLES, protect

revision = "2026_11_25_1000"
down_revision = None

HOUSEHOLDS = """
CREATE TABLE household (
    household_ref uuid PRIMARY KEY,
    division text NOT NULL,
    assessment_version bigint NOT NULL DEFAULT 0,
    consent_version bigint NOT NULL DEFAULT 0,
    assessment_id uuid,
    as_of date,
    cause text,
    status text,
    household_size int NOT NULL DEFAULT 1,
    priority text NOT NULL DEFAULT 'routine' CHECK (priority IN ('stat', 'asap', 'urgent', 'routine')),
    safe_to_call boolean NOT NULL DEFAULT true,
    people jsonb NOT NULL DEFAULT '[]',
    needs jsonb NOT NULL DEFAULT '[]',
    decisions jsonb NOT NULL DEFAULT '[]',
    changed_at timestamptz NOT NULL
);
CREATE TABLE need (
    household_ref uuid NOT NULL REFERENCES household,
    code text NOT NULL,
    need_id uuid NOT NULL UNIQUE,
    division text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'gone')),
    gap_fen bigint,
    subject_ref uuid,
    unmet_state text CHECK (unmet_state IN ('open', 'closed')),
    unmet_version bigint NOT NULL DEFAULT 0,
    unmet_gap_fen bigint,
    tried text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (household_ref, code)
);
CREATE INDEX need_unmet ON need (division, need_id) WHERE unmet_state = 'open';
"""

REFERRALS = """
CREATE TABLE referral (
    id uuid PRIMARY KEY,
    household_ref uuid NOT NULL REFERENCES household,
    division text NOT NULL,
    partner text NOT NULL,
    bureau boolean NOT NULL,
    need text NOT NULL,
    assessment_id uuid NOT NULL,
    subject_ref uuid,
    programme text,
    near_miss boolean NOT NULL,
    why text[] NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'requested', 'accepted', 'rejected', 'in_progress', 'on_hold',
        'completed', 'failed', 'cancelled', 'entered_in_error')),
    held_for text CHECK (held_for IN ('consent', 'confirmation')),
    reason_code text,
    closing_code text,
    priority text NOT NULL CHECK (priority IN ('stat', 'asap', 'urgent', 'routine')),
    gap_fen bigint CHECK (gap_fen >= 0),
    reserved_fen bigint NOT NULL CHECK (reserved_fen >= 0),
    household_size int NOT NULL,
    hardship text,
    age_band text,
    is_minor boolean NOT NULL,
    safe_to_call boolean NOT NULL,
    consent text CHECK (consent IN ('granted', 'not_required')),
    consent_expires_on date,
    released_at timestamptz,
    released_by text,
    requested_at timestamptz,
    due_on date,
    overdue_on date,
    outcome_due_on date,
    outcome_asked_on date,
    acknowledged_at timestamptz,
    outcome_kind text,
    outcome_amount_fen bigint CHECK (outcome_amount_fen >= 0),
    outcome_on date,
    outcome_note_sealed bytea,
    confirmed boolean,
    confirmed_by text CHECK (confirmed_by IN ('person', 'grid_worker')),
    confirmed_on date,
    rerouted_from uuid REFERENCES referral,
    sequence int NOT NULL,
    told jsonb,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    closed_at timestamptz,
    CHECK ((requested_at IS NULL) = (told IS NULL)),
    CHECK (requested_at IS NULL OR consent IS NOT NULL),
    CHECK (status NOT IN ('rejected', 'on_hold', 'failed', 'cancelled') OR reason_code IS NOT NULL)
);
CREATE UNIQUE INDEX referral_one_open ON referral (household_ref, partner, need)
    WHERE status IN ('draft', 'requested', 'accepted', 'in_progress', 'on_hold');
CREATE INDEX referral_household ON referral (household_ref);
CREATE INDEX referral_newest ON referral (created_at DESC, id DESC);
CREATE INDEX referral_partner ON referral (partner, created_at DESC, id DESC);
CREATE INDEX referral_held ON referral (held_for, created_at DESC, id DESC) WHERE held_for IS NOT NULL;
CREATE INDEX referral_due ON referral (due_on) WHERE status = 'requested' AND overdue_on IS NULL;
CREATE INDEX referral_outcome_due ON referral (outcome_due_on)
    WHERE status IN ('accepted', 'in_progress', 'on_hold') AND outcome_asked_on IS NULL;
CREATE INDEX referral_expires ON referral (consent_expires_on)
    WHERE consent_expires_on IS NOT NULL AND held_for IS NULL
        AND status IN ('requested', 'accepted', 'in_progress', 'on_hold');
CREATE TABLE referral_step (
    referral_id uuid NOT NULL REFERENCES referral,
    version bigint NOT NULL,
    division text NOT NULL,
    partner text NOT NULL,
    status text NOT NULL,
    held_for text,
    reason_code text,
    closing_code text,
    amount_fen bigint,
    at timestamptz NOT NULL,
    by text NOT NULL,
    PRIMARY KEY (referral_id, version)
);
CREATE INDEX referral_step_day ON referral_step (partner, at);
CREATE TABLE need_outcome (
    assessment_id uuid NOT NULL,
    household_ref uuid NOT NULL REFERENCES household,
    division text NOT NULL,
    need text NOT NULL,
    party text NOT NULL,
    referral_id uuid REFERENCES referral,
    reason text,
    PRIMARY KEY (assessment_id, need, party),
    CHECK ((referral_id IS NULL) <> (reason IS NULL))
);
CREATE INDEX need_outcome_household ON need_outcome (household_ref);
CREATE INDEX need_outcome_referral ON need_outcome (referral_id);
"""

DELIVERIES = """
CREATE TABLE endpoint (
    id uuid PRIMARY KEY,
    partner text NOT NULL,
    division text NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'pending_approval', 'unverified', 'disabled', 'paused')),
    url text,
    types text[] NOT NULL,
    secret_sealed bytea,
    previous_secret_sealed bytea,
    previous_until timestamptz,
    asked_url text,
    asked_types text[],
    asked_secret_sealed bytea,
    asked_by text,
    asked_is_verified boolean,
    failing_since timestamptz,
    failures int NOT NULL DEFAULT 0,
    rests int NOT NULL DEFAULT 0,
    rest_until timestamptz,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    UNIQUE (partner, division),
    CHECK (state NOT IN ('active', 'paused', 'disabled') OR (url IS NOT NULL AND secret_sealed IS NOT NULL))
);
CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    division text NOT NULL,
    partner text NOT NULL,
    endpoint_id uuid REFERENCES endpoint,
    referral_id uuid REFERENCES referral,
    household_ref uuid,
    type text NOT NULL,
    sequence int NOT NULL,
    facts jsonb NOT NULL,
    body text,
    state text NOT NULL CHECK (state IN ('queued', 'sending', 'delivered', 'retrying', 'dead', 'held', 'cancelled')),
    due_at timestamptz NOT NULL,
    tries int NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    claim uuid,
    last_status int,
    last_error text,
    expires_on date,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz,
    CHECK (attempts = 0 OR body IS NOT NULL),
    CHECK (endpoint_id IS NOT NULL OR state IN ('held', 'delivered', 'cancelled'))
);
CREATE INDEX delivery_due ON delivery (endpoint_id, due_at, position) WHERE state IN ('queued', 'sending', 'retrying');
CREATE INDEX delivery_referral ON delivery (referral_id, sequence);
CREATE INDEX delivery_feed ON delivery (partner, xid, position);
CREATE INDEX delivery_newest ON delivery (position DESC);
CREATE INDEX delivery_homeless ON delivery (partner, position) WHERE state = 'held';
CREATE INDEX delivery_dead ON delivery (position DESC) WHERE state = 'dead';
CREATE TABLE attempt (
    delivery_id uuid NOT NULL REFERENCES delivery,
    number int NOT NULL,
    division text NOT NULL,
    partner text NOT NULL,
    at timestamptz NOT NULL,
    status int,
    error text,
    ms int NOT NULL,
    PRIMARY KEY (delivery_id, number)
);
CREATE TABLE callback (
    partner text NOT NULL,
    webhook_id text NOT NULL,
    division text NOT NULL,
    referral_id uuid NOT NULL REFERENCES referral,
    body_sha256 bytea NOT NULL,
    answer jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (partner, webhook_id)
);
CREATE INDEX callback_received_at ON callback (received_at);
"""
# A county's officer does not change the city's endpoint but must find it: it takes the county's messages too.
ENDPOINT_RULES = """
ALTER TABLE endpoint ENABLE ROW LEVEL SECURITY; ALTER TABLE endpoint FORCE ROW LEVEL SECURITY;
CREATE POLICY endpoint_serves ON endpoint FOR SELECT USING (is_partner(partner)
    AND starts_with(coalesce(current_setting('yiqijiu.territory', true), ''), division));
CREATE POLICY endpoint_territory ON endpoint USING (in_territory(division) AND is_partner(partner))
    WITH CHECK (in_territory(division) AND is_partner(partner));
"""


def upgrade() -> None:
    """Make the tables and limit each to the transaction's territory, and its partner where it has one."""
    rules = "".join(protect(table) for table in ("household", "need", "need_outcome"))
    rules += "".join(
        protect(table, partner=True) for table in ("referral", "referral_step", "delivery", "attempt", "callback")
    )
    run_sql(FIRST_TABLES + HOUSEHOLDS + REFERRALS + DELIVERIES + rules + ENDPOINT_RULES)
