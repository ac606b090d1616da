"""A database with the kit's tables alone."""

import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.kit.db import Database
from services.kit.tables import FIRST_TABLES, protect
from tests.support.postgres import TestPostgres

_numbers = itertools.count(1)
NOTES = "CREATE TABLE note (ref uuid PRIMARY KEY, division text NOT NULL, partner text, version bigint NOT NULL);"


def _role(name: str) -> str:
    create = f"CREATE ROLE {name} LOGIN PASSWORD 'only-for-tests'"
    return f"DO $$ BEGIN {create}; EXCEPTION WHEN duplicate_object THEN NULL; END $$"


@pytest.fixture
async def database(postgres: TestPostgres) -> AsyncIterator[Database]:
    """A fresh database with the kit's tables and one protected table `note`, as a role that owns nothing."""
    name = f"test_kit_{next(_numbers)}"
    await postgres.run(_role("kit_owner"), _role("kit_app"), f"CREATE DATABASE {name} OWNER kit_owner")
    owner = await asyncpg.connect(postgres.url("kit_owner", name))
    await owner.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kit_app")
    await owner.execute(FIRST_TABLES + NOTES + protect("note", partner=True))
    await owner.close()
    made = Database(postgres.url("kit_app", name), name="kit", pool_size=3)
    yield made
    await made.close()
