"""Personal fields at rest: sealed with AES-256-GCM, found again by a keyed blind index, shown masked.

Source: NIST SP 800-38D (GCM, 96-bit random nonces), RFC 2104 (HMAC).
"""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"


class SealBroken(Exception):
    """The ciphertext was changed, moved to another row, or sealed with another key."""


class Sealer:
    """Seals and unseals personal text. `place` (table, column, row id) binds a ciphertext to its row."""

    def __init__(self, key_base64: str) -> None:
        self._aead = AESGCM(base64.b64decode(key_base64))

    def seal(self, text: str, place: str) -> bytes:
        """Ciphertext of `text`: one version byte, a 12-byte nonce, the sealed bytes."""
        nonce = os.urandom(12)
        return _VERSION + nonce + self._aead.encrypt(nonce, text.encode(), place.encode())

    def unseal(self, sealed: bytes, place: str) -> str:
        """The text. Raises: SealBroken."""
        if sealed[:1] != _VERSION:
            raise SealBroken("version")
        try:
            return self._aead.decrypt(sealed[1:13], sealed[13:], place.encode()).decode()
        except InvalidTag as error:
            raise SealBroken("tag") from error


class BlindIndex:
    """Equality search on sealed numbers without storing them: HMAC-SHA256 of the whole normalised number."""

    def __init__(self, key_base64: str) -> None:
        self._key = base64.b64decode(key_base64)

    def of(self, *parts: str) -> bytes:
        """32 bytes; the same parts always give the same."""
        return hmac.new(self._key, "\x1f".join(parts).encode(), hashlib.sha256).digest()


def mask_name(name: str) -> str:
    """First character and a star: 林*."""
    return f"{name[:1]}*" if name else ""


def mask_phone(phone: str) -> str:
    """154****0001."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"


def mask_id_number(number: str) -> str:
    """First six and last four of a resident ID (the birth date is always masked); else the last four."""
    return f"{number[:6]}********{number[-4:]}" if len(number) == 18 else f"****{number[-4:]}"
