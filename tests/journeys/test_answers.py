"""The answer and its return, over real sockets: what leaves goes to a provider of the tests, and replies come home."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import getaddresses
from functools import cached_property
from typing import Any

import pytest

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.mail import Mail
from postroom.core.message.parse import parse
from postroom.core.message.render import render
from tests.core.authentication.signing import Signer
from tests.support import ready
from tests.support.acting import Actor
from tests.support.dns_server import serving, table_of
from tests.support.running import Installation, stop
from tests.support.smtp_server import SmtpServer
from tests.support.supervised import wait_for

pytestmark = pytest.mark.slow

HANNA = Address("hanna@customer.example", "Hanna Sjöberg")
MARY = Address("mary@customer.example", "Mary")
AMARA, ADMIN = Address("amara@acme.example", "Amara Okafor"), Address("admin@acme.example", "Ada Admin")
BOB, CAROL = Address("bob@customer.example", "Bob"), Address("carol@elsewhere.example", "Carol")
SALES = Address("sales@acme.example")
NOTIFICATIONS = "notifications@acme.example"


@dataclass(frozen=True)
class Got:
    """One mail with its envelope, as the provider got it."""

    sender: str
    to: tuple[str, ...]
    raw: bytes

    @cached_property
    def mail(self) -> Mail:
        return parse(self.raw)

    @property
    def source(self) -> str:
        """Its bytes and its words, for looking for what must not stand in it."""
        return self.raw.decode("utf-8", "replace") + self.mail.text + self.mail.html


@dataclass
class Office:
    """A running installation of Acme, and the provider that it sends by."""

    installation: Installation
    provider: SmtpServer
    act: Actor

    def everything(self) -> list[Got]:
        """All that the provider got so far."""
        return [Got(one.sender, one.recipients, one.data) for one in list(self.provider.mails)]

    def send(self, raw: bytes, sender: str, *to: str) -> None:
        """A mail by SMTP, as somebody's server hands it over."""
        with smtplib.SMTP("127.0.0.1", self.installation.port, timeout=30) as server:
            server.sendmail(sender, to, raw)

    def settled(self) -> None:
        """Until everything that came is settled and everything that leaves has left."""
        wait_for(lambda: self.act("unsettled") == 0, "everything settled")

    def got(self, to: str, words: str) -> Got:
        """The one mail for this address that holds these words."""
        found: list[Got] = wait_for(lambda: self.all_got(to, words), f"a mail for {to} about {words}")
        assert len(found) == 1
        return found[0]

    def all_got(self, to: str, words: str) -> list[Got]:
        return [one for one in self.everything() if to in one.to and words in one.mail.text]

    def conversation(self, title: str, messages: int) -> list[dict[str, Any]]:
        """The conversation once it has so many messages; oldest first."""
        rows: list[dict[str, Any]] = wait_for(
            lambda: (rows := self.act("conversation", title=title)) and len(rows) >= messages and rows,
            f"{messages} messages in {title}",
        )
        assert len(rows) == messages
        return rows


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with SmtpServer() as sink, serving(table_of(Signer().zone)) as names:
        extra = {
            "POSTROOM_DNS_SERVERS": f"127.0.0.1:{names.port}",
            "POSTROOM_OUTGOING_SERVER": "127.0.0.1",
            "POSTROOM_OUTGOING_PORT": str(sink.port),
            "POSTROOM_OUTGOING_ENCRYPTION": "none",
            "POSTROOM_FROM_FILTER": "acme.example",
            "POSTROOM_WORKER_PARSERS": "0",
        }
        installation = Installation(tmp_path_factory.mktemp("answers") / "var", extra=extra)
        ready.put("acme", installation.var)
        processes = [installation.listener(), installation.worker()]
        try:
            with Actor(installation) as act:
                act("allow", emails=[HANNA.email])
                yield Office(installation, sink, act)
        finally:
            stop(processes)


