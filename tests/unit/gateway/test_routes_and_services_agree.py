"""The table of the public surface and the services' own documents say the same, and merge into one valid document."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.api import router as own_router
from gateway.asyncapi import asyncapi
from gateway.openapi import merge_openapi, path_shape
from gateway.routes import route_table
from services.contracts.catalogue import CONSUMERS
from tests.support.apps import secret_key

_SERVICES = ("intake", "eligibility", "referral", "charity")
_PUBLIC = ("/api/v1/", "/partner/v1/")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _document(part: str) -> dict[str, Any]:
    settings_class = getattr(import_module(f"services.{part}.settings"), f"{part.capitalize()}Settings")
    keys = {name: secret_key() for name in settings_class.model_fields if name in ("seal_key", "index_key", "case_key")}
    settings = settings_class(part=part, home=Path("."), database_url="postgresql://nobody@127.0.0.1/nothing", **keys)
    document: dict[str, Any] = import_module(f"services.{part}.app").create_app(settings).openapi()
    return document


def _operations(document: dict[str, Any]) -> set[str]:
    return {
        f"{method.upper()} {path_shape(path)}"
        for path, item in document["paths"].items()
        for method in item
        if path.startswith(_PUBLIC)
    }


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    from fastapi import FastAPI

    own = FastAPI(title="gateway")
    own.include_router(own_router)
    return {part: _document(part) for part in _SERVICES} | {"gateway": own.openapi()}


@pytest.mark.parametrize("part", _SERVICES)
def test_every_public_route_of_a_service_is_in_the_table_and_the_other_way_round(
    documents: dict[str, dict[str, Any]], part: str
) -> None:
    served = _operations(documents[part])
    prefixes = {path.split("/")[3] if path.startswith("/api/") else "partner" for _, path in map(str.split, served)}
    assert prefixes <= {part, "partner"}
    table = {f"{route.method} {path_shape(route.path)}": route.part for route in route_table().routes}
    assert served - set(table) == set()
    assert {name for name, owner in table.items() if owner == part} - served == set()


def test_what_the_gateway_composes_is_answered_by_it(documents: dict[str, dict[str, Any]]) -> None:
    composed = {f"{route.method} {path_shape(route.path)}" for route in route_table().routes if route.part == "gateway"}
    assert composed - _operations(documents["gateway"]) == set()


def test_the_merged_document_is_valid_and_complete(documents: dict[str, dict[str, Any]]) -> None:
    merged = merge_openapi(documents, route_table())
    OpenAPIV31SpecValidator(merged).validate()
    operations = [operation for item in merged["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(operations) == len(route_table().routes)
    assert len(set(names)) == len(names)
    for operation in operations:
        assert _CHINESE.search(operation["summary"])
        assert {"401", "403", "404", "429", "503"} <= set(operation["responses"])
        assert all(name.split("_")[0] in (*_SERVICES, "gateway") for name in names)


def test_the_merged_document_holds_no_internal_route(documents: dict[str, dict[str, Any]]) -> None:
    merged = merge_openapi(documents, route_table())
    assert all(path.startswith(_PUBLIC) for path in merged["paths"])


def test_a_document_of_some_parts_is_still_valid(documents: dict[str, dict[str, Any]]) -> None:
    some = {part: documents[part] for part in ("referral", "gateway")}
    merged = merge_openapi(some, route_table())
    OpenAPIV31SpecValidator(merged).validate()
    assert [path for path in merged["paths"] if path.startswith("/api/v1/referral/")]
    assert not [path for path in merged["paths"] if path.startswith("/api/v1/charity/")]


def test_every_event_is_described_and_every_reference_leads_somewhere() -> None:
    document = asyncapi()
    assert {channel["address"] for channel in document["channels"].values()} == {event.SUBJECT for event in CONSUMERS}

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                target: Any = document
                for step in node["$ref"].removeprefix("#/").split("/"):
                    target = target[step]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document)
