"""A real NATS server with JetStream for a test, its streams and users made as in an installation."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.keys import passwords
from deploy.local.nats import NatsServer
from deploy.local.ports import free_port
from deploy.local.provision import provision
from deploy.local.topology import Topology, load_topology


class TestBroker:
    """The server and its topology; may be killed, emptied and started again."""

    __test__ = False

    def __init__(self, server: NatsServer, topology: Topology) -> None:
        self.server = server
        self.topology = topology

    async def start(self) -> None:
        """Start the server and make what it lacks."""
        await self.server.start()
        await provision(self.server.url("provisioner"), self.topology)

    async def lose_everything(self) -> None:
        """Stop the server, delete its whole store, and start it again."""
        await self.server.stop()
        shutil.rmtree(self.server.store)
        await self.start()


@pytest.fixture
async def broker() -> AsyncIterator[TestBroker]:
    """A running broker of this test alone."""
    folder = Path(tempfile.mkdtemp(prefix="yiqijiu-nats-"))
    home = Home.open(folder / "home")
    topology = load_topology()
    port = free_port()
    server = NatsServer(home, topology, port=port, monitor_port=free_port(besides=[port]), passwords=passwords(home))
    made = TestBroker(server, topology)
    await made.start()
    try:
        yield made
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)