def mail(author: Address, title: str, text: str, **changes: Any) -> bytes:
    draft: dict[str, Any] = {"to": (SALES,), "message_id": f"{abs(hash((author, text)))}@{author.email.split('@')[1]}"}
    return render(Draft(**(draft | {"author": author, "subject": title, "text": text + "\r\n"} | changes)))


def asked(office: Office, title: str) -> Mail:
    """Hanna asks, Amara answers; the answer as Hanna gets it."""
    office.send(mail(HANNA, title, f"Question about {title}."), HANNA.email, SALES.email)
    office.conversation(title, 1)
    office.act("write", user="amara", title=title, body=f"Answer about {title}.", to=[HANNA.email])
    return office.got(HANNA.email, f"Answer about {title}.").mail


def reply(office: Office, to: Address, title: str, text: str, **changes: Any) -> dict[str, Any]:
    """Hanna answers to an address; the newest of what is then three messages."""
    office.send(mail(HANNA, title, text, to=(to,), **changes), HANNA.email, to.email)
    newest = office.conversation(title, 3)[-1]
    assert newest["text"] == text
    assert (newest["standing"], newest["visibility"]) == ("participant", "public")
    return newest


# --- the answer


def test_the_answer_looks_right_and_says_where_replies_go(office: Office) -> None:
    got = asked(office, "Forty vans")
    assert got.author == Address(AMARA.email, AMARA.name)  # an address that the server admits keeps its place
    (back,) = got.reply_to
    assert back.email.startswith("sales+")
    assert back.email.endswith("@acme.example")
    assert [one.email for one in got.to] == [HANNA.email]
    assert got.subject == "Re: Forty vans"
    question, answer = office.conversation("Forty vans", 2)
    assert got.message_id in answer["ids"]
    assert list(got.in_reply_to) == list(got.references) == [question["message_id"]]
    (envelope,) = office.all_got(HANNA.email, "Answer about Forty vans.")
    assert envelope.to == (HANNA.email,)
    assert envelope.sender.startswith("bounce+")
    assert envelope.sender.endswith("@acme.example")


# --- the ways home


def test_with_token_and_references(office: Office) -> None:
    got = asked(office, "Both")
    by = {"in_reply_to": (got.message_id,), "references": (*got.references, got.message_id)}
    reply(office, got.reply_to[0], "Both", "By both.", **by)


def test_with_references_stripped(office: Office) -> None:
    got = asked(office, "Token alone")
    reply(office, got.reply_to[0], "Token alone", "By the token.", subject="something else")


def test_with_the_token_stripped(office: Office) -> None:
    got = asked(office, "Reference alone")
    reply(office, SALES, "Reference alone", "By the reference.", in_reply_to=(got.message_id,))


def test_an_id_that_the_provider_told_when_it_took_the_mail(office: Office) -> None:
    wire = "0102018f-told@provider.example"
    office.provider.on(f"dot {HANNA.email}", f"250 2.0.0 Ok: queued as <{wire}>")
    asked(office, "Told id")
    office.settled()
    reply(office, SALES, "Told id", "By the id that it had on the wire.", in_reply_to=(wire,))


def test_an_id_that_only_the_first_answer_shows(office: Office) -> None:
    wire = "0102018f-silent@provider.example"
    got = asked(office, "Silent id")
    reply(office, got.reply_to[0], "Silent id", "By the token first.", in_reply_to=(wire,))
    assert f"<{wire}>, the id that a server gave it on its way" in office.act("routes")[-1]
    office.send(mail(HANNA, "Silent id", "By the id then.", in_reply_to=(wire,)), HANNA.email, SALES.email)
    assert office.conversation("Silent id", 4)[-1]["text"] == "By the id then."


def test_never_by_subject(office: Office) -> None:
    asked(office, "Same words")
    office.send(mail(HANNA, "Re: Same words", "By the subject?"), HANNA.email, SALES.email)
    wait_for(lambda: "Re: Same words" in office.act("records"), "a record of its own")
    office.conversation("Same words", 2)


