"""Who did what is written down before it is answered, and nobody can change it afterwards without being found out."""

import asyncio
import base64
import os
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit import AuditLog, Chain, Entry, append
from gateway.verify import note_head, verify_chain
from tests.support.postgres import PartDatabases
from tests.unit.gateway.conftest import Gateway

_COST = "/api/v1/intake/hospital-costs"
_RECORD = "8d1e0a52-41a9-4b6c-9a51-4a7a4e1b2c3d"
_AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
_text = st.text(max_size=30).filter(lambda text: text.encode("utf-8", "ignore").decode() == text)


@given(_text, _text, st.integers(0, 599), st.booleans())
def test_a_row_is_canonical_json(purpose: str, actor: str, status: int, operator: bool) -> None:
    body = Entry(kind="asked", at=_AT, purpose=purpose, actor=actor, status=status, operator=operator).body()
    assert body.encode() == rfc8785.dumps(orjson.loads(body))


async def test_a_change_is_written_with_who_what_why_and_how_it_ended(gateway: Gateway) -> None:
    client = await gateway.as_role("county_officer", "350622")
    answer = await client.post(
        f"/api/v1/referral/referrals/{_RECORD}/release", json={}, headers={"X-Purpose": "appeal"}
    )
    asked, answered = await gateway.audit_rows()
    assert asked["route"] == "POST /api/v1/referral/referrals/{referral_id}/release"
    assert (asked["object"], asked["purpose"], asked["territory"]) == (_RECORD, "appeal", "350622")
    assert asked["roles"] == ["county_officer"]
    assert "operator" not in asked
    assert asked["request_id"] == answered["request_id"] == answer.headers["x-request-id"]
    assert (answered["kind"], answered["status"]) == ("answered", 200)


async def test_a_purpose_that_is_no_code_is_not_kept_since_it_could_hold_a_name(gateway: Gateway) -> None:
    client = await gateway.as_role("county_officer")
    await client.get("/api/v1/referral/referrals", headers={"X-Purpose": "for Lin Zhicheng"})
    (asked, _) = await gateway.audit_rows()
    assert asked["purpose"] == "other"


async def test_every_use_of_an_operators_token_is_written_and_marked(gateway: Gateway) -> None:
    operator, clerk = await gateway.as_role("operator"), await gateway.as_role("township_clerk")
    await operator.get("/api/v1/eligibility/parameters")
    await clerk.get("/api/v1/eligibility/parameters")
    rows = await gateway.audit_rows()
    assert [(row["kind"], row.get("operator", False)) for row in rows] == [("asked", True), ("answered", False)]


async def test_many_at_once_are_one_chain(gateway: Gateway) -> None:
    clients = [await gateway.as_role("operator") for _ in range(4)]
    answers = await asyncio.gather(*(clients[n % 4].post(_COST, json={}) for n in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    await gateway.audit_rows()
    report = await verify_chain(gateway.database.app_url, gateway.settings.audit_key.get_secret_value())
    assert report.breaches == ()
    assert report.rows == 400


async def test_without_its_audit_row_nothing_is_answered_and_later_nothing_is_begun(gateway: Gateway) -> None:
    client = await gateway.as_role("operator")
    await client.get("/api/v1/eligibility/parameters")
    await gateway.audit_rows()
    owner = await asyncpg.connect(gateway.database.owner_url)
    await owner.execute("ALTER TABLE audit_entry RENAME TO audit_entry_away")
    assert (await client.post(_COST, json={})).status_code == 503
    reached = len(gateway.parts["intake"].seen)
    assert (await client.post(_COST, json={})).status_code == 503
    assert len(gateway.parts["intake"].seen) == reached
    await owner.execute("ALTER TABLE audit_entry_away RENAME TO audit_entry")
    await owner.close()
    async with asyncio.timeout(10):
        while (await client.post(_COST, json={})).status_code != 200:
            await asyncio.sleep(0.05)
    rows = await gateway.audit_rows()
    assert [row["route"] for row in rows if row["kind"] == "asked"].count(f"POST {_COST}") == 2


async def test_neither_the_application_nor_the_owner_can_change_a_row(gateway: Gateway) -> None:
    client = await gateway.as_role("operator")
    await client.post(_COST, json={})
    await gateway.audit_rows()
    for url in (gateway.database.app_url, gateway.database.owner_url):
        connection = await asyncpg.connect(url)
        for statement in ("UPDATE audit_entry SET body = '{}'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()


@pytest.fixture
async def chain(part_database: PartDatabases, tmp_path: Path) -> tuple[str, str, str, Path]:
    """(application URL, owner URL, key, heads file) of a chain of 20 rows whose 20th is noted outside."""
    made = await part_database("gateway")
    key = base64.b64encode(os.urandom(32)).decode()
    connection = await asyncpg.connect(made.app_url)
    bodies = [Entry(kind="asked", at=_AT, request_id=str(n)).body() for n in range(20)]
    head = await append(connection, Chain(key), None, bodies)
    await connection.close()
    heads = tmp_path / "heads.jsonl"
    note_head(heads, head)
    return made.app_url, made.owner_url, key, heads


@pytest.mark.parametrize(
    ("tampering", "first_bad"),
    [
        ("UPDATE audit_entry SET body = replace(body, '\"7\"', '\"8\"') WHERE seq = 8", "audit row 8 does not follow"),
        ("DELETE FROM audit_entry WHERE seq = 5", "audit row 5 is missing"),
        ("DELETE FROM audit_entry WHERE seq > 15", "audit row 20 was noted outside"),
        ("UPDATE audit_entry SET seq = seq + 100 WHERE seq = 20", "audit row 20 is missing"),
        ("TRUNCATE audit_entry", "audit row 20 was noted outside"),
    ],
)
async def test_whoever_gets_past_the_triggers_is_found_out(
    chain: tuple[str, str, str, Path], tampering: str, first_bad: str
) -> None:
    app_url, owner_url, key, heads = chain
    assert (await verify_chain(app_url, key, heads)).breaches == ()
    owner = await asyncpg.connect(owner_url)
    await owner.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
    await owner.execute(tampering)
    await owner.close()
    report = await verify_chain(app_url, key, heads)
    assert report.breaches[0].startswith(first_bad)


async def test_another_key_cannot_write_a_chain_that_holds(chain: tuple[str, str, str, Path]) -> None:
    app_url, _, key, _ = chain
    connection = await asyncpg.connect(app_url)
    other = base64.b64encode(os.urandom(32)).decode()
    await append(connection, Chain(other), None, [Entry(kind="asked", at=_AT).body()])
    await connection.close()
    assert (await verify_chain(app_url, key)).breaches == ("audit row 21 does not follow from the row before it",)


async def test_two_gateways_write_one_chain(part_database: PartDatabases) -> None:
    made = await part_database("gateway")
    key = base64.b64encode(os.urandom(32)).decode()
    logs = [AuditLog(made.app_url, key) for _ in range(3)]
    runs = [asyncio.create_task(one.run()) for one in logs]
    waits = [one.ask(Entry(kind="asked", at=_AT, request_id=f"{n}")) for n in range(100) for one in logs]
    await asyncio.gather(*waits)
    for run in runs:
        run.cancel()
    await asyncio.gather(*runs, return_exceptions=True)
    report = await verify_chain(made.app_url, key)
    assert (report.rows, report.breaches) == (300, ())
