"""One database a part: its own two roles come in, nobody else, and the application role owns nothing."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.local.databases import database_name, make_databases, roles_of
from deploy.local.keys import with_login
from deploy.local.parts import PARTS
from tests.unit.deploy.conftest import OwnPostgres


class Databases:
    """The databases of an installation, and a way in as each role."""

    def __init__(self, own: OwnPostgres) -> None:
        self._own = own

    @property
    def admin_url(self) -> str:
        return self._own.server.admin_url

    @property
    def passwords(self) -> dict[str, str]:
        return self._own.passwords

    async def connect(self, role: str, part: str) -> asyncpg.Connection:
        password = self.passwords[f"database/{role}"]
        url = with_login(self.admin_url, user=role, password=password, database=database_name(part))
        return await asyncpg.connect(url)


@pytest.fixture
async def databases(own_postgres: OwnPostgres) -> AsyncIterator[Databases]:
    new = await make_databases(own_postgres.server.admin_url, PARTS, passwords=own_postgres.passwords)
    assert new == list(PARTS)
    yield Databases(own_postgres)


async def test_no_role_comes_into_another_parts_database(databases: Databases) -> None:
    for part in PARTS:
        for role in roles_of(part):
            for other in PARTS:
                if other == part:
                    await (await databases.connect(role, part)).close()
                else:
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await databases.connect(role, other)
            url = with_login(databases.admin_url, user=role, password=databases.passwords[f"database/{role}"])
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(url)


async def test_the_application_reads_and_writes_the_owners_tables_and_changes_no_structure(
    databases: Databases,
) -> None:
    owner = await databases.connect("intake_owner", "intake")
    await owner.execute("CREATE TABLE bills (id int GENERATED ALWAYS AS IDENTITY, fen bigint)")
    await owner.execute("CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql RETURN n * 2")
    app = await databases.connect("intake_app", "intake")
    await app.execute("INSERT INTO bills (fen) VALUES (1)")
    await app.execute("UPDATE bills SET fen = 2")
    assert await app.fetchval("SELECT twice(fen::int) FROM bills") == 4
    await app.execute("DELETE FROM bills")
    for forbidden in (
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "DROP TABLE bills",
        "ALTER TABLE bills ADD COLUMN extra int",
        "TRUNCATE bills",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1",
        "SET ROLE intake_owner",
        "SET SESSION AUTHORIZATION postgres",
        "COPY bills TO '/tmp/out'",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "SELECT * FROM pg_authid",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(forbidden)
    await app.close()
    await owner.close()


async def test_row_level_security_holds_for_the_application_role(databases: Databases) -> None:
    app = await databases.connect("intake_app", "intake")
    row = await app.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
        " WHERE rolname = current_user"
    )
    assert row is not None and not any(row.values())
    assert await app.fetchval("SHOW statement_timeout") == "15s"
    assert await app.fetchval("SHOW idle_in_transaction_session_timeout") == "10s"
    owner = await databases.connect("intake_owner", "intake")
    assert await owner.fetchval("SHOW statement_timeout") == "0", "a migration may take longer"
    await owner.close()
    await app.close()


async def test_making_them_again_changes_nothing_but_a_password_that_differs(databases: Databases) -> None:
    app = await databases.connect("charity_app", "charity")
    await app.close()
    assert await make_databases(databases.admin_url, PARTS, passwords=databases.passwords) == []
    changed = databases.passwords | {"database/charity_app": "another"}
    assert await make_databases(databases.admin_url, PARTS, passwords=changed) == []
    with pytest.raises(asyncpg.InvalidPasswordError):
        await databases.connect("charity_app", "charity")


async def test_an_admin_who_is_no_superuser_can_make_them(own_postgres: OwnPostgres) -> None:
    """As in a managed server: a role that may make roles and databases, and no more."""
    connection = await asyncpg.connect(own_postgres.server.admin_url)
    await connection.execute("CREATE ROLE landlord LOGIN PASSWORD 'pw' CREATEROLE CREATEDB")
    await connection.close()
    url = with_login(own_postgres.server.admin_url, user="landlord", password="pw")
    assert await make_databases(url, ["intake", "charity"], passwords=own_postgres.passwords) == ["intake", "charity"]
    databases = Databases(own_postgres)
    await (await databases.connect("intake_app", "intake")).close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await databases.connect("intake_app", "charity")
