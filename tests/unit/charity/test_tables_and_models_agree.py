"""What the models say of the tables is what the migration made of them."""

from sqlalchemy import text

from services.charity.ledger.chart import chart
from services.charity.models import Award
from tests.support.postgres import PartDatabases


async def test_every_model_reads_the_columns_its_table_has(part_database: PartDatabases) -> None:
    made = await part_database("charity")
    async with made.database.transaction() as db:
        rows = await db.execute(text("SELECT table_name, column_name, is_nullable FROM information_schema.columns"))
        columns: dict[str, dict[str, bool]] = {}
        for table, column, nullable in rows:
            columns.setdefault(table, {})[column] = nullable == "YES"
    internal = {("journal_entry", "made_in")}
    for table in Award.metadata.sorted_tables:
        found = {name: null for name, null in columns[table.name].items() if (table.name, name) not in internal}
        expected = {column.name: bool(column.nullable) for column in table.columns}
        if table.name == "fund_balance":
            expected["available_fen"] = found["available_fen"]
        assert found == expected, table.name


async def test_the_database_knows_the_accounts_of_the_chart(part_database: PartDatabases) -> None:
    made = await part_database("charity")
    async with made.database.transaction() as db:
        rows = {tuple(row) for row in await db.execute(text("SELECT code, role, restricted FROM account"))}
    assert rows == {(account.code, account.role, account.restricted) for account in chart().accounts}
