"""Where a webhook may go. Nothing inside: no loopback, private, link-local, metadata or translated address, in whatever
spelling, unless the operator named its network.

The check runs on every attempt, and the address that was checked is the address that is called: the resolver below is
the connector's own, so a name cannot change its mind in between (DNS rebinding).

Source: OWASP SSRF prevention; RFC 6890 special-purpose addresses; security notes T-03.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Answers the addresses of a host and port, as text."""

_LONGEST_URL = 500
_RESOLVE_S = 3.0
_OUTSIDE_PORTS = (443, 8443)
_BAD_CHARACTER = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}]")
_USERINFO = re.compile(r"[^:]*://[^/?#]*@")
# A host that ends in a number is an IPv4 address to getaddrinfo, in octal, hexadecimal, shortened or whole-number form.
_ENDS_IN_NUMBER = re.compile(r"(?:^|\.)(?:0x[0-9a-f]*|[0-9]+)$", re.IGNORECASE)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)
# ipaddress.is_global says yes to these on Python 3.11.
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
        "ff00::/8",
    )
)


class ForbiddenTarget(Exception):
    """The URL may not be called. `code` says why in a word; the text never repeats the URL."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Networks:
    """Inner networks that the operator allows webhooks to reach, empty by default."""

    allowed: tuple[Network, ...] = ()

    def holds(self, address: Address) -> bool:
        """Whether an address lies in an allowed network."""
        return any(address.version == network.version and address in network for network in self.allowed)

    def permits(self, address: Address, *, inside_only: bool) -> bool:
        """Whether an address may be called; with `inside_only` it must lie in an allowed network."""
        address = _unwrap(address)
        return self.holds(address) or (not inside_only and not is_internal(address))


def read_networks(text: str) -> Networks:
    """Read `10.1.0.0/16, fd00:1::/32`.

    Raises: ValueError.
    """
    return Networks(tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()))


def _unwrap(address: Address) -> Address:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_internal(address: Address) -> bool:
    """Whether an address leads, or may lead, inside; an IPv4-mapped address is read as the IPv4 address it holds."""
    address = _unwrap(address)
    if not address.is_global or address.is_multicast or address.is_unspecified or address.is_reserved:
        return True
    return any(address.version == network.version and address in network for network in _NEVER)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be called. `inside_only`: only at an address inside an allowed network."""

    url: URL
    inside_only: bool


def check_url(text: str, networks: Networks) -> Target:
    """Read and check a webhook URL.

    https on 443 or 8443 may go outside; http and other ports only inside an allowed network.

    Raises: ForbiddenTarget.
    """
    if not 0 < len(text) <= _LONGEST_URL or _BAD_CHARACTER.search(text):
        raise ForbiddenTarget("bad_url")
    try:
        url = URL(text)
        host, port = url.host, url.port
    except ValueError as error:
        raise ForbiddenTarget("bad_url") from error
    if url.scheme not in ("http", "https"):
        raise ForbiddenTarget("scheme")
    if not host or port is None or port == 0 or "%" in host:
        raise ForbiddenTarget("bad_url")
    if _USERINFO.match(text) or url.fragment:
        raise ForbiddenTarget("userinfo")
    inside_only = url.scheme != "https" or port not in _OUTSIDE_PORTS
    address = _literal(host)
    if address is None and not _NAME.fullmatch(url.raw_host or ""):
        raise ForbiddenTarget("bad_url")
    if address is not None and not networks.permits(address, inside_only=inside_only):
        raise ForbiddenTarget("address")
    if inside_only and not networks.allowed:
        raise ForbiddenTarget("scheme" if url.scheme == "http" else "port")
    return Target(url, inside_only)


def _literal(host: str) -> Address | None:
    """The address a host spells out, None for a name. Raises: ForbiddenTarget for any spelling but the plain one."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if ":" in host or _ENDS_IN_NUMBER.search(host.rstrip(".")):
            raise ForbiddenTarget("address_spelling") from None
        return None
    if isinstance(address, IPv6Address) and address.scope_id:
        raise ForbiddenTarget("address_spelling")
    return address


async def look_up(host: str, port: int) -> Sequence[str]:
    """The system's own answer.

    Raises: OSError.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


async def check_resolves(target: Target, networks: Networks, *, lookup: Lookup = look_up) -> None:
    """Resolve a registered name once, so that one that leads inside is refused at the door and not first at sending.

    A name for outside that does not resolve yet is taken: every attempt asks again.

    Raises: ForbiddenTarget.
    """
    host = target.url.raw_host
    assert host is not None and target.url.port is not None
    if _literal(host) is not None:
        return
    resolver = PinningResolver(networks, inside_only=target.inside_only, lookup=lookup)
    try:
        async with asyncio.timeout(_RESOLVE_S):
            await resolver.resolve(host, target.url.port)
    except (OSError, TimeoutError) as error:
        if target.inside_only:
            raise ForbiddenTarget("address") from error


class PinningResolver(AbstractResolver):
    """Resolves once for each connection and lets it go nowhere else; refuses a name with any answer not allowed."""

    def __init__(self, networks: Networks, *, inside_only: bool, lookup: Lookup = look_up) -> None:
        self._networks = networks
        self._inside_only = inside_only
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Addresses to connect to.

        Raises: ForbiddenTarget, OSError.
        """
        texts = await self._lookup(host, port)
        addresses = [ipaddress.ip_address(text) for text in texts]
        if not addresses:
            raise OSError("no address")
        if not all(self._networks.permits(address, inside_only=self._inside_only) for address in addresses):
            raise ForbiddenTarget("address")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""
