"""Two companies with three domains, one of them shared: whose server a mail goes by and whose address it carries is
decided by the company of its record, then by that of its author, and never by which company came first.
"""

from __future__ import annotations

import email
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from postroom.conversations.audience import audience
from postroom.conversations.models import Message
from postroom.conversations.services import post_message
from postroom.conversations.simulator import CannotAsk, question, simulate
from postroom.core.addresses import Address
from postroom.directory.models import Company, User
from postroom.domains.models import Alias, AliasDomain
from postroom.infra import parameters
from postroom.infra.config import config
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Dispatch, OutgoingServer
from postroom.outbound.servers import services as servers
from postroom.outbound.servers.trial import trial_of
from postroom.outbound.servers.trial_mail import CannotSend, send_trial_mail
from postroom.outbound.services import send_due
from postroom.records.models import Desk, Record
from tests.support import factory
from tests.support.shell import Shell
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db

HANNA = Address("hanna@customer.example", "Hanna")


@dataclass(frozen=True)
class Sent:
    """One mail as a server got it, tags taken off."""

    sink: str
    author: str
    sender: str
    reply_to: str


@dataclass
class Group:
    """Globex came first. Acme has acme.example, Globex globex.example, both use group.example, which goes last."""

    globex: Company
    acme: Company
    anna: User  # of both companies
    sinks: dict[str, SmtpServer]

    def record(self, company: Company, domain: str = "", local: str = "sales") -> Record:
        desk = Desk.objects.create(company=company, record_type="lead", name=f"{local} {domain}")
        if domain:
            at = AliasDomain.objects.get(name=domain)
            desk.alias = Alias.objects.create(domain=at, local_part=local, company=company, record_type="lead")
            desk.save()
        return factory.record(desk)

    def server(self, company: Company | None, sink: str, from_filter: str = "") -> OutgoingServer:
        port = self.sinks[sink].port
        made = factory.server(
            company, sink.title(), host="127.0.0.1", port=port, encryption="none", authentication="none",
            from_filter=from_filter,
        )  # fmt: skip
        choice.forget()
        return made

    def write(self, record: Record, user: User | None = None) -> tuple[Message, Sent]:
        """A message to Hanna, and the one mail that came of it; what the composer said before is what was kept."""
        said = audience(user or self.anna, record.pk)
        assert said is not None
        message = post_message(user=user or self.anna, record_id=record.pk, body="42 vans", to=[HANNA])
        send_due()
        kept = Dispatch.objects.get(letter__deliveries__address=HANNA.email, letter__message_id=message.message_id)
        assert list(said.sender.trace) == kept.trace
        ((sink, mail),) = [(name, mail) for name, one in self.sinks.items() for mail in one.mails]
        self.sinks[sink].mails.clear()
        read = email.message_from_bytes(mail.data, policy=modern)
        assert isinstance(read, EmailMessage)
        (answers,) = read["Reply-To"].addresses
        return message, Sent(sink, str(read["From"]), _plain(mail.sender), _plain(answers.addr_spec))


def _plain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


@pytest.fixture
def group(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Group]:
    parameters.forget()
    choice.forget()
    globex, acme = factory.company("Globex"), factory.company("Acme")
    for name, priority, owners in (
        ("acme.example", 5, [acme]),
        ("globex.example", 5, [globex]),
        ("group.example", 20, [acme, globex]),
    ):
        made = factory.domain(name, *owners)
        made.priority = priority
        made.save()
    anna = factory.user(
        "anna", {acme: "administrator", globex: "administrator"}, name="Anna", email="anna@acme.example"
    )
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(SmtpServer()) for name in ("acme", "globex", "all", "default")}
        for name, value in (("server", "127.0.0.1"), ("port", sinks["default"].port), ("encryption", "none")):
            monkeypatch.setattr(config(), f"outgoing_{name}", value)
        yield Group(globex, acme, anna, sinks)
    choice.forget()


def test_each_company_sends_by_its_own_server(group: Group) -> None:
    group.server(group.acme, "acme", "acme.example")
    group.server(group.globex, "globex", "globex.example")
    _, sent = group.write(group.record(group.acme, "acme.example"))
    assert sent == Sent("acme", "Anna <anna@acme.example>", "bounce@acme.example", "sales@acme.example")
    _, sent = group.write(group.record(group.globex, "globex.example"))
    assert sent == Sent(
        "globex", "Anna <notifications@globex.example>", "bounce@globex.example", "sales@globex.example"
    )


def test_the_shared_domain_belongs_to_whoever_writes_from_it(group: Group) -> None:
    group.server(group.acme, "acme", "acme.example, group.example")
    group.server(group.globex, "globex", "globex.example, group.example")
    _, sent = group.write(group.record(group.acme, "group.example", "acme-sales"))
    assert sent == Sent("acme", "Anna <anna@acme.example>", "bounce@group.example", "acme-sales@group.example")
    _, sent = group.write(group.record(group.globex, "group.example", "globex-sales"))
    assert sent == Sent(
        "globex", "Anna <notifications@group.example>", "bounce@group.example", "globex-sales@group.example"
    )