def test_a_stranger_with_the_token_is_shown_and_not_sent_on(office: Office) -> None:
    got = asked(office, "Leaked")
    eve = Address("eve@elsewhere.example", "Eve")
    office.send(mail(eve, "Leaked", "I found this.", to=(got.reply_to[0],)), eve.email, got.reply_to[0].email)
    newest = office.conversation("Leaked", 3)[-1]
    assert (newest["standing"], newest["visibility"], newest["told"]) == ("outsider", "public", [])
    office.settled()
    assert not [one for one in office.everything() if "I found this." in one.mail.text]


# --- Mary's case: a customer writes, the others hear of it, each once


@dataclass(frozen=True)
class Arrangement:
    """Mary's mail: who follows, whom she addresses beside sales@, and who then gets a copy from us."""

    name: str
    followers: tuple[Address, ...]
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    copies: tuple[Address, ...] = ()


ARRANGEMENTS = (
    Arrangement("nobody follows", ()),
    Arrangement("Mary alone follows", (MARY,)),
    Arrangement("one of us follows", (AMARA,), copies=(AMARA,)),
    Arrangement("two of us follow", (AMARA, ADMIN), copies=(AMARA, ADMIN)),
    Arrangement("a customer follows", (BOB,), copies=(BOB,)),
    Arrangement("Mary and a customer follow", (MARY, BOB), copies=(BOB,)),
    Arrangement("all follow", (MARY, AMARA, BOB, CAROL), copies=(AMARA, BOB, CAROL)),
    Arrangement("a follower is in To", (AMARA, BOB), to=(BOB,), copies=(AMARA,)),
    Arrangement("a follower is in Cc", (AMARA, BOB), cc=(BOB,), copies=(AMARA,)),
    Arrangement("one of us is in Cc", (AMARA, ADMIN, BOB), cc=(AMARA,), copies=(ADMIN, BOB)),
    Arrangement("one in To, one in Cc", (MARY, AMARA, BOB, CAROL), to=(CAROL,), cc=(AMARA,), copies=(BOB,)),
    Arrangement("everybody has it already", (MARY, AMARA, BOB), to=(AMARA, BOB), cc=(MARY,)),
)


def maries(one: Arrangement) -> bytes:
    return mail(
        MARY,
        f"Re: {one.name}",
        f"Mary says: {one.name}.",
        to=(SALES, *one.to),
        cc=one.cc,
        message_id=f"{one.name.replace(' ', '-').replace(',', '')}@customer.example",
        in_reply_to=(f"{one.name.replace(' ', '-').replace(',', '')}.sent@acme.example",),
    )


@pytest.fixture(scope="module")
def told(office: Office) -> list[Got]:
    """All twelve mails sent and settled: what the provider got of them."""
    everybody = [MARY, AMARA, ADMIN, BOB, CAROL]
    names = {address.email: address.name for address in everybody}
    for one in ARRANGEMENTS:
        followers = [(address.email, names[address.email]) for address in one.followers]
        office.act("record", title=one.name, followers=followers)
        message_id = f"{one.name.replace(' ', '-').replace(',', '')}.sent@acme.example"
        office.act("known", title=one.name, message_id=message_id, to=[MARY.email])
    for one in ARRANGEMENTS:
        office.send(maries(one), MARY.email, SALES.email)
    for one in ARRANGEMENTS:
        office.conversation(one.name, 2)
    office.settled()
    return [one for one in office.everything() if "Mary says: " in one.mail.text]


