"""The town screened at the end of the demo: every household against every programme, whoever asked for nothing too."""

import asyncio
import time

from deploy.local.demo.office import Office

_CITY = "3506"
_ENDED = ("completed", "failed", "cancelled")
_PATIENCE_S = 30.0
_LOOK_S = 0.2


async def screen_town(office: Office) -> dict[str, int | str]:
    """Order a run and follow it: its state, households and leads as it ended, or as far as it came in half a minute."""
    ordered = await office.ask("POST", "/eligibility/screenings", {"division": _CITY})
    if "id" not in ordered:
        return {"state": "refused", "households": 0, "leads": 0}
    until = time.monotonic() + _PATIENCE_S
    while True:
        run = await office.ask("GET", f"/eligibility/screenings/{ordered['id']}")
        if run["state"] in _ENDED or time.monotonic() > until:
            return {key: run[key] for key in ("state", "households", "leads")}
        await asyncio.sleep(_LOOK_S)
