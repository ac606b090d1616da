"""Settings of the gateway: its keys beside what every part needs."""

import os
from collections.abc import Mapping
from typing import Self

from pydantic import Field, SecretStr

from services.kit.settings import PartSettings


class GatewaySettings(PartSettings):
    """The gateway alone holds the key that signs inner tokens and the key of the audit chain."""

    jwt_private_key: SecretStr = Field(description="PEM of the Ed25519 key that signs inner tokens")
    audit_key: SecretStr = Field(description="base64 key of the audit chain")
    demo: bool = Field(default=False, description="paint the banner that says all people are invented")

    @classmethod
    def load(cls, part: str = "gateway", environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings; `YIQIJIU_DEMO=1` marks an installation of invented people.

        Raises: RefusedConfiguration when a secret file is absent, readable by others, or incomplete.
        """
        env = os.environ if environ is None else environ
        settings = super().load(part, env)
        return settings.model_copy(update={"demo": env.get("YIQIJIU_DEMO", "") == "1"})
