"""From accepted bytes to the desk: what each kind of mail becomes, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from postroom.conversations.models import Message, Participant
from postroom.core.addresses import Address
from postroom.core.message.draft import DraftFile
from postroom.directory.models import Contact
from postroom.domains.models import Alias, RetiredAddress
from postroom.inbound.models import InboundMail, Refusal, Route
from postroom.inbound.services import Refused, accept, always_allow, explain, note_refusals, replay
from postroom.inbound.worker import settle_all
from postroom.infra import blobs, parameters
from postroom.infra.clock import now
from postroom.infra.models import Blob, Change, Parameter
from postroom.records.models import Record
from tests.support.acme import HANNA, Acme, arrival, letter, make_acme, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    return make_acme()


def test_a_mail_to_an_alias_becomes_a_record_with_its_conversation(acme: Acme) -> None:
    raw = letter(cc=(Address("boss@customer.example", "The Boss"),))
    take_in(arrival(raw))
    record = Record.objects.get()
    message = Message.objects.get()
    assert (record.type, record.title, record.desk_id) == ("lead", "Vans", acme.sales.pk)
    assert record.contact is not None
    assert record.contact.name == "Hanna Sjöberg"
    assert record.stage is not None
    assert record.stage.name == "New"
    assert message.own_text.split() == ["Hello,", "we", "need", "42", "vans."]
    assert message.cc == [["boss@customer.example", "The Boss"]]
    assert message.author == record.contact
    assert record.thread.followers.get().contact.user == acme.amara
    assert set(Participant.objects.values_list("email", flat=True)) == {HANNA.email, "boss@customer.example"}
    mail = InboundMail.objects.get()
    route = mail.routes.get()
    alias = Alias.objects.get(local_part="sales")
    assert (mail.state, route.state, route.target) == ("routed", "routed", f"alias:{alias.pk}")
    assert route.message == message
    assert route.because
    assert len(route.trace) > 3
    assert mail.due is None
    assert mail.company_id == acme.company.pk
    assert mail.subject == "Vans"
    assert set(Change.objects.values_list("topic", flat=True)) == {"record", "arrival"}
    alias.refresh_from_db()
    assert alias.health == "valid"


@pytest.mark.parametrize("header", ["in_reply_to", "references"])
def test_a_reply_lands_in_the_same_conversation(acme: Acme, header: str) -> None:
    first = letter(message_id="first@customer.example")
    take_in(arrival(first))
    reply = letter(message_id="second@customer.example", subject="Other words", **{header: ("first@customer.example",)})
    take_in(arrival(reply))
    assert Record.objects.count() == 1
    assert [m.standing for m in Message.objects.order_by("id")] == ["sender", "participant"]
    assert InboundMail.objects.latest("id").routes.get().target.startswith("thread:")


def test_a_reply_and_its_parent_in_one_batch_keep_their_order(acme: Acme) -> None:
    first = arrival(letter(message_id="a@x.example"))
    second = arrival(letter(message_id="b@x.example", in_reply_to=("a@x.example",)))
    third = arrival(letter(message_id="c@x.example", in_reply_to=("b@x.example",)))
    take_in(first, second, third)
    assert (Record.objects.count(), Message.objects.count()) == (1, 3)


def test_a_reply_waits_for_its_parent_that_another_worker_holds(acme: Acme) -> None:
    accept([arrival(letter(message_id="a@x.example"))])
    InboundMail.objects.update(lease_token="other", lease_until=now() + timedelta(minutes=1))
    take_in(arrival(letter(message_id="b@x.example", in_reply_to=("a@x.example",))))
    assert Record.objects.count() == 0
    InboundMail.objects.update(lease_until=None, due=now())
    settle_all()
    assert (Record.objects.count(), Message.objects.count()) == (1, 2)


def test_a_stranger_with_somebodys_references_is_an_unverified_outsider(acme: Acme) -> None:
    take_in(arrival(letter(message_id="a@x.example")))
    contacts = Contact.objects.count()
    stranger = Address("eve@elsewhere.example", "Eve")
    take_in(arrival(letter(author=stranger, message_id="b@x.example", in_reply_to=("a@x.example",))))
    message = Message.objects.latest("id")
    assert (message.standing, message.author) == ("outsider", None)
    assert Contact.objects.count() == contacts


def test_a_colleagues_address_is_a_claim(acme: Acme) -> None:
    take_in(arrival(letter(author=Address("amara@acme.example", "Amara"))))
    assert Message.objects.get().standing == "claimed-member"


def test_two_aliases_make_two_records_and_one_that_fails_undoes_nothing(acme: Acme) -> None:
    Alias.objects.filter(local_part="support").update(defaults={"colour": "red"})
    take_in(arrival(letter(), "sales@acme.example", "support@acme.example"))
    assert [record.type for record in Record.objects.all()] == ["lead"]
    mail = InboundMail.objects.get()
    assert {route.state for route in mail.routes.all()} == {"routed", "retrying"}
    assert mail.state == "retrying"
    assert mail.due is not None
    failed = mail.routes.get(state="retrying")
    assert "colour" in failed.error
    assert "colour" in failed.because
    assert Alias.objects.get(local_part="support").health == "invalid"
    Alias.objects.filter(local_part="support").update(defaults={})
    InboundMail.objects.update(due=now())
    settle_all()
    assert sorted(record.type for record in Record.objects.all()) == ["lead", "ticket"]
    assert InboundMail.objects.get().state == "routed"
    assert Route.objects.count() == 2


def test_a_mail_that_fails_does_not_harm_the_rest_of_its_batch(acme: Acme) -> None:
    Alias.objects.filter(local_part="support").update(defaults={"colour": "red"})
    people = [Address(f"p{n}@x.example") for n in range(4)]
    mails = [arrival(letter(author=p, message_id=f"{p.email}"), "sales@acme.example") for p in people]
    take_in(*mails, arrival(letter(author=Address("q@x.example")), "support@acme.example"))
    assert Record.objects.count() == 4


def test_a_route_that_fails_for_ever_waits_for_a_person(acme: Acme) -> None:
    Alias.objects.filter(local_part="sales").update(defaults={"colour": "red"})
    take_in(arrival(letter()))
    for _ in range(12):
        InboundMail.objects.exclude(due=None).update(due=now())
        settle_all()
    mail = InboundMail.objects.get()
    assert (mail.state, mail.due) == ("failed", None)
    Alias.objects.filter(local_part="sales").update(defaults={})
    assert replay([mail.pk], by=acme.admin) == 1
    settle_all()
    route = InboundMail.objects.get().routes.get()
    assert route.state == "routed"
    assert "Ada Admin" in route.trace[0]["text"]


def test_the_same_mail_twice_is_one_record_and_a_duplicate(acme: Acme) -> None:
    raw = letter()
    first, second = take_in(arrival(raw), arrival(raw))
    assert Record.objects.count() == 1
    route = Route.objects.get(arrival=second.arrival_id)
    assert route.state == "duplicate"
    assert str(first.arrival_id) in route.because


@pytest.mark.parametrize("key", ["7bd9679039aef13742d199fb{:08x}", "{:08x}7bd9679039aef13742d199fb", "k" * 110 + "{}"])
def test_equal_mails_of_a_bare_script_remain_two(acme: Acme, key: str) -> None:
    raw = b"From: hanna@customer.example\r\nTo: sales@acme.example\r\nSubject: Disk full\r\n\r\nAgain.\r\n"
    take_in(*(replace(arrival(raw), key=key.format(number)) for number in (1, 2)))
    assert Record.objects.count() == 2
    assert {route.state for route in Route.objects.all()} == {"routed"}


def test_the_same_key_of_a_source_is_kept_once(acme: Acme) -> None:
    one = arrival(letter())
    first, again = accept([one])[0], accept([one])[0]
    assert first.arrival_id == again.arrival_id
    assert InboundMail.objects.count() == 1


def test_the_catchall_alone_is_refused_and_says_where_to_write(acme: Acme) -> None:
    kept = accept([arrival(letter(), "catchall@acme.example")])[0]
    assert kept.refused is not None
    assert kept.refused[0].startswith("5")
    assert "sales@acme.example" in kept.refused[1]
    assert InboundMail.objects.count() == 0


def test_the_catchall_takes_a_proved_answer(acme: Acme) -> None:
    take_in(arrival(letter(message_id="a@x.example")))
    reply = letter(message_id="b@x.example", in_reply_to=("a@x.example",))
    kept = take_in(arrival(reply, "catchall@acme.example"))[0]
    assert kept.refused is None
    assert Message.objects.count() == 2


def test_an_unknown_address_that_a_spool_brought_is_refused_in_words(acme: Acme) -> None:
    take_in(arrival(letter(), "nobody@acme.example", source="pipe"))
    route = InboundMail.objects.get().routes.get()
    assert (route.state, Record.objects.count()) == ("refused", 0)
    assert "550" in route.trace[-1]["text"]


def test_the_sixth_record_of_a_sender_is_held_until_released(acme: Acme) -> None:
    mails = [arrival(letter(message_id=f"{n}@x.example", subject=f"No {n}")) for n in range(6)]
    take_in(*mails)
    held = InboundMail.objects.get(state="held")
    assert Record.objects.count() == 5
    assert replay([held.pk], by=acme.admin, release=True) == 1
    settle_all()
    assert Record.objects.count() == 6
    take_in(arrival(letter(subject="One more")))
    held = InboundMail.objects.get(state="held")
    always_allow(held.pk, by=acme.admin)
    take_in(arrival(letter(subject="And more")))
    assert Record.objects.count() == 8


def test_a_mail_that_goes_in_circles_is_held_until_released(acme: Acme) -> None:
    take_in(arrival(b"Received: from a.example by b.example\r\n" * 101 + letter()))
    held = InboundMail.objects.get(state="held")
    assert (held.company_id, Record.objects.count()) == (acme.company.pk, 0)
    assert "101 servers" in held.routes.get().because
    assert replay([held.pk], by=acme.admin, release=True) == 1
    settle_all()
    assert Record.objects.count() == 1


def test_the_limit_is_a_parameter(acme: Acme) -> None:
    Parameter.objects.create(key="mail.incoming.limit.alias", value="1")
    parameters.forget()
    take_in(arrival(letter(subject="a")), arrival(letter(subject="b")))
    assert sorted(InboundMail.objects.values_list("state", flat=True)) == ["held", "routed"]


def test_the_limit_is_checked_again_in_the_transaction(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers that looked at the same time: the counter's row decides."""
    monkeypatch.setattr("postroom.infra.counters.current", lambda keys, window: {})
    for n in range(7):
        take_in(arrival(letter(subject=str(n))))
    assert Record.objects.count() == 5


