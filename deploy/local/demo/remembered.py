"""The town that a data folder was shown before, so that a second demo pushes the same again."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

from deploy.local.home import read_json, write_over
from deploy.local.town import Town, make_town

_KEEP_DAYS = 200
"""A town is pushed again as it was for so long; then its bills would be too old and it is made anew."""
_SAMPLE = 60


def remembered_town(file: Path, *, records: int, reports: int, today: date) -> Town:
    """The town noted in the file, seen from the day it was first pushed: its bills stay what they were.

    Another version of the demo may invent otherwise, and a town of another size has other people report; then, and when
    the bills grow old, it is another town, which is noted.
    """
    held = read_json(file)
    asked = {"records": records, "reports": reports}
    if not held or _is_old(held, today) or held != _note(held["seed"], asked, date.fromisoformat(held["today"])):
        held = _note(int(held.get("seed", 0)) + 1, asked, today)
        write_over(file, json.dumps(held))
    return make_town(held["seed"], records, reports, today=date.fromisoformat(held["today"]))


def _note(seed: int, asked: dict[str, int], today: date) -> dict[str, Any]:
    """What is remembered of a town: enough to know whether the same one would be made again."""
    sample = make_town(seed, _SAMPLE, asked["reports"], today=today)
    text = json.dumps([sample.records, sample.reports, [one.body for one in sample.households]], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"seed": seed, "today": today.isoformat(), **asked, "sha256": digest}


def _is_old(held: dict[str, Any], today: date) -> bool:
    return (today - date.fromisoformat(held["today"])).days > _KEEP_DAYS
