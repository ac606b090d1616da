"""The data folder: what lies where, who may read it, and the secrets that are made once.

YIQIJIU_HOME/            0700 (0711 where root runs the suite: the database's own user has to pass through)
├── home.json            which folder this is
├── ports.json           port of each part, of PostgreSQL and of NATS
├── secrets/             0700; every file 0600, made once and never written over
│   ├── passwords.json   passwords of the database roles and of the NATS users
│   ├── <part>.json      what one part may know: its URLs and its own keys
│   └── jwt-public.pem   the key that verifies the gateway's inner tokens
├── run/                 the lock, the processes, the state of the running suite
├── logs/                one file a process
├── nats/                the broker's configuration and store
└── pg/                  the cluster, unless it has to live elsewhere (`place.py`)
"""

import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.parts import ROOT
from deploy.local.refusal import Refusal, Words

FOLDERS = ("secrets", "run", "logs", "nats")
_PRIVATE = 0o700
_PASSED_THROUGH = 0o711


def home_path(environ: Mapping[str, str] | None = None) -> Path:
    """The data folder that the environment names, else `var` in the checkout."""
    env = os.environ if environ is None else environ
    return Path(env.get("YIQIJIU_HOME") or ROOT / "var").expanduser().absolute()


class Home:
    """A data folder that is in order. Make one with `Home.open`, which creates and checks."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: Path) -> "Home":
        """Create what is absent and check the rest. From here on, whatever this process makes is its user's only.

        Raises: Refusal when the folder is somebody else's, or others may read it.
        """
        os.umask(0o077)
        path = path.expanduser().absolute()
        _make_private(path, root_passes=True)
        home = cls(path)
        for name in FOLDERS:
            _make_private(path / name)
        for file in sorted(home.secrets.iterdir()):
            _check(file, allowed={0o600})
        if not (path / "home.json").exists():
            write_once(path / "home.json", json.dumps({"id": secrets.token_hex(8)}))
        return home

    @property
    def id(self) -> str:
        """A random name of this very folder, the same for as long as it exists."""
        return str(json.loads((self.path / "home.json").read_text())["id"])

    def keys_made(self) -> dict[str, list[str]]:
        """The names of the keys that were made here once, by part."""
        return dict(read_json(self.path / "home.json").get("keys_made", {}))

    def note_keys_made(self, keys: Mapping[str, list[str]]) -> None:
        """Remember which keys the parts have, so that lost ones are missed and not made anew."""
        held = read_json(self.path / "home.json") | {"keys_made": dict(keys)}
        write_over(self.path / "home.json", json.dumps(held))

    @property
    def secrets(self) -> Path:
        """Where the secrets are."""
        return self.path / "secrets"

    @property
    def run(self) -> Path:
        """Where the lock and the state of the running suite are."""
        return self.path / "run"

    @property
    def nats(self) -> Path:
        """Where the broker's configuration and store are."""
        return self.path / "nats"

    def log_file(self, name: str) -> Path:
        """The log of one process."""
        return self.path / "logs" / f"{name}.log"

    def part_secrets(self, part: str) -> dict[str, Any]:
        """What `secrets/<part>.json` holds; {} when it is not made yet."""
        return read_json(self.secrets / f"{part}.json")

    def ports(self) -> dict[str, int]:
        """What `ports.json` holds; {} when it is not made yet."""
        return {name: int(port) for name, port in read_json(self.path / "ports.json").items()}


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file of ours; {} when there is no such file."""
    try:
        answer = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    assert isinstance(answer, dict)
    return answer


def write_once(path: Path, text: str) -> bool:
    """Write a 0600 file that must not be there yet; whole or not at all. False when it was there and was left alone."""
    partial = _written_aside(path, text)
    try:
        os.link(partial, path)
    except FileExistsError:
        return False
    finally:
        partial.unlink()
    return True


def write_over(path: Path, text: str) -> None:
    """Write a 0600 file, whole or not at all, in place of the former one; nothing is touched when it says the same."""
    if path.exists() and path.read_text() == text:
        return
    _written_aside(path, text).replace(path)


def _written_aside(path: Path, text: str) -> Path:
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return partial


def _make_private(path: Path, *, root_passes: bool = False) -> None:
    mode = _PASSED_THROUGH if root_passes and os.geteuid() == 0 else _PRIVATE
    try:
        path.mkdir(mode=mode, parents=True)
    except FileExistsError:
        if not path.is_dir():
            raise Refusal(
                "home_not_a_folder",
                Words(f"{path} 不是文件夹。", f"{path} is not a folder."),
                Words("请改用别的 YIQIJIU_HOME。", "Choose another YIQIJIU_HOME."),
            ) from None
    except OSError as error:
        raise Refusal(
            "home_not_writable",
            Words(f"无法建立文件夹 {path}（{error.strerror}）。", f"Cannot make {path} ({error.strerror})."),
            Words("请把 YIQIJIU_HOME 指到可以写入的地方。", "Point YIQIJIU_HOME at a place that can be written."),
        ) from error
    if path.stat().st_uid == os.geteuid() and not any(path.iterdir()):
        path.chmod(mode)
    _check(path, allowed={_PRIVATE, mode})


def _check(path: Path, *, allowed: set[int]) -> None:
    seen = path.lstat()
    if seen.st_uid != os.geteuid():
        raise Refusal(
            "home_of_somebody_else",
            Words(f"{path} 属于另一个用户（uid {seen.st_uid}）。", f"{path} belongs to uid {seen.st_uid}."),
            Words("请用该用户运行，或改用别的 YIQIJIU_HOME。", "Run as that user, or choose another YIQIJIU_HOME."),
        )
    if stat.S_ISLNK(seen.st_mode) or stat.S_IMODE(seen.st_mode) not in allowed:
        wanted = f"{min(allowed):o}"
        raise Refusal(
            "home_readable_by_others",
            Words(
                f"{path} 的权限是 {stat.S_IMODE(seen.st_mode):o}，应为 {wanted}：别人可能读到过其中内容。",
                f"{path} has mode {stat.S_IMODE(seen.st_mode):o}, not {wanted}: others may have read what is in it.",
            ),
            Words(f'确认无误后运行：chmod {wanted} "{path}"', f'When you are sure, run: chmod {wanted} "{path}"'),
        )
