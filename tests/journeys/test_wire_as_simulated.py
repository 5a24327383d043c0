"""What the simulator says is what goes over the wire: two hundred installations made at random, from a seed, each with
its domains, servers, filters and parameters; a mail leaves from each, and the servers of the tests tell what came.
"""

from __future__ import annotations

import email
import itertools
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any

import pytest
from django.db import transaction

from postroom.conversations.simulator import Question, simulate
from postroom.conversations.ways import WayBack, way_of_company, ways_back
from postroom.core.addresses import Address
from postroom.core.message_ids import mint
from postroom.core.sending.facts import DEFAULT_SERVER, Choice
from postroom.core.subaddress import split
from postroom.core.tokens import Purpose, verify
from postroom.directory.models import Company, User
from postroom.domains.models import AliasDomain, CompanyDomain, TokenKey
from postroom.infra import parameters
from postroom.infra.config import config
from postroom.infra.models import Parameter
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Dispatch, OutgoingServer
from postroom.outbound.services import Lane, NewLetter, Recipient, queue, send_due
from postroom.records.models import Desk, Record
from tests.support import factory
from tests.support.smtp_server import Mail, SmtpServer

pytestmark = pytest.mark.django_db

SEEDS, EACH = range(20), 10  # two hundred
SINKS = 4
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def sinks() -> Iterator[list[SmtpServer]]:
    """The first is the default server."""
    with ExitStack() as stack:
        yield [stack.enter_context(SmtpServer()) for _ in range(SINKS)]


@dataclass
class Place:
    """An installation made at random. `at` says at which of the sinks each server listens, by id."""

    company: Company
    user: User
    question: Question
    way: WayBack
    default: bool
    at: dict[int, int] = field(default_factory=dict)


class Chance:
    """Everything that is drawn, from one seed."""

    def __init__(self, seed: int, sinks: Sequence[SmtpServer], monkeypatch: pytest.MonkeyPatch) -> None:
        self.random, self.sinks, self.patch = random.Random(seed), sinks, monkeypatch

    def place(self) -> Place:
        number, pick = next(_numbers), self.random
        company, other = factory.company(f"C{number}"), factory.company(f"D{number}")
        names = [f"{word}{number}.example" for word in ("acme", "post.acme", "xn--mller-kva")]
        domains = [self.domain(name, company) for name in names[: pick.choice([0, 1, 1, 1, 2, 3])]]
        user, colleague = (
            factory.user(f"{who}{number}", {company: "member"}, name=name, email=f"{who}@{names[0]}")
            for who, name in (("anna", "Anna"), ("bo", "Bo Å, Öst"))
        )
        words = [*names, *(f"{local}@{one}" for one in names for local in ("anna", "notifications", "bounce", "hello"))]
        words += names[:1] * 10 + [f"{local}@{names[0]}" for local in ("anna", "notifications") for _ in range(4)]
        words += ["customer.example", "mary@customer.example", "slip@@of a pen"]
        default = pick.random() < 0.8
        self.settings(default, words)
        at: dict[int, int] = {}
        rows = [
            self.server(at, company=pick.choice([company, company, None, other]), owners=[user, colleague], words=words)
            for _ in range(pick.choice([0, 1, 2, 3, 5]))
        ]
        record = self.record(company, domains) if pick.random() < 0.6 else None
        way = ways_back([record])[record.pk] if record else way_of_company(company.pk)
        return Place(company, user, self.question(company, user, record, rows), way, default, at)

    def domain(self, name: str, company: Company) -> AliasDomain:
        pick = self.random
        made = AliasDomain.objects.create(
            name=name,
            priority=pick.choice([1, 5, 10, 10]),
            bounce=pick.choice(["bounce", "returns"]),
            catchall=pick.choice(["catchall", "all"]),
            default_from=pick.choice(["notifications", "notifications", "hello", f"hello@{name}", "one@else.example"]),
            separator=pick.choice(["+", "-"]),
            way_in=pick.choice([AliasDomain.WayIn.LISTENER, AliasDomain.WayIn.FORWARDED]),
        )
        CompanyDomain.objects.create(company=company, domain=made)
        return made

    def settings(self, default: bool, words: Sequence[str]) -> None:
        pick, own = self.random, config()
        fixed = {
            "outgoing_server": "127.0.0.1" if default else "",
            "outgoing_port": self.sinks[0].port,
            "outgoing_encryption": "none",
            "from_filter": self.filter(words),
            "email_from": pick.choice(["", "host@else.example"]),
        }
        for name, value in fixed.items():
            self.patch.setattr(own, name, value)
        known = {
            "mail.default.from_filter": pick.choice(["", "", self.filter(words)]),
            "mail.force.smtp.from": pick.choice(["", "", "", "", "office@customer.example", "no address"]),
            "mail.dynamic.smtp.from": pick.choice(["", "", "", "web@customer.example"]),
        }
        for key, value in known.items():
            Parameter.objects.create(key=key, value=value)

    def filter(self, words: Sequence[str]) -> str:
        return ", ".join(self.random.sample(words, self.random.choice([0, 0, 1, 1, 2, 3])))

    def server(
        self, at: dict[int, int], company: Company | None, owners: Sequence[User], words: Sequence[str]
    ) -> OutgoingServer:
        pick = self.random
        sink, refers = pick.randrange(1, SINKS), pick.random() < 0.1
        row = factory.server(
            company,
            pick.choice(["Relay", "relay", "Mail: of all", "Zoë"]),
            host="127.0.0.1",
            port=self.sinks[sink].port,
            encryption="none",
            authentication="default" if refers else "none",
            priority=pick.choice([1, 10, 10, 20]),
            from_filter=self.filter(words),
            is_active=pick.random() < 0.85,
            trusted_relay=pick.random() < 0.15,
            owner=pick.choice(owners) if pick.random() < 0.2 else None,
        )
        at[row.pk] = 0 if refers else sink
        return row

    def record(self, company: Company, domains: Sequence[AliasDomain]) -> Record:
        if domains and self.random.random() < 0.6:
            desk = factory.desk(company)
            assert desk.alias is not None
            desk.alias.domain = self.random.choice(domains)
            desk.alias.save()
        else:
            desk = Desk.objects.create(company=company, record_type="lead", name="No address")
        return factory.record(desk)

    def question(self, company: Company, user: User, record: Record | None, rows: Sequence[OutgoingServer]) -> Question:
        pick = self.random
        authors = [
            Address(user.email, user.name),
            Address(user.email.upper(), "Ännä “A” Holm"),
            Address("mary@customer.example", "Mary"),
            Address("bob@customer.example"),
            Address("eva@müller.example", 'Eva "E" M., dr'),
            Address("", "Nobody proves it"),
        ]
        forced = pick.choice([DEFAULT_SERVER, *(row.pk for row in rows)]) if pick.random() < 0.25 else None
        author = pick.choices(authors, weights=[6, 2, 3, 1, 1, 1])[0]
        return Question(company.pk, author, pick.choice([user, None]), record, forced)


