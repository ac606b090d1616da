"""What others wrote is shipped as they wrote it, with its licence."""

import base64
import hashlib
import tomllib

from gateway.static_files import FOLDER

_VENDOR = FOLDER / "vendor"
_LISTED = tomllib.loads((_VENDOR / "vendor.toml").read_text("utf-8"))["file"]


def test_each_vendored_file_has_the_hash_that_is_written_down() -> None:
    for row in _LISTED:
        digest = base64.b64encode(hashlib.sha384((_VENDOR / row["name"]).read_bytes()).digest()).decode()
        assert digest == row["sha384"], row["name"]


def test_every_file_in_the_folder_is_listed_or_is_a_licence() -> None:
    listed = {row["name"] for row in _LISTED} | {"vendor.toml", "swagger-ui.LICENSE", "swagger-ui.NOTICE"}
    assert {path.name for path in _VENDOR.iterdir()} == listed