def test_attachments_and_inline_images_are_kept(acme: Acme) -> None:
    files = (
        DraftFile("plan.pdf", "application/pdf", b"%PDF-1.4 plan"),
        DraftFile("logo.png", "image/png", b"\x89PNG logo", content_id="logo@x"),
    )
    take_in(arrival(letter(html='<p>Hello <img src="cid:logo@x"></p>', attachments=files)))
    found = {
        a.file.name: (blobs.read(a.file.blob), a.inline, a.content_id) for a in Message.objects.get().attachments.all()
    }
    assert found == {
        "plan.pdf": (b"%PDF-1.4 plan", False, ""),
        "logo.png": (b"\x89PNG logo", True, "logo@x"),
    }


def test_a_large_mail_stands_in_a_file(acme: Acme) -> None:
    raw = letter(attachments=(DraftFile("big.bin", "application/octet-stream", b"x" * 200_000),))
    take_in(arrival(raw))
    mail = InboundMail.objects.get()
    assert mail.raw.data is None
    assert mail.raw.blob is not None
    assert mail.raw.blob.data is None
    assert Blob.objects.filter(data=None).count() == 2
    assert Record.objects.count() == 1


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"no header at all", b"\x00\xff" * 50, b"Subject: x\r\n\r\nbody"])
def test_any_bytes_become_a_record_that_names_its_defects(acme: Acme, raw: bytes) -> None:
    take_in(arrival(raw, sender=""))
    mail = InboundMail.objects.get()
    assert mail.state in ("routed", "held")
    assert mail.defects
    assert Record.objects.count() == 1
    assert Record.objects.get().title


