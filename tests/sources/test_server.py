"""The listener as a process: who may use its socket and spool, and as whom it runs."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path

import pytest

from postroom.inbound.listener import server
from postroom.infra.config import config

GROUP = grp.getgrgid(os.getgid()).gr_name


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[object, ...]]]:
    """What is asked of the kernel that only root may ask."""
    made: list[tuple[str, tuple[object, ...]]] = []

    def note(name: str) -> None:
        monkeypatch.setattr(os, name, lambda *given: made.append((name, given)))

    for name in ("initgroups", "setgid", "setuid", "chown"):
        note(name)
    return made


def test_root_becomes_the_user_groups_first(
    monkeypatch: pytest.MonkeyPatch, calls: list[tuple[str, tuple[object, ...]]]
) -> None:
    user = pwd.getpwnam("nobody")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(config(), "smtp_user", "nobody")
    server._drop_privileges()
    assert calls == [
        ("initgroups", ("nobody", user.pw_gid)),
        ("setgid", (user.pw_gid,)),
        ("setuid", (user.pw_uid,)),
    ]


@pytest.mark.parametrize(("euid", "user"), [(1000, "nobody"), (0, "")])
def test_others_stay_who_they_are(
    monkeypatch: pytest.MonkeyPatch, calls: list[tuple[str, tuple[object, ...]]], euid: int, user: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: euid)
    monkeypatch.setattr(config(), "smtp_user", user)
    server._drop_privileges()
    assert calls == []


def test_the_spool_is_the_groups_and_so_is_what_is_left_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "spool", tmp_path / "spool")
    monkeypatch.setattr(config(), "lmtp_group", GROUP)
    server._make_spool()
    found = (tmp_path / "spool").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o2770, os.getgid())


def test_without_a_group_the_spool_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "spool", tmp_path / "spool")
    monkeypatch.setattr(config(), "lmtp_group", "")
    (tmp_path / "spool").mkdir(mode=0o700)
    server._make_spool()
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700


def test_a_group_that_does_not_exist_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(config(), "spool", tmp_path / "spool")
    monkeypatch.setattr(config(), "lmtp_group", "no-such-group")
    with pytest.raises(SystemExit) as left:
        server._make_spool()
    assert left.value.code == 69
    assert len(capsys.readouterr().err.splitlines()) == 1
