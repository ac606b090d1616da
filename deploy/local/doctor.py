"""`./yiqijiu doctor`: looks over the machine, the data folder and the running suite, check by check."""

import asyncio
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import psutil

from deploy.local.arguments import Arguments
from deploy.local.home import FOLDERS, Home, home_path, read_json
from deploy.local.http import get
from deploy.local.nats import server_program
from deploy.local.parts import PARTS
from deploy.local.place import SHARED_PLACE, wheel_programs
from deploy.local.ports import GATEWAY_PORT, holder_of, is_free
from deploy.local.processes import ProcessId
from deploy.local.refusal import FOUND_PROBLEMS, Refusal, Words, language_of
from deploy.local.runlock import holder
from deploy.local.servers import OwnServers
from deploy.local.terminal import say

_LEAST_FREE = 2 * 2**30
_LEAST_MEMORY = 2 * 2**30
_MARKS = {"ok": "✓", "warn": "!", "bad": "✗", "skipped": "-"}


@dataclass(frozen=True)
class Check:
    """One line. `outcome`: ok, warn (works, look at it), bad (does not work or is not safe), skipped."""

    id: str
    title: Words
    outcome: str
    detail: str = ""


def main(arguments: Sequence[str]) -> int:
    """Print every check. Answers 1 when any is bad."""
    reader = Arguments("doctor", zh="逐项检查本机安装。", en="Look over the installation.", example="./yiqijiu doctor")
    reader.add_argument("--json", action="store_true", help=say("输出 JSON", "print JSON"))
    chosen = reader.parse_args(arguments)
    checks = asyncio.run(look_over(home_path()))
    if chosen.json:
        rows = [asdict(check) for check in checks]
        print(json.dumps({"ok": not _bad(checks), "checks": rows}, ensure_ascii=False, indent=1))
    else:
        for check in checks:
            detail = f"  {check.detail}" if check.detail else ""
            print(f"{_MARKS[check.outcome]} {check.title.say(language_of())}{detail}")
    return FOUND_PROBLEMS if _bad(checks) else 0


async def look_over(path: Path) -> list[Check]:
    """Every check, in reading order: the machine, the data folder, the running suite."""
    checks = [_python(), *_programs(), _memory(), _disk(path), _folder_modes(path), _secret_modes(path), *_abandoned()]
    running = _running(path)
    checks.append(
        Check(
            "suite",
            Words("服务正在运行", "The suite is running"),
            "ok" if running else "skipped",
            f"pid {running.pid}" if running else say("没有运行", "not running"),
        )
    )
    checks.append(_gateway_port(path, running))
    if running:
        for look in (_parts, _postgres, _nats, _listening):
            checks += await look(path, running)
    return checks


def _bad(checks: Iterable[Check]) -> bool:
    return any(check.outcome == "bad" for check in checks)


def _running(path: Path) -> ProcessId | None:
    return holder(Home(path)) if (path / "run" / "lock").exists() else None


def _python() -> Check:
    version = ".".join(str(number) for number in sys.version_info[:3])
    return Check("python", Words("Python 3.11 以上", "Python 3.11 or newer"), "ok", version)


def _programs() -> list[Check]:
    checks = []
    finders: tuple[tuple[str, str, Callable[[], Path]], ...] = (
        ("postgres_programs", "PostgreSQL 18", wheel_programs),
        ("nats_program", "NATS Server", server_program),
    )
    for id_, name, find in finders:
        title = Words(f"{name} 程序", f"Programs of {name}")
        try:
            find()
            checks.append(Check(id_, title, "ok"))
        except Refusal as refusal:
            checks.append(Check(id_, title, "bad", refusal.what.say(language_of())))
    return checks


def _memory() -> Check:
    free = psutil.virtual_memory().available
    outcome = "ok" if free >= _LEAST_MEMORY else "warn"
    return Check("memory", Words("可用内存 2 GB 以上", "2 GB of memory available"), outcome, f"{free / 2**30:.1f} GB")


