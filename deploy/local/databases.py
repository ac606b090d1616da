"""One database for each part, with two roles: the owner migrates, the application reads and writes rows.

Made again and again with the same outcome, in the embedded server and in one of your own (then by its admin URL).
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

import asyncpg

from deploy.local.keys import with_login
from deploy.local.refusal import Refusal, Words

_SCRAM_ROUNDS = 4096
_STATEMENT_TIMEOUT = "15s"
_IDLE_TIMEOUT = "10s"


def database_name(part: str) -> str:
    """The part's database."""
    return f"yiqijiu_{part}"


def roles_of(part: str) -> tuple[str, str]:
    """The part's owner role and its application role."""
    return f"{part}_owner", f"{part}_app"


async def make_databases(admin_url: str, parts: Iterable[str], *, passwords: Mapping[str, str]) -> list[str]:
    """Make what is absent and set every password. `passwords` is keyed by `database/ROLE`. Answers new databases.

    No part's role can connect to another part's database, nor to the server's own.
    Raises: Refusal when the admin URL may not do this.
    """
    parts = tuple(parts)
    try:
        admin = await asyncpg.connect(admin_url, timeout=10)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise _unreachable(error) from error
    try:
        await _make_roles(admin, parts, passwords)
        new = await _make_databases(admin, parts)
    except asyncpg.InsufficientPrivilegeError as error:
        raise Refusal(
            "database_rights",
            Words("管理连接的权限不够，无法建立数据库和角色。", "The admin role may not make databases and roles."),
            Words(
                "请给它 CREATEDB 和 CREATEROLE 权限，或自行建库后设置每个服务的 YIQIJIU_<PART>_DATABASE_URL。",
                "Give it CREATEDB and CREATEROLE, or make them yourself and set each YIQIJIU_<PART>_DATABASE_URL.",
            ),
        ) from error
    finally:
        await admin.close()
    await asyncio.gather(*(_arrange(admin_url, part, passwords) for part in parts))
    return new


async def _make_roles(admin: asyncpg.Connection, parts: tuple[str, ...], passwords: Mapping[str, str]) -> None:
    known = {row["rolname"] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
    is_superuser = await admin.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    statements = []
    for part in parts:
        for role in roles_of(part):
            if role not in known:
                statements.append(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT")
                if not is_superuser:
                    statements.append(f"GRANT {role} TO CURRENT_USER WITH SET TRUE")
            # The verifier is computed here, so that no statement ever holds the password itself.
            statements.append(f"ALTER ROLE {role} PASSWORD '{_scram_verifier(passwords[f'database/{role}'])}'")
        _, app = roles_of(part)
        statements.append(f"ALTER ROLE {app} SET statement_timeout = '{_STATEMENT_TIMEOUT}'")
        statements.append(f"ALTER ROLE {app} SET idle_in_transaction_session_timeout = '{_IDLE_TIMEOUT}'")
    async with admin.transaction():
        await admin.execute(";\n".join(statements))


async def _make_databases(admin: asyncpg.Connection, parts: tuple[str, ...]) -> list[str]:
    known = {row["datname"] for row in await admin.fetch("SELECT datname FROM pg_database")}
    new = [part for part in parts if database_name(part) not in known]
    for part in parts:
        name, (owner, app) = database_name(part), roles_of(part)
        if part in new:
            await admin.execute(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8'")
        # Each time: a start that was killed in between must not leave a database open to all.
        await admin.execute(
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {app}"
        )
    if await admin.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        await admin.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
    return new


async def _arrange(admin_url: str, part: str, passwords: Mapping[str, str]) -> None:
    """Inside the part's database, as its owner: what the application role may do with tables the owner makes."""
    owner, app = roles_of(part)
    url = with_login(admin_url, user=owner, password=passwords[f"database/{owner}"], database=database_name(part))
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise _unreachable(error) from error
    try:
        await connection.execute(
            f"""
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            GRANT USAGE ON SCHEMA public TO {app};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app};
            ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO {app};
            """
        )
    finally:
        await connection.close()


def _scram_verifier(password: str) -> str:
    """What PostgreSQL stores of a password. Source: RFC 5802 section 3, and the server's `scram_build_secret`."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{salt64}${stored64}:{server64}"


def _unreachable(error: Exception) -> Refusal:
    return Refusal(
        "database_unreachable",
        Words("连不上 PostgreSQL。", "PostgreSQL cannot be reached."),
        Words("请检查 YIQIJIU_DATABASE_URL 和服务器。", "Check YIQIJIU_DATABASE_URL and that the server runs."),
        details=(type(error).__name__,),
    )
