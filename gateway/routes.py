"""The whole public surface, read from routes.yaml, and the match of a request to its route."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gateway.rate_limit import Rate, read_rate
from gateway.roles import roles

_FILE = Path(__file__).parent / "routes.yaml"
_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Route:
    """One public address.

    `part` is `gateway` for what the gateway answers or composes itself. `roles` empty means every role that holds the
    scope. `is_personal` marks a read of personal data; `is_change` a request that may change something: both are
    audited before they are answered. `needs_territory` refuses whoever is not bound to a place. `is_signed` lets a
    partner's signature stand for a token; `is_public` asks for none. `is_repeatable` allows a second try after a
    broken connection. `needs_key`: a second POST would make a second thing, unless its Idempotency-Key is the same.
    """

    method: str
    path: str
    part: str
    scope: str
    roles: frozenset[str]
    rate: Rate | None
    most_body: int
    is_personal: bool
    is_change: bool
    needs_territory: bool
    is_signed: bool
    is_public: bool
    is_repeatable: bool
    purpose: str
    timeout_s: float
    zh: str

    @property
    def template(self) -> str:
        """`POST /api/v1/intake/hospital-costs`: what the audit and the rate buckets name."""
        return f"{self.method} {self.path}"

    @property
    def needs_key(self) -> bool:
        """Whether it is refused without an Idempotency-Key."""
        return self.method == "POST" and self.is_change and not self.is_repeatable

    @property
    def is_audited(self) -> bool:
        """Whether the answer waits for its audit row."""
        return self.is_change or self.is_personal


@dataclass(frozen=True, slots=True)
class Match:
    """A route and the values of its path's names."""

    route: Route
    values: dict[str, str]

    def object_ref(self) -> str:
        """The id the request is about, as the audit keeps it: a UUID, or nothing."""
        return next((value for value in self.values.values() if _UUID.fullmatch(value)), "")


class RouteTable:
    """Finds routes: whole paths by a dictionary, paths with names by their number of segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._whole: dict[str, dict[str, Match]] = {}
        self._named: dict[int, list[tuple[tuple[str, ...], dict[str, Route]]]] = {}
        for route in self.routes:
            if "{" not in route.path:
                self._whole.setdefault(route.path, {})[route.method] = Match(route, {})
                continue
            parts = tuple(route.path.split("/"))
            shapes = self._named.setdefault(len(parts), [])
            methods = next((methods for shape, methods in shapes if shape == parts), None)
            if methods is None:
                methods = {}
                shapes.append((parts, methods))
            methods[route.method] = route

    def find(self, method: str, path: str) -> Match | tuple[str, ...] | None:
        """The match; the allowed methods when the path is known with others; None for a path that is not ours."""
        whole = self._whole.get(path)
        if whole is not None:
            return whole.get(method) or tuple(sorted(whole))
        given = path.split("/")
        for shape, methods in self._named.get(len(given), ()):
            values = _values(shape, given)
            if values is not None:
                route = methods.get(method)
                return Match(route, values) if route else tuple(sorted(methods))
        return None


def _values(shape: tuple[str, ...], given: list[str]) -> dict[str, str] | None:
    values = {}
    for wanted, part in zip(shape, given, strict=True):
        if wanted[:1] == "{":
            if not _SEGMENT.fullmatch(part):
                return None
            values[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return values


def _read(row: dict[str, Any], defaults: dict[str, Any], groups: dict[str, list[str]]) -> Route:
    unknown = set(row) - _KEYS
    if unknown:
        raise ValueError(f"routes.yaml: {row.get('route')} has unknown keys {sorted(unknown)}")
    method, _, path = row["route"].partition(" ")
    named = [code for group in row.get("roles", ()) for code in groups.get(group, [group])]
    strangers = set(named) - set(roles())
    if strangers:
        raise ValueError(f"routes.yaml: {row['route']} names unknown roles {sorted(strangers)}")
    rate = row.get("rate", defaults["rate"])
    return Route(
        method=method,
        path=path,
        part=row["part"],
        scope=row["scope"],
        roles=frozenset(named),
        rate=None if rate == "none" else read_rate(rate),
        most_body=int(row.get("body_kib", defaults["body_kib"])) * 1024,
        is_personal=bool(row.get("personal", False)),
        is_change=method in UNSAFE and not row.get("stores_nothing", False),
        needs_territory=bool(row.get("territory", True)),
        is_signed=bool(row.get("signed", False)),
        is_public=bool(row.get("public", False)),
        is_repeatable=bool(row.get("repeatable", method in ("GET", "PUT"))),
        purpose=str(row.get("purpose", "")),
        zh=str(row["zh"]),
        timeout_s=float(row.get("timeout_s", defaults["timeout_s"])),
    )


_KEYS = {
    "route",
    "part",
    "scope",
    "roles",
    "rate",
    "body_kib",
    "personal",
    "stores_nothing",
    "territory",
    "zh",
    "signed",
    "public",
    "repeatable",
    "purpose",
    "timeout_s",
}


@cache
def route_table() -> RouteTable:
    """The table of routes.yaml.

    Raises: ValueError naming the row that cannot be read.
    """
    data = yaml.safe_load(_FILE.read_text("utf-8"))
    routes = [_read(row, data["defaults"], data["groups"]) for row in data["routes"]]
    names = [route.template for route in routes]
    if len(set(names)) != len(names):
        raise ValueError("routes.yaml: a route stands twice")
    return RouteTable(routes)
