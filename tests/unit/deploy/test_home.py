"""The data folder: private, made once, and missed when something is gone from it."""

import base64
import json
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from deploy.local.home import Home, home_path, write_once, write_over
from deploy.local.keys import hand_out, passwords, with_login
from deploy.local.parts import PARTS, ROOT
from deploy.local.refusal import Refusal
from services.kit.settings import PartSettings


def everything_in(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file()]


def test_the_default_data_folder_is_var_in_the_checkout() -> None:
    assert home_path({}) == ROOT / "var"
    assert home_path({"YIQIJIU_HOME": "/srv/yiqijiu"}) == Path("/srv/yiqijiu")


def test_a_new_data_folder_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home")
    passwords(home)
    hand_out(home, urls={})
    assert stat.S_IMODE(home.path.stat().st_mode) in {0o700, 0o711}
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in everything_in(home.path))
    assert stat.S_IMODE(home.secrets.stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["home", "secrets", "secrets/passwords.json"])
def test_a_folder_that_others_could_read_is_refused_and_the_way_out_named(tmp_path: Path, what: str) -> None:
    path = tmp_path / "home"
    passwords(Home.open(path))
    wrong = path if what == "home" else path / what
    wrong.chmod(0o755)
    with pytest.raises(Refusal) as refused:
        Home.open(path)
    assert refused.value.code == "home_readable_by_others"
    assert f'chmod 700 "{wrong}"' in refused.value.remedy.zh or f'chmod 600 "{wrong}"' in refused.value.remedy.zh


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "home"
    Home.open(path)
    os.chown(path, 65534, 65534)
    with pytest.raises(Refusal) as refused:
        Home.open(path)
    assert refused.value.code == "home_of_somebody_else"


def test_secrets_are_made_once_and_stay(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home")
    first_passwords = passwords(home)
    hand_out(home, urls={part: {"database_url": "postgresql://a@127.0.0.1:1/x"} for part in PARTS})
    first = {part: home.part_secrets(part) for part in PARTS}

    hand_out(home, urls={part: {"database_url": "postgresql://a@127.0.0.1:2/x"} for part in PARTS})

    assert passwords(Home.open(home.path)) == first_passwords
    for part in PARTS:
        after = home.part_secrets(part)
        assert after.pop("database_url").endswith(":2/x"), "the URL follows the port"
        assert after == {name: value for name, value in first[part].items() if name != "database_url"}


def test_each_part_gets_its_own_keys_and_no_other_parts(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home")
    hand_out(home, urls={})
    assert set(home.part_secrets("intake")) == {"seal_key", "index_key"}
    assert set(home.part_secrets("referral")) == {"case_key", "seal_key"}
    assert set(home.part_secrets("gateway")) == {"jwt_private_key", "audit_key", "seal_key"}
    assert home.part_secrets("eligibility") == {}
    keys = [home.part_secrets(part)["seal_key"] for part in ("intake", "referral", "charity", "gateway")]
    assert len(set(keys)) == 4 and all(len(base64.b64decode(key)) == 32 for key in keys)


def test_the_public_key_verifies_what_the_gateways_key_signs(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home")
    hand_out(home, urls={})
    private = load_pem_private_key(home.part_secrets("gateway")["jwt_private_key"].encode(), password=None)
    public = load_pem_public_key((home.secrets / "jwt-public.pem").read_bytes())
    public.verify(private.sign(b"text"), b"text")  # type: ignore[union-attr, call-arg]  # Ed25519, as made
    assert private.public_key().public_bytes_raw() == public.public_bytes_raw()  # type: ignore[union-attr]  # Ed25519


def test_lost_keys_are_missed_and_not_made_anew(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home")
    hand_out(home, urls={})
    (home.secrets / "intake.json").unlink()
    with pytest.raises(Refusal) as refused:
        hand_out(home, urls={})
    assert refused.value.code == "keys_gone" and not (home.secrets / "intake.json").exists()


def test_a_key_that_a_newer_version_needs_is_added_to_an_older_data_folder(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home")
    hand_out(home, urls={})
    older = {part: [key for key in keys if key != "index_key"] for part, keys in home.keys_made().items()}
    seal_key = home.part_secrets("intake")["seal_key"]
    home.note_keys_made(older)
    write_over(home.secrets / "intake.json", json.dumps({"seal_key": seal_key}))
    hand_out(home, urls={})
    assert home.part_secrets("intake")["seal_key"] == seal_key and home.part_secrets("intake")["index_key"]


def test_a_file_written_once_is_left_alone(tmp_path: Path) -> None:
    assert write_once(tmp_path / "a", "first")
    assert not write_once(tmp_path / "a", "second")
    assert (tmp_path / "a").read_text() == "first" and len(list(tmp_path.iterdir())) == 1


def test_a_url_for_another_login_keeps_host_port_and_query() -> None:
    made = with_login(
        "postgresql://admin:old@db.example:5433/postgres?sslmode=verify-full",
        user="intake_app",
        password="a/b@c",
        database="yiqijiu_intake",
    )
    assert made == "postgresql://intake_app:a%2Fb%40c@db.example:5433/yiqijiu_intake?sslmode=verify-full"


def test_the_kit_reads_what_is_handed_out(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home")
    hand_out(
        home, urls={"intake": {"database_url": "postgresql://a:b@127.0.0.1:1/x", "nats_url": "nats://i:p@127.0.0.1:2"}}
    )
    settings = PartSettings.load("intake", {"YIQIJIU_HOME": str(home.path)})
    assert settings.database_url.get_secret_value() == "postgresql://a:b@127.0.0.1:1/x"
    assert settings.jwt_public_key.startswith("-----BEGIN PUBLIC KEY-----")
