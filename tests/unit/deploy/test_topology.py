"""Streams and consumers as data: events run downhill, and each part may do what its place on the hill needs."""

from deploy.local.parts import SERVICES
from deploy.local.topology import load_topology, permissions


def test_events_run_downhill_only() -> None:
    for consumer in load_topology().consumers:
        producer = next(stream.producer for stream in load_topology().streams if stream.name == consumer.stream)
        assert SERVICES.index(producer) < SERVICES.index(consumer.part)
        assert all(subject.startswith(f"{producer}.") for subject in consumer.subjects)


def test_every_consumer_has_an_urgent_lane_that_the_ordinary_one_does_not_see() -> None:
    consumers = load_topology().consumers
    ordinary = [consumer for consumer in consumers if not consumer.durable.endswith("-urgent")]
    assert len(consumers) == 2 * len(ordinary)
    for consumer in ordinary:
        lane = next(c for c in consumers if (c.stream, c.durable) == (consumer.stream, f"{consumer.part}-urgent"))
        assert lane.subjects == tuple(f"{subject}.urgent" for subject in consumer.subjects)
        assert all(subject.count(".") == 2 for subject in consumer.subjects), "three words: an urgent one has four"


def test_referral_hears_of_intake_only_what_concerns_consent() -> None:
    heard = [c.subjects for c in load_topology().consumers if (c.stream, c.part) == ("INTAKE", "referral")]
    assert heard == [("intake.consent.*",), ("intake.consent.*.urgent",)]


def test_no_delivery_is_tried_without_end() -> None:
    assert all(consumer.max_deliver > 0 for consumer in load_topology().consumers)


def test_a_cluster_has_the_same_streams_with_more_replicas() -> None:
    topology = load_topology().with_replicas(3)
    assert {stream.replicas for stream in topology.streams} == {3}
    assert topology.consumers == load_topology().consumers


def test_only_the_provisioner_may_make_anything() -> None:
    for user, may in permissions(load_topology()).items():
        makes = [subject for subject in may["publish"] if ".CREATE" in subject or ".UPDATE" in subject]
        assert bool(makes) == (user == "provisioner")
        assert not [
            subject for subject in may["publish"] if "DELETE" in subject or "PURGE" in subject or "MSG.GET" in subject
        ]
        assert may["subscribe"] == [f"_INBOX_{user}.>"]
