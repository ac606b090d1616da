"""Donations, what the events told, awards and payments, and the view that says whether all agree with the books."""

from services.charity.migrations.guards import append_only
from services.kit.migrations import run_sql
from services.kit.tables import protect

revision = "2026_11_25_1100"
down_revision = "2026_11_25_1000"

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
    office text NOT NULL,
    reference text NOT NULL,
    division text NOT NULL,
    donor_ref uuid REFERENCES donor,
    fund text NOT NULL REFERENCES fund,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    received_on date NOT NULL,
    entry_id uuid NOT NULL UNIQUE REFERENCES journal_entry,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (office, reference),
    CHECK (starts_with(division, office))
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
    reference text NOT NULL,
    division text NOT NULL,
    request_digest bytea NOT NULL,
    payments int NOT NULL CHECK (payments > 0),
    total_fen bigint NOT NULL CHECK (total_fen > 0),
    file text NOT NULL,
    file_sha256 text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (division, reference)
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
    SELECT 'fund_below_zero', fund FROM fund_balance
        WHERE available_fen < 0 OR reserved_fen < 0 OR payable_fen < 0 OR cash_fen < 0
    UNION ALL
    SELECT 'award_and_books', w.id::text FROM award w LEFT JOIN (
        SELECT e.source_id, a.role, sum(p.amount_fen) AS s FROM journal_entry e JOIN posting p ON p.entry_id = e.id
        JOIN account a ON a.code = p.account WHERE e.source = 'award' GROUP BY 1, 2
    ) t ON t.source_id = w.id GROUP BY w.id
        HAVING -coalesce(sum(s) FILTER (WHERE role = 'reserved'), 0)
            <> CASE w.status WHEN 'approved' THEN w.amount_fen ELSE 0 END
        OR -coalesce(sum(s) FILTER (WHERE role = 'payable'), 0)
            <> CASE w.status WHEN 'in_payment' THEN w.amount_fen ELSE 0 END
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

PERSONAL = (
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


def upgrade() -> None:
    """Make everything beside the books."""
    closed = ("donation", "transfer", "award_step")
    run_sql(
        DONATIONS
        + KNOWN
        + AWARDS
        + PAYMENTS
        + CHECKS
        + "".join(append_only(table) for table in closed)
        + "".join(protect(table) for table in PERSONAL)
    )
