"""What the broker still has to deliver: with it, an event that has not arrived is told from one that was lost."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import nats
from nats.js.errors import NotFoundError

from deploy.local.home import Home
from deploy.local.keys import passwords
from deploy.local.provision import BROKER_ERRORS
from deploy.local.servers import OwnServers
from deploy.local.topology import URGENT, load_topology


@dataclass(frozen=True)
class Position:
    """How far a durable has acknowledged without a gap, in its stream's sequence."""

    floor: int


@dataclass(frozen=True)
class BrokerView:
    """Streams with the time they were made and their last sequence; positions by (stream, durable)."""

    is_there: bool
    created: Mapping[str, datetime | None] = field(default_factory=dict)
    last: Mapping[str, int] = field(default_factory=dict)
    positions: Mapping[tuple[str, str], Position] = field(default_factory=dict)

    def may_still_come(
        self, stream: str, part: str, *, sequence: int | None, urgent: bool, made: datetime | None
    ) -> bool:
        """Whether an event that was published at `sequence` may still reach `part`.

        `made`: the stream's time of making as the relay knows it; another one means that all will be published again.
        """
        if not self.is_there or sequence is None or self.created.get(stream) != made:
            return True
        if sequence > self.last[stream]:
            return True  # the broker lost its tail; the relay publishes it again
        position = self.positions.get((stream, f"{part}-{URGENT}" if urgent else part))
        return position is None or sequence > position.floor


async def look_at_broker(folder: Path) -> BrokerView:
    """The broker of a data folder, or one's own, as it is now; `is_there` is false when it does not answer."""
    topology = load_topology()
    created: dict[str, datetime | None] = {}
    last: dict[str, int] = {}
    positions: dict[tuple[str, str], Position] = {}
    try:
        client = await nats.connect(
            _url(Home.open(folder)),
            inbox_prefix=b"_INBOX_provisioner",
            allow_reconnect=False,
            connect_timeout=3,
            error_cb=_quiet,
        )
    except BROKER_ERRORS:
        return BrokerView(False)
    try:
        js = client.jetstream(timeout=5)
        for stream in topology.streams:
            with suppress(NotFoundError):
                info = await js.stream_info(stream.name)
                created[stream.name], last[stream.name] = info.created, info.state.last_seq
        for consumer in topology.consumers:
            with suppress(NotFoundError):
                told: Any = await js.consumer_info(consumer.stream, consumer.durable)
                floor = told.ack_floor.stream_seq if told.ack_floor else 0
                positions[consumer.stream, consumer.durable] = Position(floor)
    except BROKER_ERRORS:
        return BrokerView(False)
    finally:
        with suppress(*BROKER_ERRORS):
            await client.close()
    return BrokerView(True, created, last, positions)


def _url(home: Home) -> str:
    own = OwnServers.read()
    named = own.nats_urls.get("provisioner") or own.nats_url
    return named or f"nats://provisioner:{passwords(home)['nats/provisioner']}@127.0.0.1:{home.ports()['nats']}"


async def _quiet(error: Exception) -> None:
    """Errors come back where the call was made."""
