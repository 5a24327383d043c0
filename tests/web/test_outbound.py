"""The Outbox without a browser: who sees which copy, what its page says, what may be done, replying as recipient."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from django.test import Client

from postroom.conversations.models import Message
from postroom.conversations.services import Upload, post_message
from postroom.core.addresses import Address
from postroom.core.delivery.states import DeliveryState
from postroom.core.message.parse import parse
from postroom.domains.models import AliasDomain
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound import choice
from postroom.outbound.models import OUTBOX_FOLDER, Attempt, Delivery, Dispatch, OutgoingServer
from postroom.web import as_recipient
from postroom.web.pages.outbox.naming import CHOICES, COPIES, DECISIONS
from postroom.web.pages.records.content import FRAME_POLICY
from tests.support import factory
from tests.support.smtp_server import SmtpServer
from tests.web.conftest import PNG, World

pytestmark = pytest.mark.django_db

READERS = ("member", "admin", "operator", "stranger", "lonely")


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    """What the choice of a server has read for other tests."""
    choice.forget()


@pytest.fixture
def message(world: World) -> Message:
    """A message of a member to Hanna, with a file."""
    files = [Upload("offer.pdf", "application/pdf", b"%PDF")]
    to = [Address("hanna@norrgard.example", "Hanna Sjöberg")]
    return post_message(user=world.member, record_id=world.lead.pk, body="Here is <our> offer.", to=to, uploads=files)


@pytest.fixture
def row(message: Message) -> Delivery:
    return Delivery.objects.get(notification__message=message, address="hanna@norrgard.example")


def _chosen(row: Delivery, **fields: Any) -> Dispatch:
    values = {"server_name": "Relay EU", "from_name": "Member", "from_email": "member@acme.example",
              "case": "domain", "because": "Relay EU lists acme.example.",
              "trace": [{"step": "Relay EU", "text": "lists acme.example"}], "created_at": now(), **fields}  # fmt: skip
    row.dispatch = Dispatch.objects.create(letter=row.letter, **values)
    row.save()
    return row.dispatch


def _tried(row: Delivery, **fields: Any) -> Attempt:
    values = {"number": 1, "began_at": now(), "ended_at": now() + timedelta(seconds=1.5), **fields}
    assert row.dispatch is not None
    return Attempt.objects.create(delivery=row, dispatch=row.dispatch, **values)


def _page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_every_state_has_words_and_a_filter() -> None:
    assert set(COPIES) == set(DeliveryState)
    listed = [state for states in CHOICES.values() for state in states]
    assert sorted(listed) == sorted(DeliveryState)


@pytest.mark.parametrize("address", ["", "/body", "/source", "/download", "/files/0/offer.pdf"])
def test_copies_are_for_those_who_may_see_them(client: Client, world: World, row: Delivery, address: str) -> None:
    for name, status in zip(READERS, (403, 200, 403, 404, 403), strict=True):
        client.force_login(getattr(world, name))
        assert client.get(f"/outbox/{row.pk}{address}").status_code == status, name


@pytest.mark.parametrize(("address", "data"), [("act", {"action": "cancel"}), ("reply", {"text": "Yes"})])
def test_acting_is_for_those_who_may(
    client: Client, world: World, row: Delivery, address: str, data: dict[str, str]
) -> None:
    for name, status in zip(READERS, (403, None, 403, 404, 403), strict=True):
        if status is not None:
            client.force_login(getattr(world, name))
            assert client.post(f"/outbox/{row.pk}/{address}", data).status_code == status, name
    row.refresh_from_db()
    assert row.state == DeliveryState.QUEUED


def test_what_the_outbox_keeps_is_not_called_sent(client: Client, world: World, row: Delivery) -> None:
    _chosen(row, server_name=OUTBOX_FOLDER)
    words = "Outbox folder took it: Kept as 1.eml in the outbox folder."
    Delivery.objects.filter(pk=row.pk).update(state="accepted", words=words)
    client.force_login(world.admin)
    lead = _page(client, f"/leads/{world.lead.pk}")
    assert "kept in the outbox, not sent" in lead
    assert "taken by the server" not in lead
    assert "Kept here" in (listed := _page(client, "/outbox"))
    assert "took it" not in listed
    for address in (f"/outbox/{row.pk}", f"/copies/{row.pk}"):
        assert "Kept on this machine and not sent" in _page(client, address)
        assert "The server took it" not in _page(client, address)


def test_a_server_of_the_same_name_sends(client: Client, world: World, row: Delivery) -> None:
    server = OutgoingServer.objects.create(
        name=OUTBOX_FOLDER, company=world.acme, host="relay.example", created_at=now()
    )
    _chosen(row, server_name=OUTBOX_FOLDER, server=server)
    Delivery.objects.filter(pk=row.pk).update(state="accepted")
    client.force_login(world.admin)
    assert "taken by the server" in _page(client, f"/leads/{world.lead.pk}")


def test_a_clock_that_was_set_back_makes_no_negative_times(client: Client, world: World, row: Delivery) -> None:
    _chosen(row)
    _tried(row, began_at=now(), ended_at=now() - timedelta(seconds=3), outcome="deferred")
    client.force_login(world.admin)
    assert "0.0 s" in (page := _page(client, f"/outbox/{row.pk}"))
    assert "-" not in page[page.index("0.0 s") - 2 : page.index("0.0 s")]


def test_the_list_names_state_recipient_record_and_server(client: Client, world: World, row: Delivery) -> None:
    client.force_login(world.admin)
    assert "not chosen yet" in _page(client, "/outbox")
    fate = client.get(f"/outbox/{row.pk}", headers={"HX-Request": "true", "HX-Target": "fate"}).content.decode()
    assert "This is how it would leave now" in fate
    row.refresh_from_db()
    assert row.dispatch is None
    _chosen(row)
    row.state, row.words = "failed", "Relay EU refused it: 550 5.1.1 no such user"
    row.save()
    page = _page(client, "/outbox")
    for words in ("Failed", "Hanna Sjöberg", "hanna<wbr>@norrgard.example", row.letter.subject, "550 5.1.1 no such",
                  f'href="/leads/{world.lead.pk}"', world.lead.number, "Relay EU"):  # fmt: skip
        assert words in page, words
    client.force_login(world.stranger)
    assert "Nothing has been sent yet." in _page(client, "/outbox")


def test_the_list_filters_by_state_and_words(client: Client, world: World, row: Delivery) -> None:
    other = factory.delivery(world.ticket, "marek@dvorak.example", state="unknown")
    client.force_login(world.admin)
    pages = {name: _page(client, f"/outbox?state={name}") for name in CHOICES}
    assert f"/outbox/{row.pk}" in pages["waiting"]
    assert f"/outbox/{other.pk}" in pages["unknown"]
    assert f"/outbox/{other.pk}" not in pages["waiting"]
    assert "No copy is in this state." in pages["held"]
    found = _page(client, "/outbox?q=DVORAK")
    assert f"/outbox/{other.pk}" in found
    assert f"/outbox/{row.pk}" not in found
    assert "No copy matches “nobody”." in _page(client, "/outbox?q=nobody")
    assert f"/outbox/{row.pk}" in _page(client, "/outbox?state=nonsense")


def test_the_list_goes_on_by_key_and_costs_the_same(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    client.force_login(world.admin)
    factory.delivery(world.lead)
    with django_assert_max_num_queries(10) as few:
        client.get("/outbox")
    for number in range(60):
        factory.delivery(world.lead if number % 2 else world.ticket, f"no{number}@norrgard.example")
    with django_assert_max_num_queries(len(few)):
        first = client.get("/outbox")
    second = client.get(first.context["list"].next)
    ids = [one.id for page in (first, second) for one in page.context["list"].rows]
    assert len(ids) == 61
    assert ids == sorted(set(ids), reverse=True)
    assert second.context["list"].newest == "/outbox"


def test_a_copy_is_shown_as_its_recipient_sees_it(client: Client, world: World, row: Delivery) -> None:
    client.force_login(world.admin)
    page = _page(client, f"/outbox/{row.pk}")
    mail = parse(client.get(f"/outbox/{row.pk}/download").content)
    assert mail.subject in page
    assert mail.reply_to[0].email.partition("@")[0] in page
    for words in ("Hanna Sjöberg &lt;hanna<wbr>@norrgard.example&gt;", "offer.pdf", "Nothing was tried yet.",
                  "This is how it would leave now", "Waits for its turn"):  # fmt: skip
        assert words in page, words
    body = client.get(f"/outbox/{row.pk}/body")
    assert body.headers["Content-Security-Policy"] == FRAME_POLICY
    assert body.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert b"Here is &lt;our&gt; offer." in body.content
    source = _page(client, f"/outbox/{row.pk}/source")
    assert "As it would be sent now" in source
    assert "Reply-To" in source
    assert client.get(f"/outbox/{row.pk}/files/0/x").content == b"%PDF"
    assert client.get(f"/outbox/{row.pk}/files/7/x").status_code == 404


def test_images_of_a_copy_come_from_the_copy_alone(client: Client, world: World, row: Delivery) -> None:
    message = factory.message(world.lead)
    file = factory.attachment(message, "logo.png", PNG, "image/png").file
    row.letter.files.create(file=file, content_id="logo@x", position=5)
    row.letter.html = '<p>Hi</p><img src="cid:logo@x" alt="logo"><img src="https://t.example/p.gif" alt="pixel">'
    row.letter.save()
    client.force_login(world.admin)
    body = client.get(f"/outbox/{row.pk}/body").content.decode()
    address = body.partition('src="')[2].partition('"')[0]
    shown = client.get(address)
    assert shown.content == PNG
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert "t.example" not in body
    assert "pixel" in body


def test_tries_and_reasons_are_told(client: Client, world: World, row: Delivery) -> None:
    _chosen(row, admitted=False)
    _tried(row, outcome="deferred", phase="rcpt", code=451, words="451 4.7.1 try later")
    _tried(row, number=2, outcome="", ended_at=None)
    client.force_login(world.admin)
    page = _page(client, f"/outbox/{row.pk}")
    for words in ("Put off", "at the recipient", "451 4.7.1 try later", "1.5 s", "Not answered yet", "Relay EU lists",
                  "No server is known to send for member@acme.example"):  # fmt: skip
        assert words in page, words
    fate = client.get(f"/outbox/{row.pk}", headers={"HX-Request": "true", "HX-Target": "fate"}).content.decode()
    assert "451 4.7.1 try later" in fate
    assert "<html" not in fate


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("queued", {"hold", "cancel", "schedule", "change-server"}),
        ("held", {"release", "cancel", "schedule", "change-server"}),
        ("failed", {"send-again"}),
        ("unknown", {"send-again", "arrived", "lost"}),
        ("cancelled", {"send-again"}),
        ("accepted", set()),
        ("transmitting", set()),
    ],
)
def test_what_may_be_done_follows_from_the_state(
    client: Client, world: World, row: Delivery, state: str, offered: set[str]
) -> None:
    Delivery.objects.filter(pk=row.pk).update(state=state)
    client.force_login(world.admin)
    page = _page(client, f"/outbox/{row.pk}")
    assert {verb.value for verb in DECISIONS if f'value="{verb}"' in page} == offered


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [("queued", "hold", "held"), ("held", "release", "queued"), ("queued", "cancel", "cancelled"),
     ("failed", "send-again", "queued"), ("accepted", "send-again", "accepted"), ("unknown", "arrived", "accepted"),
     ("unknown", "lost", "failed"), ("queued", "arrived", "queued")],
)  # fmt: skip
def test_doing_it(client: Client, world: World, row: Delivery, before: str, verb: str, after: str) -> None:
    Delivery.objects.filter(pk=row.pk).update(state=before)
    client.force_login(world.admin)
    said = client.post(f"/outbox/{row.pk}/act", {"action": verb}, follow=True).content.decode()
    row.refresh_from_db()
    assert row.state == after
    assert any(words in said for words in ("The server took it already.", "Only a copy whose fate is unknown")) == (
        before == after
    )
    assert client.post(f"/outbox/{row.pk}/act", {"action": "burn"}).status_code == 404


def test_a_copy_whose_file_is_gone_says_so(
    client: Client, world: World, row: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postroom.web.pages.outbox.copy.bytes_of", lambda row: None)
    client.force_login(world.admin)
    assert "is not kept any more" in _page(client, f"/outbox/{row.pk}")
    assert "is not kept any more" in _page(client, f"/outbox/{row.pk}/source")
    assert client.get(f"/outbox/{row.pk}/download").status_code == 410


# --- reply as recipient ----------------------------------------------------------------------------------------------


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    """A server in our listener's place, which keeps what it is given."""
    with SmtpServer() as server:
        monkeypatch.setattr(config(), "smtp_port", server.port)
        yield server


