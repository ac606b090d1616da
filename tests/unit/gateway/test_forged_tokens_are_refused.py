"""A part believes only the gateway's own short-lived token; the outer door believes only what it once gave out."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import OKPKey

from services.kit.auth import Actor, TokenVerifier, mint
from services.kit.errors import NotSignedIn
from tests.unit.gateway.conftest import Gateway, signing_key

_PRIVATE, _PUBLIC = signing_key()
_KEY = OKPKey.import_key(_PRIVATE)
_loaded = load_pem_private_key(_PRIVATE.encode(), password=None)
assert isinstance(_loaded, Ed25519PrivateKey)
_SIGNER = _loaded
_ACTOR = Actor("user:1", ("county_officer",), "350622", frozenset({"intake:write"}))


def _claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": "yiqijiu-gateway",
        "aud": "intake",
        "sub": "user:1",
        "iat": now,
        "exp": now + 300,
        "roles": ["operator"],
        "territory": "all",
        "scopes": ["*"],
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def _signed(claims: dict[str, Any], *, key: Ed25519PrivateKey = _SIGNER, **header: Any) -> str:
    """A token signed by hand, so that no library refuses to make what it must refuse to read."""
    named = {"alg": "Ed25519", "typ": "at+jwt", "kid": "main"} | header
    unsigned = _raw({name: value for name, value in named.items() if value is not None}, claims).rpartition(".")[0]
    signature = base64.urlsafe_b64encode(key.sign(unsigned.encode())).decode().rstrip("=")
    return f"{unsigned}.{signature}"


def _raw(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """An attacker's HS256 token whose secret is the text of our public key."""
    unsigned = _raw({"alg": "HS256", "typ": "at+jwt", "kid": "main"}, claims).rpartition(".")[0]
    signature = hmac.digest(_PUBLIC.encode(), unsigned.encode(), "sha256")
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def _tampered(token: str) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(claims | {"territory": "all"}).encode()).decode().rstrip("=")
    return f"{head}.{changed}.{signature}"


def _corpus() -> dict[str, str]:
    other = Ed25519PrivateKey.generate()
    now = int(time.time())
    good = _signed(_claims())
    corpus = {
        "alg none": _raw({"alg": "none", "typ": "at+jwt"}, _claims()),
        "alg None in capitals": _raw({"alg": "NONE", "typ": "at+jwt"}, _claims()),
        "no alg": _raw({"typ": "at+jwt"}, _claims()),
        "public key as HMAC secret": _signed_with_the_public_key(_claims()),
        "deprecated EdDSA": _signed(_claims(), alg="EdDSA"),
        "another's key": _signed(_claims(), key=other),
        "signature cut off": good.rpartition(".")[0] + ".",
        "signature of another token": good.rpartition(".")[0] + "." + _signed(_claims(sub="x")).rpartition(".")[2],
        "claims changed": _tampered(mint(_KEY, "intake", _ACTOR, now=time.time())),
        "typ JWT": _signed(_claims(), typ="JWT"),
        "no typ": _signed(_claims(), typ=None),
        "kid with a path": _signed(_claims(), kid="../../etc/passwd"),
        "kid with SQL": _signed(_claims(), kid="' OR 1=1 --"),
        "kid too long": _signed(_claims(), kid="a" * 33),
        "jku": _signed(_claims(), jku="https://attacker.example/keys"),
        "jwk": _signed(_claims(), jwk={"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
        "x5u": _signed(_claims(), x5u="https://attacker.example/cert"),
        "zip": _signed(_claims(), zip="DEF"),
        "expired": _signed(_claims(iat=now - 700, exp=now - 100)),
        "no exp": _signed(_claims(exp=None)),
        "no iat": _signed(_claims(iat=None)),
        "no sub": _signed(_claims(sub=None)),
        "no iss": _signed(_claims(iss=None)),
        "no aud": _signed(_claims(aud=None)),
        "lives longer than ten minutes": _signed(_claims(exp=now + 601)),
        "from the future": _signed(_claims(iat=now + 900, exp=now + 1200)),
        "another issuer": _signed(_claims(iss="someone")),
        "for another part": _signed(_claims(aud="charity")),
        "exp as text": _signed(_claims(exp="tomorrow")),
        "empty": "",
        "two parts": ".".join(good.split(".")[:2]),
        "four parts": good + ".x",
        "five parts": f"{good}.x.y",
        "not base64": "*.*.*",
        "with spaces": f" {good}",
        "JSON instead": json.dumps(_claims()),
        "claims are a list": _raw({"alg": "Ed25519", "typ": "at+jwt"}, [1], b"x" * 64),  # type: ignore[arg-type]  # forged
        "scopes are a number": _signed(_claims(scopes=5)),
        "very long": "a" * 100_000,
        "an outer token": "yqj_" + "x" * 43,
        "not ASCII": "tökén.ä.ö",
    }
    return corpus


@pytest.mark.parametrize("name", _corpus())
def test_a_part_refuses(name: str) -> None:
    with pytest.raises(NotSignedIn):
        TokenVerifier(_PUBLIC, "intake").verify(_corpus()[name])


def test_a_part_believes_what_the_gateway_signed() -> None:
    token = mint(_KEY, "intake", _ACTOR, now=time.time())
    assert TokenVerifier(_PUBLIC, "intake").verify(token) == _ACTOR


async def test_no_forged_or_inner_token_opens_the_outer_door(gateway: Gateway) -> None:
    inner = mint(
        OKPKey.import_key(gateway.settings.jwt_private_key.get_secret_value()), "intake", _ACTOR, now=time.time()
    )
    corpus = {name: text for name, text in _corpus().items() if text.strip() and text.isascii()} | {"inner": inner}
    for text in corpus.values():
        answer = await gateway.client(Authorization=f"Bearer {text.strip()[:20_000]}").post(
            "/api/v1/intake/hospital-costs", json={}
        )
        assert answer.status_code in (401, 431, 400), text[:30]
    assert gateway.parts["intake"].seen == []
