"""Whether a database is the installation's own: by an id outside of it, by its place, by how far it has counted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.infra import instance
from postroom.infra.config import config
from postroom.infra.database import base, sqlite
from postroom.infra.models import Parameter

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own, and nothing known from before."""
    monkeypatch.setattr(config(), "var", tmp_path)
    instance.forget()
    yield tmp_path
    instance.forget()


def moved(monkeypatch: pytest.MonkeyPatch, to: str = "elsewhere") -> None:
    """The database lives in another place."""
    monkeypatch.setattr(base, "place", lambda: to)
    instance.forget()


def test_a_new_database_is_its_own(var: Path) -> None:
    assert not instance.standing().is_copy
    found = instance.ensure()
    assert (found.id, found.copy, found.url_before) == (instance.instance_id(), "", "")
    assert (var / "instance").read_text() == f"{found.id} 0\n"
    assert (var / "instance").stat().st_mode & 0o777 == 0o600
    assert instance.ensure() == found


def test_who_is_cut_off_while_it_gets_its_identity_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(instance, "replace_file", cut_off)
        with pytest.raises(OSError, match="No space"):
            instance.ensure()
    assert not instance.examine().is_copy
    found = instance.ensure()
    assert (found.is_copy, found.id) == (False, instance.instance_id())


def test_one_of_a_version_that_did_not_ask_goes_on(var: Path) -> None:
    before = instance.instance_id()
    assert not instance.examine().is_copy
    assert instance.ensure().id == before
    assert (var / "instance").exists()


def test_another_place_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    own = instance.ensure()
    moved(monkeypatch)
    assert "not where it was" in instance.standing().copy
    moved(monkeypatch, own.place)
    assert not instance.standing().is_copy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "knows nothing"),
        ("", "knows nothing"),
        ("what is this", "knows nothing"),
        ("é 1", "knows nothing"),
        ("0123456789abcdef 0", "another installation"),
    ],
)
def test_a_missing_or_unknown_id_is_a_copy(var: Path, text: str | None, words: str) -> None:
    instance.ensure()
    (var / "instance").unlink() if text is None else (var / "instance").write_text(text, encoding="utf-8")
    assert words in instance.examine().copy


def test_the_configured_id_stands_for_the_file(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = instance.ensure().id
    (var / "instance").unlink()
    monkeypatch.setattr(config(), "instance", own)
    assert not instance.examine().is_copy
    monkeypatch.setattr(config(), "instance", "another")
    assert "POSTROOM_INSTANCE" in instance.examine().copy


def test_a_new_database_takes_the_configured_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "instance", "acme-production")
    assert instance.ensure().id == "acme-production"


def test_an_older_database_is_a_copy(var: Path) -> None:
    own = instance.ensure().id
    backup = dict(Parameter.objects.values_list("key", "value"))
    assert [instance.beat(), instance.beat()] == ["", ""]
    assert (var / "instance").read_text() == f"{own} 2\n"
    assert not instance.examine().is_copy
    for key, value in backup.items():
        Parameter.objects.filter(key=key).update(value=value)
    assert "older than what ran here" in instance.examine().copy
    assert "copy" in instance.beat()  # which counts nothing
    assert (var / "instance").read_text() == f"{own} 2\n"


def test_what_is_outside_may_lag_behind(var: Path) -> None:
    """As it does after a crash between the commit and the file, and on each of several machines."""
    own = instance.ensure().id
    instance.beat()
    (var / "instance").write_text(f"{own} 0\n")
    assert not instance.examine().is_copy


def test_another_public_address_is_a_warning_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = config().public_url
    instance.ensure()
    monkeypatch.setattr(config(), "public_url", "https://mail.acme.example")
    found = instance.examine()
    assert (found.is_copy, found.url_before) == (False, before)
    instance.keep_url()
    assert instance.examine().url_before == ""


@pytest.mark.parametrize("remember", [True, False])
def test_taking_over_gives_it_an_id_of_its_own(var: Path, monkeypatch: pytest.MonkeyPatch, remember: bool) -> None:
    before = instance.ensure().id
    moved(monkeypatch)
    instance.take_over(remember=remember)
    assert instance.examine().is_copy  # until it stands outside, too
    instance.settle_outside()
    assert not instance.examine().is_copy
    own = instance.instance_id()
    assert own != before
    assert instance.own_ids() == ({own, before} if remember else {own})
    assert (var / "instance").read_text() == f"{own} 0\n"


def test_the_one_that_was_copied_is_held_if_it_comes_back_with_the_same_folder(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = instance.ensure()
    rows = dict(Parameter.objects.values_list("key", "value"))
    moved(monkeypatch)
    instance.take_over(remember=True)
    instance.settle_outside()
    for key, value in rows.items():  # the former database, as it was
        Parameter.objects.filter(key=key).update(value=value)
    moved(monkeypatch, own.place)
    assert "another installation" in instance.examine().copy


def test_taking_over_keeps_a_configured_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "instance", "acme")
    instance.ensure()
    moved(monkeypatch)
    instance.take_over(remember=True)
    instance.settle_outside()
    assert (instance.examine().id, instance.examine().copy) == ("acme", "")
    assert instance.own_ids() == {"acme"}


def test_the_first_note_of_a_copy_counts_until_it_is_another(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance.ensure()
    moved(monkeypatch)
    assert instance.standing().noticed is None
    instance.note_copy(7)
    instance.note_copy(9)
    assert instance.standing().noticed == 7
    moved(monkeypatch, "yet another place")
    assert instance.standing().noticed is None
    instance.note_copy(9)
    assert instance.standing().noticed == 9


def test_its_own_place_again_forgets_the_note(monkeypatch: pytest.MonkeyPatch) -> None:
    own = instance.ensure()
    moved(monkeypatch)
    instance.note_copy(7)
    moved(monkeypatch, own.place)
    instance.beat()
    moved(monkeypatch)
    assert instance.standing().noticed is None


def test_an_answer_holds_for_a_moment(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: object) -> None:
    instance.ensure()
    instance.standing()
    with django_assert_num_queries(0):  # type: ignore[operator]
        instance.standing()
    monkeypatch.setattr(instance, "AGAIN_SECONDS", -1.0)
    Parameter.objects.filter(key=instance.KEY).update(value="another")
    assert instance.standing().id == "another"
    assert instance.instance_id() == "another"  # what is sent is marked by the id that holds


def test_the_place_of_a_file(tmp_path: Path) -> None:
    class Wrapper:
        settings_dict: dict[str, str]

    first, second = Wrapper(), Wrapper()
    (tmp_path / "one").write_text("x")
    shutil.copy2(tmp_path / "one", tmp_path / "two")
    first.settings_dict, second.settings_dict = {"NAME": str(tmp_path / "one")}, {"NAME": str(tmp_path / "two")}
    own = sqlite.place(first)
    assert own != sqlite.place(second)
    (tmp_path / "one").rename(tmp_path / "three")
    first.settings_dict["NAME"] = str(tmp_path / "three")
    assert sqlite.place(first) == own  # another name is no other file
