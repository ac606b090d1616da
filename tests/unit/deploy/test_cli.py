"""The command line: quick to start, and every refusal is one sentence, a code and what to do."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import cli
from deploy.local.doctor import Check, look_over
from deploy.local.home import Home
from deploy.local.parts import ROOT
from deploy.local.refusal import language_of
from deploy.local.serve import configuration
from deploy.local.supervisor import Suite
from deploy.local.up import in_chinese
from tests.unit.deploy.conftest import small_parts


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")


def test_english_is_spoken_where_the_locale_says_so() -> None:
    assert language_of({"LANG": "en_US.UTF-8"}) == "en"
    assert language_of({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}) == "zh"
    assert language_of({}) == "zh"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name, _, _ in cli.COMMANDS)


def test_a_command_that_this_version_has_not_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    missing = [(n, m) for n, m, _ in cli.COMMANDS if importlib.util.find_spec(f"deploy.local.{m}") is None]
    for name, _ in missing:
        assert cli.main([name]) == 2
        assert f"这个版本还没有 {name} 命令" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["up", "--colour"], ["token", "--role", "operator"], ["serve", "nobody"]]
)
def test_a_command_written_wrongly_is_status_2_with_an_example(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("错误 [wrong_usage]") and "照着写：./yiqijiu " in told.err


def test_a_refusal_in_english(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert cli.main(["serve", "intake", "--host", "0.0.0.0"]) == 78
    told = capsys.readouterr().err
    assert "Error [open_without_tls]" in told and "What to do: Put a TLS proxy in front" in told


def test_the_command_line_is_there_before_one_notices() -> None:
    """It imports none of the large libraries: they cost seconds on a small machine."""
    probe = "import sys; import deploy.local.cli; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"nats", "asyncpg", "sqlalchemy", "fastapi", "uvicorn", "polars", "pydantic"} & set(done.stdout.split())


def test_a_part_is_served_on_loopback_with_the_quick_loop_and_no_signature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.serve._application", lambda part: part)
    home = Home.open(tmp_path / "home")
    (home.path / "ports.json").write_text('{"intake": 12345}')
    config = configuration("intake", home=home.path)
    assert (config.host, config.port, config.loop, config.http) == ("127.0.0.1", 12345, "uvloop", "httptools")
    assert not config.server_header and not config.access_log and not config.proxy_headers
    assert config.timeout_graceful_shutdown == 20 and config.limit_concurrency
    behind = configuration("intake", host="0.0.0.0", port=1, proxies="10.0.0.1")
    assert behind.proxy_headers and behind.forwarded_allow_ips == "10.0.0.1"


def outcomes(checks: list[Check]) -> dict[str, str]:
    return {check.id: check.outcome for check in checks}


@pytest.mark.slow
async def test_doctor_finds_a_running_suite_well_and_names_what_is_not(folder: Path) -> None:
    path = folder / "home"
    assert outcomes(await look_over(path))["suite"] == "skipped"
    async with Suite(path, small_parts("intake", "gateway")) as suite:
        found = outcomes(await look_over(path))
        for name in (
            "folder_modes",
            "secret_modes",
            "suite",
            "ready_intake",
            "fsync",
            "data_checksums",
            "nats_sync",
            "loopback",
        ):
            assert found[name] == "ok", name
        assert found["ready_charity"] == "bad", "it was not started here"
        (suite.home.secrets / "intake.json").chmod(0o644)
        assert outcomes(await look_over(path))["secret_modes"] == "bad"
        (suite.home.secrets / "intake.json").chmod(0o600)


def test_doctor_speaks_json(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("YIQIJIU_HOME", str(folder / "nothing"))
    monkeypatch.setenv("YIQIJIU_PORT", "0")
    status = cli.main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] == (status == 0) and {check["id"] for check in told["checks"]} >= {"python", "disk", "suite"}
    assert not (folder / "nothing").exists(), "it changes nothing"


def test_what_the_supervisor_says_is_said_in_chinese_too() -> None:
    assert in_chinese("ended by SIGKILL, 0.605 s") == "被 SIGKILL 结束，0.605 秒"
    assert in_chinese("something nobody has said before") == "something nobody has said before"
