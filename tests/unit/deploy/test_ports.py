"""Ports are chosen once and kept; a taken one is told with who holds it."""

import os
import socket
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.ports import NAMES, free_port, is_free, settle_ports
from deploy.local.refusal import Refusal


def test_the_second_start_uses_the_same_ports(tmp_path: Path) -> None:
    home, gateway = Home.open(tmp_path / "home"), free_port()
    first = settle_ports(home, gateway_port=gateway)
    assert settle_ports(home, gateway_port=gateway) == first == home.ports()
    assert first["gateway"] == gateway and set(first) == set(NAMES) and len(set(first.values())) == len(NAMES)


def test_a_port_that_somebody_took_meanwhile_is_replaced(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home")
    first = settle_ports(home, gateway_port=0)
    with socket.create_server(("127.0.0.1", first["nats"])):
        second = settle_ports(home, gateway_port=0)
    assert second["nats"] != first["nats"] and second["postgres"] == first["postgres"]


def test_a_taken_gateway_port_is_refused_naming_who_holds_it_and_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(Refusal) as refused:
            settle_ports(Home.open(tmp_path / "home"), gateway_port=port)
    assert refused.value.code == "port_taken" and str(os.getpid()) in refused.value.what.zh
    assert f"YIQIJIU_PORT={port + 10}" in refused.value.remedy.en
