"""Streams and consumers made as `streams.yaml` says, and a look whether the broker still has them and still writes.

The only module of deploy that imports nats.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, NotFoundError

from deploy.local.refusal import Refusal, Words
from deploy.local.topology import PROBE_STREAM, PROBE_SUBJECT, Consumer, Stream, Topology

BROKER_ERRORS = (NatsError, APIError, OSError, TimeoutError)


@dataclass(frozen=True)
class Provisioned:
    """What was made anew and what was changed."""

    made: tuple[str, ...]
    changed: tuple[str, ...]


async def provision(url: str, topology: Topology, *, with_probe: bool = True) -> Provisioned:
    """Bring streams and consumers to what the topology says; run again, it changes nothing.

    `with_probe`: the stream that the `Prober` writes to as well. Raises: Refusal when the broker refuses.
    """
    made: list[str] = []
    changed: list[str] = []
    client: Client | None = None
    try:
        client = await _connect(url, "provisioner")
        js = client.jetstream(timeout=10)
        streams = [_stream_config(stream) for stream in topology.streams]
        if with_probe:
            streams.append(_probe_config())
        for config in streams:
            await _bring_stream(js, config, made, changed)
        for consumer in topology.consumers:
            await _bring_consumer(js, consumer, made, changed)
    except BROKER_ERRORS as error:
        raise Refusal(
            "broker_refused",
            Words("无法在 NATS 上建立消息流。", "Streams could not be made on NATS."),
            Words("请检查 NATS 用户能否建立 JetStream 流。", "Check that the NATS user may make JetStream streams."),
            details=(f"{type(error).__name__}: {error}",),
        ) from error
    finally:
        if client is not None:
            await client.close()
    return Provisioned(tuple(made), tuple(changed))


class Prober:
    """Tries the broker by publishing a message that has to reach its disk. Keeps one connection."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None

    async def publish(self, *, timeout_s: float = 2.0) -> None:
        """Publish and wait for the server's word that it is stored. Raises: one of BROKER_ERRORS."""
        async with asyncio.timeout(timeout_s):
            client = await self._connected()
            await client.jetstream(timeout=timeout_s).publish(PROBE_SUBJECT, b"", stream=PROBE_STREAM)

    async def missing(self, topology: Topology, *, timeout_s: float = 2.0) -> list[str]:
        """Streams and consumers the broker ought to have and has not. Raises: one of BROKER_ERRORS."""
        async with asyncio.timeout(timeout_s):
            client = await self._connected()
            js = client.jetstream(timeout=timeout_s)
            there = set(await _names(js, "STREAM.NAMES", "streams"))
            absent = [stream.name for stream in topology.streams if stream.name not in there]
            for stream in sorted({consumer.stream for consumer in topology.consumers} & there):
                durables = set(await _names(js, f"CONSUMER.NAMES.{stream}", "consumers"))
                wanted = [consumer for consumer in topology.consumers if consumer.stream == stream]
                absent += [f"{stream}/{consumer.durable}" for consumer in wanted if consumer.durable not in durables]
        return absent

    async def close(self) -> None:
        """Leave the broker."""
        if self._client is not None:
            client, self._client = self._client, None
            with suppress(*BROKER_ERRORS):
                await client.close()

    async def _connected(self) -> Client:
        if self._client is None or not self._client.is_connected:
            await self.close()
            self._client = await _connect(self._url, "prober")
        return self._client


async def _connect(url: str, user: str) -> Client:
    """A connection that does not reconnect by itself: whoever asks again gets a new one."""
    return await nats.connect(
        url,
        name=f"yiqijiu-{user}",
        inbox_prefix=f"_INBOX_{user}".encode(),
        allow_reconnect=False,
        connect_timeout=2,
        error_cb=_quiet,
    )


async def _quiet(error: Exception) -> None:
    """Errors come back where the call was made; nats-py's own printing of them is not wanted."""


async def _names(js: JetStreamContext, what: str, field: str) -> Sequence[str]:
    # nats-py has no call for names only; a list of whole consumers is ten times the text every few seconds.
    answer: dict[str, Any] = await js._api_request(f"{js._prefix}.{what}", b"{}", timeout=js._timeout)
    return answer.get(field) or []


async def _bring_stream(js: JetStreamContext, wanted: StreamConfig, made: list[str], changed: list[str]) -> None:
    assert wanted.name is not None
    try:
        found = (await js.stream_info(wanted.name)).config
    except NotFoundError:
        await js.add_stream(wanted)
        made.append(wanted.name)
        return
    if _differs(found, wanted):
        await js.update_stream(wanted)
        changed.append(wanted.name)


async def _bring_consumer(js: JetStreamContext, consumer: Consumer, made: list[str], changed: list[str]) -> None:
    wanted = _consumer_config(consumer)
    name = f"{consumer.stream}/{consumer.durable}"
    try:
        found = (await js.consumer_info(consumer.stream, consumer.durable)).config
    except NotFoundError:
        await js.add_consumer(consumer.stream, wanted)
        made.append(name)
        return
    if _differs(found, wanted):
        await js.add_consumer(consumer.stream, wanted)
        changed.append(name)


def _differs(found: StreamConfig | ConsumerConfig, wanted: StreamConfig | ConsumerConfig) -> bool:
    """Whether anything that is asked for is otherwise; what the server fills in by itself does not count."""
    asked = {name: value for name, value in vars(wanted).items() if value is not None}
    return any(getattr(found, name) != value for name, value in asked.items())


def _stream_config(stream: Stream) -> StreamConfig:
    return StreamConfig(
        name=stream.name,
        subjects=[stream.subject],
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        max_age=stream.max_age_s,
        max_bytes=stream.max_bytes,
        duplicate_window=stream.duplicate_window_s,
        num_replicas=stream.replicas,
        deny_delete=True,
        deny_purge=True,
    )


def _probe_config() -> StreamConfig:
    """The last probe only. Its own stream: a part's stream has one writer, its relay, which counts on that."""
    return StreamConfig(
        name=PROBE_STREAM,
        subjects=[PROBE_SUBJECT],
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        max_msgs=1,
        max_bytes=2**20,
        duplicate_window=120,
    )


def _consumer_config(consumer: Consumer) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=consumer.durable,
        filter_subjects=list(consumer.subjects),
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL,
        ack_wait=consumer.ack_wait_s,
        max_deliver=consumer.max_deliver,
        max_ack_pending=consumer.max_ack_pending,
    )
