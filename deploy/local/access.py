"""How a command on this machine reaches the gateway: where it is, and a token made for the occasion."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from deploy.local.home import Home, home_path
from deploy.local.refusal import Refusal, Words
from deploy.local.runlock import holder


@dataclass(frozen=True)
class Access:
    """The gateway's address, a bearer token, and the data folder whose suite it is."""

    url: str
    token: str = field(repr=False)
    home: Path


async def make_token(home: Home, role: str, territory: str, *, partner: str | None = None, hours: int = 12) -> str:
    """A bearer token in the gateway's database; the making is audited.

    Raises: services.kit.errors.Unavailable when that database does not answer.
    """
    from gateway.tokens import create_token

    held = home.part_secrets("gateway")
    return await create_token(
        held["database_url"], role, territory, partner, timedelta(hours=hours), audit_key=held["audit_key"]
    )


async def find_access(environ: Mapping[str, str] | None = None) -> Access:
    """The running suite of the data folder with an operator's token for an hour.

    Raises: Refusal when no suite runs there.
    """
    env = os.environ if environ is None else environ
    folder = home_path(env)
    if not (folder / "home.json").exists() or holder(home := Home.open(folder)) is None:
        raise Refusal(
            "suite_not_running",
            Words("系统没有在运行。", "The suite is not running."),
            Words(
                "先在另一个窗口运行 ./yiqijiu up（或 demo）。", "Run ./yiqijiu up (or demo) in another window first."
            ),
            status=1,
        )
    url = f"http://127.0.0.1:{home.ports()['gateway']}"
    return Access(url, await make_token(home, "operator", "all", hours=1), folder)
