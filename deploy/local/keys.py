"""Passwords and keys: made once per data folder, never written over, and handed to each part as its own file."""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from deploy.local.home import Home, read_json, write_once, write_over
from deploy.local.parts import PARTS, SERVICES
from deploy.local.refusal import Refusal, Words

NATS_KEEPERS = ("provisioner", "prober")
"""NATS users that are no part: the one that makes streams and consumers, and the one that tries whether they work."""

PART_KEYS: Mapping[str, tuple[str, ...]] = {
    "intake": ("seal_key", "index_key"),
    "referral": ("case_key", "seal_key"),
    "charity": ("seal_key",),
    "gateway": ("audit_key", "seal_key"),
}
"""Keys of 32 random bytes that a part needs, base64 in its file."""
_OTHER_KEYS: Mapping[str, tuple[str, ...]] = {"gateway": ("jwt_private_key",)}


def passwords(home: Home) -> dict[str, str]:
    """The password of every database role and NATS user, by `database/ROLE` and `nats/USER`. Made when absent."""
    names = ["database/postgres", *(f"nats/{user}" for user in (*SERVICES, *NATS_KEEPERS))]
    names += [f"database/{part}_{kind}" for part in PARTS for kind in ("owner", "app")]
    path = home.secrets / "passwords.json"
    write_once(path, json.dumps({name: secrets.token_urlsafe(24) for name in names}, indent=1))
    held: dict[str, str] = read_json(path)
    absent = [name for name in names if name not in held]
    if absent:  # a part that is newer than this data folder
        held |= {name: secrets.token_urlsafe(24) for name in absent}
        write_over(path, json.dumps(held, indent=1))
    return held


def hand_out(home: Home, *, urls: Mapping[str, Mapping[str, str]]) -> None:
    """Write `secrets/<part>.json` of each part: its URLs as they are now, its keys as they have always been.

    Raises: Refusal when keys that were made once are gone: what they sealed could never be read again.
    """
    known = home.keys_made()
    for part in PARTS:
        held: dict[str, Any] = home.part_secrets(part)
        if set(known.get(part, ())) - held.keys():
            raise _keys_gone(home, part)
        made = _with_keys(part, held)
        write_over(home.secrets / f"{part}.json", json.dumps(made | dict(urls.get(part, {})), indent=1))
    public = home.secrets / "jwt-public.pem"
    if not public.exists():
        write_once(public, _public_of(home.part_secrets("gateway")["jwt_private_key"]))
    home.note_keys_made({part: [*PART_KEYS.get(part, ()), *_OTHER_KEYS.get(part, ())] for part in PARTS})


def _with_keys(part: str, held: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(held)
    for name in PART_KEYS.get(part, ()):
        made.setdefault(name, base64.b64encode(secrets.token_bytes(32)).decode())
    if part == "gateway" and "jwt_private_key" not in made:
        made["jwt_private_key"] = _new_signing_key()
    return made


def _keys_gone(home: Home, part: str) -> Refusal:
    file = home.secrets / f"{part}.json"
    return Refusal(
        "keys_gone",
        Words(
            f"{file} 中的密钥不见了，用它加密的资料将无法读取。",
            f"Keys are gone from {file}; what they sealed is unreadable.",
        ),
        Words(
            "请从备份恢复该文件；若确要重新开始，请另设 YIQIJIU_HOME。",
            "Restore the file, or start anew in another YIQIJIU_HOME.",
        ),
    )


def with_login(url: str, *, user: str, password: str, database: str | None = None) -> str:
    """`url` for another user, and another database where one is named; host, port and query stay."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    path = parts.path if database is None else f"/{quote(database)}"
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit((parts.scheme, f"{login}@{host}", path, parts.query, ""))


def _new_signing_key() -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public_of(private_pem: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    key = load_pem_private_key(private_pem.encode(), password=None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
