"""The books: accounts, funds, entries and postings, with what must never break inside the database."""

from services.charity.migrations.guards import GUARDS, append_only
from services.kit.migrations import run_sql
from services.kit.tables import FIRST_TABLES

revision = "2026_11_25_1000"
down_revision = None

FUNDS = """
CREATE TABLE account (
    code text PRIMARY KEY,
    role text NOT NULL CHECK (role IN ('cash', 'payable', 'net', 'reserved', 'income', 'expense')),
    restricted boolean
);
INSERT INTO account (code, role, restricted) VALUES
    ('1002', 'cash', NULL), ('220901', 'payable', NULL),
    ('310101', 'net', false), ('310102', 'reserved', false), ('310201', 'net', true), ('310202', 'reserved', true),
    ('410101', 'income', false), ('410102', 'income', true), ('510101', 'expense', false), ('510102', 'expense', true);
CREATE TABLE fund (
    code text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,39}$'),
    name_zh text NOT NULL,
    name_en text NOT NULL,
    restricted boolean NOT NULL,
    brand text,
    needs text[] NOT NULL DEFAULT '{}',
    division text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT fund_purpose CHECK (restricted = (brand IS NOT NULL OR needs <> '{}' OR division IS NOT NULL))
);
CREATE TABLE fund_balance (
    fund text PRIMARY KEY REFERENCES fund,
    cash_fen bigint NOT NULL DEFAULT 0 CHECK (cash_fen >= 0),
    payable_fen bigint NOT NULL DEFAULT 0 CHECK (payable_fen >= 0),
    reserved_fen bigint NOT NULL DEFAULT 0 CHECK (reserved_fen >= 0),
    net_fen bigint NOT NULL DEFAULT 0,
    income_fen bigint NOT NULL DEFAULT 0,
    expense_fen bigint NOT NULL DEFAULT 0 CHECK (expense_fen >= 0),
    available_fen bigint GENERATED ALWAYS AS (net_fen + income_fen - expense_fen) STORED,
    CONSTRAINT fund_not_overspent CHECK (net_fen + income_fen - expense_fen >= 0)
);
CREATE FUNCTION open_fund_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fund_balance (fund) VALUES (NEW.code);
    RETURN NULL;
END $$;
CREATE TRIGGER fund_opens_balance AFTER INSERT ON fund FOR EACH ROW EXECUTE FUNCTION open_fund_balance();
-- A fund's figures follow its postings; nothing else may touch them. Inside another trigger the depth is above one.
CREATE FUNCTION guard_fund_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        PERFORM breach('fund_balance_from_postings');
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER fund_balance_from_postings BEFORE INSERT OR UPDATE OR DELETE ON fund_balance
    FOR EACH ROW EXECUTE FUNCTION guard_fund_balance();
"""

