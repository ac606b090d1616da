"""What eligibility needs to run besides what every part does: how it screens."""

import os
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from services.kit.settings import PartSettings

_FROM_ENVIRONMENT = {
    "screen_chunk": "YIQIJIU_SCREEN_CHUNK",
    "screen_nightly": "YIQIJIU_SCREEN_NIGHTLY",
    "screen_hour": "YIQIJIU_SCREEN_HOUR",
    "screen_keep": "YIQIJIU_SCREEN_KEEP",
}


class EligibilitySettings(PartSettings):
    """Settings of the eligibility service. It holds no personal field and so no key of its own."""

    screen_chunk: int = Field(default=5_000, ge=1, le=50_000, description="households a screening looks at in one go")
    screen_nightly: bool = Field(default=False, description="screen what changed once a day where a run was completed")
    screen_hour: int = Field(default=2, ge=0, le=23, description="hour of the day (Asia/Shanghai) it begins at")
    screen_keep: int = Field(
        default=10, ge=1, le=1000, description="runs of a place whose lists of households are kept"
    )

    @classmethod
    def load(cls, part: str, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings, as `PartSettings.load`.

        Raises: RefusedConfiguration.
        """
        env = os.environ if environ is None else environ
        base = super().load(part, env)
        values: dict[str, Any] = {name: getattr(base, name) for name in cls.model_fields}
        values |= {name: env[key] for name, key in _FROM_ENVIRONMENT.items() if env.get(key)}
        return cls.model_validate(values)
