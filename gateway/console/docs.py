"""What a partner's developer reads: the merged OpenAPI with its viewer, and the events."""

from fastapi import Request
from starlette.responses import JSONResponse, Response

from gateway.asyncapi import asyncapi, summary
from gateway.console.page_route import page_routes
from gateway.console.pages import CSP, renderer
from gateway.openapi import OpenApi
from services.contracts.catalogue import CONSUMERS

_DOCS_CSP = CSP.partition("; require-trusted-types-for")[0]
"""Swagger UI writes HTML (cleaned by DOMPurify) without Trusted Types; the page shows our own document and no data."""
routes = page_routes()


@routes.get("/openapi.json")
async def openapi_document(request: Request) -> Response:
    """The merged OpenAPI 3.1 document."""
    openapi: OpenApi = request.app.state.openapi
    return Response(await openapi.document(), media_type="application/json")


@routes.get("/asyncapi.json")
async def asyncapi_document() -> Response:
    """AsyncAPI 3 of the events."""
    return JSONResponse(asyncapi())


@routes.get("/docs")
async def docs(request: Request) -> Response:
    """Swagger UI over the merged document."""
    base = f"{request.url.scheme}://{request.url.netloc}"
    return renderer(request).page(request, "docs.html", headers={"Content-Security-Policy": _DOCS_CSP}, base=base)


@routes.get("/events")
async def events(request: Request) -> Response:
    """The events as a page: what each says, who publishes it and who takes it in."""
    schemas = asyncapi()["components"]["schemas"]
    rows = [
        {
            "name": event.__name__,
            "subject": event.SUBJECT,
            "part": event.part(),
            "takers": takers,
            "summary": summary(event),
            "about": schemas[event.__name__]["description"],
            "fields": [
                {"name": name, "type": _type_name(schema), "needed": name in data["required"]}
                for name, schema in data["properties"].items()
            ],
        }
        for event, takers in CONSUMERS.items()
        for data in (schemas[event.__name__]["properties"]["data"],)
    ]
    return renderer(request).page(request, "events.html", events=rows)


def _type_name(schema: dict[str, object]) -> str:
    """A field's type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        options = schema["anyOf"]
        assert isinstance(options, list)
        return " | ".join(_type_name(option) for option in options)
    if "enum" in schema:
        values = schema["enum"]
        assert isinstance(values, list)
        return " | ".join(map(str, values))
    if schema.get("type") == "array":
        items = schema.get("items", {})
        assert isinstance(items, dict)
        return f"[{_type_name(items)}]" if items else "[]"
    return str(schema.get("format") or schema.get("type") or schema.get("const") or "any")
