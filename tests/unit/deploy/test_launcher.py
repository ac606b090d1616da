"""`./yiqijiu`: a checkout and Python are enough, whatever happened to an earlier start."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.parts import ROOT

pytestmark = pytest.mark.slow

_SAYS_HOW_IT_WAS_CALLED = """
import json, os, sys
import services
print(json.dumps({"arguments": sys.argv[1:], "cwd": os.getcwd(), "prefix": sys.prefix, "services": services.__file__}))
"""


class Checkout:
    """The launcher in a checkout of its own whose command line only says how it was called."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copy(ROOT / "yiqijiu", path / "yiqijiu")
        for package in ("deploy/local", "services"):
            (path / package).mkdir(parents=True)
        (path / "deploy" / "local" / "__main__.py").write_text(_SAYS_HOW_IT_WAS_CALLED)
        (path / "services" / "__init__.py").write_text("")
        self.lock("requirements", "# nothing is needed here\n")
        self.lock("requirements-dev", "# nor here\n")

    def lock(self, name: str, text: str) -> None:
        (self.path / f"{name}.lock").write_text(text)

    def start(self, *arguments: str, cwd: Path | None = None, **environ: str) -> subprocess.Popen[str]:
        env = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "YIQIJIU_PYTHON": sys.executable,
        }
        return subprocess.Popen(
            [str(self.path / "yiqijiu"), *arguments],
            cwd=cwd or "/",
            env=env | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, cwd: Path | None = None, **environ: str) -> tuple[int, str, str]:
        """Status, stdout and stderr of one call."""
        process = self.start(*arguments, cwd=cwd, **environ)
        said, complained = process.communicate(timeout=120)
        return process.returncode, said, complained


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    """One for the module, its environment made at first use; a space and an accent in its path."""
    folder = Path(tempfile.mkdtemp(prefix="yiqijiu checkout é "))
    yield Checkout(folder)
    shutil.rmtree(folder)


def test_the_first_call_makes_the_environment_and_says_so_in_one_line(checkout: Checkout) -> None:
    status, said, complained = checkout.run("up", "--port", "8001", "a b")
    assert (status, len(complained.splitlines())) == (0, 1), complained
    assert "正在准备运行环境" in complained
    assert '"arguments": ["up", "--port", "8001", "a b"]' in said and str(checkout.path / ".venv") in said.replace(
        "\\u00e9", "é"
    )


def test_a_later_call_starts_at_once_from_any_folder(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").write_text("raise RuntimeError('the wrong services')")
    began = time.monotonic()
    status, said, complained = checkout.run("up", cwd=tmp_path)
    assert (status, complained) == (0, "") and f'"cwd": "{tmp_path}"' in said
    assert time.monotonic() - began < 2


def test_it_is_found_through_a_link(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "first").symlink_to(checkout.path / "yiqijiu")
    (tmp_path / "second").symlink_to("first")
    done = subprocess.run([tmp_path / "second", "up"], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr


def test_a_changed_lock_file_is_installed_and_an_unchanged_one_is_not(checkout: Checkout) -> None:
    checkout.lock("requirements", "# another nothing\n")
    assert "正在准备运行环境" in checkout.run("up")[2]
    assert checkout.run("up")[2] == ""


def test_tests_and_checks_need_the_second_lock_file_too(checkout: Checkout) -> None:
    assert "requirements-dev" in checkout.run("test", "-k", "x")[2]
    assert checkout.run("check")[2] == ""


def test_an_interrupted_installation_is_taken_up_again(checkout: Checkout) -> None:
    (checkout.path / ".venv" / "requirements.lock.installed").unlink()
    assert "正在准备运行环境" in checkout.run("up")[2]
    (checkout.path / ".venv" / "bin" / "python").unlink()
    status, said, _ = checkout.run("up")
    assert status == 0 and "prefix" in said


def test_a_failed_installation_says_what_to_do_and_leaves_no_stamp(checkout: Checkout) -> None:
    checkout.lock("requirements", "no-hash==1.0\n")
    status, said, complained = checkout.run("up", LANG="en_US.UTF-8")
    assert (status, said) == (1, "") and "Error [install_failed]" in complained and "What to do:" in complained
    assert not (checkout.path / ".venv.lock").exists()
    checkout.lock("requirements", "# nothing again\n")
    assert checkout.run("up")[0] == 0


def test_starts_at_the_same_time_wait_for_the_one_that_installs(checkout: Checkout) -> None:
    checkout.lock("requirements", f"# {time.time()}\n")
    started = [checkout.start("up") for _ in range(4)]
    done = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * 4
    assert sum("正在准备运行环境（" in complained for _, complained in done) == 1
    assert not (checkout.path / ".venv.lock").exists()


@pytest.mark.parametrize("left", ["999999999", "", f"{os.getpid()}"], ids=["dead", "unsigned", "somebody else's pid"])
def test_a_lock_that_a_killed_start_left_is_no_hindrance(checkout: Checkout, left: str) -> None:
    checkout.lock("requirements", f"# {time.time()}\n")
    (checkout.path / ".venv.lock").mkdir()
    if left:
        (checkout.path / ".venv.lock" / "pid").write_text(left)
    status, said, _ = checkout.run("up")
    assert status == 0 and said


def test_a_process_of_a_folder_called_yiqijiu_is_no_launcher(checkout: Checkout, tmp_path: Path) -> None:
    tool = tmp_path / "yiqijiu" / "sleep"
    tool.parent.mkdir()
    tool.symlink_to(shutil.which("sleep") or "/bin/sleep")
    checkout.lock("requirements", f"# {time.time()}\n")
    (checkout.path / ".venv.lock").mkdir()
    with subprocess.Popen([str(tool), "300"]) as other:
        (checkout.path / ".venv.lock" / "pid").write_text(str(other.pid))
        try:
            assert checkout.run("up")[0] == 0
        finally:
            other.kill()


def test_without_a_recent_python_it_says_what_to_install(checkout: Checkout, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "dirname", "readlink", "cmp", "mkdir", "rm", "cat", "tr", "grep", "mv", "sleep", "cp"):
        (tools / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    checkout.lock("requirements", f"# {time.time()}\n")
    hidden = checkout.path / ".venv" / "bin" / "python"
    hidden.rename(hidden.with_name("hidden"))
    try:
        status, _, complained = checkout.run("up", PATH=str(tools), YIQIJIU_PYTHON="")
        assert status == 78 and "错误 [python_absent]" in complained and "apt install" in complained
        old.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *) exit 0;; esac\n')
        status, _, complained = checkout.run("up", PATH=str(tools), YIQIJIU_PYTHON="", LANG="en_US.UTF-8")
        assert status == 78 and "Error [venv_absent]" in complained and "python3-venv" in complained
    finally:
        hidden.with_name("hidden").rename(hidden)


def test_the_shell_finds_nothing_wrong_with_it() -> None:
    assert subprocess.run(["sh", "-n", ROOT / "yiqijiu"]).returncode == 0
    if shutil.which("shellcheck"):
        assert subprocess.run(["shellcheck", "-s", "sh", ROOT / "yiqijiu"]).returncode == 0