def test_a_retired_alias_still_routes(acme: Acme) -> None:
    RetiredAddress.objects.create(
        domain_name="old.example", local_part="vente", domain=acme.domain, part="alias", alias=acme.sales.alias,
        retired_at=now(), free_from=now() + timedelta(days=180),
    )  # fmt: skip
    take_in(arrival(letter(), "vente@old.example"))
    assert Record.objects.get().type == "lead"
    assert any("retired" in step["text"] for step in Route.objects.get().trace)


def test_a_forced_target_takes_every_mail(acme: Acme) -> None:
    take_in(arrival(letter()))
    Alias.objects.filter(local_part="support").update(forced_target=Record.objects.get().ref)
    take_in(arrival(letter(author=Address("new@x.example")), "support@acme.example"))
    assert (Record.objects.count(), Message.objects.count()) == (1, 2)


def test_references_of_another_company_do_not_count(acme: Acme) -> None:
    make_acme("Other", "other.example")
    take_in(arrival(letter(message_id="a@x.example"), "sales@other.example"))
    take_in(arrival(letter(message_id="b@x.example", in_reply_to=("a@x.example",)), "sales@acme.example"))
    assert Record.objects.count() == 2
    assert {record.company.name for record in Record.objects.all()} == {"Acme", "Other"}


