"""Accounts for the console: made once per data folder with random passwords, each kept in a 0600 file."""

import json
import secrets
from dataclasses import dataclass

from deploy.local.home import Home, write_over
from deploy.local.terminal import say

CITY = "3506"


@dataclass(frozen=True, slots=True)
class Seat:
    """Who signs in: name, roles, place, and what the account is called in Chinese and English."""

    username: str
    roles: tuple[str, ...]
    territory: str
    zh: str
    en: str


_FIRST = ("county_officer", "charity_officer", "auditor")
"""What somebody needs to see every page of the console; further accounts are made with fewer."""
DEMO_SEATS = (
    Seat("demo", _FIRST, CITY, "全部页面", "every page"),
    Seat("demo_county", ("county_officer",), "350622", "云霄县审核", "officer of Yunxiao County"),
    Seat("demo_audit", ("auditor",), CITY, "审计", "auditor"),
)


async def first_account(home: Home, username: str) -> tuple[str, str]:
    """The account that sees every page: name and password, the same for as long as the data folder exists.

    Raises: services.kit.errors.Unavailable when the gateway's database does not answer.
    """
    return await account_of(home, Seat(username, _FIRST, CITY, "本机账号", "Account of this machine"))


async def account_of(home: Home, seat: Seat) -> tuple[str, str]:
    """A seat's name and password; the account is made when absent.

    Raises: services.kit.errors.Unavailable when the gateway's database does not answer.
    """
    from gateway.accounts import create_account

    file = home.secrets / f"account-{seat.username}.json"
    if file.exists():
        held = json.loads(file.read_text())
        return held["username"], held["password"]
    password = secrets.token_urlsafe(12)
    gateway = home.part_secrets("gateway")
    await create_account(
        gateway["database_url"],
        seat.username,
        password,
        roles_=seat.roles,
        territory=seat.territory,
        display_name=say(seat.zh, seat.en),
        audit_key=gateway["audit_key"],
    )
    write_over(file, json.dumps({"username": seat.username, "password": password}))
    return seat.username, password


def print_console(url: str, username: str, password: str) -> None:
    """Print where the console is and how to sign in, on stdout."""
    print(say(f"控制台：{url}/", f"Console: {url}/"), flush=True)
    print(say(f"  登录名：{username}  密码：{password}", f"  Sign in: {username}  Password: {password}"), flush=True)


async def print_seats(home: Home, url: str, seats: tuple[Seat, ...]) -> None:
    """Print where the console is and how to sign in as each of `seats`, on stdout."""
    print(say(f"控制台：{url}/", f"Console: {url}/"), flush=True)
    for seat in seats:
        username, password = await account_of(home, seat)
        zh, en = f"  登录名：{username}  密码：{password}", f"  Sign in: {username}  Password: {password}"
        print(say(f"{zh}（{seat.zh}）", f"{en} ({seat.en})"), flush=True)
