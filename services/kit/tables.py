"""DDL that every part's first migration shares: outbox, inbox, dead letters, idempotency, and the territory rule."""

IN_TERRITORY = """
CREATE FUNCTION in_territory(division text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        current_setting('yiqijiu.territory', true) = 'all'
        OR (current_setting('yiqijiu.territory', true) <> ''
            AND starts_with(division, current_setting('yiqijiu.territory', true))), false)
$$;
CREATE FUNCTION is_partner(partner text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('yiqijiu.partner', true), '') IN ('', partner)
$$;
"""
"""An unset territory sees nothing: a forgotten scope shows no rows instead of all."""

KIT_TABLES = """
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    subject text NOT NULL,
    urgent boolean NOT NULL,
    ref uuid NOT NULL,
    version bigint NOT NULL,
    division text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    stream_seq bigint
);
CREATE INDEX outbox_unsent ON outbox (urgent DESC, id) WHERE sent_at IS NULL;
CREATE INDEX outbox_stream_seq ON outbox (stream_seq) WHERE stream_seq IS NOT NULL;
CREATE INDEX outbox_sent_at ON outbox (sent_at) WHERE sent_at IS NOT NULL;
CREATE TABLE relay_state (stream text PRIMARY KEY, created timestamptz NOT NULL);
CREATE TABLE inbox (
    event_id uuid NOT NULL,
    consumer text NOT NULL,
    outcome text NOT NULL DEFAULT 'applied' CHECK (outcome IN ('applied', 'stale', 'skipped', 'dead')),
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, consumer)
);
CREATE INDEX inbox_received_at ON inbox (received_at);
CREATE TABLE dead_letter (
    event_id uuid NOT NULL,
    consumer text NOT NULL,
    subject text NOT NULL,
    division text NOT NULL,
    body text NOT NULL,
    error text NOT NULL,
    attempts int NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'retry', 'resolved', 'dropped')),
    reason text,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, consumer)
);
CREATE TABLE idempotency (
    principal text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    request_sha256 bytea NOT NULL,
    status int,
    body text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (principal, route, key)
);
"""


def protect(table: str, *, partner: bool = False) -> str:
    """SQL that limits `table` to the transaction's territory (column `division`), the owner included.

    With `partner`, rows are limited to the transaction's partner (column `partner`) as well.
    """
    rule = "in_territory(division)" + (" AND is_partner(partner)" if partner else "")
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY; "
        f"CREATE POLICY {table}_territory ON {table} USING ({rule}) WITH CHECK ({rule});"
    )


FIRST_TABLES = IN_TERRITORY + KIT_TABLES + protect("outbox") + protect("dead_letter")
"""What a part's first migration runs before its own tables."""
