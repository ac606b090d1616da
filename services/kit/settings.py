"""Settings of one part: environment variables `YIQIJIU_*`, and secrets from 0600 files under `YIQIJIU_HOME`.

Nothing here is global: `load_settings` is called once by the part's `app.py` or by a test, and passed by hand.
"""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.kit.errors import RefusedConfiguration


class PartSettings(BaseModel):
    """What every part needs to run. A part's own settings class adds its secrets as fields of the same names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    part: str = Field(description="the part's name: intake, eligibility, referral, charity or gateway")
    home: Path = Field(description="data folder; holds secrets/, ports.json, logs/")
    database_url: SecretStr = Field(description="PostgreSQL URL of the part's own database, application role")
    owner_database_url: SecretStr | None = Field(default=None, description="the same database, role that migrates")
    nats_url: SecretStr | None = Field(default=None, description="NATS URL with this part's user; none for the gateway")
    jwt_public_key: str = Field(default="", description="PEM of the gateway's Ed25519 key that signs inner tokens")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=0, description="port to listen on")
    urls: dict[str, str] = Field(default_factory=dict, description="base URL of each part, by name")
    poll_s: float = Field(default=1.0, description="seconds between looks at the outbox when nothing wakes the relay")

    @classmethod
    def load(cls, part: str, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings of `part`.

        Raises: RefusedConfiguration when a secret file is absent, readable by others, or incomplete.
        """
        env = os.environ if environ is None else environ
        home = Path(env.get("YIQIJIU_HOME", "var")).absolute()
        values: dict[str, Any] = read_secret_json(home / "secrets" / f"{part}.json")
        ports = _ports(home)
        values |= {"part": part, "home": home, "port": ports.get(part, 0)}
        values["urls"] = {
            name: env.get(f"YIQIJIU_{name.upper()}_URL", f"http://127.0.0.1:{port}") for name, port in ports.items()
        }
        public_key = home / "secrets" / "jwt-public.pem"
        if public_key.exists():
            values["jwt_public_key"] = public_key.read_text()
        prefix = f"YIQIJIU_{part.upper()}_"
        overrides = {
            "database_url": env.get(prefix + "DATABASE_URL"),
            "owner_database_url": env.get(prefix + "OWNER_DATABASE_URL"),
            "nats_url": env.get(prefix + "NATS_URL", env.get("YIQIJIU_NATS_URL")),
            "host": env.get("YIQIJIU_HOST"),
            "poll_s": env.get("YIQIJIU_POLL_S"),
        }
        values |= {key: value for key, value in overrides.items() if value}
        return cls.model_validate(values)


def read_secret_json(path: Path) -> dict[str, Any]:
    """Read a secret file.

    Raises: RefusedConfiguration when it is absent or others may read it.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise RefusedConfiguration(f"secret file {path.name} is absent in {path.parent}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise RefusedConfiguration(f"secret file {path} is readable by others; chmod 600 it")
    answer = json.loads(path.read_text())
    assert isinstance(answer, dict)
    return answer


def _ports(home: Path) -> dict[str, int]:
    path = home / "ports.json"
    if not path.exists():
        return {}
    return {name: int(port) for name, port in json.loads(path.read_text()).items()}
