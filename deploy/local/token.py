"""`./yiqijiu token`: a bearer token for scripts on this machine, made in the gateway's database by whoever owns it."""

import argparse
import asyncio
from collections.abc import Sequence

from deploy.local.arguments import Arguments
from deploy.local.home import Home, home_path
from deploy.local.refusal import WRONG_USAGE, Refusal, Words
from deploy.local.terminal import say


def main(arguments: Sequence[str]) -> int:
    """Print the token, and nothing else, on stdout."""
    reader = Arguments(
        "token",
        zh="签发一个访问令牌；只显示这一次。",
        en="Make a bearer token; it is shown this once.",
        example="./yiqijiu token --role operator --territory 3506",
    )
    reader.add_argument("--role", required=True, help=say("角色，如 operator、source_system", "such as operator"))
    reader.add_argument(
        "--territory", required=True, help=say("区划代码，如 350622", "a division code, such as 350622")
    )
    reader.add_argument("--partner", help=say("伙伴单位代码", "a partner's code, for a partner's role"))
    reader.add_argument("--ttl", default="12h", help=say("有效期，如 30m、12h、7d", "how long it holds: 30m, 12h, 7d"))
    chosen = reader.parse_args(arguments)
    print(asyncio.run(_make(chosen)))
    return 0


async def _make(chosen: argparse.Namespace) -> str:
    from gateway.tokens import BadTokenOrder, create_token, read_ttl
    from services.kit.errors import Unavailable

    held = Home.open(home_path()).part_secrets("gateway")
    if "database_url" not in held:
        raise _not_running()
    try:
        return await create_token(
            held["database_url"],
            chosen.role,
            chosen.territory,
            chosen.partner,
            read_ttl(chosen.ttl),
            audit_key=held["audit_key"],
        )
    except BadTokenOrder as error:
        raise Refusal(
            "token_order_wrong",
            Words("令牌的参数不对。", "The token cannot be made like this."),
            Words(str(error), str(error)),
            status=WRONG_USAGE,
        ) from error
    except (Unavailable, OSError) as error:
        raise _not_running() from error


def _not_running() -> Refusal:
    return Refusal(
        "suite_not_running",
        Words("网关的数据库没有在运行。", "The gateway's database is not running."),
        Words("请先运行 ./yiqijiu up（或 demo），再签发令牌。", "Run ./yiqijiu up (or demo) first."),
        status=1,
    )