@pytest.mark.parametrize("one", ARRANGEMENTS, ids=lambda one: one.name)
def test_a_customers_mail_is_sent_on(office: Office, told: list[Got], one: Arrangement) -> None:
    copies = [got for got in told if f"Mary says: {one.name}." in got.mail.text]
    assert sorted(to for got in copies for to in got.to) == sorted(address.email for address in one.copies)
    assert all(len(got.to) == 1 for got in copies)
    original = parse(maries(one)).message_id
    for got in copies:
        assert got.mail.author == Address(NOTIFICATIONS, "Mary")
        assert got.mail.message_id.endswith("@acme.example")
        assert got.mail.references[-1] == original
        assert list(got.mail.in_reply_to) == [original]
        (back,) = got.mail.reply_to
        assert back.email.startswith("sales+")
        assert got.sender.startswith("bounce+")
        named = {address.email for address in (*got.mail.to, *got.mail.cc)}
        assert not named & {MARY.email}
        assert named <= {address.email for address in one.copies}
        assert got.to[0] in named
    assert len({got.mail.message_id for got in copies}) <= 1
    newest = office.act("conversation", title=one.name)[-1]
    assert newest["told"] == sorted(address.email for address in one.copies)
    for got in copies:
        assert got.mail.message_id in newest["ids"]
    for row in office.act("sent", title=one.name):
        assert (row["state"], row["from"]) == ("accepted", NOTIFICATIONS)
        assert MARY.email in row["because"]
        assert NOTIFICATIONS in row["because"]
    spared = {a.name for a in one.followers} - {a.name for a in one.copies}
    for name in spared:
        assert any(name in step for step in newest["trace"]), f"no reason why {name} was spared"


def test_who_got_a_copy_answers_it_and_the_author_hears(office: Office, told: list[Got]) -> None:
    title = "Mary and a customer follow"
    (got,) = [one for one in told if f"Mary says: {title}." in one.mail.text]
    raw = mail(BOB, title, "Bob answers.", to=(got.mail.reply_to[0],), in_reply_to=(got.mail.message_id,))
    office.send(raw, BOB.email, got.mail.reply_to[0].email)
    newest = office.conversation(title, 3)[-1]
    assert (newest["standing"], newest["told"]) == ("participant", [MARY.email])
    sent = office.got(MARY.email, "Bob answers.")
    assert sent.mail.author == Address(NOTIFICATIONS, "Bob")
    assert not office.all_got(BOB.email, "Bob answers.")


# --- notes


def test_a_note_and_its_answers_stay_inside(office: Office) -> None:
    title = "Discount"
    got = asked(office, title)
    note = office.act("note", user="admin", title=title, body="Ten per cent at most, agreed?", mentions=["amara"])
    copy = office.got(AMARA.email, "Ten per cent at most")
    assert copy.to == (AMARA.email,)
    assert note["message_id"] not in got.references
    link = copy.mail.reply_to[0]

    office.send(Signer().sign(mail(AMARA, title, "Agreed.", to=(link,))), AMARA.email, link.email)
    own = office.conversation(title, 4)[-1]
    assert (own["kind"], own["visibility"], own["standing"]) == ("note", "internal", "member")

    known = (copy.mail.message_id,)
    office.send(mail(ADMIN, title, "Or five?", in_reply_to=known), ADMIN.email, SALES.email)
    claimed = office.conversation(title, 5)[-1]
    assert (claimed["kind"], claimed["visibility"], claimed["standing"]) == ("email", "internal", "claimed-member")

    office.send(mail(HANNA, title, "I read along.", to=(link,), in_reply_to=known), HANNA.email, link.email)
    outside = office.conversation(title, 6)[-1]
    assert (outside["visibility"], outside["standing"]) == ("internal", "outsider")

    office.send(mail(HANNA, title, "And the price?", to=(got.reply_to[0],)), HANNA.email, got.reply_to[0].email)
    assert office.conversation(title, 7)[-1]["visibility"] == "public"
    office.settled()
    inside = ("Ten per cent", "Agreed.", "Or five?", "I read along.")
    outsiders = [one for one in office.everything() if not {AMARA.email, ADMIN.email}.issuperset(one.to)]
    assert not [one for one in outsiders if any(words in one.source for words in inside)]
    ids = {value for row in office.act("conversation", title=title)[2:6] for value in row["ids"]}
    assert not [one for one in outsiders if any(value in one.source for value in ids)]


def test_envelopes_hold_one_address_and_headers_no_other_copys_token(office: Office) -> None:
    office.settled()
    links = [address for one in office.everything() for _, address in getaddresses(one.mail.headers.all("Reply-To"))]
    assert len(set(links)) == len(links) > 12
    assert all(len(one.to) == 1 for one in office.everything())
