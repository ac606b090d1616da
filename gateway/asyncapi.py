"""AsyncAPI 3 of the events between the parts, made from the event classes themselves.

Source: AsyncAPI 3.0.0; CloudEvents 1.0.2 JSON batch format.
"""

from functools import cache
from inspect import cleandoc
from typing import Any

from services.contracts.catalogue import CONSUMERS
from services.contracts.event import Event

Document = dict[str, Any]
_ENVELOPE_FIELDS = {"id", "occurred_at", "ref", "version", "division", "urgent"}


@cache
def asyncapi() -> Document:
    """The document."""
    channels: Document = {}
    operations: Document = {}
    messages: Document = {}
    schemas: Document = {}
    for event, takers in CONSUMERS.items():
        name = event.__name__
        channels[name] = {
            "address": event.SUBJECT,
            "description": f"Urgent events travel on {event.SUBJECT}.urgent. A message is a batch of up to 200 events.",
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        }
        messages[name] = {
            "name": event.SUBJECT,
            "title": name,
            "summary": summary(event),
            "contentType": "application/cloudevents-batch+json",
            "payload": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}},
        }
        schemas |= _schemas(event)
        operations[f"{event.part()}_publishes_{name}"] = _operation("send", name, event.part())
        for taker in takers:
            operations[f"{taker}_takes_{name}"] = _operation("receive", name, taker)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "一起救 事件 / Yiqijiu events",
            "version": "1",
            "description": (
                "Events run downhill: intake → eligibility → referral → charity. Each carries the aggregate's ref,"
                " version and whole new state; a consumer applies it when newer. They are pseudonymous: never a name,"
                " number, phone, address, text or diagnosis."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents-batch+json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def summary(event: type[Event]) -> str:
    """What the event says: the first sentence of its class."""
    return cleandoc(event.__doc__ or "").partition("\n")[0]


def _operation(action: str, name: str, part: str) -> Document:
    return {"action": action, "channel": {"$ref": f"#/channels/{name}"}, "tags": [{"name": part}]}


def _schemas(event: type[Event]) -> Document:
    """The event as a CloudEvent, and the pieces of its state."""
    state = event.model_json_schema(ref_template="#/components/schemas/{model}")
    pieces: Document = state.pop("$defs", {})
    properties = {name: schema for name, schema in state["properties"].items() if name not in _ENVELOPE_FIELDS}
    required = [name for name in state.get("required", ()) if name in properties]
    data: Document = {"type": "object", "properties": properties, "required": required}
    envelope = state["properties"]
    pieces[event.__name__] = {
        "type": "object",
        "description": cleandoc(event.__doc__ or ""),
        "required": ["specversion", "id", "source", "type", "subject", "time", "aggregateversion", "division", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "format": "uuid", "description": "UUID version 7; sorts by time"},
            "source": {"const": f"/yiqijiu/{event.part()}"},
            "type": {"const": event.SUBJECT},
            "subject": {"type": "string", "format": "uuid", "description": "ref of the aggregate"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "aggregateversion": envelope["version"],
            "division": envelope["division"],
            "urgent": envelope["urgent"],
            "data": data,
        },
    }
    return pieces
