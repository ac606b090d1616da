"""Ports: the gateway's as asked, the others free ones that stay the same for as long as nobody else takes them."""

import json
import random
import socket
from collections.abc import Iterable

import psutil

from deploy.local.home import Home, write_over
from deploy.local.parts import PARTS, SERVICES
from deploy.local.refusal import Refusal, Words

GATEWAY_PORT = 8000
NAMES = (*PARTS, "postgres", "nats", "nats_monitor")
# Below the range from which the kernel takes the ports of outgoing connections (32768 up), so that none of those
# can sit on a port between our choosing it and the server's taking it.
_RANGE = range(15000, 32000)


def settle_ports(home: Home, *, gateway_port: int = GATEWAY_PORT) -> dict[str, int]:
    """Choose the ports of this run and write `ports.json`. A `gateway_port` of 0 means any free one.

    Raises: Refusal when the gateway's port is taken.
    """
    held = home.ports()
    ports: dict[str, int] = {}
    if gateway_port:
        if not is_free(gateway_port):
            raise _taken(gateway_port)
        ports["gateway"] = gateway_port
    for name in ("gateway", *SERVICES, "postgres", "nats", "nats_monitor"):
        if name in ports:
            continue
        before = held.get(name, 0)
        ports[name] = before if before in _RANGE and is_free(before) else free_port(besides=ports.values())
    write_over(home.path / "ports.json", json.dumps({name: ports[name] for name in NAMES}, indent=1))
    return ports


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(*, besides: Iterable[int] = ()) -> int:
    """A port on which nobody listens and that is not among `besides`."""
    avoided = set(besides)
    while True:
        port = random.choice(_RANGE)
        if port not in avoided and is_free(port):
            return port


def holder_of(port: int) -> str:
    """Who listens on the port, as far as this user may see: `pid 123 (name)`, or ""."""
    try:
        rows = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return ""
    for row in rows:
        if row.status == psutil.CONN_LISTEN and row.laddr and row.laddr.port == port and row.pid:
            try:
                return f"pid {row.pid} ({psutil.Process(row.pid).name()})"
            except psutil.NoSuchProcess:
                return f"pid {row.pid}"
    return ""


def _taken(port: int) -> Refusal:
    holder = holder_of(port)
    zh, en = (f"，占用者 {holder}", f" by {holder}") if holder else ("", "")
    return Refusal(
        "port_taken",
        Words(f"端口 {port} 已被占用{zh}。", f"Port {port} is taken{en}."),
        Words(
            f"请停止占用该端口的程序，或换一个端口：YIQIJIU_PORT={port + 10} ./yiqijiu …",
            f"Stop what holds it, or choose another: YIQIJIU_PORT={port + 10} ./yiqijiu …",
        ),
    )
