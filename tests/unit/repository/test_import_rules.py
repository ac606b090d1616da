"""The import rules hold, and each kind of fault breaks them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LINT = Path(sys.executable).parent / "lint-imports"


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(LINT), "--no-cache"], cwd=root, capture_output=True, text=True)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    there = tmp_path_factory.mktemp("house")
    for name in ("services", "gateway", "deploy"):
        shutil.copytree(ROOT / name, there / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", there)
    return there


def test_the_house_keeps_its_import_rules() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout[-3000:]


FAULTS = {
    "services/intake/actions.py": "import services.charity.store",
    "services/contracts/money.py": "import services.kit.clock",
    "gateway/app.py": "import services.referral.store",
    "services/kit/clock.py": "import gateway",
    "services/charity/store.py": "import services.charity.actions",
    "services/eligibility/rules/__init__.py": "import services.kit.db",
    "services/referral/actions.py": "import nats",
    "services/intake/records/__init__.py": "import services.intake.store",
}


@pytest.mark.slow
@pytest.mark.parametrize("place", FAULTS)
def test_a_planted_fault_breaks_the_rules(copy: Path, place: str) -> None:
    path = copy / place
    if not path.exists():  # a room that became a folder
        path = copy / place.removesuffix(".py") / "__init__.py"
    before = path.read_text()
    path.write_text(before + f"\n{FAULTS[place]}\n")
    try:
        assert lint(copy).returncode == 1
    finally:
        path.write_text(before)


@pytest.mark.slow
def test_a_stray_room_breaks_the_rules(copy: Path) -> None:
    stray = copy / "services" / "intake" / "helpers.py"
    stray.write_text('"""A room nobody asked for."""\n')
    try:
        assert lint(copy).returncode == 1
    finally:
        stray.unlink()
