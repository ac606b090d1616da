"""What the practice partners are told at start: one JSON file, 0600, since it holds tokens and secrets."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

CODES = (
    "youth_league",
    "trade_union",
    "disabled_federation",
    "womens_federation",
    "red_cross",
    "next_generation_committee",
    "charity_federation",
)
"""The seven, by partner code."""


class PartnerPlan(BaseModel):
    """One partner. `refuse_first`: each webhook's first attempt gets 503. `answer_only`: 204 and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    port: int
    token: str = ""
    secrets: tuple[str, ...] = ()
    delay_s: float = 0.0
    refuse_first: bool = False
    answer_only: bool = False
    at_once: int = Field(default=4, ge=1, description="referrals worked on at the same time")


class PracticeConfig(BaseModel):
    """The whole file. `journal` is where what was seen is kept; nothing is kept without it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gateway: str
    control_port: int
    control_token: str
    journal: Path | None = None
    host: Literal["127.0.0.1"] = "127.0.0.1"
    partners: tuple[PartnerPlan, ...]

    @classmethod
    def read(cls, path: Path) -> "PracticeConfig":
        """Read the file. Raises: OSError, pydantic.ValidationError."""
        return cls.model_validate_json(path.read_bytes())

    def plan_of(self, code: str) -> PartnerPlan:
        """The plan of one partner."""
        return next(plan for plan in self.partners if plan.code == code)
