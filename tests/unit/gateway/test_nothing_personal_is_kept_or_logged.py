"""What passes the gateway leaves no personal trace in it: not in the audit, not in the logs, not in an error."""

import io
import json
import logging

from gateway.routes import UNSAFE, route_table
from services.kit.logs import JsonLines
from tests.unit.gateway.conftest import Gateway

_CANARIES = ("350623198005019973", "15400000001", "金丝雀某")
_REF = "8d1e0a52-41a9-4b6c-9a51-4a7a4e1b2c3d"


async def test_no_canary_stays(gateway: Gateway) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines("gateway"))
    root, ours = logging.getLogger(), logging.getLogger("gateway")
    root.addHandler(handler)
    before = root.level, ours.level
    root.setLevel(logging.WARNING)  # as in an installation: libraries speak from WARNING on, ours from the lowest here
    ours.setLevel(logging.DEBUG)
    try:
        await gateway.parts["charity"].stop()  # so that some of them fail
        client = await gateway.as_role("operator")
        body = json.dumps({"id_number": _CANARIES[0], "phone": _CANARIES[1], "name": _CANARIES[2]})
        headers = {"X-Purpose": _CANARIES[0], "X-Request-Id": _CANARIES[1], "User-Agent": _CANARIES[1]}
        answers = []
        for route in route_table().routes:
            if route.path == "/api/v1/stream":
                continue
            path = "/".join(_REF if step.startswith("{") else step for step in route.path.split("/"))
            content = body if route.method in UNSAFE else None
            answer = await client.request(
                route.method, path, params={"q": _CANARIES[0]}, content=content, headers=headers
            )
            answers.append(answer.text)
        form = {"csrf": "x", "username": _CANARIES[1], "password": _CANARIES[0]}
        answers.append((await client.post("/sign-in", data=form)).text)
        rows = await gateway.audit_rows()
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        ours.setLevel(before[1])
    kept = written.getvalue() + json.dumps(rows, ensure_ascii=False) + "".join(answers)
    assert [canary for canary in _CANARIES if canary in kept] == []
    assert len(rows) > 100
