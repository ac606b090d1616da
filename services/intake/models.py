"""The tables, for whoever reads the code: what each is for. Their columns and rules stand in `migrations/`, and `store`
speaks SQL to them, since a push of thousands of records is a few statements on arrays.

household ─ person ─ membership      who lives where since when; a provisional household holds one person
care_record ─ person_year            hospital costs, and the sum of each person and settlement year
grid_report                          what grid workers reported
consent_decision, disclosure         what families said about sharing, and what was handed out: append-only
benefit_roll ─ roll_line             who stands on which roll; the former rolls stay
import_job ─ import_row              files, sealed, and the findings about their rows; import_mapping
outbox, inbox, dead_letter           the kit's
"""

PERSONAL_TABLES = (
    "household",
    "person",
    "membership",
    "care_record",
    "person_year",
    "grid_report",
    "consent_decision",
    "disclosure",
    "benefit_roll",
    "roll_line",
    "import_job",
    "import_row",
)
"""Tables with rows about people: each has a division and is limited to the transaction's territory."""

SEALED_COLUMNS = {
    "person": ("sealed",),
    "household": ("sealed",),
    "care_record": ("other_name",),
    "grid_report": ("sealed",),
    "import_job": ("sealed_file",),
}
"""Columns that hold personal fields, sealed with AES-256-GCM and bound to `table/column/row id`."""
