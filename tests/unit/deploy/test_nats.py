"""The embedded broker: what it acknowledges is on disk, and no user can do what is not its business."""

import asyncio
import json
import os
import shutil
import signal
import stat

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError

from deploy.local.http import get
from deploy.local.keys import NATS_KEEPERS
from deploy.local.parts import SERVICES
from deploy.local.provision import Prober, provision
from deploy.local.topology import load_topology
from tests.support.broker import TestBroker

REFUSED = "refused"
ALLOWED = "allowed"


class User:
    """A NATS user, and what the server says to each attempt."""

    def __init__(self, client: Client, complaints: list[str]) -> None:
        self.client = client
        self._complaints = complaints

    async def publish(self, subject: str) -> str:
        """Publish, which is also how every request to the server begins; whether that was refused."""
        await self.client.publish(subject, b"{}")
        return await self._verdict("publish", subject)

    async def subscribe(self, subject: str) -> str:
        """Subscribe; whether that was refused."""
        await self.client.subscribe(subject)
        return await self._verdict("subscription", subject)

    async def _verdict(self, what: str, subject: str) -> str:
        """The server's complaint comes a moment after its answer to a ping, so wait for it; in vain when it allows."""
        await self.client.flush()
        wanted = f'permissions violation for {what} to "{subject}"'.lower()
        for _ in range(100):
            if any(wanted in complaint for complaint in self._complaints):
                return REFUSED
            await asyncio.sleep(0.01)
        return ALLOWED


async def as_user(broker: TestBroker, name: str) -> User:
    complaints: list[str] = []

    async def hear(error: Exception) -> None:
        complaints.append(str(error).lower())

    client = await nats.connect(
        broker.server.url(name), inbox_prefix=f"_INBOX_{name}".encode(), error_cb=hear, allow_reconnect=False
    )
    return User(client, complaints)


async def test_what_the_server_runs_with(broker: TestBroker) -> None:
    _, body = await get(broker.server.monitor_port, "/varz", timeout_s=2)
    found = json.loads(body)
    assert found["jetstream"]["config"]["sync_always"] is True and found["jetstream"]["config"]["strict"] is True
    assert found["host"] == "127.0.0.1" and found["http_host"] == "127.0.0.1" and found["max_payload"] == 1048576
    assert found["auth_required"] is True


async def test_its_configuration_and_store_are_private(broker: TestBroker) -> None:
    folder = broker.server.store.parent
    assert stat.S_IMODE((folder / "server.conf").stat().st_mode) == 0o600
    assert stat.S_IMODE(broker.server.store.stat().st_mode) == 0o700


async def test_nobody_comes_in_without_a_password(broker: TestBroker) -> None:
    for url in (f"nats://127.0.0.1:{broker.server.port}", f"nats://intake:wrong@127.0.0.1:{broker.server.port}"):
        with pytest.raises(NatsError):
            await nats.connect(url, allow_reconnect=False, max_reconnect_attempts=1)


async def test_a_part_does_its_own_business(broker: TestBroker) -> None:
    user = await as_user(broker, "eligibility")
    js = user.client.jetstream(timeout=2)
    assert (await js.publish("eligibility.assessment.completed", b"1", stream="ELIGIBILITY")).seq == 1
    assert (await js.stream_info("ELIGIBILITY")).state.messages == 1
    intake = await as_user(broker, "intake")
    await intake.client.jetstream().publish("intake.care.changed", b"ordinary")
    await intake.client.jetstream().publish("intake.grid_report.recorded.urgent", b"urgent")
    for durable, body in (("eligibility", b"ordinary"), ("eligibility-urgent", b"urgent")):
        inflow = await js.pull_subscribe_bind(durable, stream="INTAKE")
        messages = await inflow.fetch(5, timeout=10)
        assert [message.data for message in messages] == [body]
        await messages[0].ack_sync()
        info = await js.consumer_info("INTAKE", durable)
        assert info.ack_floor is not None and info.ack_floor.consumer_seq == 1 and info.num_pending == 0
    await user.client.close()
    await intake.client.close()


