"""Publish event schemas: `python -m tests.contract.publish_schemas [SUBJECT …]`. Look at the difference first."""

import json
import sys
from pathlib import Path

from services.contracts.catalogue import EVENTS

if __name__ == "__main__":
    for subject in sys.argv[1:] or sorted(EVENTS):
        path = Path(__file__).parent / "schemas" / f"{subject}.json"
        path.write_text(
            json.dumps(EVENTS[subject].model_json_schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        )