def _replies(client: Client, row: Delivery, **given: str) -> Any:
    return client.post(f"/outbox/{row.pk}/reply", {"text": "Yes please", **given}, headers={"HX-Request": "true"})


def _given(server: SmtpServer) -> Any:
    return message_from_bytes(server.mails[-1].data, policy=default)


@pytest.mark.parametrize("references", [True, False])
@pytest.mark.parametrize("token", [True, False])
def test_a_reply_goes_to_the_listener_as_a_mail_program_would_send_it(
    client: Client, world: World, row: Delivery, listener: SmtpServer, *, token: bool, references: bool
) -> None:
    client.force_login(world.admin)
    mail = parse(client.get(f"/outbox/{row.pk}/download").content)
    kept = {name: "on" for name, on in (("token", token), ("references", references)) if on}
    said = _replies(client, row, **kept).content.decode()
    assert "The listener took the reply" in said
    sent = _given(listener)
    assert sent["From"].addresses[0].addr_spec == "hanna@norrgard.example"
    to = sent["To"].addresses[0].addr_spec
    assert (to == mail.reply_to[0].email) == token
    assert ("+" in to) == token
    assert (sent["In-Reply-To"] == f"<{mail.message_id}>") == references
    assert (mail.message_id in (sent["References"] or "")) == references
    assert sent["Subject"].startswith("Re:")
    assert "Yes please" in sent.get_content()
    assert "> Here is" in sent.get_content()