@pytest.mark.parametrize("name", [*SERVICES, *NATS_KEEPERS])
async def test_a_user_can_do_nothing_that_is_not_its_business(broker: TestBroker, name: str) -> None:
    others = [part for part in SERVICES if part != name]
    foreign = others[0].upper()
    to_publish = [f"{other}.thing.happened" for other in others] + [f"{others[0]}.thing.happened.urgent"]
    for stream in (*(part.upper() for part in SERVICES), "PROBE"):
        to_publish += [f"$JS.API.STREAM.{verb}.{stream}" for verb in ("DELETE", "PURGE", "MSG.GET", "MSG.DELETE")]
        to_publish += [f"$JS.API.DIRECT.GET.{stream}", f"$JS.API.CONSUMER.DELETE.{stream}.referral"]
    to_publish += ["$JS.API.CONSUMER.MSG.NEXT.REFERRAL.spy", "$JS.ACK.REFERRAL.spy.1.1.1.1.0", "$SYS.REQ.SERVER.PING"]
    to_publish += [
        f"$JS.API.CONSUMER.PAUSE.{foreign}.referral",
        "$JS.API.SERVER.REMOVE",
        "$JS.API.ACCOUNT.PURGE.YIQIJIU",
    ]
    if name != "provisioner":
        to_publish += [f"$JS.API.CONSUMER.{verb}.{foreign}.spy" for verb in ("CREATE", "DURABLE.CREATE")]
        to_publish += [f"$JS.API.CONSUMER.CREATE.{foreign}.spy.{others[0]}.>", f"$JS.API.CONSUMER.CREATE.{foreign}"]
        to_publish += ["$JS.API.STREAM.CREATE.MINE", f"$JS.API.STREAM.UPDATE.{foreign}"]
    to_hear = [">", "*.>", f"{others[0]}.>", "$JS.>", "$SYS.>", "_INBOX.>", *(f"_INBOX_{other}.>" for other in others)]

    user = await as_user(broker, name)
    verdicts = {subject: await user.publish(subject) for subject in to_publish}
    verdicts |= {f"listen {subject}": await user.subscribe(subject) for subject in to_hear}

    assert [attempt for attempt, verdict in verdicts.items() if verdict != REFUSED] == []
    await user.client.close()
    assert await Prober(broker.server.url("prober")).missing(broker.topology) == []


async def test_a_part_that_asks_for_what_it_may_not_gets_no_answer(broker: TestBroker) -> None:
    """The matrix above reads complaints; here the calls themselves are tried, as a part gone wrong would make them."""
    user = await as_user(broker, "charity")
    js = user.client.jetstream(timeout=0.3)
    for attempt in (
        js.publish("intake.cost.recorded", b"forged"),
        js.delete_stream("INTAKE"),
        js.purge_stream("CHARITY"),
        js.get_msg("INTAKE", 1),
        js.pull_subscribe("intake.>", durable="spy", stream="INTAKE"),
        js.subscribe("eligibility.>", stream="ELIGIBILITY"),
        js.stream_info("INTAKE"),
    ):
        with pytest.raises((TimeoutError, NatsError)):
            await attempt
    await user.client.close()


async def test_streams_are_as_the_design_has_them(broker: TestBroker) -> None:
    user = await as_user(broker, "provisioner")
    js = user.client.jetstream()
    for part in SERVICES:
        config = (await js.stream_info(part.upper())).config
        assert config.subjects == [f"{part}.>"] and config.max_age == 7 * 86400
        assert config.discard == "new" and config.deny_delete and config.deny_purge and config.num_replicas == 1
    await user.client.close()


async def test_providing_again_changes_nothing_and_what_was_lost_is_made_again(broker: TestBroker) -> None:
    url = broker.server.url("provisioner")
    again = await provision(url, broker.topology)
    assert (again.made, again.changed) == ((), ())
    await broker.server.stop()
    os.rename(broker.server.store, broker.server.store.with_name("away"))
    await broker.server.start()
    prober = Prober(broker.server.url("prober"))
    assert await prober.missing(broker.topology) == ["INTAKE", "ELIGIBILITY", "REFERRAL", "CHARITY"]
    assert len((await provision(url, broker.topology)).made) == 5 + len(load_topology().consumers)
    assert await prober.missing(broker.topology) == []
    await prober.close()


async def test_a_killed_broker_keeps_what_it_acknowledged(broker: TestBroker) -> None:
    user = await as_user(broker, "intake")
    js = user.client.jetstream()
    for number in range(20):
        await js.publish("intake.cost.recorded", str(number).encode())
    assert broker.server.pid is not None
    os.kill(broker.server.pid, signal.SIGKILL)
    await broker.server.start()
    back = await as_user(broker, "intake")
    assert (await back.client.jetstream().stream_info("INTAKE")).state.messages == 20
    await back.client.close()
    await user.client.close()


async def test_a_store_taken_away_under_the_server_is_noticed(broker: TestBroker) -> None:
    """The server itself goes on acknowledging, into files that have no name any more."""
    assert broker.server.missing_folders() == []
    os.rename(broker.server.store, broker.server.store.with_name("away"))
    assert set(broker.server.missing_folders()) == {"INTAKE", "ELIGIBILITY", "REFERRAL", "CHARITY"}
    assert await broker.server.is_well()


async def test_an_outsized_message_is_refused_before_it_is_sent(broker: TestBroker) -> None:
    user = await as_user(broker, "intake")
    with pytest.raises(NatsError):
        await user.client.jetstream().publish("intake.cost.recorded", bytes(1048577))
    await user.client.close()


async def test_a_store_that_was_half_deleted_is_laid_aside_and_begun_anew(broker: TestBroker) -> None:
    """The server says of such a store that a stream could not be recovered, and would say so for ever."""
    await broker.server.stop()
    stream = broker.server.store / "jetstream" / "YIQIJIU" / "streams" / "ELIGIBILITY"
    for file in [path for path in stream.iterdir() if path.name != "obs"]:
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    await broker.start()
    assert await broker.server.is_well()
    assert broker.server.missing_folders() == []
    assert broker.server.store.with_name("store.unreadable").exists()
