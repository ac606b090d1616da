"""What all answers share."""

from pydantic import BaseModel, ConfigDict


class Words(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class Answer(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(frozen=True)