BOOKS = """
CREATE TABLE closed_month (
    month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    entries int NOT NULL,
    debit_fen bigint NOT NULL,
    digest bytea NOT NULL,
    closed_by text NOT NULL,
    closed_at timestamptz NOT NULL
);
CREATE TABLE journal_entry (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('donation_received', 'fund_transferred', 'award_reserved', 'award_released',
        'award_payable', 'award_paid', 'award_returned', 'reversal')),
    booked_on date NOT NULL,
    source text NOT NULL CHECK (source IN ('donation', 'transfer', 'award')),
    source_id uuid NOT NULL,
    reverses uuid UNIQUE REFERENCES journal_entry,
    digest bytea NOT NULL,
    booked_by text NOT NULL,
    booked_at timestamptz NOT NULL,
    ordinal bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    made_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
    CHECK (reverses <> id)
);
CREATE INDEX journal_entry_booked ON journal_entry (booked_on);
CREATE INDEX journal_entry_source ON journal_entry (source_id);
CREATE TABLE posting (
    entry_id uuid NOT NULL REFERENCES journal_entry,
    line int NOT NULL,
    account text NOT NULL REFERENCES account,
    fund text NOT NULL REFERENCES fund,
    amount_fen bigint NOT NULL CHECK (amount_fen <> 0 AND abs(amount_fen) <= 1000000000000),
    PRIMARY KEY (entry_id, line)
);
CREATE INDEX posting_fund ON posting (fund);

-- Entries and the closing of their month exclude each other: both take the month's lock, entries a shared one.
CREATE FUNCTION month_key(day date) RETURNS int LANGUAGE sql IMMUTABLE AS
    $$ SELECT (extract(year FROM day) * 100 + extract(month FROM day))::int $$;
CREATE FUNCTION guard_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1798, month_key(NEW.booked_on));
    IF EXISTS (SELECT 1 FROM closed_month WHERE month_key(month) = month_key(NEW.booked_on)) THEN
        PERFORM breach('month_closed');
    END IF;
    IF EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.reverses AND reverses IS NOT NULL) THEN
        PERFORM breach('reversal_of_reversal');
    END IF;
    NEW.made_in := pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE TRIGGER journal_entry_guard BEFORE INSERT ON journal_entry FOR EACH ROW EXECUTE FUNCTION guard_entry();
CREATE FUNCTION guard_close() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1798, month_key(NEW.month));
    RETURN NEW;
END $$;
CREATE TRIGGER closed_month_guard BEFORE INSERT ON closed_month FOR EACH ROW EXECUTE FUNCTION guard_close();

-- Postings belong to the transaction of their entry, and carry the funds' figures along, funds locked in one order.
CREATE FUNCTION apply_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM journal_entry e WHERE e.id IN (SELECT entry_id FROM fresh) AND e.made_in <> pg_current_xact_id()
    ) THEN
        PERFORM breach('posting_with_its_entry');
    END IF;
    IF EXISTS (
        SELECT 1 FROM fresh p JOIN account a ON a.code = p.account JOIN fund f ON f.code = p.fund
        WHERE a.restricted <> f.restricted
    ) THEN
        PERFORM breach('account_of_its_fund');
    END IF;
    PERFORM 1 FROM fund_balance WHERE fund IN (SELECT fund FROM fresh) ORDER BY fund FOR UPDATE;
    UPDATE fund_balance b SET
        cash_fen = b.cash_fen + s.cash, payable_fen = b.payable_fen - s.payable,
        reserved_fen = b.reserved_fen - s.reserved,
        net_fen = b.net_fen - s.net, income_fen = b.income_fen - s.income, expense_fen = b.expense_fen + s.expense
    FROM (
        SELECT p.fund,
            coalesce(sum(p.amount_fen) FILTER (WHERE a.role = 'cash'), 0)::bigint AS cash,
            coalesce(sum(p.amount_fen) FILTER (WHERE a.role = 'payable'), 0)::bigint AS payable,
            coalesce(sum(p.amount_fen) FILTER (WHERE a.role = 'reserved'), 0)::bigint AS reserved,
            coalesce(sum(p.amount_fen) FILTER (WHERE a.role = 'net'), 0)::bigint AS net,
            coalesce(sum(p.amount_fen) FILTER (WHERE a.role = 'income'), 0)::bigint AS income,
            coalesce(sum(p.amount_fen) FILTER (WHERE a.role = 'expense'), 0)::bigint AS expense
        FROM fresh p JOIN account a ON a.code = p.account GROUP BY p.fund
    ) s WHERE b.fund = s.fund;
    RETURN NULL;
END $$;
CREATE TRIGGER posting_moves_fund AFTER INSERT ON posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION apply_postings();

-- The double-entry rule: at commit, the postings of an entry sum to zero in every fund, and there are at least two.
CREATE FUNCTION check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry uuid;
    undone uuid;
BEGIN
    IF TG_TABLE_NAME = 'posting' THEN entry := NEW.entry_id; ELSE entry := NEW.id; END IF;
    IF (SELECT count(*) FROM posting WHERE entry_id = entry) < 2
        OR EXISTS (SELECT 1 FROM posting WHERE entry_id = entry GROUP BY fund HAVING sum(amount_fen) <> 0) THEN
        PERFORM breach('entry_balanced');
    END IF;
    SELECT reverses INTO undone FROM journal_entry WHERE id = entry;
    IF undone IS NOT NULL AND EXISTS (
        SELECT 1 FROM posting WHERE entry_id IN (entry, undone) GROUP BY account, fund HAVING sum(amount_fen) <> 0
    ) THEN
        PERFORM breach('reversal_undoes_all');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_balanced AFTER INSERT ON journal_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_entry();
CREATE CONSTRAINT TRIGGER posting_balanced AFTER INSERT ON posting DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_entry();
"""

GENERAL_FUND = """
INSERT INTO fund (code, name_zh, name_en, restricted, created_by, created_at)
VALUES ('general', '非限定性资金', 'Unrestricted money', false, 'migration', now());
"""


def upgrade() -> None:
    """Make the books. They are never taken down again."""
    closed = ("account", "fund", "journal_entry", "posting", "closed_month")
    run_sql(FIRST_TABLES + GUARDS + FUNDS + BOOKS + GENERAL_FUND + "".join(append_only(table) for table in closed))
