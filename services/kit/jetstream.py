"""The broker, JetStream through nats-py. The only module that imports nats.

Streams and consumers are made by the provisioning user (`deploy/local/provision.py`), never by a part: a part may
only publish on its own subjects and fetch from its own durable consumers.
"""

import asyncio
import json
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError

log = logging.getLogger(__name__)

PUBLISH_TIMEOUT_S = 5.0
FETCH_WAIT_S = 1.0
_WINDOW = 64
_PULL = 100
_PULL_FOR_S = 30.0
STILL_S = 3.0
"""How often the broker hears that messages are still in hand. Well within the consumers' `ack_wait_s` of streams.yaml,
so that only what a dead process held is delivered again."""


class BrokerAway(Exception):
    """The broker did not answer, or has no such stream or consumer now. Nothing is lost: try again."""


@dataclass(frozen=True)
class StreamState:
    """A stream as the broker sees it."""

    created: datetime
    last_seq: int


@dataclass(frozen=True)
class Delivery:
    """One message to handle, with its way to answer. `attempt` counts from 1."""

    body: bytes
    attempt: int
    _msg: Msg

    async def ack(self) -> None:
        """Say that it was taken in for good."""
        await self._msg.ack()

    async def again(self, delay_s: float) -> None:
        """Ask for it again after `delay_s` seconds."""
        await self._msg.nak(delay=delay_s)


class Bus:
    """One part's connection to the broker. Reconnects for ever; `reconnected` is set each time it did."""

    def __init__(self, url: str, *, part: str) -> None:
        self._url = url
        self._part = part
        self._client: Client | None = None
        self._js: JetStreamContext | None = None
        self.reconnected = asyncio.Event()
        self.connects = 0
        """How often it connected: whoever waits for messages asks anew after each."""

    async def connect(self) -> None:
        """Connect, waiting for the broker as long as it takes."""
        while self._client is None:
            try:
                client = await nats.connect(
                    self._url,
                    name=f"yiqijiu-{self._part}",
                    inbox_prefix=f"_INBOX_{self._part}".encode(),
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,
                    connect_timeout=2,
                    ping_interval=5,
                    max_outstanding_pings=2,
                    reconnected_cb=self._on_reconnected,
                    error_cb=self._on_error,
                )
            except (OSError, NatsError, TimeoutError) as error:
                log.warning("broker away", extra={"error": type(error).__name__})
                await asyncio.sleep(0.2)
                continue
            self._client, self._js = client, client.jetstream(timeout=PUBLISH_TIMEOUT_S)
            await self._on_reconnected()

    async def _on_reconnected(self) -> None:
        self.connects += 1
        self.reconnected.set()

    async def _on_error(self, error: Exception) -> None:
        log.warning("broker error", extra={"error": type(error).__name__})

    @property
    def is_connected(self) -> bool:
        """Whether the connection is up now."""
        return self._client is not None and self._client.is_connected

    async def publish(self, messages: list[tuple[str, bytes, str]]) -> list[int]:
        """Publish (subject, body, message id) messages on this part's stream and wait for every ack.

        Answers the stream sequence of each. Raises: BrokerAway when any was not acknowledged.
        """
        assert self._js is not None
        stream = self._part.upper()
        answers: list[int] = []
        for start in range(0, len(messages), _WINDOW):
            window = messages[start : start + _WINDOW]
            acks = await asyncio.gather(
                *(
                    self._js.publish(
                        subject,
                        body,
                        timeout=PUBLISH_TIMEOUT_S,
                        stream=stream,
                        headers={"Nats-Msg-Id": message_id},
                    )
                    for subject, body, message_id in window
                ),
                return_exceptions=True,
            )
            for ack in acks:
                if isinstance(ack, BaseException):
                    if isinstance(ack, NatsError | APIError | OSError | TimeoutError):
                        raise BrokerAway(type(ack).__name__) from ack
                    raise ack
                answers.append(ack.seq)
        return answers

    async def stream_state(self) -> StreamState:
        """This part's own stream. Raises: BrokerAway."""
        assert self._js is not None
        try:
            info = await self._js.stream_info(self._part.upper())
        except (NatsError, APIError, OSError, TimeoutError) as error:
            raise BrokerAway(type(error).__name__) from error
        assert info.created is not None
        return StreamState(info.created, info.state.last_seq)

    async def subscribe(self, stream: str, durable: str) -> "Inflow":
        """Bind to a durable consumer that the provisioner made. Raises: BrokerAway."""
        assert self._client is not None and self._js is not None
        try:
            await self._js.consumer_info(stream, durable)
            inflow = Inflow(self, self._client, f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}")
            await inflow.open()
        except (NatsError, APIError, OSError, TimeoutError) as error:
            raise BrokerAway(type(error).__name__) from error
        return inflow

    async def close(self) -> None:
        """Leave the broker."""
        if self._client is not None:
            await self._client.close()


