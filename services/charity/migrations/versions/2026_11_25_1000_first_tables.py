"""The books first, with what must never break inside the database; then funds, donations, awards and payments."""

from services.kit.migrations import run_sql
from services.kit.tables import FIRST_TABLES, protect

revision = "2026_11_25_1000"
down_revision = None

# Every guard answers with a check violation that names its constraint, so that callers can tell them apart.
GUARDS = """
CREATE FUNCTION breach(guard text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused by %', guard USING ERRCODE = 'check_violation', CONSTRAINT = guard;
END $$;
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM breach(TG_TABLE_NAME || '_append_only');
    RETURN NULL;
END $$;
"""


def append_only(table: str) -> str:
    """SQL that lets rows be added to `table` and never changed, by nobody; also without the rights to do so."""
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_change();"
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();"
        f"DO $$ DECLARE role name; BEGIN"
        f" FOR role IN SELECT DISTINCT grantee::regrole::name FROM pg_class, aclexplode(relacl)"
        f" WHERE oid = '{table}'::regclass AND grantee <> 0 AND grantee <> relowner LOOP"
        f" EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM %I', role); END LOOP; END $$;"
    )


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
    month date GENERATED ALWAYS AS
        (make_date(extract(year FROM booked_on)::int, extract(month FROM booked_on)::int, 1)) STORED,
    source text NOT NULL CHECK (source IN ('donation', 'transfer', 'award')),
    source_id uuid NOT NULL,
    reverses uuid UNIQUE REFERENCES journal_entry,
    digest bytea NOT NULL,
    booked_by text NOT NULL,
    booked_at timestamptz NOT NULL,
    made_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
    CHECK (reverses <> id)
);
CREATE INDEX journal_entry_month ON journal_entry (month, booked_at, id);
CREATE INDEX journal_entry_booked ON journal_entry (booked_at, id);
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
        cash_fen = b.cash_fen + s.cash, payable_fen = b.payable_fen - s.payable, reserved_fen = b.reserved_fen - s.reserved,
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

DONATIONS = """
CREATE TABLE donor (
    id uuid PRIMARY KEY,
    division text NOT NULL,
    sealed_name bytea NOT NULL,
    anonymous boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);
CREATE TABLE donation (
    id uuid PRIMARY KEY,
    reference text NOT NULL UNIQUE,
    division text NOT NULL,
    donor_ref uuid REFERENCES donor,
    fund text NOT NULL REFERENCES fund,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    received_on date NOT NULL,
    entry_id uuid NOT NULL UNIQUE REFERENCES journal_entry,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX donation_recorded ON donation (recorded_at, id);
CREATE INDEX donation_fund ON donation (fund);
CREATE TABLE transfer (
    id uuid PRIMARY KEY,
    reference text NOT NULL UNIQUE,
    giver text NOT NULL REFERENCES fund,
    taker text NOT NULL REFERENCES fund,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    entry_id uuid NOT NULL UNIQUE REFERENCES journal_entry,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL
);
"""

# What the events told: projections, newest version only.
KNOWN = """
CREATE TABLE household (
    household_ref uuid PRIMARY KEY,
    division text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    assessment_id uuid,
    as_of date,
    status text,
    size int,
    oldest date,
    youngest date,
    needs jsonb NOT NULL DEFAULT '{}',
    programmes jsonb NOT NULL DEFAULT '[]'
);
CREATE TABLE referral (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    household_ref uuid NOT NULL,
    division text NOT NULL,
    subject_ref uuid,
    partner text NOT NULL,
    bureau boolean NOT NULL,
    need text NOT NULL,
    near_miss boolean NOT NULL,
    status text NOT NULL,
    gap_fen bigint,
    outcome_kind text,
    outcome_fen bigint,
    outcome_on date,
    changed_at timestamptz NOT NULL
);
CREATE INDEX referral_household ON referral (household_ref, need);
CREATE TABLE unmet (
    ref uuid PRIMARY KEY,
    version bigint NOT NULL,
    household_ref uuid NOT NULL,
    division text NOT NULL,
    subject_ref uuid,
    need text NOT NULL,
    gap_fen bigint,
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    opened_version bigint NOT NULL
);
CREATE INDEX unmet_household ON unmet (household_ref, need);
"""

