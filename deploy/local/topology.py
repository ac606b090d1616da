"""Streams, consumers and who may use them, as `deploy/nats/streams.yaml` says. Pure but for that file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from deploy.local.parts import ROOT, SERVICES

STREAMS_FILE = ROOT / "deploy" / "nats" / "streams.yaml"
PROBE_STREAM = "PROBE"
PROBE_SUBJECT = "probe.local"
URGENT = "urgent"


@dataclass(frozen=True)
class Stream:
    """A part's stream: what it publishes, kept for a while."""

    name: str
    producer: str
    subject: str
    max_age_s: int
    max_bytes: int
    duplicate_window_s: int
    replicas: int


@dataclass(frozen=True)
class Consumer:
    """A durable pull consumer: one part's reading position in one stream, on one lane."""

    stream: str
    durable: str
    part: str
    subjects: tuple[str, ...]
    ack_wait_s: int
    max_deliver: int
    max_ack_pending: int


@dataclass(frozen=True)
class Topology:
    """Everything the broker has to have."""

    streams: tuple[Stream, ...]
    consumers: tuple[Consumer, ...]

    @property
    def max_bytes(self) -> int:
        """What the streams may take of the disk, all together."""
        return sum(stream.max_bytes for stream in self.streams)

    def with_replicas(self, replicas: int) -> "Topology":
        """The same for a cluster of brokers."""
        return replace(self, streams=tuple(replace(stream, replicas=replicas) for stream in self.streams))


def load_topology(path: Path = STREAMS_FILE) -> Topology:
    """Read the file."""
    held: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    streams = tuple(
        Stream(name=name, producer=row["producer"], subject=f"{row['producer']}.>", **held["stream_settings"])
        for name, row in held["streams"].items()
    )
    consumers = []
    for row in held["consumers"]:
        settings = {"stream": row["stream"], "part": row["part"], **held["consumer_settings"]}
        subjects = tuple(row["subjects"])
        consumers.append(Consumer(durable=row["part"], subjects=subjects, **settings))
        lane = tuple(f"{subject}.{URGENT}" for subject in subjects)
        consumers.append(Consumer(durable=f"{row['part']}-{URGENT}", subjects=lane, **settings))
    return Topology(streams, tuple(consumers))


def permissions(topology: Topology) -> dict[str, dict[str, list[str]]]:
    """What each NATS user may publish and subscribe to, by user; everything else is refused.

    A part publishes its own events, fetches from and acknowledges to its own durables, and looks at its own stream. It
    can neither make consumers (that would let it read anything) nor touch streams: the provisioner alone does, and
    that one cannot read messages.
    """
    allowed: dict[str, dict[str, list[str]]] = {}
    for part in SERVICES:
        publish = [f"{part}.>"]
        publish += [f"$JS.API.STREAM.INFO.{stream.name}" for stream in topology.streams if stream.producer == part]
        for consumer in topology.consumers:
            if consumer.part == part:
                ref = f"{consumer.stream}.{consumer.durable}"
                publish += [f"$JS.API.CONSUMER.MSG.NEXT.{ref}", f"$JS.API.CONSUMER.INFO.{ref}", f"$JS.ACK.{ref}.>"]
        allowed[part] = _with_inbox(part, publish)
    allowed["provisioner"] = _with_inbox(
        "provisioner",
        [
            *(f"$JS.API.STREAM.{verb}.*" for verb in ("CREATE", "UPDATE", "INFO")),
            *("$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.INFO"),
            *(f"$JS.API.CONSUMER.{verb}" for verb in ("CREATE.>", "DURABLE.CREATE.>", "INFO.>", "NAMES.*", "LIST.*")),
        ],
    )
    allowed["prober"] = _with_inbox(
        "prober",
        [PROBE_SUBJECT, "$JS.API.STREAM.NAMES", "$JS.API.CONSUMER.NAMES.*", f"$JS.API.STREAM.INFO.{PROBE_STREAM}"],
    )
    return allowed


def accounts(topology: Topology, passwords: Mapping[str, str]) -> dict[str, Any]:
    """The server's `accounts` block. `passwords` is keyed by `nats/USER`."""
    users = [
        {
            "user": user,
            "password": passwords[f"nats/{user}"],
            "permissions": {"publish": {"allow": may["publish"]}, "subscribe": {"allow": may["subscribe"]}},
        }
        for user, may in permissions(topology).items()
    ]
    return {"YIQIJIU": {"jetstream": "enabled", "users": users}, "SYS": {}}


def _with_inbox(user: str, publish: list[str]) -> dict[str, list[str]]:
    return {"publish": publish, "subscribe": [f"_INBOX_{user}.>"]}