def _disk(path: Path) -> Check:
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    usage = shutil.disk_usage(there)
    outcome = "ok" if usage.free >= max(_LEAST_FREE, usage.total // 10) else "warn"
    if usage.free < max(_LEAST_FREE // 4, usage.total // 50):
        outcome = "bad"
    return Check("disk", Words("磁盘余量", "Free disk space"), outcome, f"{usage.free / 2**30:.1f} GB")


def _folder_modes(path: Path) -> Check:
    title = Words("数据文件夹只有自己能读", "Only its owner may read the data folder")
    if not path.exists():
        return Check("folder_modes", title, "skipped", str(path))
    allowed = {0o700, 0o711} if path.stat().st_uid == 0 else {0o700}
    wrong = [] if stat.S_IMODE(path.stat().st_mode) in allowed else [path.name]
    wrong += [name for name in FOLDERS if (path / name).exists() and stat.S_IMODE((path / name).stat().st_mode) & 0o077]
    return Check("folder_modes", title, "bad" if wrong else "ok", ", ".join(wrong) or str(path))


def _secret_modes(path: Path) -> Check:
    title = Words("密钥文件权限为 600", "Secret files have mode 600")
    folder = path / "secrets"
    if not folder.exists() or not os.access(folder, os.R_OK | os.X_OK):
        return Check("secret_modes", title, "skipped")
    wrong = [file.name for file in sorted(folder.iterdir()) if stat.S_IMODE(file.lstat().st_mode) != 0o600]
    return Check("secret_modes", title, "bad" if wrong else "ok", ", ".join(wrong))


def _abandoned() -> list[Check]:
    """Clusters in the shared place whose data folder is gone: they may still hold personal data."""
    left = []
    with_marks = SHARED_PLACE.glob("*/home-path") if os.access(SHARED_PLACE, os.R_OK) else ()
    for mark in with_marks:
        home = Path(mark.read_text())
        same = read_json(home / "home.json").get("id") == (mark.parent / "home-id").read_text()
        if not same:
            left.append(str(mark.parent))
    title = Words("没有被遗弃的数据库", "No abandoned database")
    return [Check("abandoned", title, "warn" if left else "ok", f"rm -rf {' '.join(left)}" if left else "")]


def _gateway_port(path: Path, running: ProcessId | None) -> Check:
    title = Words("网关端口可用", "The gateway's port is free")
    port = int(os.environ.get("YIQIJIU_PORT") or GATEWAY_PORT)
    if running:
        return Check("gateway_port", title, "skipped", str(Home(path).ports().get("gateway", "")))
    return Check("gateway_port", title, "ok" if is_free(port) else "bad", f"{port} {holder_of(port)}".strip())


async def _parts(path: Path, running: ProcessId) -> list[Check]:
    checks = []
    ports = Home(path).ports()
    for part in PARTS:
        title = Words(f"{part} 就绪", f"{part} is ready")
        try:
            status, _ = await get(ports[part], "/readyz", timeout_s=3)
            checks.append(Check(f"ready_{part}", title, "ok" if status < 300 else "bad", str(status)))
        except (OSError, TimeoutError, EOFError, KeyError) as error:
            checks.append(Check(f"ready_{part}", title, "bad", type(error).__name__))
    return checks


async def _postgres(path: Path, running: ProcessId) -> list[Check]:
    titles = {
        "fsync": Words("PostgreSQL 落盘（fsync）", "PostgreSQL: fsync is on"),
        "synchronous_commit": Words("PostgreSQL 同步提交", "PostgreSQL: synchronous_commit is on"),
        "full_page_writes": Words("PostgreSQL 整页写", "PostgreSQL: full_page_writes is on"),
        "data_checksums": Words("PostgreSQL 校验和", "PostgreSQL: data checksums are on"),
    }
    url = Home(path).part_secrets("intake").get("database_url")
    try:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            found = {name: await connection.fetchval(f"SHOW {name}") for name in titles}
        finally:
            await connection.close()
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        return [Check("postgres", Words("PostgreSQL 可连接", "PostgreSQL answers"), "bad", type(error).__name__)]
    return [Check(name, title, "ok" if found[name] == "on" else "bad", found[name]) for name, title in titles.items()]


async def _nats(path: Path, running: ProcessId) -> list[Check]:
    title = Words("NATS 每条消息落盘（sync_interval: always）", "NATS syncs every message")
    if not OwnServers.read().needs_nats:
        return [Check("nats_sync", title, "skipped", say("使用自己的服务器", "a server of your own"))]
    try:
        _, body = await get(Home(path).ports()["nats_monitor"], "/varz", timeout_s=3)
        is_on = json.loads(body)["jetstream"]["config"].get("sync_always") is True
    except (OSError, TimeoutError, EOFError, KeyError, ValueError) as error:
        return [Check("nats_sync", title, "bad", type(error).__name__)]
    return [Check("nats_sync", title, "ok" if is_on else "bad")]


async def _listening(path: Path, running: ProcessId) -> list[Check]:
    """Only loopback addresses, for every process the suite started."""
    title = Words("只在本机地址监听", "Listening on loopback only")
    rows = read_json(path / "run" / "state.json").get("processes", {})
    wrong = []
    for name, row in rows.items():
        try:
            connections = psutil.Process(row["pid"]).net_connections(kind="inet")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        open_to_all = {c.laddr for c in connections if c.status == psutil.CONN_LISTEN and not _is_local(c.laddr.ip)}
        wrong += [f"{name} {address.ip}:{address.port}" for address in open_to_all]
    return [Check("loopback", title, "bad" if wrong else "ok", ", ".join(wrong))]


def _is_local(address: str) -> bool:
    return address.startswith("127.") or address == "::1"
