"""One OpenAPI 3.1 document of the whole public surface, merged from the parts' own documents and the gateway's.

Only what routes.yaml names is in it; operation ids and schema names carry their part, so that nothing collides; what
the door adds (bearer token, scope, rate, refusals) is written to each operation.
"""

import asyncio
import copy
import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from gateway.errors import KeyNeeded, MethodNotAllowed, PartAway, TooManyRequests, TooSlow
from gateway.proxy import Upstream
from gateway.routes import Route, RouteTable
from services.contracts.codes import PARTS
from services.kit.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    ServiceError,
    TooLarge,
    Unavailable,
    Unreadable,
)

log = logging.getLogger(__name__)

Document = dict[str, Any]
_NAME = re.compile(r"\{[^}]*\}")
_ADDRESS = re.compile(r"_(?:api|partner)_v1_")
"""Where FastAPI appends the path to a function's name."""
_SECONDS_OLD = 60.0
_AGAIN_S = 2.0
_ERRORS: dict[int, type[ServiceError]] = {
    400: Unreadable,
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    405: MethodNotAllowed,
    408: TooSlow,
    409: Conflict,
    413: TooLarge,
    422: BadInput,
    428: KeyNeeded,
    429: TooManyRequests,
    503: Unavailable,
}
_READ = (401, 403, 404, 405, 422, 429, 503)
_WRITE = (400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 503)
PROBLEM: Document = {
    "type": "object",
    "description": "RFC 9457 problem JSON. Never holds the value that was sent.",
    "required": ["type", "title", "status", "detail", "code", "message"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "stable; for programs"},
        "message": {"$ref": "#/components/schemas/Bilingual"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"$ref": "#/components/schemas/Bilingual"},
                },
            },
        },
    },
}
BILINGUAL: Document = {
    "type": "object",
    "required": ["zh", "en"],
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
}


def path_shape(path: str) -> str:
    """A path with the names in it left out: `/imports/{}`. Two documents may name the same value differently."""
    return _NAME.sub("{}", path)


def merge_openapi(documents: Mapping[str, Document], table: RouteTable) -> Document:
    """The merged document of those parts whose documents are there."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Problem": PROBLEM, "Bilingual": BILINGUAL}
    tags: list[Document] = []
    for part, document in documents.items():
        own = copy.deepcopy(document)
        _prefix_refs(own, part)
        for name, schema in own.get("components", {}).get("schemas", {}).items():
            schemas[schema_name(part, name)] = schema
        known = {path_shape(path): item for path, item in own.get("paths", {}).items()}
        tags.append({"name": part, "description": document.get("info", {}).get("title", part)})
        for route in table.routes:
            item = known.get(path_shape(route.path), {})
            operation = item.get(route.method.lower())
            if route.part == part and operation is not None:
                paths.setdefault(route.path, {})[route.method.lower()] = _operation(operation, route)
    order = {route.path: number for number, route in enumerate(table.routes)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "一起救 Yiqijiu",
            "version": "1",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": (
                "主动发现、统一评估、协同转介、公益接续的社会救助系统接口。"
                "金额为元的十进制文本，时间为UTC的RFC 3339。\n\n"
                "The interface of Yiqijiu: a bill or a report comes in, every programme is checked, partners hear of"
                " it. Amounts are decimal yuan texts, times are RFC 3339 in UTC."
            ),
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": tags,
        "paths": dict(sorted(paths.items(), key=lambda pair: order[pair[0]])),
        "components": {
            "schemas": schemas,
            "responses": {f"Error{status}": _error_response(kind) for status, kind in _ERRORS.items()},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "./yiqijiu token --role ROLE --territory CODE",
                },
                "webhookSignature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "webhook-signature",
                    "description": "Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature",
                },
            },
        },
    }


def schema_name(part: str, name: str) -> str:
    """A schema's name in the merged document."""
    return f"{part.capitalize()}{name}"


