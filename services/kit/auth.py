"""Who is asking: the gateway's short-lived token, verified by every part for itself.

Source: RFC 9068 (typ `at+jwt`), RFC 9864 (alg `Ed25519`).
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.kit.errors import NotAllowed, NotSignedIn

ISSUER = "yiqijiu-gateway"
ALGORITHM = "Ed25519"
LONGEST_S = 600
_HEADER_NAMES = {"alg", "typ", "kid"}
_KID = re.compile(r"[a-z0-9-]{1,32}")


@dataclass(frozen=True)
class Actor:
    """Who asks, as what, and for which places.

    `subject` is an opaque id. `territory` is a division prefix, "all" for the whole installation, "" for none.
    `partner` is set for a partner's people and systems only.
    """

    subject: str
    roles: tuple[str, ...]
    territory: str
    scopes: frozenset[str]
    partner: str | None = None

    def may(self, scope: str) -> bool:
        """Whether the actor holds the scope; `*` holds all."""
        return "*" in self.scopes or scope in self.scopes


class TokenVerifier:
    """Verifies inner tokens for one part. Remembers good ones until they run out, since Ed25519 costs 0.2 ms."""

    def __init__(self, public_key_pem: str, audience: str, *, now: Callable[[], float] = time.time) -> None:
        self._key = OKPKey.import_key(public_key_pem)
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=30,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        self._now = now
        self._known: OrderedDict[str, tuple[float, Actor]] = OrderedDict()

    def verify(self, token: str) -> Actor:
        """The actor of a token.

        Raises: NotSignedIn for anything but a token of ours that is in force.
        """
        known = self._known.get(token)
        if known and known[0] > self._now():
            return known[1]
        try:
            decoded = jwt.decode(token, self._key, algorithms=[ALGORITHM])
            header = decoded.header
            if set(header) - _HEADER_NAMES or header.get("typ") != "at+jwt":
                raise NotSignedIn()
            if not _KID.fullmatch(str(header.get("kid", "main"))):
                raise NotSignedIn()
            self._claims.validate(decoded.claims)
            actor = _actor(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotSignedIn() from error
        self._known[token] = (float(decoded.claims["exp"]), actor)
        while len(self._known) > 2000:
            self._known.popitem(last=False)
        return actor


def _actor(claims: dict[str, Any]) -> Actor:
    if float(claims["exp"]) - float(claims["iat"]) > LONGEST_S:
        raise ValueError("lives too long")
    return Actor(
        subject=str(claims["sub"]),
        roles=tuple(claims.get("roles", ())),
        territory=str(claims.get("territory", "")),
        scopes=frozenset(claims.get("scopes", ())),
        partner=claims.get("partner"),
    )


def mint(private_key: OKPKey, audience: str, actor: Actor, *, now: float, ttl_s: int = 300) -> str:
    """Sign an inner token for one part. Only the gateway (and a test standing in for it) holds the private key."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": audience,
        "sub": actor.subject,
        "iat": int(now),
        "exp": int(now) + min(ttl_s, LONGEST_S),
        "roles": list(actor.roles),
        "territory": actor.territory,
        "scopes": sorted(actor.scopes),
    }
    if actor.partner:
        claims["partner"] = actor.partner
    return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": "main"}, claims, private_key, algorithms=[ALGORITHM])


async def current_actor(request: Request) -> Actor:
    """The actor of this request.

    Raises: NotSignedIn.
    """
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotSignedIn()
    verifier: TokenVerifier = request.app.state.verifier
    return verifier.verify(token)


ActorDep = Annotated[Actor, Depends(current_actor)]


def require(scope: str) -> Any:
    """A route dependency: the actor must hold `scope`. Use as `dependencies=[require("intake:write")]`."""

    async def check(actor: ActorDep) -> None:
        if not actor.may(scope):
            raise NotAllowed()

    return Depends(check)
