"""Settings of referral: two keys from its secret file, the rest from `YIQIJIU_*` variables."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, field_validator

from services.kit.errors import RefusedConfiguration
from services.kit.settings import PartSettings
from services.referral.delivery.guard import read_networks

_FROM_ENVIRONMENT = {
    "allowed_networks": "YIQIJIU_WEBHOOK_ALLOWED_NETWORKS",
    "webhook_ca_file": "YIQIJIU_WEBHOOK_CA_FILE",
    "public_url": "YIQIJIU_PUBLIC_URL",
    "office_name": "YIQIJIU_OFFICE_NAME",
    "office_phone": "YIQIJIU_OFFICE_PHONE",
    "partners_always_open": "YIQIJIU_PARTNERS_ALWAYS_OPEN",
    "time_scale": "YIQIJIU_WEBHOOK_TIME_SCALE",
}


class ReferralSettings(PartSettings):
    """What referral needs besides what every part needs."""

    case_key: SecretStr = Field(description="key of case refs, 32 bytes in base64; a new one renames every household")
    seal_key: SecretStr = Field(description="key that seals endpoint secrets and notes, 32 bytes in base64")
    allowed_networks: str = Field(default="", description="inner networks webhooks may reach, e.g. 10.1.0.0/16")
    webhook_ca_file: Path | None = Field(default=None, description="PEM of further authorities to trust for webhooks")
    public_url: str = Field(default="", description="address of the gateway as partners reach it, in links")
    office_name: str = Field(default="漳州市社会救助值班电话", description="duty line named in webhooks")
    office_phone: str = Field(default="12345", description="number of the duty line")
    partners_always_open: bool = Field(default=False, description="ignore partners' working hours (trials only)")
    time_scale: float = Field(default=1.0, gt=0, le=1, description="shortens retry steps (trials only)")

    @field_validator("allowed_networks")
    @classmethod
    def _networks(cls, text: str) -> str:
        try:
            read_networks(text)
        except ValueError as error:
            raise RefusedConfiguration("YIQIJIU_WEBHOOK_ALLOWED_NETWORKS is no list of networks") from error
        return text

    @classmethod
    def load(cls, part: str, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings, as `PartSettings.load`; links lead to the gateway unless `YIQIJIU_PUBLIC_URL` is set.

        Raises: RefusedConfiguration.
        """
        env = os.environ if environ is None else environ
        base = super().load(part, env)
        values: dict[str, Any] = {name: getattr(base, name) for name in cls.model_fields}
        values |= {name: env[key] for name, key in _FROM_ENVIRONMENT.items() if env.get(key)}
        values["public_url"] = values["public_url"] or base.urls.get("gateway", "")
        return cls.model_validate(values)
