"""The spool: taken in once each, and no mail in it holds up another."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from django.db import DataError, OperationalError

from postroom.inbound import services
from postroom.inbound.models import InboundMail, RawMail
from postroom.inbound.services import Arrival
from postroom.inbound.sources import spool as module
from postroom.inbound.sources.spool import Spool
from tests.sources.conftest import Post, make_post
from tests.sources.test_smtp import until
from tests.support.acme import letter
from tests.support.running import Installation, stop


def leave(folder: Path, key: str, raw: bytes = b"Subject: x\n\nx\n", **changes: object) -> Path:
    """A file as mailgate leaves it."""
    folder.mkdir(exist_ok=True)
    envelope = {"id": key, "sender": "h@customer.example", "recipients": ["sales@acme.example"], "from_headers": False}
    file = folder / f"{key}.mail"
    file.write_bytes(json.dumps(envelope | changes).encode() + b"\n" + raw)
    return file


@pytest.mark.django_db
def test_everything_in_it_is_kept_in_order_and_removed(tmp_path: Path) -> None:
    files = [leave(tmp_path / "spool", f"{number:03}") for number in range(70)]
    assert Spool(tmp_path / "spool").take_in() == 70
    assert not any(file.exists() for file in files)
    keys = InboundMail.objects.order_by("id").values_list("source", "key")
    assert list(keys) == [("pipe", f"{number:03}") for number in range(70)]
    assert Spool(tmp_path / "spool").take_in() == 0


@pytest.mark.django_db
def test_the_same_mail_again_is_kept_once(tmp_path: Path) -> None:
    for _ in range(2):
        leave(tmp_path, "one")
        leave(tmp_path, "two")
        assert Spool(tmp_path).take_in() == 2
    assert InboundMail.objects.count() == 2


@pytest.mark.django_db
def test_links_and_named_pipes_are_no_mail(tmp_path: Path) -> None:
    """Whoever may write there must neither hold the listener up nor have it read what is not theirs."""
    secret = leave(tmp_path / "elsewhere", "secret")
    spool = tmp_path / "spool"
    leave(spool, "one")
    os.mkfifo(spool / "pipe.mail")
    (spool / "link.mail").symlink_to(secret)
    (spool / "folder.mail").mkdir()
    assert Spool(spool).take_in() == 1
    assert InboundMail.objects.get().key == "one"
    assert secret.exists()


@pytest.mark.django_db
def test_bytes_and_envelope_are_kept_as_they_came(tmp_path: Path) -> None:
    raw = b"From: x\nSubject: bare\r\nX: \r y\n\n\0\xff body"
    leave(tmp_path, "one", raw, sender="", recipients=["a@elsewhere.example", "b@acme.example"], from_headers=True)
    assert Spool(tmp_path).take_in() == 1
    mail = InboundMail.objects.get()
    assert (mail.sender, mail.recipients) == ("", ["a@elsewhere.example", "b@acme.example"])
    assert mail.recipients_from_headers
    assert bytes(RawMail.objects.get().data or b"") == raw


BROKEN = [b"", b"{", b"[]\nx", b'{"id": "1"}\nx', b'{"id":"1","sender":"","recipients":"a@b","from_headers":false}\nx']


@pytest.mark.django_db
@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_envelope_is_moved_aside_whole(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "0.mail").write_bytes(content)
    leave(tmp_path, "one")
    assert Spool(tmp_path).take_in() == 1
    assert (tmp_path / "broken" / "0.mail").read_bytes() == content


@pytest.mark.parametrize("error", [DataError("too long"), UnicodeEncodeError("utf-8", "\udcff", 0, 1, "no text")])
def test_what_the_database_will_never_take_is_moved_aside_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    kept: list[str] = []

    def accept(arrivals: Sequence[Arrival], *, check_catchall: bool) -> None:
        if "2-bad" in {one.key for one in arrivals}:
            raise error
        kept.extend(one.key for one in arrivals)

    monkeypatch.setattr(module, "accept", accept)
    for key in ("1-good", "2-bad", "3-good"):
        leave(tmp_path, key)
    assert Spool(tmp_path).take_in() == 2
    assert kept == ["1-good", "3-good"]
    assert [file.name for file in (tmp_path / "broken").iterdir()] == ["2-bad.mail"]
    assert not list(tmp_path.glob("*.mail"))


@pytest.mark.parametrize("error", [OperationalError("away"), OSError(28, "No space left on device")])
def test_while_nothing_can_be_kept_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def accept(arrivals: Sequence[Arrival], *, check_catchall: bool) -> None:
        raise error

    monkeypatch.setattr(module, "accept", accept)
    files = [leave(tmp_path, "1"), leave(tmp_path, "2")]
    with pytest.raises(type(error)):
        Spool(tmp_path).take_in()
    assert all(file.exists() for file in files)
    assert not (tmp_path / "broken").exists()


@pytest.mark.django_db
def test_what_may_not_be_read_waits_and_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = leave(tmp_path, "1")
    leave(tmp_path, "2")
    read = Path.read_bytes

    def deny(path: Path) -> bytes:
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", deny)
    assert Spool(tmp_path).take_in() == 1
    assert locked.exists()


def test_half_written_files_and_missing_folders_are_passed_over(tmp_path: Path) -> None:
    leave(tmp_path, "x").rename(tmp_path / ".x")
    assert Spool(tmp_path).take_in() == 0
    assert Spool(tmp_path / "nowhere").take_in() == 0


@pytest.mark.django_db
def test_it_is_removed_after_it_is_kept_and_the_folder_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []

    def noting(what: str, done: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*given: object, **named: object) -> object:
            result = done(*given, **named)
            happened.append(what)
            return result

        return wrapped

    monkeypatch.setattr(module, "accept", noting("commit", services.accept))
    monkeypatch.setattr(Path, "unlink", noting("remove", Path.unlink))
    monkeypatch.setattr(os, "fsync", noting("sync", os.fsync))
    leave(tmp_path, "one")
    Spool(tmp_path).take_in()
    assert happened == ["commit", "remove", "sync"]


def test_a_kill_between_commit_and_removal_keeps_it_once(tmp_path: Path) -> None:
    """The listener kills itself (-9) at that very point; the next one finds the file again."""
    installation = make_post(tmp_path / "var")
    done = installation.run("postroom", "mailgate", "-f", "h@customer.example", "sales@acme.example", stdin=letter())
    assert done.returncode == 0
    folder = tmp_path / "deadly"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import os\nfrom pathlib import Path\nunlink = Path.unlink\n"
        "def deadly(path, *given, **named):\n"
        "    if path.suffix == '.mail':\n        os.kill(os.getpid(), 9)\n"
        "    return unlink(path, *given, **named)\n"
        "Path.unlink = deadly\n"
    )
    path = f"{folder}:{installation.environment()['PYTHONPATH']}"
    process = Installation(installation.var, port=installation.port).start(
        "postroom", "smtp", extra={"PYTHONPATH": path}
    )
    assert process.wait(60) == -signal.SIGKILL
    post = Post(installation)
    assert post.arrivals() == 1
    (spooled,) = (installation.var / "spool").glob("*.mail")
    process = installation.listener()
    try:
        assert until(lambda: not spooled.exists())
        assert post.arrivals() == 1
    finally:
        stop([process])