def _post(place: Place) -> Delivery:
    asked = place.question
    letter = NewLetter(
        company=place.company.pk,
        domain=place.way.domain,
        about=asked.record.ref if asked.record else "",
        author=asked.author,
        author_user=asked.writer.pk if asked.writer else None,
        to=(),
        cc=(),
        reply_to=place.way.address,
        subject="Vans",
        html="<p>42</p>",
        text="42\n",
        message_id=mint(place.way.host, random.Random(place.company.pk).randbytes(15)),
        in_reply_to="",
        references=(),
        forced_server=asked.forced_server,
    )
    with transaction.atomic():
        ((pk,),) = queue([(letter, [Recipient("hanna@customer.example", "Hanna")])], Lane.INTERACTIVE)
    send_due()
    return Delivery.objects.get(pk=pk)


def _forget(sinks: Sequence[SmtpServer]) -> None:
    OutgoingServer.objects.all().delete()
    Parameter.objects.all().delete()
    Delivery.objects.filter(due__isnull=False).delete()
    parameters.forget()
    choice.forget()
    for sink in sinks:
        sink.mails.clear()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_wire_is_what_the_simulator_said(
    seed: int, sinks: list[SmtpServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, sent = Chance(seed, sinks, monkeypatch), 0
    for _ in range(EACH):
        _forget(sinks)
        place = chance.place()
        told = simulate(place.question)
        row = _post(place)
        got = [(at, mail) for at, sink in enumerate(sinks) for mail in sink.mails]
        assert [at for at, _ in got] == _expected_sinks(place, told), (told, row.words)
        for _, mail in got:
            _compare(told, mail)
            sent += 1
        kept = Dispatch.objects.filter(letter=row.letter_id).last()
        assert kept is not None
        assert (kept.trace, kept.because) == (list(told.trace), told.because)
    assert sent >= EACH // 2, "most leave"


def _expected_sinks(place: Place, told: Choice) -> list[int]:
    """At which of the sinks the mail should be: none where there is no From, no server, or only the outbox."""
    if told.server is None or not told.author.email:
        return []
    at = place.at[told.server] if told.server else 0
    return [at] if place.default or at else []


def _compare(told: Choice, mail: Mail) -> None:
    message = email.message_from_bytes(mail.data, policy=modern)
    assert isinstance(message, EmailMessage)
    assert _mailboxes(message["From"]) == [(told.author.name, told.author.email)]
    _same(mail.sender, told.return_path, told.return_tag, Purpose.RETURN_PATH)
    answers = _mailboxes(message["Reply-To"]) if message["Reply-To"] else []
    assert len(answers) == bool(told.reply_to)
    for _name, address in answers:
        _same(address, told.reply_to, told.reply_tag, Purpose.REPLY)
    assert mail.recipients == ("hanna@customer.example",)


def _mailboxes(header: Any) -> list[tuple[str, str]]:
    found: tuple[Mailbox, ...] = header.addresses
    return [(one.display_name, one.addr_spec) for one in found]


def _same(wire: str, told: str, tag: str, purpose: Purpose) -> None:
    """The address that was told; where it was told to have a tag, with a token of ours for that purpose."""
    if not tag:
        assert wire == told
        return
    local, _, domain = wire.rpartition("@")
    base, text = split(local, tag)
    assert f"{base}@{domain}" == told
    token = verify(text, {key.number: bytes(key.secret) for key in TokenKey.objects.all()})
    assert token is not None
    assert token.purpose is purpose


def test_servers_of_another_company_are_never_asked(acme_and_globex: tuple[Company, Company]) -> None:
    """What the two hundred rest on: servers of another company are among the rows, and never among the candidates."""
    acme, globex = acme_and_globex
    theirs = factory.server(globex, "Theirs", from_filter="acme.example")
    found = simulate(Question(acme.pk, Address("anna@acme.example")))
    assert theirs.pk not in {one.server for one in found.candidates}
    forced = simulate(Question(acme.pk, Address("anna@acme.example"), forced_server=theirs.pk))
    assert forced.server != theirs.pk
    assert any(step["step"] == "forced server" for step in forced.trace)


@pytest.fixture
def acme_and_globex() -> tuple[Company, Company]:
    choice.forget()
    parameters.forget()
    return factory.company("Acme"), factory.company("Globex")
