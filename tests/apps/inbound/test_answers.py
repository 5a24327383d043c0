"""Answers come home: by token and by reference, believed as far as they may be, and told to whoever hears of them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from postroom.conversations.models import Follower, Message, MessageId, Notification, Participant, Thread
from postroom.conversations.services import accept_message, follow, post_message, post_note
from postroom.core.addresses import Address
from postroom.core.tokens import Purpose, Token, mint
from postroom.directory.models import Contact
from postroom.domains.services import ensure_token_key
from postroom.inbound.models import InboundMail
from postroom.infra.instance import instance_id
from postroom.outbound.models import Delivery, Letter
from postroom.outbound.selectors import rendered
from postroom.records.models import Record
from tests.core.authentication.signing import Signer
from tests.support import factory
from tests.support.acme import HANNA, Acme, arrival, letter, make_acme, take_in
from tests.support.dns_server import resolving, table_of

pytestmark = pytest.mark.django_db

AMARA = Address("amara@acme.example", "Amara Okafor")
EVE = Address("eve@elsewhere.example", "Eve")
BOSS = Address("boss@customer.example", "The Boss")
WIRE = "0102018f-wire@provider.example"


@pytest.fixture
def acme() -> Acme:
    return make_acme()


@pytest.fixture
def lead(acme: Acme) -> Record:
    """Hanna's question, which came by mail."""
    take_in(arrival(letter(message_id="ask@customer.example")))
    return Record.objects.get()


def link(delivery: int, name: str = "sales") -> str:
    """The address to which an answer to this copy goes."""
    key = ensure_token_key()
    return f"{name}+{mint(Token(Purpose.REPLY, key.number, delivery), bytes(key.secret))}@acme.example"


def copy_to(email: str, message: Message) -> int:
    """The copy of a message that this address got."""
    return Notification.objects.get(message=message, email=email).delivery_id or 0


def told(message: Message) -> set[str]:
    return set(Notification.objects.filter(message=message).values_list("email", flat=True))


def newest() -> Message:
    return Message.objects.latest("id")


def answer(to: str, author: Address = HANNA, **changes: object) -> Message:
    """A mail to one address of ours, settled; the newest message then."""
    take_in(arrival(letter(author=author, to=(Address(to),), **changes), to, sender=author.email))
    return newest()


def said(at: InboundMail) -> str:
    return " ".join(step["text"] for route in at.routes.all() for step in route.trace)


@pytest.fixture
def offer(acme: Acme, lead: Record) -> Message:
    """What Amara wrote back."""
    return post_message(user=acme.amara, record_id=lead.pk, body="We have forty-two.")


@pytest.fixture
def note(acme: Acme, lead: Record) -> Message:
    """An internal note of the administrator that mentions Amara."""
    amara = Contact.objects.get(user=acme.amara)
    return post_note(user=acme.admin, record_id=lead.pk, body="Can we do that, @Amara?", mentions=[amara.pk])


# --- tokens


def test_a_token_alone_finds_the_conversation(offer: Message, lead: Record) -> None:
    came = answer(link(copy_to(HANNA.email, offer)), subject="Quite another subject")
    assert (came.thread_id, came.standing, came.visibility) == (lead.thread.pk, "participant", "public")
    assert "named by the token" in InboundMail.objects.latest("id").routes.get().because


def test_upper_case_and_a_token_at_the_catchall_are_as_good(offer: Message, lead: Record) -> None:
    came = answer(link(copy_to(HANNA.email, offer), "catchall").upper().replace("ACME.EXAMPLE", "acme.example"))
    assert (came.thread_id, came.standing) == (lead.thread.pk, "participant")


def test_whoever_holds_somebody_elses_token_is_an_outsider_however_often(offer: Message, lead: Record) -> None:
    to = link(copy_to(HANNA.email, offer))
    for number in range(2):
        came = answer(to, EVE, text=f"Number {number}.\r\n", cc=(Address("more@elsewhere.example"),))
        assert (came.thread_id, came.standing, came.author) == (lead.thread.pk, "outsider", None)
        assert told(came) == set()
    assert not Participant.objects.filter(email__endswith="elsewhere.example").exists()
    assert "The token was sent to somebody else." in said(InboundMail.objects.latest("id"))


def test_an_outsider_whom_a_member_believed_takes_part(acme: Acme, offer: Message, lead: Record) -> None:
    to = link(copy_to(HANNA.email, offer))
    accept_message(user=acme.amara, message_id=answer(to, EVE).pk)
    came = answer(to, EVE, text="And once more.\r\n")
    assert (came.standing, came.author is None) == ("participant", False)


def test_a_token_whose_copy_is_gone_is_said_and_the_address_decides(offer: Message) -> None:
    to = link(copy_to(HANNA.email, offer))
    Notification.objects.all().delete()
    came = answer(to)
    assert came.thread_id != offer.thread_id
    assert "the copy that carried this token is no longer kept." in said(InboundMail.objects.latest("id"))


