"""Over TLS a body leaves only to a server that proves its name; nothing is sent before."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.kit.clock import Clock
from services.referral.delivery.guard import read_networks
from services.referral.delivery.send import Sender

NAME = "hooks.partner.example"


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        self.file = folder / "ca.pem"
        certificate = (
            self._builder(self._name, self._key, days=10)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int, from_days: int = -1
    ) -> x509.CertificateBuilder:
        now = Clock().now()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days=from_days))
            .not_valid_after(now + dt.timedelta(days=days))
        )

    def server(self, name: str, *, days: int = 5, from_days: int = -2, by_itself: bool = False) -> ssl.SSLContext:
        """A server's context with a certificate for `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]
        certificate = (
            self._builder(x509.Name([]), key, days=days, from_days=from_days)
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .sign(key if by_itself else self._key, hashes.SHA256())
        )
        pem = self._folder / f"{name}.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context


@asynccontextmanager
async def secure(context: ssl.SSLContext) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A TLS server on loopback: its port, and the bodies that reached it."""
    bodies: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/{tail:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield runner.addresses[0][1], bodies
    finally:
        await runner.cleanup()


async def here(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.mark.parametrize(
    ("name", "made", "status"),
    [
        (NAME, {}, 204),
        ("other.example", {}, None),
        (NAME, {"days": -1, "from_days": -5}, None),
        (NAME, {"by_itself": True}, None),
    ],
    ids=["good", "wrong name", "run out", "signed by itself"],
)
async def test_a_body_goes_only_to_a_proved_name(
    tmp_path: Path, name: str, made: dict[str, Any], status: int | None
) -> None:
    authority = Authority(tmp_path)
    trust = ssl.create_default_context(cafile=str(authority.file))
    sender = Sender(read_networks("127.0.0.0/8"), lookup=here, trust=trust)
    async with secure(authority.server(name, **made)) as (port, bodies):
        reply = await sender.send(f"https://{NAME}:{port}/hooks", {}, b'{"thin": true}')
        assert reply.status == status
        assert bodies == ([b'{"thin": true}'] if status else [])
        assert reply.error == (None if status else "tls")
    await sender.close()
