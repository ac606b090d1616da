"""The first account for the console: made once per data folder with a random password, kept in a 0600 file."""

import json
import secrets

from deploy.local.home import Home, write_over
from deploy.local.terminal import say

CITY = "3506"
_ROLES = ("county_officer", "charity_officer", "auditor")
"""What somebody needs to see every page of the console; further accounts are made with fewer."""


async def first_account(home: Home, username: str) -> tuple[str, str]:
    """The account's name and password, the same for as long as the data folder exists; made when absent.

    Raises: services.kit.errors.Unavailable when the gateway's database does not answer.
    """
    from gateway.accounts import create_account

    file = home.secrets / f"account-{username}.json"
    if file.exists():
        held = json.loads(file.read_text())
        return held["username"], held["password"]
    password = secrets.token_urlsafe(12)
    gateway = home.part_secrets("gateway")
    await create_account(
        gateway["database_url"],
        username,
        password,
        roles_=_ROLES,
        territory=CITY,
        display_name=say("本机账号", "Account of this machine"),
        audit_key=gateway["audit_key"],
    )
    write_over(file, json.dumps({"username": username, "password": password}))
    return username, password


def print_console(url: str, username: str, password: str) -> None:
    """Print where the console is and how to sign in, on stdout."""
    print(say(f"控制台：{url}/", f"Console: {url}/"), flush=True)
    print(say(f"  登录名：{username}  密码：{password}", f"  Sign in: {username}  Password: {password}"), flush=True)