def test_a_record_without_an_address_answers_to_the_catchall_of_its_own_company(group: Group) -> None:
    group.server(None, "all")
    _, sent = group.write(group.record(group.acme))
    assert sent == Sent("all", "Anna <notifications@acme.example>", "bounce@acme.example", "catchall@acme.example")
    _, sent = group.write(group.record(group.globex))
    assert sent == Sent(
        "all", "Anna <notifications@globex.example>", "bounce@globex.example", "catchall@globex.example"
    )


def test_a_server_of_the_other_company_is_never_asked(group: Group) -> None:
    """Acme has no server at all, and Globex's would even list the author."""
    group.server(group.globex, "globex", "acme.example")
    message, sent = group.write(group.record(group.acme, "acme.example"))
    assert sent == Sent("default", "Anna <notifications@acme.example>", "bounce@acme.example", "sales@acme.example")
    kept = Dispatch.objects.get(letter__message_id=message.message_id)
    assert "Globex" not in " ".join(step["text"] for step in kept.trace)


def test_a_whole_default_from_is_one_companys(group: Group) -> None:
    AliasDomain.objects.filter(name="globex.example").update(default_from="hello@globex.example")
    group.server(None, "all", "acme.example, globex.example")
    _, sent = group.write(group.record(group.globex, "globex.example"))
    assert (sent.sink, sent.author) == ("all", "Anna <hello@globex.example>")
    _, sent = group.write(group.record(group.acme, "acme.example"))
    assert (sent.sink, sent.author) == ("all", "Anna <anna@acme.example>")


def test_the_simulator_takes_the_records_company_whatever_is_said(group: Group) -> None:
    acme, globex = group.server(group.acme, "acme", "acme.example"), group.server(group.globex, "globex")
    record, author = group.record(group.globex, "globex.example"), Address("anna@acme.example")
    assert simulate(question(group.anna, author, record=record.pk)).server == globex.pk
    assert simulate(question(group.anna, author, company=group.acme.pk)).server == acme.pk
    with pytest.raises(CannotAsk, match="another company"):
        question(group.anna, author, company=group.acme.pk, record=record.pk)
    with pytest.raises(CannotAsk, match="Name a company"):
        question(group.anna, author)
    with pytest.raises(CannotAsk, match="Name a server"):
        question(group.anna, author, record=record.pk, server=acme.pk)


def test_the_page_and_the_command_take_the_readers_company_and_not_the_first(
    group: Group, client: Client, shell: Shell
) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where there is none
    group.server(group.acme, "acme")
    group.server(group.globex, "globex")
    bo = factory.user("bo", {group.acme: "administrator"}, email="bo@acme.example")
    client.force_login(bo)
    page = client.get("/settings/servers/choice", headers={"HX-Request": "true"}).content.decode()
    assert "Acme" in page
    assert "Globex" not in page
    assert shell.json("explain outbound --no-dns --from bo@acme.example")["server_name"] == "Acme"
    assert "give --company" in shell.fails("explain outbound --no-dns --from nobody@acme.example", status=64)
    about = group.record(group.globex, "globex.example")
    found = shell.json(f"explain outbound --no-dns --from bo@acme.example --record {about.pk}")
    assert (found["server_name"], found["reply_to"]) == ("Globex", "sales@globex.example")


def test_a_test_mail_is_nobodys_first_companys(group: Group) -> None:
    row = group.server(None, "all")
    operator = factory.user("operator", is_operator=True, email="operator@host.example")
    with pytest.raises(CannotSend, match="no company"):
        send_trial_mail(user=operator, row=row)
    bo = factory.user("bo", {group.acme: "member"}, email="bo@acme.example", is_operator=True)
    copy = Delivery.objects.get(pk=send_trial_mail(user=bo, row=row))
    assert copy.company_id == group.acme.pk


@pytest.mark.parametrize("filtered", ["", "acme.example"])
def test_a_server_of_all_companies_is_tried_with_the_envelope_of_the_readers_own(group: Group, filtered: str) -> None:
    row = group.server(None, "all", filtered)
    bo = factory.user("bo", {group.acme: "member"}, email="bo@acme.example", is_operator=True)
    real = choice.preview(group.acme.pk, Address(bo.email, bo.name), bo)
    assert (real.server, real.return_path) == (row.pk, "bounce@acme.example")
    assert trial_of(bo, servers.fields_of(row), row).sender == real.return_path
    copy = Delivery.objects.get(pk=send_trial_mail(user=bo, row=row))
    assert copy.letter.author_email == real.author.email
