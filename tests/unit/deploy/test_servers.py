"""Servers of one's own: named in the environment, used as they are, and nobody else's business is touched there."""

import asyncpg
import nats
import pytest

from deploy.local.databases import roles_of
from deploy.local.keys import with_login
from deploy.local.parts import PARTS, SERVICES
from deploy.local.refusal import Refusal
from deploy.local.servers import OwnServers
from deploy.local.supervisor import Suite
from tests.support.broker import TestBroker
from tests.unit.deploy.conftest import OwnPostgres, small_parts

PASSWORDS = {f"database/{role}": f"pw-{role}" for part in PARTS for role in roles_of(part)}


def test_without_any_variable_the_embedded_servers_are_used() -> None:
    own = OwnServers.read({})
    assert own.needs_postgres and own.needs_nats and own.made_here(PARTS) == PARTS


def test_an_admin_url_gives_each_part_its_own_database_there() -> None:
    own = OwnServers.read({"YIQIJIU_DATABASE_URL": "postgresql://admin:x@db.example:5433/postgres?sslmode=require"})
    assert not own.needs_postgres and own.made_here(PARTS) == PARTS
    urls = own.urls(admin_url=own.admin_url, passwords=PASSWORDS, nats={})
    base = "db.example:5433/yiqijiu_charity?sslmode=require"
    assert urls["charity"]["database_url"] == f"postgresql://charity_app:pw-charity_app@{base}"
    assert urls["charity"]["owner_database_url"] == f"postgresql://charity_owner:pw-charity_owner@{base}"


def test_a_part_with_a_database_of_its_own_is_left_to_its_owner() -> None:
    environ = {f"YIQIJIU_{part.upper()}_DATABASE_URL": f"postgresql://u:p@{part}.example/x" for part in PARTS}
    own = OwnServers.read(environ | {"YIQIJIU_INTAKE_OWNER_DATABASE_URL": "postgresql://o:p@intake.example/x"})
    assert not own.needs_postgres and own.made_here(PARTS) == ()
    urls = own.urls(admin_url=None, passwords={}, nats={})
    assert urls["intake"]["owner_database_url"] == "postgresql://o:p@intake.example/x"
    assert urls["charity"]["owner_database_url"] == "", "nobody migrates it here"


def test_one_broker_for_all_or_a_login_for_each() -> None:
    own = OwnServers.read({"YIQIJIU_NATS_URL": "nats://all@n", "YIQIJIU_INTAKE_NATS_URL": "nats://intake@n"})
    urls = own.urls(admin_url=None, passwords={}, nats={})
    assert not own.needs_nats and urls["intake"]["nats_url"] == "nats://intake@n"
    assert urls["charity"]["nats_url"] == "nats://all@n" and "nats_url" not in urls["gateway"]


@pytest.mark.parametrize("name", ["YIQIJIU_DATABASE_URL", "YIQIJIU_GATEWAY_DATABASE_URL", "YIQIJIU_NATS_URL"])
def test_what_is_no_url_is_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        OwnServers.read({name: "secret-host:5432"})
    assert refused.value.code == "url_unreadable" and "secret-host" not in str(refused.value)


@pytest.mark.slow
async def test_the_suite_runs_on_servers_of_ones_own(own_postgres: OwnPostgres, broker: TestBroker) -> None:
    connection = await asyncpg.connect(own_postgres.server.admin_url)
    await connection.execute("CREATE ROLE landlord LOGIN PASSWORD 'pw' CREATEROLE CREATEDB")
    await connection.close()
    environ = {
        "YIQIJIU_DATABASE_URL": with_login(own_postgres.server.admin_url, user="landlord", password="pw"),
        "YIQIJIU_NATS_URL": broker.server.url("provisioner"),
        **{f"YIQIJIU_{part.upper()}_NATS_URL": broker.server.url(part) for part in SERVICES},
    }
    home = own_postgres.home.path.parent / "suite"
    async with Suite(home, small_parts("intake", "gateway"), environ=environ) as suite:
        assert set(suite.processes) == {"intake", "gateway"}
        secrets = suite.home.part_secrets("intake")
        app = await asyncpg.connect(secrets["database_url"])
        assert await app.fetchval("SELECT current_user") == "intake_app"
        await app.close()
        client = await nats.connect(secrets["nats_url"], inbox_prefix=b"_INBOX_intake", allow_reconnect=False)
        assert (await client.jetstream().publish("intake.cost.recorded", b"1")).stream == "INTAKE"
        await client.close()


@pytest.mark.slow
async def test_a_database_server_that_is_not_there_ends_the_start_at_once(own_postgres: OwnPostgres) -> None:
    environ = {"YIQIJIU_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/postgres"}
    with pytest.raises(Refusal) as refused:
        await Suite(own_postgres.home.path.parent / "suite", small_parts(), environ=environ).start()
    assert refused.value.code == "database_unreachable"
