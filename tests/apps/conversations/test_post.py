"""Writing in a conversation: what is kept, who gets a letter, what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from postroom.conversations.models import Follower, Message, Participant
from postroom.conversations.services import CannotPost, Upload, post_message, post_note
from postroom.core.addresses import Address
from postroom.directory.models import Contact
from postroom.infra import counters
from postroom.infra.models import Change
from postroom.outbound.models import Delivery, Lane, LetterFile
from tests.apps.conversations.world import MARY, World, by_inbox, envelopes, letters, told, words
from tests.support import factory


def _say(world: World, body: str = "Here is our offer.\nhttps://acme.example/offer", **fields: Any) -> Message:
    return post_message(user=world.user, record_id=world.lead.pk, body=body, **fields)


def test_a_message_goes_to_the_records_contact_though_they_do_not_follow(world: World) -> None:
    message = _say(world)
    assert told(message) == {MARY.email: "mail"}
    (letter,) = letters(message)
    assert letter.to == [[MARY.email, "Mary"]]
    assert (letter.author_email, letter.author_name, letter.author_user) == (
        "amara@acme.example", "Amara Okafor", world.user,
    )  # fmt: skip
    assert (letter.subject, letter.reply_to) == (f"Re: {world.lead.title}", "sales@acme.example")
    assert letter.domain_id == world.acme.domain.pk
    assert set(Delivery.objects.values_list("lane", flat=True)) == {Lane.INTERACTIVE}


def test_the_message_is_kept_as_it_was_written(world: World) -> None:
    message = Message.objects.get(pk=_say(world, "  Hello,\r\n\r\n1 < 2\r\n").pk)
    assert message.text == message.own_text == "  Hello,\n\n1 < 2"
    assert message.quoted_text == ""
    assert "1 &lt; 2" in message.html
    assert (message.kind, message.visibility, message.standing) == ("email", "public", "member")
    assert (message.user, message.author) == (world.user, world.amara)
    assert message.message_id.endswith("@acme.example")
    assert list(message.ids.values_list("value", flat=True)) == [message.message_id]
    assert Participant.objects.filter(thread=world.lead.thread, email=MARY.email).exists()
    assert Change.objects.filter(topic="thread", ref=world.lead.ref, company_id=world.acme.company.pk).exists()


def test_an_answer_names_what_went_before(world: World) -> None:
    world.comes(message_id="first@customer.example")
    first = _say(world)
    second = _say(world)
    assert letters(first)[0].references == ["first@customer.example"]
    assert letters(second)[0].references == ["first@customer.example", first.message_id]
    assert letters(second)[0].in_reply_to == first.message_id
    world.lead.thread.refresh_from_db()
    assert world.lead.thread.references == ["first@customer.example", first.message_id, second.message_id]


def test_the_first_message_of_all_refers_to_nothing(world: World) -> None:
    (letter,) = letters(_say(world))
    assert (letter.references, letter.in_reply_to) == ([], "")


def test_chosen_people_replace_those_suggested(world: World) -> None:
    message = _say(world, to=[Address("New@Firm.example", "Nele")], cc=[Address("carla@partner.example", "Carla")])
    (letter,) = letters(message)
    assert letter.to == [["new@firm.example", "Nele"]]
    assert letter.cc == [["carla@partner.example", "Carla"]]
    assert envelopes(letter) == ["new@firm.example", "carla@partner.example"]
    assert Contact.objects.filter(addresses__email="new@firm.example", name="Nele").exists()


def test_own_followers_hear_by_their_channel_and_never_the_author(world: World) -> None:
    world.follow(world.amara, world.ben)
    by_inbox(world.ben)
    message = _say(world)
    assert told(message) == {MARY.email: "mail", "ben@acme.example": "inbox"}
    assert "Amara Okafor <amara@acme.example> wrote it: not told." in words(message, "spared")


def test_followers_outside_are_named_in_cc(world: World) -> None:
    world.follow(world.carla, world.ben)
    message = _say(world)
    outside = next(letter for letter in letters(message) if letter.to)
    assert (outside.to, outside.cc) == ([[MARY.email, "Mary"]], [["carla@partner.example", "Carla"]])
    inside = next(letter for letter in letters(message) if not letter.to)
    assert envelopes(inside) == ["ben@acme.example"]
    assert inside.message_id == outside.message_id == message.message_id


def test_beyond_fifty_each_copy_names_only_its_own(world: World) -> None:
    for number in range(50):
        world.follow(factory.contact(world.acme.company, f"F{number}", f"f{number}@many.example"))
    message = _say(world, to=[MARY])
    (letter,) = letters(message)
    assert (letter.to, letter.cc) == ([], [])
    assert len(envelopes(letter)) == 51


def test_the_author_follows_from_now_on(world: World) -> None:
    _say(world)
    _say(world)
    follower = Follower.objects.get(thread=world.lead.thread, contact=world.amara)
    assert (follower.discussions, follower.notes) == (True, False)


def test_a_member_sets_the_counters_of_senders_back(world: World) -> None:
    from postroom.conversations.limits import thread_counter

    world.comes()
    mine, other = thread_counter(world.lead.thread.pk, MARY.email), thread_counter(world.lead.thread.pk + 1, MARY.email)
    counters.add({mine: 7, other: 3}, 3600)
    _say(world)
    assert counters.current([mine, other], 3600) == {other: 3}


def test_files_go_along(world: World) -> None:
    message = _say(world, uploads=[Upload("../offer.pdf", "application/pdf", b"%PDF"), Upload("", "", b"x")])
    assert list(message.attachments.order_by("position").values_list("file__name", "file__content_type")) == [
        ("offer.pdf", "application/pdf"),
        ("part-2.bin", "application/octet-stream"),
    ]
    files = LetterFile.objects.filter(letter=letters(message)[0]).order_by("position")
    assert list(files.values_list("file__name", "content_id")) == [("offer.pdf", ""), ("part-2.bin", "")]


def test_a_subject_of_ones_own(world: World) -> None:
    assert _say(world, subject="Offer").subject == "Offer"


@pytest.mark.parametrize(("title", "subject"), [("Vans", "Re: Vans"), ("Re: Vans", "Re: Vans"), ("RE:x", "RE:x")])
def test_no_re_is_doubled(world: World, title: str, subject: str) -> None:
    world.lead.title = title
    world.lead.save()
    assert _say(world).subject == subject


def test_without_an_alias_domain_it_still_leaves(world: World) -> None:
    world.lead.desk = None
    world.lead.save()
    assert letters(_say(world))[0].reply_to == "catchall@acme.example"
    world.acme.domain.company_domains.all().delete()
    (letter,) = letters(_say(world))
    assert (letter.reply_to, letter.domain_id) == ("", None)
    assert letter.message_id.endswith("@127.0.0.1")


CANNOT: tuple[tuple[dict[str, Any], str], ...] = (
    ({"body": " \n"}, "nothing to send"),
    ({"body": "x" * (256 * 1024 + 1)}, "too long"),
    ({"to": [Address("no address")]}, "not a mail address"),
    ({"to": [Address("sales@acme.example")]}, "an address of ours"),
    ({"cc": [Address(f"a{n}@b.example") for n in range(51)], "to": []}, "51 recipients"),
    ({"uploads": [Upload("a", "text/plain", b"x" * (25 * 1024 * 1024 + 1))]}, "too large"),
    ({"mentions": [0]}, "mentioned"),
    ({"record_id": 0}, "no record"),
)


@pytest.mark.parametrize(("fields", "why"), CANNOT, ids=[why for _, why in CANNOT])
def test_what_cannot_be_posted_leaves_nothing_behind(world: World, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(CannotPost, match=why):
        post_message(**{"user": world.user, "record_id": world.lead.pk, "body": "Hello", **fields})
    assert not Message.objects.exists()
    assert not Delivery.objects.exists()


def test_somebody_of_another_company_finds_no_record(world: World) -> None:
    stranger = factory.user("zoe", {factory.company("Other"): "administrator"})
    for post in (post_message, post_note):
        with pytest.raises(CannotPost, match="no record"):
            post(user=stranger, record_id=world.lead.pk, body="Hello")


def test_people_outside_and_customers_cannot_be_mentioned(world: World) -> None:
    with pytest.raises(CannotPost, match="mentioned"):
        post_note(user=world.user, record_id=world.lead.pk, body="@Mary", mentions=[world.mary.pk])


def test_a_record_about_a_colleague_is_answered_to_them(world: World) -> None:
    world.lead.contact = world.ben
    world.lead.save()
    assert told(_say(world)) == {"ben@acme.example": "mail"}


def test_headers_and_rows_take_any_words(world: World) -> None:
    people = [Address("n@firm.example", "N\r\nBcc: x@y.example\ud800")]
    message = _say(world, "a\0b\ud800", subject="One\r\nTwo: \ud800\0", to=people)
    (letter,) = letters(Message.objects.get(pk=message.pk))
    assert letter.subject == "One Two: ?"
    assert letter.to == [["n@firm.example", "N Bcc: x@y.example?"]]


def test_an_address_of_a_mail_that_smtp_cannot_carry_is_not_suggested(world: World) -> None:
    message = world.comes()
    message.cc = [["x@-..example", ""], ["fine@firm.example", ""]]
    message.save()
    assert set(told(_say(world))) == {MARY.email, "fine@firm.example"}