def test_a_token_of_another_company_does_not_count(acme: Acme, offer: Message) -> None:
    make_acme("Globex", "globex.example")
    to = link(copy_to(HANNA.email, offer)).replace("@acme.example", "@globex.example")
    came = answer(to)
    assert came.company_id != acme.company.pk
    assert came.thread_id != offer.thread_id


# --- ids that a server gave our mail on its way


def test_the_first_answer_by_token_teaches_the_id_on_the_wire(offer: Message) -> None:
    answer(link(copy_to(HANNA.email, offer)), in_reply_to=(WIRE,))
    assert set(MessageId.objects.filter(value=WIRE).values_list("message_id", flat=True)) == {offer.pk}
    later = answer("sales@acme.example", in_reply_to=(WIRE,), text="And by reference alone.\r\n")
    assert (later.thread_id, later.standing) == (offer.thread_id, "participant")
    answer(link(copy_to(HANNA.email, offer)), in_reply_to=(WIRE,), text="It is known by now.\r\n")
    assert MessageId.objects.filter(value=WIRE).count() == 1


def test_an_outsider_teaches_nothing(offer: Message) -> None:
    answer(link(copy_to(HANNA.email, offer)), EVE, in_reply_to=(WIRE,))
    assert not MessageId.objects.filter(value=WIRE).exists()


def test_what_we_sent_is_known_by_its_own_id(offer: Message) -> None:
    came = answer("sales@acme.example", in_reply_to=(offer.message_id,))
    assert came.thread_id == offer.thread_id


def test_the_subject_finds_nothing(offer: Message) -> None:
    assert answer("sales@acme.example", subject=offer.subject).thread_id != offer.thread_id


# --- notes


def test_a_members_answer_to_a_note_is_a_note_where_their_domain_signed_it(acme: Acme, note: Message) -> None:
    to = link(copy_to(AMARA.email, note))
    raw = Signer().sign(letter(author=AMARA, to=(Address(to),)))
    with resolving(table_of(Signer().zone)):
        take_in(arrival(raw, to, sender=AMARA.email))
    came = newest()
    assert (came.thread_id, came.kind, came.visibility, came.standing) == (
        note.thread_id, "note", "internal", "member",
    )  # fmt: skip
    assert came.author is not None
    assert (came.author.user, came.level, came.verdict) == (acme.amara, "verified", "acme.example signed it.")
    assert told(came) == {"admin@acme.example"}


def test_a_link_is_a_direction_and_proves_nobody(acme: Acme, note: Message) -> None:
    came = answer(link(copy_to(AMARA.email, note)), AMARA)
    assert (came.thread_id, came.kind, came.visibility, came.standing) == (
        note.thread_id, "email", "internal", "claimed-member",
    )  # fmt: skip
    assert (came.author, came.author_email, came.user) == (None, AMARA.email, None)
    assert came.level in ("unverified", "unknown")
    accept_message(user=acme.admin, message_id=came.pk)
    came.refresh_from_db()
    assert came.author is not None
    assert (came.standing, came.author.user) == ("member", acme.amara)


@pytest.mark.parametrize(
    ("author", "by", "standing"),
    [
        (AMARA, "token", "claimed-member"),
        (Address("admin@acme.example"), "token", "claimed-member"),
        (AMARA, "reference", "claimed-member"),
        (EVE, "token", "outsider"),
        (EVE, "reference", "outsider"),
        (HANNA, "token", "outsider"),
        (HANNA, "reference", "outsider"),
    ],
    ids=lambda value: getattr(value, "email", value),
)
def test_any_other_answer_to_a_note_is_internal_and_unverified(
    note: Message, author: Address, by: str, standing: str
) -> None:
    to = link(copy_to(AMARA.email, note)) if by == "token" else "sales@acme.example"
    came = answer(to, author, in_reply_to=() if by == "token" else (note.message_id,))
    assert (came.thread_id, came.kind, came.visibility, came.standing) == (
        note.thread_id, "email", "internal", standing,
    )  # fmt: skip
    assert not told(came) & {HANNA.email, EVE.email, BOSS.email}
    references = Thread.objects.get(pk=came.thread_id).references
    assert not {note.message_id, came.message_id} & set(references)


def test_who_left_the_company_has_a_link_no_more(acme: Acme, note: Message) -> None:
    to = link(copy_to(AMARA.email, note))
    acme.amara.memberships.all().delete()
    came = answer(to, AMARA)
    assert (came.visibility, came.standing) == ("internal", "outsider")