AWARDS = """
CREATE TABLE award (
    id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    household_ref uuid NOT NULL,
    division text NOT NULL,
    subject_ref uuid,
    need text NOT NULL,
    brand text NOT NULL,
    fund text REFERENCES fund,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    gap_fen bigint CHECK (gap_fen >= 0),
    near_miss boolean NOT NULL,
    cause text NOT NULL CHECK (cause IN ('referral', 'need_unmet')),
    referral_id uuid,
    status text NOT NULL CHECK (status IN
        ('proposed', 'reviewed', 'approved', 'in_payment', 'paid', 'rejected', 'withdrawn', 'failed')),
    reason text,
    same_help_accepted boolean NOT NULL DEFAULT false,
    reviewed_by text,
    reviewed_at timestamptz,
    approved_by text,
    approved_at timestamptz,
    four_eyes_waived boolean NOT NULL DEFAULT false,
    round int NOT NULL DEFAULT 1,
    batch_id uuid,
    paid_on date,
    proposed_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT award_four_eyes CHECK (approved_by IS NULL OR four_eyes_waived OR approved_by <> reviewed_by),
    CONSTRAINT award_two_people CHECK (status NOT IN ('approved', 'in_payment', 'paid')
        OR (reviewed_by IS NOT NULL AND approved_by IS NOT NULL AND fund IS NOT NULL)),
    CONSTRAINT award_referral CHECK ((cause = 'referral') = (referral_id IS NOT NULL)),
    CONSTRAINT award_paid_day CHECK (status <> 'paid' OR paid_on IS NOT NULL)
);
CREATE UNIQUE INDEX award_one_live ON award (household_ref, need)
    WHERE status IN ('proposed', 'reviewed', 'approved', 'in_payment');
CREATE INDEX award_status ON award (status, proposed_at, id);
CREATE INDEX award_household ON award (household_ref, need);
CREATE INDEX award_referral ON award (referral_id) WHERE referral_id IS NOT NULL;
CREATE INDEX award_batch ON award (batch_id) WHERE batch_id IS NOT NULL;

-- What two people signed stays what they signed, and a fund pays its donor's purpose only.
CREATE FUNCTION guard_award() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status IN ('approved', 'in_payment', 'paid') AND
        (NEW.amount_fen, NEW.fund, NEW.brand, NEW.need, NEW.household_ref, NEW.reviewed_by, NEW.approved_by)
        IS DISTINCT FROM
        (OLD.amount_fen, OLD.fund, OLD.brand, OLD.need, OLD.household_ref, OLD.reviewed_by, OLD.approved_by) THEN
        PERFORM breach('award_as_signed');
    END IF;
    IF NEW.status IN ('approved', 'in_payment', 'paid') AND EXISTS (
        SELECT 1 FROM fund f WHERE f.code = NEW.fund AND (f.brand <> NEW.brand
            OR (f.needs <> '{}' AND NOT NEW.need = ANY (f.needs))
            OR (f.division IS NOT NULL AND NOT starts_with(NEW.division, f.division)))
    ) THEN
        PERFORM breach('award_within_purpose');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER award_guard BEFORE INSERT OR UPDATE ON award FOR EACH ROW EXECUTE FUNCTION guard_award();
CREATE TABLE award_step (
    award_id uuid NOT NULL REFERENCES award,
    version bigint NOT NULL,
    division text NOT NULL,
    status text NOT NULL,
    brand text NOT NULL,
    amount_fen bigint NOT NULL,
    fund text,
    reason text,
    four_eyes_waived boolean NOT NULL,
    taken_by text NOT NULL,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (award_id, version)
);
"""

PAYMENTS = """
CREATE TABLE payment_batch (
    id uuid PRIMARY KEY,
    reference text NOT NULL UNIQUE,
    division text NOT NULL,
    request_digest bytea NOT NULL,
    payments int NOT NULL CHECK (payments > 0),
    total_fen bigint NOT NULL CHECK (total_fen > 0),
    file text NOT NULL,
    file_sha256 text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX payment_batch_created ON payment_batch (created_at, id);
CREATE TABLE payment (
    batch_id uuid NOT NULL REFERENCES payment_batch,
    line int NOT NULL,
    award_id uuid NOT NULL REFERENCES award,
    round int NOT NULL,
    division text NOT NULL,
    fund text NOT NULL REFERENCES fund,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'paid', 'returned')),
    settled_on date,
    receipt text,
    PRIMARY KEY (batch_id, line),
    UNIQUE (award_id, round),
    CHECK ((state = 'waiting') = (settled_on IS NULL))
);
CREATE TABLE report (
    id uuid PRIMARY KEY,
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    referral_id uuid NOT NULL,
    award_id uuid NOT NULL REFERENCES award,
    division text NOT NULL,
    status text NOT NULL,
    reason_code text,
    outcome_kind text,
    outcome_fen bigint,
    outcome_on date,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused', 'dropped')),
    tries int NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL,
    answer text,
    created_at timestamptz NOT NULL,
    settled_at timestamptz
);
CREATE INDEX report_due ON report (next_try_at) WHERE state = 'waiting';
CREATE INDEX report_referral ON report (referral_id, ordinal);
CREATE INDEX report_state ON report (state, ordinal);
"""

