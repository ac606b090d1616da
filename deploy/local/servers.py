"""Whose PostgreSQL and NATS: the embedded ones, or servers of one's own that the environment names.

YIQIJIU_DATABASE_URL                 an admin URL; databases and roles are made there
YIQIJIU_<PART>_DATABASE_URL          the part's own database, application role; nothing is made
YIQIJIU_<PART>_OWNER_DATABASE_URL    the same, the role that migrates; without it nothing is migrated
YIQIJIU_NATS_URL                     a NATS server; streams are made with this login
YIQIJIU_<PART>_NATS_URL              the part's own login there (and YIQIJIU_PROVISIONER_NATS_URL)
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploy.local.databases import database_name, roles_of
from deploy.local.keys import with_login
from deploy.local.parts import PARTS, SERVICES
from deploy.local.refusal import Refusal, Words


@dataclass(frozen=True)
class OwnServers:
    """What the environment names; empty where the embedded servers are used."""

    admin_url: str | None
    database_urls: Mapping[str, str]
    owner_urls: Mapping[str, str]
    nats_url: str | None
    nats_urls: Mapping[str, str]

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> "OwnServers":
        """Read the environment. Raises: Refusal for a URL that is none."""
        env = os.environ if environ is None else environ
        named = cls(
            admin_url=env.get("YIQIJIU_DATABASE_URL") or None,
            database_urls=_each(env, "DATABASE_URL", PARTS),
            owner_urls=_each(env, "OWNER_DATABASE_URL", PARTS),
            nats_url=env.get("YIQIJIU_NATS_URL") or None,
            nats_urls=_each(env, "NATS_URL", (*SERVICES, "provisioner")),
        )
        for url in (named.admin_url, *named.database_urls.values(), *named.owner_urls.values()):
            _check_scheme(url, ("postgresql", "postgres"))
        for url in (named.nats_url, *named.nats_urls.values()):
            _check_scheme(url, ("nats", "tls"))
        return named

    def made_here(self, parts: Iterable[str]) -> tuple[str, ...]:
        """The parts whose database we make, since the environment names none for them."""
        return tuple(part for part in parts if part not in self.database_urls)

    @property
    def needs_postgres(self) -> bool:
        """Whether the embedded PostgreSQL has to run."""
        return self.admin_url is None and bool(self.made_here(PARTS))

    @property
    def needs_nats(self) -> bool:
        """Whether the embedded NATS has to run."""
        return self.nats_url is None

    def urls(
        self, *, admin_url: str | None, passwords: Mapping[str, str], nats: Mapping[str, str]
    ) -> dict[str, dict[str, str]]:
        """The URLs each part gets, by part: `database_url`, `owner_database_url` and, but for the gateway, `nats_url`.

        `nats`: URL by user of the embedded server, {} without one.
        """
        answer: dict[str, dict[str, str]] = {}
        for part in PARTS:
            urls = {}
            if part in self.database_urls:
                urls["database_url"] = self.database_urls[part]
                urls["owner_database_url"] = self.owner_urls.get(part, "")
            elif admin_url is not None:
                for field, role in zip(("owner_database_url", "database_url"), roles_of(part), strict=True):
                    login = {"user": role, "password": passwords[f"database/{role}"], "database": database_name(part)}
                    urls[field] = with_login(admin_url, **login)
            if part in SERVICES:
                urls["nats_url"] = self.nats_urls.get(part) or self.nats_url or nats.get(part, "")
            answer[part] = urls
        return answer


def _each(env: Mapping[str, str], suffix: str, names: Iterable[str]) -> dict[str, str]:
    found = {name: env.get(f"YIQIJIU_{name.upper()}_{suffix}", "") for name in names}
    return {name: url for name, url in found.items() if url}


def _check_scheme(url: str | None, schemes: tuple[str, ...]) -> None:
    if url is not None and url.partition("://")[0] not in schemes:
        raise Refusal(
            "url_unreadable",
            Words("环境变量里的服务器地址写法不对。", "A server URL in the environment is not one."),
            Words(f"应以 {schemes[0]}:// 开头。", f"It has to begin with {schemes[0]}://."),
        )
