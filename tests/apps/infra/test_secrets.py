"""Secrets at rest: what is kept says nothing, keys can be rotated, a wrong key is named in words."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from postroom.infra import secrets
from postroom.infra.config import Config
from postroom.infra.secrets import CannotDecrypt

SECRET = "hunter2 and ünïcode"
Keys = Callable[..., Config]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Keys:
    """Sets the keys of this process, newest first; without any they stand in the folder of the test."""

    def use(*given: str) -> Config:
        made = Config(var=tmp_path, encryption_keys=",".join(given))
        monkeypatch.setattr(secrets, "config", lambda: made)
        return made

    return use


def test_what_is_kept_reads_back_and_says_nothing(keys: Keys) -> None:
    keys(secrets.new_key())
    kept = secrets.encrypt(SECRET)
    assert b"hunter2" not in kept
    assert secrets.decrypt(kept) == SECRET
    assert secrets.encrypt(SECRET) != kept


def test_nothing_stays_nothing(keys: Keys) -> None:
    keys(secrets.new_key())
    assert (secrets.encrypt(""), secrets.decrypt(b"")) == (b"", "")


def test_without_a_setting_a_key_is_made_once_for_the_owner_alone(keys: Keys, tmp_path: Path) -> None:
    keys()
    kept = secrets.encrypt(SECRET)
    path = tmp_path / "encryption_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = path.read_text()
    secrets._box_of.cache_clear()
    assert secrets.decrypt(kept) == SECRET
    assert path.read_text() == made


def test_keys_are_rotated(keys: Keys) -> None:
    old, new = secrets.new_key(), secrets.new_key()
    keys(old)
    kept = secrets.encrypt(SECRET)
    keys(new, old)
    renewed = secrets.renewed(kept)
    keys(new)
    assert secrets.decrypt(renewed) == SECRET
    with pytest.raises(CannotDecrypt):
        secrets.decrypt(kept)


def test_a_wrong_key_names_the_setting_and_no_key(keys: Keys) -> None:
    old, new = secrets.new_key(), secrets.new_key()
    keys(old)
    kept = secrets.encrypt(SECRET)
    keys(new)
    with pytest.raises(CannotDecrypt, match="POSTROOM_ENCRYPTION_KEYS") as caught:
        secrets.decrypt(kept)
    assert old not in str(caught.value)
    assert new not in str(caught.value)


@pytest.mark.parametrize("key", ["short", "ä" * 44, "=" * 44, "A" * 60])
def test_what_is_no_key_is_said(keys: Keys, key: str) -> None:
    keys(secrets.new_key(), key)
    with pytest.raises(CannotDecrypt, match="POSTROOM_ENCRYPTION_KEYS") as caught:
        secrets.encrypt(SECRET)
    assert key not in str(caught.value)


def test_spaces_and_an_empty_item_between_keys_do_no_harm(keys: Keys) -> None:
    key = secrets.new_key()
    keys(f" {key} ", "")
    assert secrets.decrypt(secrets.encrypt(SECRET)) == SECRET
