"""Intake's settings."""

from dataclasses import dataclass

from pydantic import Field, SecretStr

from services.intake.records.tables import Limits
from services.kit.privacy import BlindIndex, Sealer
from services.kit.settings import PartSettings


@dataclass(frozen=True)
class Keys:
    """What seals personal fields and what finds them again. Two keys, so that one leak is not both."""

    sealer: Sealer
    index: BlindIndex


class IntakeSettings(PartSettings):
    """What intake needs besides what every part needs."""

    seal_key: SecretStr = Field(description="32 random bytes, base64, that seal names, numbers, phones and addresses")
    index_key: SecretStr = Field(description="32 random bytes, base64, of the blind index of ID numbers")
    import_max_bytes: int = Field(default=5 * 1024 * 1024, description="bytes an import file may have")
    import_max_rows: int = Field(default=20_000, description="rows an import file may have")
    import_max_columns: int = Field(default=64, description="columns an import file may have")
    import_poll_s: float = Field(default=0.5, description="seconds between looks for imports nobody woke the loop for")

    def keys(self) -> Keys:
        """The keys, ready to use."""
        return Keys(Sealer(self.seal_key.get_secret_value()), BlindIndex(self.index_key.get_secret_value()))

    def limits(self) -> Limits:
        """How large an import file may be."""
        return Limits(self.import_max_bytes, self.import_max_rows, self.import_max_columns)
