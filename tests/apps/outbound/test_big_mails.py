"""Mails above what their server takes: their largest files leave as links, one for each copy and file."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import transaction

from postroom.directory.models import User
from postroom.inbound.steps.expire import GRACE, expire
from postroom.infra import secrets
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.models import Blob
from postroom.outbound import choice, links
from postroom.outbound.links import LinkState
from postroom.outbound.models import NOT_KEPT, Delivery, Dispatch, DownloadLink, OutgoingServer
from postroom.outbound.selectors import chosen, rendered
from postroom.outbound.services import send_again, send_due
from postroom.outbound.steps.link import digest_of
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Outcome, Result
from tests.support import factory
from tests.support.acme import Acme
from tests.support.big_mails import LIMIT, URL, files_in, links_in, make_file, post_large, small_server, text_of
from tests.support.sending import post

LATER = Outcome(Result.DEFERRED, "rcpt", 450, "4.2.1", "450 4.2.1 Greylisted")
LOST = Outcome(Result.UNKNOWN, "dot", 0, "", "The mail was written, but the server did not confirm it.")
DAY = timedelta(days=1)


@pytest.fixture
def small(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> OutgoingServer:
    return small_server(acme, monkeypatch)


def _fresh(row: Delivery) -> Delivery:
    return Delivery.objects.select_related("dispatch", "letter").get(pk=row.pk)


def _again(row: Delivery) -> None:
    """Let a copy that was put off be due now."""
    Delivery.objects.filter(pk=row.pk).update(due=now())


def test_the_largest_file_leaves_as_a_link_and_the_others_go_along(
    acme: Acme, kept: Memory, small: OutgoingServer
) -> None:
    (row,) = post_large(acme, "hanna@customer.example")
    send_due()
    (copy,) = kept.copies
    assert files_in(copy.mime) == ["terms.pdf"]
    assert len(copy.mime) <= LIMIT
    (url,) = set(links_in(copy.mime))
    assert re.fullmatch(URL + r"/d/[A-Za-z0-9_-]{32}", url)
    assert f"offer.pdf (293 kB, until {now() + 30 * DAY:%Y-%m-%d})" in text_of(copy.mime)
    link = DownloadLink.objects.get()
    assert (link.delivery_id, link.part.file.name, link.opened) == (row.pk, "offer.pdf", 0)
    assert link.digest == digest_of(url.rpartition("/")[2])
    found = links.offered(url.rpartition("/")[2])
    assert found
    assert (found.file.name, found.company) == ("offer.pdf", "Acme")


def test_the_trace_says_why(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    (row,) = post_large(acme, "hanna@customer.example")
    send_due()
    dispatch = _fresh(row).dispatch
    assert dispatch
    (said,) = [step["text"] for step in dispatch.trace if step["step"] == "size"]
    assert "than the 196 kB that Relay takes: 1 file leaves as a link: offer.pdf." in said


def test_each_recipient_has_an_address_of_their_own(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    post_large(acme, "hanna@customer.example", "kim@partner.example")
    send_due()
    first, second = (links_in(one.mime) for one in kept.copies)
    assert set(first).isdisjoint(second)
    assert Dispatch.objects.count() == 1


def test_neither_the_database_nor_who_looks_at_the_copy_has_the_address(
    acme: Acme, kept: Memory, small: OutgoingServer
) -> None:
    (row,) = post_large(acme, "hanna@customer.example")
    send_due()
    (url,) = set(links_in(kept.copies[0].mime))
    link = DownloadLink.objects.get()
    assert url.encode() not in bytes(link.secret)
    assert secrets.decrypt(bytes(link.secret)) == url
    assert url.encode() not in rendered(_fresh(row))
    assert f"/d/{NOT_KEPT}".encode() in rendered(_fresh(row)).replace(b"=\r\n", b"")


def test_what_is_shown_is_what_was_sent_but_for_the_address(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    (row,) = post_large(acme, "hanna@customer.example")
    send_due()
    shown = text_of(rendered(_fresh(row)))
    assert text_of(kept.copies[0].mime).replace(links_in(kept.copies[0].mime)[0], f"{URL}/d/{NOT_KEPT}") == shown


def test_a_mail_that_fits_is_left_alone(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    post_large(acme, "hanna@customer.example", data=b"x" * 100_000)
    send_due()
    assert files_in(kept.copies[0].mime) == ["offer.pdf", "terms.pdf"]
    assert not DownloadLink.objects.exists()
    assert Dispatch.objects.get().linked is None


def test_images_that_the_text_shows_stay(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    logo = make_file(acme.company.pk, "logo.png", b"\x89PNG" * 20_000, "image/png")
    offer = make_file(acme.company.pk, "offer.pdf", b"x" * 70_000)
    post(acme, "a@firm.example", html='<img src="cid:logo">', files=((logo, "logo"), (offer, "")))
    send_due()
    assert files_in(kept.copies[0].mime) == ["logo.png"]
    assert DownloadLink.objects.get().part.file.name == "offer.pdf"


def test_a_mail_that_can_not_be_made_to_fit_fails_before_anything_is_sent(
    acme: Acme, kept: Memory, small: OutgoingServer
) -> None:
    logo = make_file(acme.company.pk, "logo.png", b"\x89PNG" * 80_000, "image/png")
    (row,) = post(acme, "a@firm.example", html='<img src="cid:logo">', files=((logo, "logo"),))
    (good,) = post(acme, "b@firm.example")
    send_due()
    row, good = _fresh(row), _fresh(good)
    assert (row.state, good.state) == ("failed", "accepted")
    assert row.words.startswith("Without its attachments this mail still has 4")
    assert row.words.endswith("Relay takes 196 kB: make its text and the images in it smaller.")
    assert row.attempts == 0
    assert len(kept.copies) == 1


def test_without_a_public_address_it_fails_and_says_what_to_set(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_server(acme, monkeypatch, url="http://127.0.0.1:8300")
    (row,) = post_large(acme, "hanna@customer.example")
    send_due()
    row = _fresh(row)
    assert (row.state, row.attempts, kept.copies) == ("failed", 0, [])
    assert "set POSTROOM_PUBLIC_URL" in row.words
    assert row.dispatch
    assert not DownloadLink.objects.exists()
    small_server(acme, monkeypatch)
    assert send_again(acme.admin, [row.pk]) == 1
    send_due()
    assert _fresh(row).state == "accepted"
    assert len(links_in(kept.copies[0].mime)) == 1


def test_where_nobody_knows_what_a_server_takes_the_usual_is_assumed(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "ASSUMED_SIZE", LIMIT)
    monkeypatch.setattr(config(), "outgoing_max_size", LIMIT)
    small_server(acme, monkeypatch, size=0)
    post_large(acme, "hanna@customer.example")
    send_due()
    assert files_in(kept.copies[0].mime) == ["terms.pdf"]
    small_server(acme, monkeypatch, size=0, url="http://127.0.0.1:8300")
    (whole,) = post_large(acme, "hanna@customer.example")
    send_due()
    assert files_in(kept.copies[1].mime) == ["offer.pdf", "terms.pdf"], "it may well take it"
    dispatch = _fresh(whole).dispatch
    assert dispatch
    assert "all of them go along" in dispatch.trace[-1]["text"]


def test_what_a_server_said_of_itself_counts(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    small_server(acme, monkeypatch, size=0, steps=[{"key": "size", "state": "ok", "size": LIMIT}])
    post_large(acme, "hanna@customer.example")
    send_due()
    assert files_in(kept.copies[0].mime) == ["terms.pdf"]


def test_the_outbox_folder_takes_everything(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "outgoing_max_size", LIMIT)
    choice.forget()
    post_large(acme, "hanna@customer.example")
    send_due()
    assert files_in(kept.copies[0].mime) == ["offer.pdf", "terms.pdf"]


def test_a_retry_brings_the_same_address(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    kept.answer("hanna@customer.example", LATER)
    (row,) = post_large(acme, "hanna@customer.example")
    send_due()
    before = secrets.decrypt(bytes(DownloadLink.objects.get().secret))
    DownloadLink.objects.update(said_until=now() + DAY, expires_at=now() + DAY)
    _again(row)
    send_due()
    assert set(links_in(kept.copies[0].mime)) == {before}
    assert DownloadLink.objects.get().expires_at > now() + 29 * DAY, "the days count from when it left"


def test_once_it_may_have_left_the_days_are_counted(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    kept.answer("hanna@customer.example", LOST)
    (row,) = post_large(acme, "hanna@customer.example")
    send_due()
    soon = now() + DAY
    DownloadLink.objects.update(said_until=soon, expires_at=soon)
    assert send_again(acme.admin, [row.pk]) == 1
    send_due()
    assert DownloadLink.objects.get().expires_at == soon
    assert f"until {soon:%Y-%m-%d}" in text_of(kept.copies[0].mime)


def test_sent_again_when_they_are_over_they_begin_anew_but_not_where_they_were_revoked(
    acme: Acme, kept: Memory, small: OutgoingServer
) -> None:
    kept.answer("hanna@customer.example", LOST)
    kept.answer("kim@partner.example", LOST)
    rows = post_large(acme, "hanna@customer.example", "kim@partner.example")
    send_due()
    DownloadLink.objects.update(expires_at=now() - DAY)
    links.revoke(acme.admin, DownloadLink.objects.filter(delivery=rows[1].pk))
    assert send_again(acme.admin, [row.pk for row in rows]) == 2
    send_due()
    assert [one.state for one in links.links_of([row.pk for row in rows])] == [LinkState.THERE, LinkState.REVOKED]


def test_renewing_changes_nothing_of_what_was_sent(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    (row,) = post_large(acme, "hanna@customer.example")
    send_due()
    before = rendered(_fresh(row))
    DownloadLink.objects.update(expires_at=now() - DAY)
    token = links_in(kept.copies[0].mime)[0].rpartition("/")[2]
    assert links.offered(token) is None
    assert links.renew(acme.admin, DownloadLink.objects.all()) == 1
    assert links.offered(token)
    assert rendered(_fresh(row)) == before


def test_revoked_it_leads_nowhere(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    rows = post_large(acme, "hanna@customer.example", "kim@partner.example")
    send_due()
    tokens = [links_in(one.mime)[0].rpartition("/")[2] for one in kept.copies]
    mine = DownloadLink.objects.filter(delivery=rows[0].pk)
    assert links.revoke(acme.admin, mine) == 1
    assert links.revoke(acme.admin, mine) == 0, "once is enough"
    assert [bool(links.offered(token)) for token in tokens] == [False, True]
    shown = links.links_of([rows[0].pk])[0]
    assert (shown.state, shown.revoked_by, shown.address) == (LinkState.REVOKED, "Ada Admin", "hanna@customer.example")
    assert links.renew(acme.admin, mine) == 1
    assert links.offered(tokens[0])


@pytest.mark.parametrize("verb", [links.revoke, links.renew])
def test_only_who_decides_about_copies_decides_about_links(
    acme: Acme, kept: Memory, small: OutgoingServer, verb: object
) -> None:
    post_large(acme, "hanna@customer.example")
    send_due()
    stranger = factory.user("stranger", {factory.company("Globex"): "administrator"})
    users: list[User] = [acme.amara, stranger]
    for user in users:
        assert verb(user, DownloadLink.objects.all()) == 0  # type: ignore[operator]
    assert verb(acme.admin, DownloadLink.objects.all()) == 1  # type: ignore[operator]


def test_old_ones_are_forgotten_and_their_copy_looks_as_before(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    (row,) = post_large(acme, "hanna@customer.example")
    send_due()
    DownloadLink.objects.update(expires_at=now() - 89 * DAY)
    assert links.forget_old() == 0
    DownloadLink.objects.update(expires_at=now() - 91 * DAY)
    assert links.forget_old() == 1
    shown = rendered(_fresh(row))
    assert files_in(shown) == ["terms.pdf"], "the large file did not go along"
    assert "offer.pdf (293 kB)" in text_of(shown)


def test_a_file_with_a_link_is_not_swept(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    post_large(acme, "hanna@customer.example")
    send_due()
    Blob.objects.update(created_at=now() - GRACE - DAY)
    expire()
    found = links.offered(links_in(kept.copies[0].mime)[0].rpartition("/")[2])
    assert found
    assert Blob.objects.filter(pk=found.file.blob_id).exists()


def test_it_is_foreseen_while_it_waits(acme: Acme, kept: Memory, small: OutgoingServer) -> None:
    (row,) = post_large(acme, "hanna@customer.example")
    waiting = Delivery.objects.select_related("letter", "dispatch").get(pk=row.pk)
    foreseen = chosen(waiting)
    assert foreseen
    assert foreseen.trace[-1]["step"] == "size"
    assert files_in(rendered(waiting)) == ["terms.pdf"]
    assert not DownloadLink.objects.exists(), "looking makes none"


def test_looking_costs_the_same_for_many(
    acme: Acme, kept: Memory, small: OutgoingServer, django_assert_num_queries: object
) -> None:
    rows = post_large(acme, *(f"a{number}@firm.example" for number in range(12)))
    send_due()
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert len(links.links_of([row.pk for row in rows])) == 12


def test_keys_that_are_gone_stop_that_copy_alone(
    acme: Acme, kept: Memory, small: OutgoingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.answer("hanna@customer.example", LATER)
    (row,) = post_large(acme, "hanna@customer.example")
    send_due()
    monkeypatch.setattr(config(), "encryption_keys", secrets.new_key())
    _again(row)
    (good,) = post(acme, "b@firm.example")
    with transaction.atomic():
        send_due()
    assert (_fresh(row).state, _fresh(good).state) == ("failed", "accepted")
    assert "POSTROOM_ENCRYPTION_KEYS" in _fresh(row).words