def _prefix_refs(node: Any, part: str) -> None:
    if isinstance(node, dict):
        ref = node.get("$ref")
        if isinstance(ref, str) and ref.startswith("#/components/schemas/"):
            node["$ref"] = "#/components/schemas/" + schema_name(part, ref.rpartition("/")[2])
        mapping = node.get("discriminator", {}).get("mapping") if isinstance(node.get("discriminator"), dict) else None
        if mapping:
            for key, value in mapping.items():
                mapping[key] = "#/components/schemas/" + schema_name(part, value.rpartition("/")[2])
        for value in node.values():
            _prefix_refs(value, part)
    elif isinstance(node, list):
        for value in node:
            _prefix_refs(value, part)


def _operation(operation: Document, route: Route) -> Document:
    """A part's operation with what the door adds."""
    names = _NAME.findall(route.path)
    in_path = [one for one in operation.get("parameters", ()) if one.get("in") == "path"]
    for name, parameter in zip(names, in_path, strict=False):
        parameter["name"] = name[1:-1]
    responses = {
        status: answer for status, answer in operation.get("responses", {}).items() if not status.startswith(("4", "5"))
    }
    refusals = _WRITE if route.method != "GET" else _READ
    for status in (*refusals, 428) if route.needs_key else refusals:
        responses[str(status)] = {"$ref": f"#/components/responses/Error{status}"}
    operation["responses"] = responses
    operation["operationId"] = f"{route.part}_{_ADDRESS.split(operation['operationId'])[0]}"
    operation["summary"] = route.zh
    operation["tags"] = [route.part]
    operation["x-scope"] = route.scope
    if route.roles:
        operation["x-roles"] = sorted(route.roles)
    if route.is_signed:
        operation["security"] = [{"bearer": []}, {"webhookSignature": []}]
    if route.is_personal:
        operation["parameters"] = [*operation.get("parameters", ()), _PURPOSE]
    if route.method == "POST":
        operation["parameters"] = [*operation.get("parameters", ()), {**_KEY, "required": route.needs_key}]
    return operation


_PURPOSE: Document = {
    "name": "X-Purpose",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
    "description": "为什么查看（代码），写入访问留痕 / why, as a code; goes into the audit",
}
_KEY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 255},
    "description": "同一个键与同样的内容只生效一次 / the same key with the same body takes effect once",
}


def _error_response(kind: type[ServiceError]) -> Document:
    return {
        "description": f"{kind.zh} / {kind.en}",
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                    "type": f"/problems/{kind.code}",
                    "title": kind.en,
                    "status": kind.status,
                    "detail": kind.zh,
                    "code": kind.code,
                    "message": {"zh": kind.zh, "en": kind.en},
                },
            }
        },
    }


class OpenApi:
    """Keeps the merged document; asks the parts again when one was missing or the document is old."""

    def __init__(self, own: Document, table: RouteTable, upstream: Upstream) -> None:
        self._table = table
        self._upstream = upstream
        self._documents: dict[str, Document] = {"gateway": own}
        self._merged = b""

    async def document(self) -> bytes:
        """The merged document as JSON. Parts that are away and were never seen are missing from it."""
        if len(self._documents) < len(PARTS) or not self._merged:
            await self.refresh()
        return self._merged

    async def refresh(self) -> bool:
        """Ask every part; answers whether all answered."""
        parts = [part for part in PARTS if part != "gateway"]
        found = await asyncio.gather(*(self._fetch(part) for part in parts))
        for part, document in zip(parts, found, strict=True):
            if document is not None:
                self._documents[part] = document
        in_order: dict[str, Document] = {part: self._documents[part] for part in PARTS if part in self._documents}
        merged = merge_openapi(in_order, self._table)
        self._merged = json.dumps(merged, ensure_ascii=False, separators=(",", ":")).encode()
        return all(document is not None for document in found)

    async def _fetch(self, part: str) -> Document | None:
        try:
            answer = await self._upstream.send(part, "GET", "/openapi.json", timeout_s=10, is_repeatable=True)
            document: Document = answer.json()
            return document if answer.is_good else None
        except (PartAway, ValueError):
            return None

    async def run(self) -> None:
        """Refresh until cancelled: soon again while a part is missing, else each minute."""
        while True:
            complete = await self.refresh()
            await asyncio.sleep(_SECONDS_OLD if complete else _AGAIN_S)
