"""The page behind a link in a mail: for whoever has the address, and for nobody else."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client

from postroom.infra import blobs
from postroom.infra.clock import now
from postroom.outbound.models import DownloadLink, OutgoingServer
from postroom.outbound.services import send_due
from postroom.outbound.steps.link import digest_of
from postroom.outbound.transports.memory import Memory
from postroom.web.pages.downloads import page
from tests.support.acme import Acme, make_acme
from tests.support.big_mails import links_in, make_file, post_large, small_server
from tests.support.sending import post, sent_into_memory

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]

DATA = bytes(range(256)) * 900  # 230,400 bytes: above the limit, and still answered in one piece
DAY = timedelta(days=1)


@pytest.fixture
def acme() -> Acme:
    return make_acme()


@pytest.fixture
def kept(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    with sent_into_memory(monkeypatch) as memory:
        small_server(acme, monkeypatch)
        post_large(acme, "hanna@customer.example", "kim@partner.example", data=DATA)
        send_due()
        yield memory


@pytest.fixture
def paths(kept: Memory) -> list[str]:
    """The paths that the two mails name."""
    return [links_in(one.mime)[0].removeprefix("https://post.acme.example") for one in kept.copies]


def _row(path: str) -> DownloadLink:
    return DownloadLink.objects.get(digest=digest_of(path.rpartition("/")[2]))


def _begin(client: Client, path: str) -> str:
    answer = client.post(path)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_the_page_says_what_is_there(client: Client, paths: list[str]) -> None:
    answer = client.get(paths[0])
    shown = answer.content.decode()
    for words in ("A file for you", "Acme sent it", "offer.pdf", "230 kB", "application/pdf", "Download"):
        assert words in shown
    for word in ("hanna", "customer.example", "Vans", "amara", "kim"):
        assert word not in shown, "whoever has the link learns nothing of the mail"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert not answer.cookies


def test_pressing_the_button_brings_the_file(client: Client, paths: list[str]) -> None:
    place = _begin(client, paths[0])
    answer = client.get(place)
    assert answer.content == DATA
    assert answer.headers["Content-Disposition"] == 'attachment; filename="offer.pdf"'
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_who_only_looks_did_not_open_it(client: Client, paths: list[str]) -> None:
    for ask in (client.get, client.head):
        assert ask(paths[0]).status_code == 200
    assert client.get(f"{paths[0]}/offer.pdf").headers["Location"] == paths[0], "without the button: the page again"
    assert _row(paths[0]).opened == 0
    place = _begin(client, paths[0])
    client.head(place)
    client.get(place)
    client.get(place)
    row = _row(paths[0])
    assert row.opened == 1
    first = row.first_opened_at
    _begin(client, paths[0])
    row.refresh_from_db()
    assert (row.opened, row.first_opened_at) == (2, first)
    assert _row(paths[1]).opened == 0


def _truncated(path: str) -> str:
    return path[:-1]


def _longer(path: str) -> str:
    return f"{path}A"


def _other_case(path: str) -> str:
    return path[:3] + path[3:].swapcase()


def _chance(_path: str) -> str:
    return f"/d/{secrets.token_urlsafe(24)}"


def _row_number(path: str) -> str:
    return f"/d/{_row(path).pk}"


def _digest(path: str) -> str:
    return f"/d/{_row(path).digest}"


def _revoked(path: str) -> str:
    DownloadLink.objects.update(revoked_at=now())
    return path


def _expired(path: str) -> str:
    DownloadLink.objects.update(expires_at=now() - timedelta(seconds=1))
    return path


def _with_nul(path: str) -> str:
    return f"{path}%00"


def _forgotten(path: str) -> str:
    DownloadLink.objects.all().delete()
    return path


def _not_utf8(_path: str) -> str:
    return "/d/%ff%fe"


ATTACKS: tuple[Callable[[str], str], ...] = (
    _truncated, _longer, _other_case, _chance, _row_number, _digest, _revoked, _expired, _with_nul, _forgotten,
    _not_utf8,
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_what_does_not_lead_anywhere_is_answered_alike(
    client: Client, paths: list[str], attack: Callable[[str], str], method: str
) -> None:
    unknown: HttpResponse = getattr(client, method)("/d/nothing")
    answer: HttpResponse = getattr(client, method)(attack(paths[0]))
    assert answer.status_code == unknown.status_code == 404
    assert answer.content == unknown.content
    assert dict(answer.headers) == dict(unknown.headers)
    assert method == "head" or b"Ask whoever sent you the mail" in answer.content


@pytest.mark.parametrize("attack", ATTACKS)
def test_nor_does_a_file_of_it(client: Client, paths: list[str], attack: Callable[[str], str]) -> None:
    place = _begin(client, paths[0])
    wrong = place.replace(paths[0], attack(paths[0]))
    assert client.get(wrong).status_code == 404


def test_unknown_over_and_revoked_cost_the_same(
    client: Client, paths: list[str], django_assert_num_queries: Callable[[int], object]
) -> None:
    client.get("/d/nothing")
    counted = 2  # the look, and the count of what led nowhere
    with django_assert_num_queries(counted):  # type: ignore[attr-defined]
        client.get("/d/nothing")
    for attack in (_revoked, _expired):
        with django_assert_num_queries(counted + 1):  # type: ignore[attr-defined]
            client.get(attack(paths[0]))


def test_the_signature_of_another_file_opens_nothing(client: Client, paths: list[str]) -> None:
    signed = _begin(client, paths[0]).partition("?")[2]
    answer = client.get(f"{paths[1]}/offer.pdf?{signed}")
    assert (answer.status_code, answer.headers["Location"]) == (303, paths[1])
    for wrong in ("s=", "s=abc", f"{signed}x", f"{signed[:-1]}"):
        assert client.get(f"{paths[0]}/offer.pdf?{wrong}").status_code == 303


def test_it_holds_for_an_hour(client: Client, paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    place = _begin(client, paths[0])
    later = now().timestamp() + 3700
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert client.get(place).headers["Location"] == paths[0]


def test_revoked_in_the_middle_it_ends(client: Client, paths: list[str]) -> None:
    place = _begin(client, paths[0])
    _revoked(paths[0])
    assert client.get(place).status_code == 404


RANGES = {
    "bytes=0-99": (0, 100),
    "bytes=100-": (100, len(DATA)),
    "bytes=-100": (len(DATA) - 100, len(DATA)),
    "bytes=0-99999999": (0, len(DATA)),
}


@pytest.mark.parametrize("asked", RANGES)
def test_what_broke_off_goes_on(client: Client, paths: list[str], asked: str) -> None:
    first, last = RANGES[asked]
    answer = client.get(_begin(client, paths[0]), headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == DATA[first:last]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last - 1}/{len(DATA)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=0-1", "bytes=9-2", "bytes=-", "nonsense", "bytes=a-b"])
def test_a_part_that_nobody_has_to_know_is_all_of_it(client: Client, paths: list[str], asked: str) -> None:
    answer = client.get(_begin(client, paths[0]), headers={"Range": asked})
    assert (answer.status_code, len(answer.content)) == (200, len(DATA))


@pytest.mark.parametrize("asked", ["bytes=230400-", "bytes=999999999999999999-", "bytes=-0"])
def test_a_part_behind_the_end_is_refused(client: Client, paths: list[str], asked: str) -> None:
    answer = client.get(_begin(client, paths[0]), headers={"Range": asked})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(DATA)}")


def test_who_tries_many_has_to_wait_and_what_works_still_works(client: Client, paths: list[str]) -> None:
    for _ in range(page.FAILURES):
        assert client.get(_chance("")).status_code == 404
    assert client.get(_chance("")).status_code == 429
    assert client.get(paths[0]).status_code == 200


def test_nobody_fetches_it_without_end(client: Client, paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "FETCHES", 3)
    place = _begin(client, paths[0])
    assert [client.get(place).status_code for _ in range(3)] == [200, 200, 429]
    assert client.post(paths[0]).status_code == 429
    assert client.post(paths[1]).status_code == 303


def test_a_file_that_is_lost_is_said_to_be_gone(client: Client, paths: list[str]) -> None:
    place = _begin(client, paths[0])
    blobs.path_of(_row(paths[0]).part.file.blob_id).unlink()
    assert client.get(place).status_code == 404


NAMES = {
    "page.html": ("text/html", True),
    "setup.exe": ("application/pdf", True),
    "a\r\nSet-Cookie: x=1.bin": ("text/plain\r\nX: 1", False),
    "räksmörgås <b>.pdf": ("application/pdf", False),
    "../../etc/passwd": ("text/plain", False),
    "": ("", False),
}


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_file_is_called_it_is_only_ever_saved(acme: Acme, kept: Memory, client: Client, name: str) -> None:
    content_type, risky = NAMES[name]
    file = make_file(acme.company.pk, name, DATA, content_type)
    post(acme, "mia@firm.example", files=((file, ""),))
    send_due()
    (path,) = {one.removeprefix("https://post.acme.example") for one in links_in(kept.copies[-1].mime)}
    shown = client.get(path).content.decode()
    assert ("can run a program" in shown) == risky
    assert "<b>.pdf" not in shown
    answer = client.get(_begin(client, path))
    assert answer.content == DATA
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] in {"application/octet-stream", "application/pdf", "text/plain"}
    assert "Set-Cookie" not in answer.headers
    assert "/" not in re.sub(r".*filename[^=]*=", "", answer.headers["Content-Disposition"])


def test_who_is_signed_in_sees_the_same(acme: Acme, paths: list[str], client: Client) -> None:
    client.force_login(acme.admin)
    assert "A file for you" in client.get(paths[0]).content.decode()


def test_other_methods_are_none(client: Client, paths: list[str]) -> None:
    assert client.put(paths[0]).status_code == 405
    assert client.post(f"{paths[0]}/offer.pdf").status_code == 405


def test_a_press_from_elsewhere_is_a_press(paths: list[str]) -> None:
    answer = Client(enforce_csrf_checks=True).post(paths[0], headers={"Origin": "null"})
    assert answer.status_code == 303, "browsers send no origin from a page without referrer"


def test_every_server_that_is_gone_leaves_its_links(client: Client, paths: list[str]) -> None:
    OutgoingServer.objects.all().delete()
    assert client.get(paths[0]).status_code == 200
