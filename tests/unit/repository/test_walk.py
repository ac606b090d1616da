"""The walk through the code names what is there."""

import re
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_name_of_the_walk_is_in_the_code() -> None:
    text = (ROOT / "docs" / "walk.md").read_text()
    names = re.findall(r"`((?:services|gateway)\.[a-z_.]+)(?::(\w+))?`", text)
    assert len(names) > 15
    for module, name in names:
        found = import_module(module)
        assert not name or hasattr(found, name), f"{module}:{name}"