def test_a_note_and_its_answers_reach_no_customer(acme: Acme, lead: Record, note: Message) -> None:
    follow(user=acme.amara, record_id=lead.pk, contact_id=Contact.objects.get(addresses__email=HANNA.email).pk)
    answer(link(copy_to(AMARA.email, note)), AMARA)
    answer("sales@acme.example", AMARA, in_reply_to=(note.message_id,))
    answer("sales@acme.example", EVE, in_reply_to=(note.message_id,))
    assert not Delivery.objects.filter(address__in=[HANNA.email, EVE.email]).exists()


# --- who hears of what came


def following(record: Record, *people: Address) -> None:
    for person in people:
        known = Contact.objects.filter(company=record.company, addresses__email=person.email).first()
        Follower.objects.create(
            thread=record.thread, contact=known or factory.contact(record.company, person.name, person.email)
        )


def test_the_desk_hears_of_a_new_mail(lead: Record) -> None:
    assert told(newest()) == {AMARA.email}


def test_an_answer_is_sent_on_but_not_to_who_has_it(lead: Record, offer: Message) -> None:
    following(lead, HANNA, BOSS, Address("third@customer.example", "Third"))
    came = answer(link(copy_to(HANNA.email, offer)), cc=(BOSS,))
    assert told(came) == {AMARA.email, "third@customer.example"}
    sent = Letter.objects.filter(deliveries__notification__message=came)
    assert {one.author_name for one in sent} == {HANNA.name}
    (own,) = {one.message_id for one in sent}
    assert own != came.message_id
    assert all(came.message_id in one.references for one in sent)
    assert set(came.ids.values_list("value", flat=True)) == {own, came.message_id}
    assert answer("sales@acme.example", BOSS, in_reply_to=(own,)).thread_id == came.thread_id


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ((("Auto-Submitted", "auto-replied"),), True),
        ((("Precedence", "auto_reply"),), True),
        ((("List-Id", "<news.customer.example>"),), True),
        ((("X-Auto-Response-Suppress", "All"),), False),
    ],
)
def test_what_a_machine_wrote_is_for_our_own_people(
    lead: Record, offer: Message, headers: Iterable[tuple[str, str]], automatic: bool
) -> None:
    following(lead, BOSS)
    raw = letter(to=(Address("sales@acme.example"),), in_reply_to=(offer.message_id,))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
    take_in(arrival(head + raw, "sales@acme.example"))
    came = newest()
    assert came.thread_id == offer.thread_id
    assert told(came) == ({AMARA.email} if automatic else {AMARA.email, BOSS.email})
    letters = Letter.objects.filter(deliveries__notification__message=came)
    assert {one.is_automatic for one in letters} == {automatic}


def test_a_colleagues_claim_goes_to_our_own_people_only(acme: Acme, lead: Record, offer: Message) -> None:
    following(lead, HANNA, Address("admin@acme.example"))
    came = answer(link(copy_to(HANNA.email, offer)), AMARA)
    assert came.standing == "claimed-member"
    assert told(came) == {"admin@acme.example"}


def test_the_same_mail_a_second_time_is_told_to_nobody(offer: Message) -> None:
    raw = letter(in_reply_to=(offer.message_id,))
    take_in(arrival(raw))
    before = Notification.objects.count()
    take_in(arrival(raw))
    assert Notification.objects.count() == before
    assert InboundMail.objects.latest("id").state == "duplicate"


def test_our_own_copy_that_comes_back_is_ignored(lead: Record, offer: Message) -> None:
    following(lead, BOSS)
    came = answer(link(copy_to(HANNA.email, offer)))
    sent_on = rendered(Delivery.objects.get(notification__message=came, address=BOSS.email))
    assert instance_id().encode() in sent_on
    messages = Message.objects.count()
    take_in(arrival(sent_on, "sales@acme.example"))
    assert Message.objects.count() == messages
    assert InboundMail.objects.latest("id").state == "ignored"


# --- loop limits


def replies(amount: int, offer: Message, head: bytes = b"") -> list[str]:
    """So many answers of Hanna's, one after the other: what became of each."""
    states = []
    for _ in range(amount):
        take_in(arrival(head + letter(in_reply_to=(offer.message_id,), text=f"{Message.objects.count()}\r\n")))
        states.append(InboundMail.objects.latest("id").state)
    return states


def test_a_members_message_starts_the_count_anew(acme: Acme, lead: Record, offer: Message) -> None:
    assert replies(21, offer) == ["routed"] * 20 + ["held"]
    post_message(user=acme.amara, record_id=lead.pk, body="Please stop.")
    assert replies(1, offer) == ["routed"]


def test_what_machines_send_counts_whatever_members_write(acme: Acme, lead: Record, offer: Message) -> None:
    machine = b"Auto-Submitted: auto-replied\r\n"
    assert replies(15, offer, machine) == ["routed"] * 15
    post_message(user=acme.amara, record_id=lead.pk, body="Are you there?")
    assert replies(6, offer, machine) == ["routed"] * 5 + ["held"]