def test_a_reply_that_is_refused_says_so(
    client: Client, world: World, row: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(world.admin)
    with SmtpServer().always("RCPT", "550 5.1.1 Nobody here has this address") as server:
        monkeypatch.setattr(config(), "smtp_port", server.port)
        page = _replies(client, row).content.decode()
        whole = client.post(f"/outbox/{row.pk}/reply", {"text": "Yes please"})
    assert "The listener refused it: 550 5.1.1 Nobody here has this address" in page
    assert "Yes please" in page
    assert whole.status_code == 422
    assert "<html" in whole.content.decode()


def test_a_listener_that_does_not_run_is_named(
    client: Client, world: World, row: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "smtp_port", 1)
    client.force_login(world.admin)
    assert "The SMTP listener at 127.0.0.1:1 took nothing" in _replies(client, row).content.decode()
    assert "Write what the recipient answers." in _replies(client, row, text=" ").content.decode()


def test_an_address_beyond_ascii_is_given_as_it_is_or_named(
    client: Client, world: World, row: Delivery, listener: SmtpServer
) -> None:
    Delivery.objects.filter(pk=row.pk).update(address="jörg@bücher.example")
    client.force_login(world.admin)
    assert "does not take addresses such as jörg@bücher.example" in _replies(client, row).content.decode()
    assert listener.mails == []
    listener.extensions.append("SMTPUTF8")
    assert "The listener took the reply" in _replies(client, row).content.decode()
    assert listener.mails[-1].sender == "jörg@bücher.example"


@pytest.mark.parametrize(
    ("host", "may"),
    [("127.0.0.1", True), ("::1", True), ("[::1]", True), ("localhost", True), ("0.0.0.0", False),
     ("192.0.2.1", False), ("mail.acme.example", False)],
)  # fmt: skip
def test_only_a_listener_that_nobody_outside_reaches(monkeypatch: pytest.MonkeyPatch, host: str, *, may: bool) -> None:
    monkeypatch.setattr(config(), "smtp_host", host)
    assert as_recipient.listens_here() == may


def test_nobody_answers_in_the_place_of_one_who_really_got_it(
    client: Client, world: World, row: Delivery, listener: SmtpServer
) -> None:
    client.force_login(world.admin)
    _chosen(row)
    assert "only its recipient can answer it" in _page(client, f"/outbox/{row.pk}")
    assert _replies(client, row).status_code == 403
    assert listener.mails == []


def test_no_reply_leaves_our_own_domains(client: Client, world: World, row: Delivery, listener: SmtpServer) -> None:
    client.force_login(world.admin)
    row.letter.reply_to = "somebody@elsewhere.example"
    row.letter.save()
    _chosen(row)
    assert "does not come in through the listener here" in _page(client, f"/outbox/{row.pk}")
    assert _replies(client, row).status_code == 403
    assert listener.mails == []


def test_no_reply_to_a_domain_whose_mail_is_fetched(
    client: Client, world: World, row: Delivery, listener: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    AliasDomain.objects.update(way_in=AliasDomain.WayIn.MAILBOX)
    client.force_login(world.admin)
    assert "does not come in through the listener here" in _page(client, f"/outbox/{row.pk}")
    monkeypatch.setattr(config(), "smtp_host", "192.0.2.1")
    assert "reply with a real mail program" in _page(client, f"/outbox/{row.pk}")
    assert _replies(client, row).status_code == 403
    assert listener.mails == []


def test_the_way_of_a_reply_is_followed(client: Client, world: World) -> None:
    arrival = factory.arrival(world.acme)
    factory.route(arrival, world.acme, "thread:1", message=world.message)
    client.force_login(world.admin)
    page = _page(client, f"/outbox/replies/{arrival.pk}")
    assert f'href="/leads/{world.lead.pk}"' in page
    assert "Routed" in page
    client.force_login(world.stranger)
    assert world.lead.number not in client.get(f"/outbox/replies/{arrival.pk}").content.decode()
