"""The record page without a browser: posting, notes that stay inside, followers, copies, accepting; who may."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from postroom.conversations import services
from postroom.conversations.models import Follower, Message, Notification, Telling
from postroom.core.delivery.states import DeliveryState
from postroom.directory.models import Contact
from postroom.infra.clock import now
from postroom.outbound import choice
from postroom.outbound.models import Delivery, OutgoingServer
from postroom.records.models import Record
from postroom.web.pages.records.composer import form_of
from postroom.web.pages.records.strips import COPY_STATES, FOLDED, strips_of
from postroom.web.pages.records.thread import thread_of
from tests.support import factory
from tests.web.conftest import World

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    """What the choice of a server has read for other tests."""
    choice.forget()


@pytest.fixture
def lead(world: World) -> Record:
    world.lead.contact = factory.contact(world.acme, "Hanna Sjöberg", "hanna@norrgard.example")
    world.lead.save()
    return world.lead


@pytest.fixture
def colleague(world: World) -> Contact:
    user = factory.user("jonas", {world.acme: "member"}, name="Jonas Lindqvist")
    return factory.contact(world.acme, "Jonas", user.email, user=user)


def _post(client: Client, lead: Record, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    given = {"kind": "message", "key": "k1", "body": "Hello Hanna", "to": ["Hanna <hanna@norrgard.example>"], **fields}
    return client.post(f"/records/{lead.pk}/post", given, headers=headers or {})


def _written() -> Message:
    return Message.objects.filter(user__isnull=False).latest("pk")


def test_a_message_is_posted_and_the_page_shown_again(client: Client, world: World, lead: Record) -> None:
    client.force_login(world.member)
    file = SimpleUploadedFile("offer.pdf", b"pdf", "application/pdf")
    response = _post(client, lead, subject="Our offer", cc=['"Boss, the" <boss@norrgard.example>'], files=[file])
    assert response.status_code == 302
    assert response.headers["Location"] == f"/leads/{lead.pk}"
    made = _written()
    assert (made.subject, made.own_text) == ("Our offer", "Hello Hanna")
    assert made.to == [["hanna@norrgard.example", "Hanna"]]
    assert made.cc == [["boss@norrgard.example", "Boss, the"]]
    assert [one.file.name for one in made.attachments.all()] == ["offer.pdf"]
    page = client.get(f"/leads/{lead.pk}").content.decode()
    assert "Message sent." in page
    assert f'class="msg out" id="m{made.pk}"' in page
    assert "waits for its turn" in page


def test_htmx_gets_a_fresh_composer_and_the_news(client: Client, world: World, lead: Record) -> None:
    client.force_login(world.member)
    response = _post(client, lead, HTMX)
    text = response.content.decode()
    assert response.status_code == 200
    assert f'"id": {_written().pk}' in response.headers["HX-Trigger-After-Settle"]
    assert "<html" not in text
    assert "Hello Hanna" not in text
    key = re.search(r'name="key" value="([^"]+)"', text)
    assert key
    assert key[1] != "k1"


def test_a_form_posts_once(client: Client, world: World, lead: Record) -> None:
    client.force_login(world.member)
    for _ in range(3):
        assert _post(client, lead).status_code == 302
    assert Message.objects.filter(user=world.member).count() == 1
    _post(client, lead, key="k2")
    assert Message.objects.filter(user=world.member).count() == 2


def test_a_form_that_was_refused_posts_when_it_is_mended(client: Client, world: World, lead: Record) -> None:
    client.force_login(world.member)
    assert _post(client, lead, body=" ").status_code == 422
    assert _post(client, lead).status_code == 302


@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ({"body": "  "}, "body", "There is nothing to send"),
        ({"add": "Ask mine @jon, hanna@norrgard.example"}, "people", "“Ask mine @jon” is not a mail address"),
        ({"add": "Hanna, nobody"}, "people", "“Hanna” is not a mail address"),
        ({"add": '"Berg, Nadia" <nadia@norrgard.example>, bob'}, "people", "“bob” is not a mail address"),
        ({"to": ["x" * 300 + "@norrgard.example"]}, "people", "is not a mail address"),
        ({"to": [f"p{number}@norrgard.example" for number in range(900)]}, "people", "one message may have 50"),
        ({"add": "x" * 1_000_000}, "people", "x{100}” is not a mail address"),
        ({"to": ["sales@{domain}"]}, "people", "address of ours"),
        ({"body": "x" * 300_000}, "body", "too long"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    client: Client, world: World, lead: Record, fields: dict[str, Any], place: str, words: str
) -> None:
    client.force_login(world.member)
    alias = lead.desk.alias if lead.desk else None
    assert alias is not None
    if "to" in fields:
        fields = {**fields, "to": [one.replace("sales@{domain}", alias.address) for one in fields["to"]]}
    given = {"subject": "Kept subject", "body": "Kept words", "cc": ["boss@norrgard.example"], **fields}
    page = _post(client, lead, **given)
    text = page.content.decode()
    assert page.status_code == 422
    assert re.search(rf'id="compose-problem-{place}"[^>]*>(?:(?!</p>).)*{words}', text, re.DOTALL)
    for kept in ("Kept subject", str(given["body"])[:200], "boss@norrgard.example", 'value="k1"'):
        assert kept in text
    fragment = _post(client, lead, HTMX, **given).content.decode()
    assert "<form" not in fragment, "the form itself stays as it is"
    assert re.search(
        rf'id="compose-problem-{place}"[^>]*hx-swap-oob="true"[^>]*>(?:(?!</p>).)*{words}', fragment, re.DOTALL
    )
    assert not Message.objects.filter(user=world.member).exists()


def test_the_audience_is_said_before_anyone_types(
    client: Client, world: World, lead: Record, colleague: Contact
) -> None:
    factory.follower(lead, colleague)
    follows = factory.contact(world.acme, "Mara Lind", "mara@lind.example")
    factory.follower(lead, follows)
    client.force_login(world.member)
    page = client.get(f"/leads/{lead.pk}").content.decode()
    chip = re.search(r'<li class="chip" data-email="hanna@norrgard.example".*?</li>', page, re.DOTALL)
    steady = re.search(r'<li class="chip" data-email="mara@lind.example".*?</li>', page, re.DOTALL)
    assert chip
    assert steady
    assert 'type="checkbox"' in chip[0]
    assert "data-unchip" in chip[0]
    assert "the contact of this record" in chip[0]
    assert "data-fixed" in steady[0]
    assert "data-unchip" not in steady[0], "who follows hears in any case"
    assert "Also told: Jonas Lindqvist by mail" in page


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("{slug}.example", "From Amara Okafor <amara@{slug}.example> by Outbox folder"),
        ("elsewhere.example", "Leaves as “Amara Okafor” <notifications@{slug}.example> by Outbox folder"),
    ],
)
def test_the_address_that_it_leaves_from_is_said(
    client: Client, world: World, lead: Record, domain: str, words: str
) -> None:
    named = {"slug": world.acme.slug}
    world.member.name, world.member.email = "Amara Okafor", f"amara@{domain.format(**named)}"
    world.member.save()
    client.force_login(world.member)
    page = client.get(f"/leads/{lead.pk}").content.decode()
    line = re.search(r'<p class="sender.*?</p>', page, re.DOTALL)
    assert line
    assert words.format(**named) in html.unescape(re.sub(r"<[^>]*>", "", line[0]))
    assert "Why this sender?" in line[0]
    assert "kept in the outbox, not sent" in line[0], "there is no server"
    OutgoingServer.objects.create(name="Relay", company=world.acme, host="relay.example", created_at=now())
    choice.forget()
    page = client.get(f"/leads/{lead.pk}").content.decode()
    assert "kept in the outbox" not in page
    assert "by Relay" in page, "whoever writes under their own From is told of the server too"


def test_the_note_mode_names_only_our_own_people(
    client: Client, world: World, lead: Record, colleague: Contact
) -> None:
    Follower.objects.create(thread=lead.thread, contact=colleague, notes=True)
    client.force_login(world.member)
    page = client.get(f"/leads/{lead.pk}").content.decode()
    line = re.search(r'<p class="inside for-note">.*?</p>', page, re.DOTALL)
    assert line
    assert "Jonas Lindqvist by mail" in line[0]
    assert "Hanna" not in line[0]


def test_a_note_never_has_recipients_or_a_delivery_state(
    client: Client, world: World, lead: Record, colleague: Contact
) -> None:
    Follower.objects.create(thread=lead.thread, contact=colleague, notes=True)
    factory.follower(lead, factory.contact(world.acme, "Mara Lind", "mara@lind.example"))
    client.force_login(world.member)
    assert _post(client, lead, kind="note", body="Not for Hanna", add="evil@norrgard.example").status_code == 302
    note = _written()
    assert (note.kind, note.visibility, note.to, note.cc) == ("note", "internal", [], [])
    assert set(Notification.objects.filter(message=note).values_list("user", flat=True)) == {colleague.user_id}
    Message.objects.filter(pk=note.pk).update(to=[["hanna@norrgard.example", "Hanna"]], cc=[["x@y.example", ""]])
    for state in DeliveryState:
        Delivery.objects.filter(notification__message=note).update(state=state, words="550 no")
        shown = next(one for one in thread_of(world.member, lead).messages if one.id == note.pk)
        assert (shown.kind, shown.to, shown.cc) == ("note", (), ())
        assert (shown.strip.lines, shown.strip.folded) == ((), ())
    page = client.get(f"/leads/{lead.pk}").content.decode()
    article = re.search(rf'id="m{note.pk}".*?</article>', page, re.DOTALL)
    assert article
    assert "hanna@norrgard.example" not in article[0]
    assert 'class="copies"' not in article[0]
    assert "Told: Jonas Lindqvist by mail" in re.sub(r"\s+", " ", article[0])


def test_a_note_that_could_not_be_told_says_so(world: World, lead: Record, colleague: Contact) -> None:
    Follower.objects.create(thread=lead.thread, contact=colleague, notes=True)
    note = services.post_note(user=world.member, record_id=lead.pk, body="Look")
    Delivery.objects.filter(notification__message=note).update(state="failed", words="550 no such user")
    (told,) = strips_of(world.member, {note.pk: True})[note.pk].told
    assert told == "Jonas Lindqvist could not be told by mail: 550 no such user"


def test_mentions_chosen_or_only_written_are_told(
    client: Client, world: World, lead: Record, colleague: Contact
) -> None:
    client.force_login(world.member)
    _post(client, lead, kind="note", body="@Jonas Lindqvist please look", mention=["999999", "x"])
    assert Notification.objects.filter(message=_written(), user=colleague.user).exists()
    _post(client, lead, kind="note", key="k2", body="no longer named", mention=[str(colleague.pk)])
    assert not Notification.objects.filter(message=_written()).exists()


def test_everything_of_a_form_may_be_nonsense(rf: Any) -> None:
    form = form_of(rf.post("/", {"kind": "x", "to": ["", "<>", "a\0b"], "mention": ["", "9" * 30], "add": ",;\n"}))
    assert (form.kind, form.to, form.mentions, form.strangers) == ("message", (), (), ())


def _answered(world: World, lead: Record) -> tuple[Message, Delivery]:
    made = services.post_message(user=world.member, record_id=lead.pk, body="Hello")
    return made, Delivery.objects.filter(notification__message=made).earliest("pk")


@pytest.mark.parametrize("state", DeliveryState)
def test_each_state_is_said_in_words(world: World, lead: Record, state: DeliveryState) -> None:
    made, row = _answered(world, lead)
    Delivery.objects.filter(pk=row.pk).update(state=state)
    line = strips_of(world.admin, {made.pk: False})[made.pk].lines[0]
    assert str(line.state.word) == str(COPY_STATES[state].word)
    assert line.again == (state in {"unknown", "failed", "bounced", "cancelled"})
    assert line.cancel == (state in {"held", "queued", "claimed"})
    assert not strips_of(world.member, {made.pk: False})[made.pk].lines[0].again, "members may not decide"


def test_waiting_says_until_when_and_why(world: World, lead: Record) -> None:
    made, row = _answered(world, lead)
    row.words, row.due = "Relay put it off: 451 later", now() + timedelta(minutes=5)
    row.save()
    line = strips_of(world.admin, {made.pk: False})[made.pk].lines[0]
    assert (str(line.state.word), line.said, line.due) == ("waits for the next try", row.words, row.due)


def test_many_copies_are_folded_but_for_the_failed(client: Client, world: World, lead: Record) -> None:
    for number in range(8):
        factory.follower(lead, factory.contact(world.acme, f"Person {number}", f"p{number}@norrgard.example"))
    made, _row = _answered(world, lead)
    last = Delivery.objects.filter(notification__message=made).latest("pk")
    Delivery.objects.filter(notification__message=made).update(state="accepted")
    Delivery.objects.filter(pk=last.pk).update(state="failed")
    strip = strips_of(world.admin, {made.pk: False})[made.pk]
    assert len(strip.lines) == FOLDED
    assert strip.lines[0].id == last.pk
    count = len(strip.folded)
    assert strip.folded_words == f"{count} more: {count} taken by the server"
    client.force_login(world.member)
    where = f"/messages/{made.pk}/copies"
    assert client.get(where, headers=HTMX).content.decode().count('<li class="copy') == count
    assert client.get(where).content.decode().count('<li class="copy') == count + len(strip.lines)
    client.force_login(world.stranger)
    assert client.get(where).status_code == 404


def test_only_what_changed_is_sent_anew(client: Client, world: World, lead: Record) -> None:
    made, row = _answered(world, lead)
    client.force_login(world.member)
    mark = strips_of(world.member, {made.pk: False})[made.pk].mark
    asked = f"/records/{lead.pk}/states?m={made.pk}.{mark}.member&m={world.message.pk}.0.sender&m=x"
    assert client.get(asked).status_code == 204
    gone = client.get(f"{asked}&m=999999.2.3.4").content.decode()
    assert '<li id="m999999" hx-swap-oob="delete"></li>' in gone, "what was taken back leaves the pages of others"
    assert 'id="b' not in gone
    Delivery.objects.filter(pk=row.pk).update(state="accepted")
    text = client.get(asked).content.decode()
    assert re.findall(r'id="b(\d+)"', text) == [str(made.pk)]
    assert "taken by the server" in text
    Message.objects.filter(pk=world.message.pk).update(standing="outsider")
    assert f'<li class="msg in claim" id="m{world.message.pk}"' in client.get(asked).content.decode()


def test_a_copy_opens_for_whoever_reads_its_conversation(client: Client, world: World, lead: Record) -> None:
    _made, row = _answered(world, lead)
    statuses = {}
    for name in ("member", "admin", "stranger", "operator"):
        client.force_login(getattr(world, name))
        statuses[name] = client.get(f"/copies/{row.pk}").status_code
    assert statuses == {"member": 200, "admin": 200, "stranger": 404, "operator": 404}
    fragment = client.get(f"/copies/{row.pk}", headers=HTMX)
    assert fragment.status_code == 404
    client.force_login(world.member)
    assert b"<html" not in client.get(f"/copies/{row.pk}", headers=HTMX).content


@pytest.mark.parametrize(
    ("reader", "verb", "before", "status", "after"),
    [
        ("admin", "again", "failed", 302, "queued"),
        ("admin", "again", "accepted", 302, "accepted"),
        ("admin", "cancel", "queued", 302, "cancelled"),
        ("member", "again", "failed", 403, "failed"),
        ("stranger", "cancel", "queued", 404, "queued"),
    ],
)
def test_sending_again_and_withdrawing(
    client: Client, world: World, lead: Record, reader: str, verb: str, before: str, status: int, after: str
) -> None:
    _made, row = _answered(world, lead)
    Delivery.objects.filter(pk=row.pk).update(state=before)
    client.force_login(getattr(world, reader))
    assert client.post(f"/copies/{row.pk}/{verb}").status_code == status
    row.refresh_from_db()
    assert row.state == after


@pytest.mark.parametrize("standing", ["outsider", "claimed-member"])
def test_accepting_shows_the_message_believed(client: Client, world: World, lead: Record, standing: str) -> None:
    doubted = factory.message(lead, "me too", author_name="Karl", author_email="karl@berg.example", standing=standing)
    client.force_login(world.member)
    assert "Accept and pass on" in client.get(f"/leads/{lead.pk}").content.decode()
    response = client.post(f"/messages/{doubted.pk}/accept", headers=HTMX)
    text = response.content.decode()
    assert f'id="m{doubted.pk}"' in text
    assert "Accept and pass on" not in text
    assert "Accepted and passed on." in text
    client.post(f"/messages/{doubted.pk}/accept")
    assert "nothing to accept" in client.get(f"/leads/{lead.pk}").content.decode()
    client.force_login(world.stranger)
    assert client.post(f"/messages/{doubted.pk}/accept").status_code == 404


def test_why_tells_who_heard(client: Client, world: World, lead: Record) -> None:
    made, _row = _answered(world, lead)
    made.refresh_from_db()
    assert made.trace
    client.force_login(world.member)
    assert "Who heard and why" in client.get(f"/leads/{lead.pk}").content.decode()
    Telling.objects.create(message=made, steps=[{"step": f"Person {n}", "text": "follows"} for n in range(20)])
    assert "Person 7" not in client.get(f"/leads/{lead.pk}").content.decode(), "long ones come when they are opened"
    for headers in ({}, HTMX):
        assert "Person 7" in client.get(f"/messages/{made.pk}/heard", headers=headers).content.decode()
    client.force_login(world.stranger)
    assert client.get(f"/messages/{made.pk}/heard").status_code == 404


def _change(client: Client, lead: Record, **fields: object) -> str:
    return client.post(f"/records/{lead.pk}/followers", fields, headers=HTMX).content.decode()


def test_following_changing_and_leaving(client: Client, world: World, lead: Record, colleague: Contact) -> None:
    client.force_login(world.member)
    assert "Unfollow" in _change(client, lead, do="follow")
    assert Follower.objects.filter(thread=lead.thread, contact__user=world.member).exists()
    _change(client, lead, do="change", contact=colleague.pk, notes="on")
    row = Follower.objects.get(contact=colleague)
    assert (row.discussions, row.notes) == (False, True)
    text = _change(client, lead, do="remove", contact=colleague.pk)
    assert "Jonas Lindqvist" not in text
    assert 'id="followers-faces"' in text
    assert "Unfollow" not in _change(client, lead, do="remove")


@pytest.mark.parametrize(
    ("typed", "who", "error"),
    [
        ("hanna@norrgard.example", "Hanna Sjöberg", ""),
        ("Jonas", "Jonas Lindqvist", ""),
        ("Mar", "", "Several are called"),
        ("nobody@norrgard.example", "", "Nobody here has the address"),
        ("Zoe", "", "Nobody is called"),
        ("", "", "Nobody is called"),
    ],
)
def test_adding_a_follower(
    client: Client, world: World, lead: Record, colleague: Contact, typed: str, who: str, error: str
) -> None:
    for name in ("Mara Lind", "Marek Dvořák"):
        factory.contact(world.acme, name)
    client.force_login(world.member)
    text = _change(client, lead, do="add", who=typed)
    assert error in text
    assert who in text
    assert Follower.objects.filter(thread=lead.thread).count() == (1 if who else 0)


def test_people_outside_never_hear_of_notes(client: Client, world: World, lead: Record) -> None:
    assert lead.contact is not None
    client.force_login(world.member)
    text = _change(client, lead, do="change", contact=lead.contact.pk, discussions="on", notes="on")
    assert "not one of us" in text
    assert not Follower.objects.filter(contact=lead.contact).exists()


def test_suggestions_are_of_the_company(client: Client, world: World, lead: Record, colleague: Contact) -> None:
    factory.contact(world.globex, "Hanna Foreign")
    client.force_login(world.member)

    def names(address: str) -> list[str]:
        found = client.get(f"/records/{lead.pk}/{address}").json()["people"]
        return [one["name"] for one in found]

    assert names("people?q=han") == ["Hanna Sjöberg"]
    assert names("people?q=jon") == []
    assert names("people?q=jon&all=1") == ["Jonas Lindqvist"]
    assert names("people") == []
    assert names("mentions?q=Lin") == ["Jonas Lindqvist"]
    client.force_login(world.stranger)
    assert client.get(f"/records/{lead.pk}/people?q=han").status_code == 404


POSTS = ("records/{lead.pk}/post", "records/{lead.pk}/followers", "copies/1/again", "messages/{message.pk}/accept")


@pytest.mark.parametrize("address", POSTS)
def test_writing_needs_a_reader_and_a_token(client: Client, world: World, address: str) -> None:
    where = "/" + address.format(**vars(world))
    assert client.post(where).headers["Location"].startswith("/sign-in")
    client.force_login(world.stranger)
    assert client.post(where).status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.member)
    assert strict.post(where).status_code == 403


def test_who_may_only_read_sees_no_composer(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.web.pages.records.composing.may_write", lambda user, company: False)
    monkeypatch.setattr("postroom.web.pages.records.followers.may_write", lambda user, company: False)
    client.force_login(world.member)
    page = client.get(f"/leads/{world.lead.pk}").content.decode()
    assert 'id="compose"' not in page
    assert "Followers" in page