class Inflow:
    """A durable consumer's messages, by one standing pull: the broker sends what comes until the pull is used up.

    Asking anew for each message would cost two requests a message, and the latency of one. While messages wait here or
    are worked on, the broker is told so.
    """

    def __init__(self, bus: Bus, client: Client, ask: str) -> None:
        self._bus = bus
        self._connects = bus.connects
        self._client = client
        self._ask = ask
        self._inbox = client.new_inbox()
        self._asked = 0
        self._until = 0.0
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self._in_hand: list[Msg] = []
        self._subscription: Subscription | None = None
        self._telling: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen. Raises: NatsError, OSError."""
        self._subscription = await self._client.subscribe(self._inbox, cb=self._arrive)
        self._telling = asyncio.create_task(self._tell())

    async def _arrive(self, message: Msg) -> None:
        self._arrived.put_nowait(message)

    async def _tell(self) -> None:
        """Say every now and then what is still in hand. A broker that is away delivers it again; nothing is lost."""
        while True:
            await asyncio.sleep(STILL_S)
            for message in [*self._in_hand, *self._waiting()]:
                if not message.is_acked:
                    with suppress(NatsError, OSError):
                        await message.in_progress()

    def _waiting(self) -> list[Msg]:
        """What arrived and nobody fetched yet. It is taken out and put back: a queue does not show what it holds."""
        held = [self._arrived.get_nowait() for _ in range(self._arrived.qsize())]
        for message in held:
            self._arrived.put_nowait(message)
        return [message for message in held if message.reply]

    async def fetch(self, most: int, *, gather_s: float = 0.0) -> list[Delivery]:
        """Up to `most` messages: what is there, else the first that comes; [] after a quiet while.

        With `gather_s` it waits that long for more to come, when there are fewer than `most`. Raises: BrokerAway.
        """
        try:
            await self._keep_asking()
            async with asyncio.timeout(FETCH_WAIT_S):
                messages = [await self._arrived.get()]
            if gather_s and self._arrived.qsize() < most - 1:
                await asyncio.sleep(gather_s)
            while len(messages) < most and not self._arrived.empty():
                messages.append(self._arrived.get_nowait())
        except TimeoutError:
            return []
        except (NatsError, OSError) as error:
            raise BrokerAway(type(error).__name__) from error
        good = [message for message in messages if not self._is_status(message)]
        self._asked -= len(good)
        self._in_hand = [message for message in self._in_hand if not message.is_acked] + good
        return [Delivery(m.data, m.metadata.num_delivered or 1, m) for m in good]

    async def _keep_asking(self) -> None:
        """Renew the pull when it runs out or is half used up."""
        now = time.monotonic()
        if self._connects != self._bus.connects:  # the broker forgot the pull
            self._connects, self._until = self._bus.connects, 0.0
        if self._asked > _PULL // 2 and now < self._until:
            return
        if now >= self._until:
            self._asked = 0
        want = _PULL - self._asked
        self._asked, self._until = _PULL, now + _PULL_FOR_S
        request = {"batch": want, "expires": int(_PULL_FOR_S * 1e9)}
        await self._client.publish(self._ask, json.dumps(request).encode(), reply=self._inbox)

    def _is_status(self, message: Msg) -> bool:
        """Whether it is the broker's word on a pull, not a message. A pull that ended is asked for again.

        Raises: BrokerAway when the consumer is gone.
        """
        status = (message.headers or {}).get("Status")
        if status is None or message.data:
            return False
        if status not in ("404", "408"):
            raise BrokerAway(f"pull ended with {status}")
        self._until = 0.0
        return True

    async def close(self) -> None:
        """Stop listening, and hand back what is in hand, so that whoever binds next has it at once. The consumer itself
        stays."""
        if self._telling is not None:
            self._telling.cancel()
        try:
            if self._subscription is not None:
                await self._subscription.unsubscribe()
            for message in [*self._in_hand, *self._waiting()]:
                if not message.is_acked:
                    await message.nak()
        except (NatsError, OSError) as error:
            log.info("unsubscribe", extra={"error": type(error).__name__})
