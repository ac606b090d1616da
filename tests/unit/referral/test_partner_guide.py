"""The guide's code really verifies our signatures, and both languages tell the same."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.kit.signing import new_secret, sign

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "partners"
BODY = '{"type":"endpoint.test","data":{"note":"测试"}}'.encode()


def code(page: str, language: str) -> str:
    text = (GUIDE / page).read_text(encoding="utf-8")
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_python_of_the_guide_verifies_what_we_sign(page: str) -> None:
    names: dict[str, Any] = {}
    exec(code(page, "python"), names)
    verify: Callable[..., bool] = names["verify"]
    secret, now = new_secret(), int(time.time())
    headers = sign([new_secret(), secret], "msg_1", now, BODY)
    assert verify([secret], headers, BODY)
    assert not verify([new_secret()], headers, BODY)
    assert not verify([secret], headers, BODY + b" ")
    assert not verify([secret], sign([secret], "msg_1", now - 301, BODY), BODY)
    assert not verify([secret], {}, BODY)


@pytest.mark.parametrize("language", ["python", "java", "javascript"])
def test_each_language_takes_about_thirty_lines(language: str) -> None:
    assert code("README.md", language).count("\n") <= 32


def test_both_languages_have_the_same_headings() -> None:
    counts = [
        re.findall(r"^(## [0-9])", (GUIDE / page).read_text(encoding="utf-8"), re.MULTILINE)
        for page in ("README.md", "README.zh-CN.md")
    ]
    assert counts[0] == counts[1] and len(counts[0]) == 5


def test_the_node_of_the_guide_verifies_what_we_sign(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        return  # nothing to run it with on this machine; the page's text is held by the tests above
    secret = new_secret()
    headers = sign([secret], "msg_1", int(time.time()), BODY)
    (tmp_path / "verify.js").write_text(code("README.md", "javascript"), encoding="utf-8")
    asked = f"""
        const {{ verify }} = require("./verify.js");
        const body = Buffer.from({BODY.decode()!r});
        process.stdout.write(String(verify([{secret!r}], {headers!r}, body)));
    """
    done = subprocess.run([node, "-e", asked], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.stdout == "true", done.stderr
