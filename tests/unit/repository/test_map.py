"""The map names every room, and the README says the same in both languages."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def tracked_folders() -> set[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    folders = set()
    for name in listed:
        parts = name.split("/")[:-1]
        if parts and parts[0] in ("services", "gateway", "deploy", "tests", "docs"):
            folders.add("/".join(parts[:2]) if len(parts) > 1 else parts[0])
    return folders


def test_the_map_names_every_folder() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    missing = sorted(folder for folder in tracked_folders() if f"`{folder}/`" not in text)
    assert missing == []


def test_the_map_names_no_folder_that_is_gone() -> None:
    named = re.findall(r"^\| `([a-z_./]+)/` \|", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    assert named
    assert [folder for folder in named if not (ROOT / folder).is_dir()] == []


def test_the_two_readmes_have_the_same_shape() -> None:
    english = (ROOT / "README.md").read_text()
    chinese = (ROOT / "README.zh-CN.md").read_text()

    def shape(text: str) -> list[int]:
        return [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]

    def commands(text: str) -> list[str]:
        return re.findall(r"\./yiqijiu [a-z]+", text)

    assert shape(english) == shape(chinese)
    assert commands(english) == commands(chinese)
