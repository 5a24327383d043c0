"""The record page beyond reading: answers, forwards, originals, notes that change, changes, stages, neighbours."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from postroom.conversations.models import Message, Notification
from postroom.conversations.services import post_message, post_note
from postroom.core.addresses import Address
from postroom.infra import parameters
from postroom.infra.clock import now
from postroom.outbound import choice
from postroom.records.models import FieldChange, Stage
from tests.support import factory
from tests.web.conftest import World

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def fresh() -> None:
    choice.forget()
    parameters.forget()


def _get(client: Client, path: str, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200, path
    return response.content.decode()


def _chips(page: str, field: str) -> list[str]:
    page = re.sub(r'<fieldset class="offers.*?</fieldset>', "", page, flags=re.DOTALL)  # of whom nobody is chosen yet
    found = re.findall(rf'name="{field}" value="([^"]*)"', page)
    return [one.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">") for one in found]


@pytest.fixture
def mail(world: World) -> Message:
    return factory.message(
        world.lead,
        "How much?",
        to=[["sales@acme.example", ""], ["nils@norrgard.example", "Nils"], ["member@acme.example", "Member"]],
        cc=[["inkop@norrgard.example", "Inköp"]],
    )


def test_a_reply_is_to_who_wrote(client: Client, world: World, mail: Message) -> None:
    client.force_login(world.member)
    page = _get(client, f"/messages/{mail.pk}/reply", **HTMX)
    assert "<html" not in page
    assert _chips(page, "to") == ['"Hanna Sjöberg" <hanna@norrgard.example>']
    assert _chips(page, "cc") == []
    assert f'name="answers" value="{mail.pk}"' in page
    offered = re.findall(r'class="offer" data-email="([^"]*)"', page)
    assert {"nils@norrgard.example", "inkop@norrgard.example"} <= set(offered)


def test_a_reply_to_all_is_to_everybody_who_is_not_ours(client: Client, world: World, mail: Message) -> None:
    factory.contact(world.acme, "Member", "member@acme.example", user=world.member)
    client.force_login(world.admin)
    page = _get(client, f"/messages/{mail.pk}/reply-all", **HTMX)
    assert _chips(page, "to") == ['"Hanna Sjöberg" <hanna@norrgard.example>']
    assert {"nils@norrgard.example", "inkop@norrgard.example"} <= {
        one.rstrip(">").split("<")[-1] for one in _chips(page, "cc")
    }
    assert "member@acme.example" not in "".join(_chips(page, "cc"))


def test_a_reply_to_what_we_sent_is_to_whom_it_went(client: Client, world: World) -> None:
    sent = post_message(
        user=world.admin, record_id=world.lead.pk, body="Hi", to=[Address("nils@norrgard.example", "Nils")]
    )
    client.force_login(world.member)
    assert _chips(_get(client, f"/messages/{sent.pk}/reply", **HTMX), "to") == ['"Nils" <nils@norrgard.example>']


def test_a_reply_to_a_note_is_a_note(client: Client, world: World) -> None:
    note = post_note(user=world.admin, record_id=world.lead.pk, body="Between us")
    client.force_login(world.member)
    page = _get(client, f"/messages/{note.pk}/reply", **HTMX)
    assert re.search(r'value="note"[^>]* checked', page)
    assert "it stays a note" in page
    client.post(f"/records/{world.lead.pk}/post", {"kind": "note", "body": "Yes", "answers": note.pk})
    answer = Message.objects.latest("pk")
    assert (answer.visibility, answer.own_text) == ("internal", "Yes")
    assert Notification.objects.filter(message=answer, user=world.admin).exists()
    refused = client.post(
        f"/records/{world.lead.pk}/post", {"kind": "message", "body": "x", "answers": note.pk}, headers=HTMX
    )
    assert refused.status_code == 422
    assert b"answered by a note" in refused.content


def test_a_forward_offers_its_files_and_goes_to_the_chosen(client: Client, world: World, mail: Message) -> None:
    wanted, other = factory.attachment(mail, "offer.pdf"), factory.attachment(mail, "other.pdf")
    client.force_login(world.member)
    page = _get(client, f"/messages/{mail.pk}/forward", **HTMX)
    for words in (
        "offer.pdf",
        "other.pdf",
        "From: Hanna",
        "How much?",
        "who follows has it already",
        "Forward message",
    ):
        assert words in page
    assert (_chips(page, "to"), _chips(page, "cc")) == ([], [])
    form = {"kind": "message", "body": "", "forwards": mail.pk, "carry": [wanted.pk], "subject": "Fwd: Vans"}
    nobody = client.post(f"/records/{world.lead.pk}/post", form, headers=HTMX)
    assert (nobody.status_code, b"to whom it is to be forwarded" in nobody.content) == (422, True)
    done = client.post(f"/records/{world.lead.pk}/post", {**form, "to": "nina@supplier.example"}, headers=HTMX)
    assert done.status_code == 200
    sent = Message.objects.latest("pk")
    assert [one.file_id for one in sent.attachments.all()] == [wanted.file_id]
    assert other.file_id not in [one.file_id for one in sent.attachments.all()]
    assert list(Notification.objects.filter(message=sent).values_list("email", flat=True)) == ["nina@supplier.example"]


def test_a_forward_as_a_note_is_refused_and_nothing_typed_is_lost(client: Client, world: World, mail: Message) -> None:
    client.force_login(world.member)
    form = {"kind": "note", "body": "My words", "forwards": mail.pk}
    response = client.post(f"/records/{world.lead.pk}/post", form)
    page = response.content.decode()
    assert response.status_code == 422
    assert "choose Message to forward" in page
    assert "My words" in page
    assert f'name="forwards" value="{mail.pk}"' in page


def test_without_scripts_a_reply_is_a_page(client: Client, world: World, mail: Message) -> None:
    client.force_login(world.member)
    page = _get(client, f"/messages/{mail.pk}/reply")
    assert "<html" in page
    assert f'name="answers" value="{mail.pk}"' in page


ADDRESSES = ("reply", "reply-all", "forward", "edit", "original", "download", "")


@pytest.mark.parametrize("address", ADDRESSES)
def test_for_strangers_no_message_is_there(client: Client, world: World, mail: Message, address: str) -> None:
    client.force_login(world.stranger)
    assert client.get(f"/messages/{mail.pk}/{address}".rstrip("/")).status_code == 404


def test_a_note_is_edited_where_it_stands(client: Client, world: World) -> None:
    note = post_note(user=world.member, record_id=world.lead.pk, body="Old words")
    client.force_login(world.member)
    assert "Edit note" in _get(client, f"/leads/{world.lead.pk}")
    form = _get(client, f"/messages/{note.pk}/edit", **HTMX)
    assert "Old words</textarea>" in form
    assert "who was told by mail keeps the first words" in form
    bad = client.post(f"/messages/{note.pk}/edit", {"body": " "}, headers=HTMX)
    assert (bad.status_code, b"nothing to send" in bad.content) == (422, True)
    good = client.post(f"/messages/{note.pk}/edit", {"body": "New words"}, headers=HTMX).content.decode()
    assert "New words" in good
    assert "edited" in good
    plain = client.post(f"/messages/{note.pk}/edit", {"body": "Other words"})
    assert plain.headers["Location"] == f"/leads/{world.lead.pk}?at={note.pk}#m{note.pk}"


def test_who_is_mentioned_in_an_edit_is_told_and_marked(client: Client, world: World) -> None:
    factory.contact(world.acme, "Admin", "admin@acme.example", user=world.admin)
    note = post_note(user=world.member, record_id=world.lead.pk, body="Look")
    client.force_login(world.member)
    client.post(f"/messages/{note.pk}/edit", {"body": "Look @Admin, <b> not@Admin"})
    assert Notification.objects.filter(message=note, user=world.admin, mention=True).exists()
    page = _get(client, f"/leads/{world.lead.pk}")
    assert 'Look <mark class="at">@Admin</mark>, &lt;b&gt; not@Admin' in page


def test_a_deleted_note_says_who_deleted_it(client: Client, world: World) -> None:
    note = post_note(user=world.member, record_id=world.lead.pk, body="Secret words")
    client.force_login(world.member)
    done = client.post(f"/messages/{note.pk}/delete")
    assert done.headers["Location"] == f"/leads/{world.lead.pk}?at={note.pk}#m{note.pk}"
    page = _get(client, f"/leads/{world.lead.pk}")
    assert "Note deleted by Member" in page
    assert "Secret words" not in page
    assert f"/messages/{note.pk}/reply" not in page
    for address in ("reply", "original"):
        assert client.get(f"/messages/{note.pk}/{address}").status_code == 404


def test_others_notes_old_ones_and_messages_have_no_edit(client: Client, world: World) -> None:
    note = post_note(user=world.member, record_id=world.lead.pk, body="Mine")
    client.force_login(world.admin)
    assert "Edit note" not in _get(client, f"/leads/{world.lead.pk}")
    client.post(f"/messages/{note.pk}/delete")
    assert Message.objects.get(pk=note.pk).deleted_at is None
    Message.objects.filter(pk=note.pk).update(received_at=now() - timedelta(minutes=31))
    client.force_login(world.member)
    assert "Edit note" not in _get(client, f"/leads/{world.lead.pk}")
    assert client.get(f"/messages/{note.pk}/edit").status_code == 302


def test_an_edited_note_comes_anew_for_those_who_look(client: Client, world: World) -> None:
    note = post_note(user=world.member, record_id=world.lead.pk, body="Old words")
    client.force_login(world.admin)
    page = _get(client, f"/leads/{world.lead.pk}")
    mark = re.search(rf'id="b{note.pk}" data-mark="(\w+)"', page)
    version = re.search(rf'data-id="{note.pk}" data-standing="([\w-]+)"', page)
    assert mark and version  # noqa: PT018 two names of one thing
    news = f"/records/{world.lead.pk}/states?m={note.pk}.{mark[1]}.{version[1]}"
    assert client.get(news, headers=HTMX).status_code == 204
    client.force_login(world.member)
    client.post(f"/messages/{note.pk}/edit", {"body": "New words"})
    client.force_login(world.admin)
    assert "New words" in _get(client, news, **HTMX)


def test_the_original_is_shown_whole(client: Client, world: World) -> None:
    client.force_login(world.member)
    page = _get(client, f"/messages/{world.message.pk}/original")
    for words in ("From", "hanna@norrgard.example", "The numbers look right."):
        assert words in page
    assert "/source" not in page
    assert "/download" not in page
    client.force_login(world.admin)
    page = _get(client, f"/messages/{world.message.pk}/original")
    assert f"/arrivals/{world.arrival.pk}/source" in page
    assert (
        client.get(f"/messages/{world.message.pk}/download").headers["Location"]
        == f"/arrivals/{world.arrival.pk}/download"
    )


def test_what_somebody_sent_is_theirs_to_download(client: Client, world: World) -> None:
    sent = post_message(user=world.member, record_id=world.lead.pk, body="Grüße", to=[Address("nils@norrgard.example")])
    other = factory.user("other", {world.acme: "member"})
    for user, status in ((world.member, 200), (world.admin, 200), (other, 404), (world.stranger, 404)):
        client.force_login(user)
        response = client.get(f"/messages/{sent.pk}/download")
        assert response.status_code == status, user
        page = client.get(f"/leads/{world.lead.pk}").content.decode()
        assert (f"/messages/{sent.pk}/download" in page) == (status == 200)
        if status == 200:
            assert response.headers["Content-Type"] == "message/rfc822"
            assert b"To: nils@norrgard.example" in response.content
            assert ".eml" in response.headers["Content-Disposition"]
    note = post_note(user=world.member, record_id=world.lead.pk, body="Note")
    client.force_login(world.member)
    assert client.get(f"/messages/{note.pk}/download").status_code == 404


def _change(world: World, field: str, before: str, after: str, **fields: Any) -> FieldChange:
    values = {"user": world.member, "at": now(), **fields}
    return FieldChange.objects.create(record=world.lead, field=field, before=before, after=after, **values)


def test_changes_stand_between_the_messages_by_time(client: Client, world: World) -> None:
    at = now() - timedelta(days=1)
    Message.objects.filter(pk=world.message.pk).update(received_at=at)
    _change(world, "stage", "New", "Won", at=at + timedelta(hours=1))
    _change(world, "owner", "", "Amara <b>", at=at + timedelta(hours=1))
    client.force_login(world.member)
    page = _get(client, f"/leads/{world.lead.pk}")
    assert page.count('class="msg change"') == 1, "what was changed at once is one entry"
    assert (
        page.index(f'id="m{world.html.pk}"')
        < page.index('class="msg change"')
        < page.index(f'id="m{world.message.pk}"')
    )
    assert "Amara &lt;b&gt;" in page


def test_each_change_stands_on_one_page(client: Client, world: World) -> None:
    start = now() - timedelta(days=3)
    for number in range(70):
        factory.message(world.lead, f"numbered {number}", received_at=start + timedelta(minutes=number))
        if number % 10 == 0:
            _change(world, "stage", "", f"stage-{number}-", at=start + timedelta(minutes=number, seconds=30))
    Message.objects.filter(pk__in=[world.message.pk, world.html.pk]).update(received_at=start - timedelta(days=1))
    _change(world, "title", "", "stage-first-", at=start - timedelta(days=2))
    client.force_login(world.member)
    seen, before = "", 2**60
    while before:
        page = _get(client, f"/leads/{world.lead.pk}?before={before}")
        seen += page
        pages = [int(one) for one in re.findall(r'href="\?before=(\d+)"', page)]
        before = min((one for one in pages if one < before), default=0)
    assert len(re.findall("stage-[0-9]+-", seen)) == 7
    assert seen.count("stage-first-") == 1


def test_news_bring_only_new_changes(client: Client, world: World) -> None:
    first = _change(world, "stage", "", "Old change")
    _change(world, "stage", "", "New change")
    client.force_login(world.member)
    headers = {"HX-Request": "true", "HX-Target": "thread"}
    news = _get(client, f"/leads/{world.lead.pk}?after={world.html.pk}&changed={first.pk}", **headers)
    assert "New change" in news
    assert "Old change" not in news


def test_the_next_record_is_within_the_filter_one_came_from(client: Client, world: World) -> None:
    desk = world.lead.desk
    assert desk
    first, _other, last = (factory.record(desk, title) for title in ("Vans one", "Something else", "Vans two"))
    hidden = factory.record(factory.desk(world.globex), "Vans of Globex")
    client.force_login(world.member)
    came = {"Referer": "http://testserver/leads?q=vans+t"}
    page = _get(client, f"/leads/{last.pk}", **came)
    assert 'rel="next"' not in page, "Vans one has no t"
    page = _get(client, f"/leads/{last.pk}?list=q%3DVans")
    assert f'rel="next" href="/leads/{first.pk}?list=q%3DVans"' in page
    assert 'rel="prev"' not in page
    assert str(hidden.pk) not in re.findall(r'rel="(?:prev|next)" href="/leads/(\d+)', page)
    plain = _get(client, f"/leads/{first.pk}")
    assert f'rel="next" href="/leads/{world.lead.pk}"' in plain
    assert 'href="/leads?q=vans+t"' in _get(client, f"/leads/{last.pk}", **came), "the way back keeps the filter"


def test_the_next_record_is_within_all_that_the_list_asked_for(client: Client, world: World) -> None:
    desk = world.lead.desk
    assert desk
    middle, first, last = (factory.record(desk, title) for title in ("Bikes", "Ants", "Cars"))
    factory.record(desk, "Birds", owner=world.member)
    client.force_login(world.member)
    came = {"Referer": f"http://testserver/leads?owner=nobody&desk={desk.pk}&state=open&sort=title&after=x"}
    carried = f"?list=owner%3Dnobody%26desk%3D{desk.pk}%26state%3Dopen%26sort%3Dtitle"
    for page in (_get(client, f"/leads/{middle.pk}", **came), _get(client, f"/leads/{middle.pk}{carried}")):
        assert f'rel="prev" href="/leads/{first.pk}{carried}"' in page
        assert f'rel="next" href="/leads/{last.pk}{carried}"' in page
        assert f'href="/leads?owner=nobody&amp;desk={desk.pk}&amp;state=open&amp;sort=title"' in page
    assert 'aria-label="In the filtered list"' in page
    assert client.get(f"/leads/{middle.pk}", headers={"Referer": "http://["}).status_code == 200
    assert client.get(f"/leads/{middle.pk}?list=sort%3D%00%26desk%3Dx%26owner%3D-1").status_code == 200


def test_from_a_board_one_goes_through_its_column(client: Client, world: World) -> None:
    desk = world.lead.desk
    assert desk
    won = desk.stages.get(name="Won")
    below, _elsewhere, above = (factory.record(desk, "One", stage=stage) for stage in (won, None, won))
    client.force_login(world.member)
    client.get("/leads?view=board")
    page = _get(client, f"/leads/{above.pk}", Referer="http://testserver/leads")
    carried = "?list=stage%3DWon%26view%3Dboard"
    assert f'rel="next" href="/leads/{below.pk}{carried}"' in page
    assert 'href="/leads?view=board"' in _get(client, f"/leads/{above.pk}{carried}"), "the way back is the board"


def test_a_stage_is_a_step_and_an_end_a_button(client: Client, world: World) -> None:
    desk = world.lead.desk
    assert desk
    won = desk.stages.get(name="Won")
    lost = Stage.objects.create(desk=desk, name="Lost", position=9, closes=True)
    client.force_login(world.member)
    page = _get(client, f"/leads/{world.lead.pk}")
    assert "Mark won" in page
    assert "Mark lost" in page
    assert f'id="step{lost.pk}"' not in page, "the other end is not on the way"
    response = client.post(f"/records/{world.lead.pk}/stage", {"stage": won.pk}, headers=HTMX)
    assert "Moved to Won" in response.content.decode()
    world.lead.refresh_from_db()
    assert world.lead.stage_id == won.pk
    assert client.post(f"/records/{world.lead.pk}/stage", {"stage": 0}).status_code == 302
    client.force_login(world.stranger)
    assert client.post(f"/records/{world.lead.pk}/stage", {"stage": won.pk}).status_code == 404


def test_the_owner_is_picked(client: Client, world: World) -> None:
    client.force_login(world.member)
    page = _get(client, f"/leads/{world.lead.pk}")
    assert "Stranger" not in page
    response = client.post(f"/records/{world.lead.pk}/owner", {"owner": world.admin.pk}, headers=HTMX)
    assert "Assigned to Admin" in response.content.decode()
    world.lead.refresh_from_db()
    assert world.lead.owner_id == world.admin.pk
    client.post(f"/records/{world.lead.pk}/owner", {"owner": ""})
    world.lead.refresh_from_db()
    assert world.lead.owner_id is None
    client.post(f"/records/{world.lead.pk}/owner", {"owner": world.stranger.pk})
    world.lead.refresh_from_db()
    assert world.lead.owner_id is None
