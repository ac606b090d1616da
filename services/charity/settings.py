"""Charity's settings."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from services.kit.settings import PartSettings


class CharitySettings(PartSettings):
    """What charity needs besides what every part needs."""

    seal_key: SecretStr | None = Field(
        default=None, description="32 random bytes, base64, that seal donors' names; without it no named donor is taken"
    )
    report_poll_s: float = Field(
        default=1.0, description="seconds between looks at the reports due at the partner door"
    )

    @property
    def partner_token_file(self) -> Path:
        """Where the partner door's token lies, one line. May be absent: then reports wait."""
        return self.home / "secrets" / "charity-partner-token"

    def partner_token(self) -> str:
        """The partner door's token as it is now, "" when there is none. Read each time, so that it can be changed."""
        try:
            return self.partner_token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def door_state(self) -> Literal["ready", "no_token", "no_gateway"]:
        """Whether reports can go out."""
        if not self.urls.get("gateway"):
            return "no_gateway"
        return "ready" if self.partner_token() else "no_token"