def test_explain_says_beforehand_what_happens_and_changes_nothing(acme: Acme) -> None:
    said = explain(letter(), ["sales@acme.example", "nobody@acme.example"])
    assert [one["state"] for one in said] == ["routed", "refused"]
    assert all(one["trace"] and one["because"] for one in said)
    assert InboundMail.objects.count() == Record.objects.count() == 0


def test_explain_takes_recipients_from_the_headers(acme: Acme) -> None:
    assert [one["state"] for one in explain(letter(), [])] == ["routed"]


def test_a_lost_lease_leaves_the_arrival_to_its_new_holder(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.inbound.steps.enact.keep", lambda model, token, keys: set())
    accept([arrival(letter())])
    settle_all(most=1)
    assert Record.objects.count() == 0
    assert InboundMail.objects.get().state == "arrived"


def test_a_refusal_is_shown_to_the_company_whose_domain_it_is_about(acme: Acme) -> None:
    about = {"door": "smtp", "peer": "192.0.2.9", "helo": "x", "sender": "a@b.example", "words": "no"}
    note_refusals(
        [
            Refused(recipient="nobody@Acme.example", code="550 5.1.1", **about),
            Refused(recipient="nobody@elsewhere.example", code="550 5.7.1", **about),
        ]
    )
    owners = dict(Refusal.objects.values_list("recipient", "company_id"))
    assert owners == {"nobody@Acme.example": acme.company.pk, "nobody@elsewhere.example": 0}


def test_defaults_of_an_alias_reach_the_record(acme: Acme) -> None:
    done = acme.sales.stages.get(name="Done")
    Alias.objects.filter(local_part="sales").update(defaults={"owner": acme.amara.pk, "stage": done.pk})
    take_in(arrival(letter()))
    assert (Record.objects.get().owner, Record.objects.get().stage) == (acme.amara, done)


@pytest.mark.parametrize("name", ["owner", "stage"])
@pytest.mark.parametrize("value", ["theirs", 999_999, "Amara", [1]])
def test_defaults_of_another_company_make_nothing_and_say_so(acme: Acme, name: str, value: object) -> None:
    other = make_acme("Other", "other.example")
    theirs = {"owner": other.amara.pk, "stage": other.sales.stages.first().pk}  # type: ignore[union-attr]
    own = Alias.objects.filter(company=acme.company, local_part="sales")
    own.update(defaults={name: theirs[name] if value == "theirs" else value})
    take_in(arrival(letter()))
    route = Route.objects.get()
    assert (route.state, Record.objects.count()) == ("retrying", 0)
    assert route.error.startswith(f"The default {name}")
    assert own.get().health == "invalid"
