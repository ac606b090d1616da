"""The event base, and the CloudEvents 1.0 JSON form in which events travel in batches.

An event carries its aggregate's ref, the aggregate's version and the aggregate's whole new state, so that order never
matters: a consumer applies it when newer and records it as stale otherwise. Events are pseudonymous: refs, division,
dates of birth, coded facts and fen amounts; never a name, ID number, phone, address, free text or diagnosis.

Source: CloudEvents 1.0.2 (JSON event format, JSON batch format).
"""

import json
import os
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

_STAMP: TypeAdapter[datetime] = TypeAdapter(datetime)


def new_event_id() -> UUID:
    """A UUID version 7: its first 48 bits are Unix milliseconds, so ids sort by time.

    Source: RFC 9562 §5.7.
    """
    random = int.from_bytes(os.urandom(10), "big")
    value = (time.time_ns() // 1_000_000) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


class State(BaseModel):
    """A frozen piece of an event's state. Unknown fields are ignored, since events only grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=False)


class Event(State):
    """Something that happened to one aggregate.

    `ref` is the aggregate, `version` counts its changes from 1, `division` is the shortened code its row belongs to.
    An `urgent` event travels on the urgent lane and overtakes any bulk load.
    """

    SUBJECT: ClassVar[str]
    """NATS subject `<part>.<aggregate>.<past verb>`; the urgent lane adds `.urgent`. Also the CloudEvents type."""

    id: UUID = Field(default_factory=new_event_id)
    occurred_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    ref: UUID
    version: int = Field(ge=1)
    division: str
    urgent: bool = False

    @classmethod
    def part(cls) -> str:
        """The part that publishes it: the first token of its subject."""
        return cls.SUBJECT.partition(".")[0]

    def subject(self) -> str:
        """The NATS subject this event is published on, its lane included."""
        return f"{self.SUBJECT}.urgent" if self.urgent else self.SUBJECT

    def to_cloud_event(self) -> str:
        """The CloudEvents JSON text of this event."""
        data = self.model_dump_json(exclude={"id", "occurred_at", "ref", "version", "division", "urgent"})
        kind = type(self).SUBJECT
        return (
            f'{{"specversion":"1.0","id":"{self.id}","source":"/yiqijiu/{self.part()}","type":"{kind}",'
            f'"subject":"{self.ref}","time":{_STAMP.dump_json(self.occurred_at).decode()},'
            f'"datacontenttype":"application/json","aggregateversion":{self.version},'
            f'"division":{json.dumps(self.division)},"urgent":{"true" if self.urgent else "false"},"data":{data}}}'
        )

    @classmethod
    def from_cloud_event(cls, body: dict[str, Any]) -> Self:
        """Read one parsed CloudEvent of this class.

        Raises: pydantic.ValidationError, KeyError when a needed attribute is absent.
        """
        return cls.model_validate(
            {
                **body["data"],
                "id": body["id"],
                "occurred_at": body["time"],
                "ref": body["subject"],
                "version": body["aggregateversion"],
                "division": body["division"],
                "urgent": body.get("urgent", False),
            }
        )


def pack_batches(texts: Sequence[str], *, most: int = 200, most_bytes: int = 512 * 1024) -> Iterable[tuple[int, bytes]]:
    """Pack CloudEvents texts, in order, into CloudEvents JSON batches.

    Yields (number of events, body); a body holds at most `most` events and `most_bytes` bytes, and at least one event.
    """
    held: list[bytes] = []
    size = 2
    for text in texts:
        raw = text.encode()
        if held and (len(held) >= most or size + len(raw) + 1 > most_bytes):
            yield len(held), b"[" + b",".join(held) + b"]"
            held, size = [], 2
        held.append(raw)
        size += len(raw) + 1
    if held:
        yield len(held), b"[" + b",".join(held) + b"]"