# What the verifier reads: no row means that the books, the awards and the payments agree.
CHECKS = """
CREATE VIEW books_breach WITH (security_invoker = true) AS
    SELECT 'entry_unbalanced' AS breach, e.id::text AS what FROM journal_entry e
        LEFT JOIN (SELECT entry_id, count(*) AS lines FROM posting GROUP BY entry_id) p ON p.entry_id = e.id
        WHERE coalesce(p.lines, 0) < 2
    UNION ALL
    SELECT 'entry_unbalanced', entry_id::text FROM posting GROUP BY entry_id, fund HAVING sum(amount_fen) <> 0
    UNION ALL
    SELECT 'fund_figures', b.fund FROM fund_balance b LEFT JOIN (
        SELECT p.fund, a.role, sum(p.amount_fen) AS s FROM posting p JOIN account a ON a.code = p.account GROUP BY 1, 2
    ) t ON t.fund = b.fund GROUP BY b.fund
        HAVING max(b.cash_fen) <> coalesce(sum(s) FILTER (WHERE role = 'cash'), 0)
        OR max(b.payable_fen) <> -coalesce(sum(s) FILTER (WHERE role = 'payable'), 0)
        OR max(b.reserved_fen) <> -coalesce(sum(s) FILTER (WHERE role = 'reserved'), 0)
        OR max(b.available_fen) <> -coalesce(sum(s) FILTER (WHERE role IN ('net', 'income', 'expense')), 0)
    UNION ALL
    SELECT 'fund_below_zero', fund FROM fund_balance WHERE available_fen < 0 OR reserved_fen < 0 OR payable_fen < 0 OR cash_fen < 0
    UNION ALL
    SELECT 'award_and_books', w.id::text FROM award w LEFT JOIN (
        SELECT e.source_id, a.role, sum(p.amount_fen) AS s FROM journal_entry e JOIN posting p ON p.entry_id = e.id
        JOIN account a ON a.code = p.account WHERE e.source = 'award' GROUP BY 1, 2
    ) t ON t.source_id = w.id GROUP BY w.id
        HAVING -coalesce(sum(s) FILTER (WHERE role = 'reserved'), 0) <> CASE w.status WHEN 'approved' THEN w.amount_fen ELSE 0 END
        OR -coalesce(sum(s) FILTER (WHERE role = 'payable'), 0) <> CASE w.status WHEN 'in_payment' THEN w.amount_fen ELSE 0 END
        OR coalesce(sum(s) FILTER (WHERE role = 'expense'), 0)
            <> CASE WHEN w.status IN ('in_payment', 'paid') THEN w.amount_fen ELSE 0 END
        OR -coalesce(sum(s) FILTER (WHERE role = 'cash'), 0) <> CASE w.status WHEN 'paid' THEN w.amount_fen ELSE 0 END
    UNION ALL
    SELECT 'award_and_payment', w.id::text FROM award w LEFT JOIN payment p ON p.award_id = w.id AND p.round = w.round
        WHERE (w.status = 'in_payment' AND p.state IS DISTINCT FROM 'waiting')
        OR (w.status = 'paid' AND p.state IS DISTINCT FROM 'paid')
        OR (p.state IS NOT NULL AND w.status NOT IN ('in_payment', 'paid', 'failed', 'rejected'))
        OR p.amount_fen <> w.amount_fen;
"""

GENERAL_FUND = """
INSERT INTO fund (code, name_zh, name_en, restricted, created_by, created_at)
VALUES ('general', '非限定性资金', 'Unrestricted money', false, 'migration', now());
"""


def upgrade() -> None:
    """Make everything."""
    closed = ("journal_entry", "posting", "closed_month", "account", "fund", "donation", "transfer", "award_step")
    personal = (
        "donor",
        "donation",
        "household",
        "referral",
        "unmet",
        "award",
        "award_step",
        "payment_batch",
        "payment",
        "report",
    )
    run_sql(
        FIRST_TABLES
        + GUARDS
        + FUNDS
        + BOOKS
        + DONATIONS
        + KNOWN
        + AWARDS
        + PAYMENTS
        + CHECKS
        + GENERAL_FUND
        + "".join(append_only(table) for table in closed)
        + "".join(protect(table) for table in personal)
    )


def downgrade() -> None:
    """The books are never taken down."""
    raise NotImplementedError("the books stay")
