"""Small makers of mails and facts: Acme (company 1) with sales@ and support@, Globex (company 2) with sales@."""

from __future__ import annotations

from typing import Any

from postroom.core.addresses import Address
from postroom.core.headers import Headers
from postroom.core.message.mail import Mail
from postroom.core.routing.chain import route
from postroom.core.routing.decision import Routing
from postroom.core.routing.facts import AliasFact, Facts, Part, Recipient, Referred, SenderFact, ThreadFact
from postroom.core.triage.kinds import Automatic, Kind, Triage

ACME, GLOBEX = 1, 2

HUMAN = Triage(Kind.MESSAGE, Automatic.HUMAN, "A person seems to have written it.")
MACHINE = Triage(Kind.MESSAGE, Automatic.AUTO, "Auto-Submitted says that a machine wrote it.")
BY_LIST = Triage(Kind.MESSAGE, Automatic.LIST, "List-Id says that it came by a list.")
OUT_OF_OFFICE = Triage(Kind.AUTO_REPLY, Automatic.AUTO, "Auto-Submitted says that it is an automatic answer.")
BOUNCE = Triage(Kind.BOUNCE, Automatic.AUTO, "It is a delivery report.", original_message_id="sent-1@acme.example")
COMPLAINT = Triage(
    Kind.COMPLAINT, Automatic.AUTO, "It is a feedback report.", original_message_id="sent-2@acme.example"
)

ANNE = SenderFact(email="anne@customer.example")


def mail(**changes: Any) -> Mail:
    values: dict[str, Any] = {"headers": Headers(()), "message_id": "m1@customer.example", "subject": "Hello"}
    values["authors"] = (Address("anne@customer.example", "Anne"),)
    for name in ("to", "cc"):
        if name in changes:
            changes[name] = tuple(Address(email) for email in changes[name])
    return Mail(**(values | changes))


def alias(number: int, address: str, record_type: str = "lead", company: int = ACME, **changes: Any) -> AliasFact:
    return AliasFact(id=number, address=address, company=company, record_type=record_type, **changes)


def to_alias(fact: AliasFact, address: str = "", **changes: Any) -> Recipient:
    where = address or fact.address
    values: dict[str, Any] = {"base": where, "companies": (fact.company,)}
    return Recipient(address=where, part=Part.ALIAS, alias=fact, **(values | changes))


def at(address: str, part: Part, *companies: int, **changes: Any) -> Recipient:
    return Recipient(address=address, base=address, part=part, companies=companies, **changes)


def thread(number: int = 31, record: str = "lead:12", company: int = ACME, **changes: Any) -> ThreadFact:
    return ThreadFact(id=number, company=company, record=record, record_type=record.partition(":")[0], **changes)


def refers(fact: ThreadFact, message_id: str = "sent-1@acme.example") -> Referred:
    return Referred(message_id, fact)


def facts(*recipients: Recipient, **changes: Any) -> Facts:
    values: dict[str, Any] = {"sender": ANNE, "help_address": "info@acme.example", "envelope_sender": ANNE.email}
    return Facts(recipients=recipients, **(values | changes))


def decided(of: Facts, triage: Triage = HUMAN, **of_mail: Any) -> Routing:
    return route(mail(**of_mail), triage, of)


def said(routing: Routing, rule: str) -> str:
    return " ".join(asked.said for asked in routing.trace if asked.rule == rule)


SALES = alias(7, "sales@acme.example")
SUPPORT = alias(8, "support@acme.example", "ticket")
GLOBEX_SALES = alias(9, "sales@globex.example", company=GLOBEX)

TO_SALES = to_alias(SALES)
TO_SUPPORT = to_alias(SUPPORT)
TO_GLOBEX = to_alias(GLOBEX_SALES)
TO_CATCHALL = at("catchall@acme.example", Part.CATCHALL, ACME)
TO_NOTIFICATIONS = at("notifications@acme.example", Part.NOTIFICATIONS, ACME)
TO_BOUNCE = at("bounce@acme.example", Part.BOUNCE, ACME)
TO_POSTMASTER = at("postmaster@acme.example", Part.POSTMASTER, ACME)
TO_NOBODY = at("nobody@acme.example", Part.UNKNOWN, ACME)
TO_FOREIGN = at("bob@elsewhere.example", Part.FOREIGN)
