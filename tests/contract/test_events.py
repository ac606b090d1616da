"""Events: their published schemas, the direction they run, and what they must never carry."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from deploy.local.topology import load_topology
from services.contracts.catalogue import CONSUMERS, EVENTS
from services.contracts.codes import PARTS
from services.contracts.event import Event, new_event_id, pack_batches
from services.contracts.intake import ConsentChanged
from services.kit.ids import new_id
from services.kit.inbox import open_batch

SCHEMAS = Path(__file__).parent / "schemas"


def schema(kind: type[Event]) -> dict[str, Any]:
    return kind.model_json_schema()


@pytest.mark.parametrize("subject", sorted(EVENTS))
def test_an_events_schema_only_grows(subject: str) -> None:
    """Every field once published is still there with the same schema, and no new field is needed by old events."""
    path = SCHEMAS / f"{subject}.json"
    assert path.exists(), f"publish it: python -m tests.contract.publish_schemas {subject}"
    published = json.loads(path.read_text())
    now = schema(EVENTS[subject])
    assert {name: now["properties"].get(name) for name in published["properties"]} == published["properties"]
    assert set(now["required"]) <= set(published["required"])


def test_no_schema_is_published_for_an_event_that_is_gone() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} == set(EVENTS)


def test_events_run_downhill_only() -> None:
    hill = {part: height for height, part in enumerate(PARTS)}
    for kind, takers in CONSUMERS.items():
        assert all(hill[taker] > hill[kind.part()] for taker in takers), kind.SUBJECT


@pytest.mark.parametrize("part", ["eligibility", "referral", "charity"])
def test_a_part_handles_just_the_events_the_catalogue_gives_it(part: str) -> None:
    handlers = import_module(f"services.{part}.consumers").HANDLERS
    assert set(handlers) == {kind for kind, takers in CONSUMERS.items() if part in takers}


def test_intake_stands_at_the_top_of_the_hill() -> None:
    assert import_module("services.intake.consumers").HANDLERS == {}


def test_no_event_has_a_field_for_a_name_a_number_or_words() -> None:
    forbidden = {"name", "id_number", "phone", "address", "text", "note_text", "diagnosis", "disease"}
    for kind in EVENTS.values():
        assert not forbidden & set(schema(kind)["properties"]), kind.SUBJECT
        for inner in schema(kind).get("$defs", {}).values():
            assert not forbidden & set(inner.get("properties", {})), kind.SUBJECT


def test_a_batch_is_read_back_as_it_was_packed() -> None:
    events = [ConsentChanged(ref=new_id(), version=n + 1, division="350602007", decisions=()) for n in range(450)]
    bodies = list(pack_batches([event.to_cloud_event() for event in events]))
    assert [count for count, _ in bodies] == [200, 200, 50]
    assert [envelope.event for _, body in bodies for envelope in open_batch(body)] == events


def test_a_batch_stays_under_its_bytes_but_a_single_large_event_still_leaves() -> None:
    sizes = [count for count, _ in pack_batches(["x" * 300, "y" * 300, "z" * 2000], most_bytes=700)]
    assert sizes == [2, 1]


def test_event_ids_sort_by_time() -> None:
    ids = [new_event_id() for _ in range(50)]
    assert [identifier.int >> 80 for identifier in ids] == sorted(identifier.int >> 80 for identifier in ids)
    assert {identifier.version for identifier in ids} == {7}


def test_the_broker_gives_each_part_just_the_events_the_catalogue_says() -> None:
    given: dict[str, set[str]] = {}
    for consumer in load_topology().consumers:
        if not consumer.durable.endswith("-urgent"):
            given.setdefault(consumer.part, set()).update(consumer.subjects)
    for part in ("eligibility", "referral", "charity"):
        wanted = {kind.SUBJECT for kind, takers in CONSUMERS.items() if part in takers}
        covered = {subject for subject in EVENTS if any(_matches(pattern, subject) for pattern in given[part])}
        assert covered == wanted


def _matches(pattern: str, subject: str) -> bool:
    steps = zip(pattern.split("."), subject.split("."), strict=True)
    return all(wanted in ("*", found) for wanted, found in steps)
