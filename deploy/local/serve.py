"""One part in the foreground: HTTP, relay and consumers in one process. What the supervisor and containers run.

python -m deploy.local.serve PART [--host ADDRESS] [--port N] [--graceful S] [--behind-tls-proxy ADDRESS,…]
"""

import importlib
import ipaddress
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.local.arguments import Arguments
from deploy.local.home import home_path, read_json
from deploy.local.parts import PARTS, app_module
from deploy.local.refusal import Refusal, Words
from deploy.local.terminal import tell_refusal

if TYPE_CHECKING:
    import uvicorn

GRACEFUL_S = 20
# A limit on open connections, idle ones included; the gateway's live pages each hold one.
_LIMIT_CONCURRENCY = 2000
_KEEP_ALIVE_S = 75


def configuration(
    part: str,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    graceful_s: int = GRACEFUL_S,
    proxies: str | None = None,
    home: Path | None = None,
) -> "uvicorn.Config":
    """How a part is served. `port` None: the one in `ports.json`. `proxies`: addresses whose X-Forwarded-* count.

    Raises: Refusal when the part does not exist, has no port, or would be open to the network without TLS before it.
    """
    if not _is_loopback(host) and proxies is None:
        raise Refusal(
            "open_without_tls",
            Words(f"拒绝在 {host} 上不加密地监听。", f"Refusing to listen on {host} without TLS."),
            Words(
                "请在前面放一个 TLS 代理，并用 --behind-tls-proxy 写明它的地址。",
                "Put a TLS proxy in front and name its address with --behind-tls-proxy.",
            ),
        )
    import uvicorn

    if port is None:
        port = _port_of(part, home or home_path())
    return uvicorn.Config(
        _application(part),
        host=host,
        port=port,
        loop="uvloop",
        http=_protocol(part),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies,
        limit_concurrency=_LIMIT_CONCURRENCY,
        backlog=2048,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=graceful_s,
    )


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT, then finish what is under way. Answers the exit status."""
    reader = Arguments(
        "serve",
        zh="在前台运行一个服务（HTTP、发件、收件都在一个进程里）。",
        en="Run one part in the foreground: HTTP, relay and consumers in one process.",
        example="./yiqijiu serve intake",
    )
    reader.add_argument("part", choices=PARTS)
    reader.add_argument("--host", default=os.environ.get("YIQIJIU_HOST") or "127.0.0.1")
    reader.add_argument("--port", type=int, default=None)
    reader.add_argument("--graceful", type=int, default=GRACEFUL_S, metavar="SECONDS")
    reader.add_argument("--behind-tls-proxy", dest="proxies", metavar="ADDRESSES", default=None)
    try:
        chosen = reader.parse_args(arguments)
    except Refusal as refusal:
        return tell_refusal(refusal)
    # uvicorn raises the signal again once it has shut down, for whatever stood there before; a clean end is status 0.
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: sys.exit(0))
    try:
        config = configuration(
            chosen.part, host=chosen.host, port=chosen.port, graceful_s=chosen.graceful, proxies=chosen.proxies
        )
    except Refusal as refusal:
        return tell_refusal(refusal)
    import uvicorn

    server = uvicorn.Server(config)
    server.run()
    return 0 if server.started else 1


def _application(part: str) -> Any:  # an ASGI application, which uvicorn's own types take in any form
    """What the part's `create_app` makes. Raises: Refusal when there is no such part, or its settings are refused."""
    module = app_module(part)
    try:
        create_app = importlib.import_module(module).create_app
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        raise Refusal(
            "part_absent",
            Words(f"还没有 {part} 这个服务的程序（{module}）。", f"The part {part} is not there yet ({module})."),
            Words("请检查代码是否完整。", "Check that the checkout is complete."),
        ) from error
    from services.kit.errors import RefusedConfiguration
    from services.kit.logs import set_up_logs

    set_up_logs(part)
    try:
        return create_app()
    except RefusedConfiguration as error:
        raise Refusal(
            "configuration_refused",
            Words(f"{part} 的配置未被接受。", f"The configuration of {part} was refused."),
            Words(str(error), str(error)),
        ) from error


def _protocol(part: str) -> Any:  # a name or a class of asyncio's; uvicorn takes either
    """How a part reads HTTP. The gateway's clients are the world: their heads have a deadline, and their live pages do
    not hold up its end."""
    if part != "gateway":
        return "httptools"
    from gateway.deadlines import DeadlineProtocol

    return DeadlineProtocol


def _port_of(part: str, home: Path) -> int:
    port = read_json(home / "ports.json").get(part)
    if not port:
        raise Refusal(
            "port_unknown",
            Words(f"{home} 中没有 {part} 的端口。", f"{home} has no port for {part}."),
            Words("请用 --port 指定，或先运行 ./yiqijiu up。", "Name one with --port, or run ./yiqijiu up first."),
        )
    return int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
