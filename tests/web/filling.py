"""Fills the database of a site under test, and brings it news while browsers look."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402 the models are known only now

from postroom.core.message.quotes import split_html  # noqa: E402
from postroom.core.message.sanitize import sanitize  # noqa: E402
from postroom.infra.changes import tell  # noqa: E402
from postroom.infra.clock import now  # noqa: E402
from postroom.records.models import Record  # noqa: E402
from tests.support import factory  # noqa: E402
from tests.web.conftest import PNG  # noqa: E402

HTML = """
<p>Hi Jonas,</p><p style="color:#b32322">The numbers look right.</p><script>document.title = "owned"</script>
<img src="cid:photo@x" alt="dongle" width="90" onload="parent.document.title = 'owned'">
<img src="https://tracker.example/pixel.gif" alt="logo"><a href="/leads">look</a>
<div class="gmail_quote"><p>On Monday Jonas wrote:</p><blockquote>older words, quoted</blockquote></div>
"""


def fill() -> dict[str, int]:
    """A company with people, records of every look, mail in every state."""
    acme = factory.company("Acme")
    jonas = factory.user("jonas", {acme: "member"}, name="Jonas Lindqvist", email="jonas@acme.example")
    factory.user("admin", {acme: "administrator"}, name="Amara Okafor", is_operator=True)
    factory.user("quiet", {acme: "member"}, single_keys=False)
    factory.user("lonely")
    sales = factory.desk(acme, "lead", "Nordics", owner=jonas)
    for number, name in enumerate(("Marek Dvořák", "Aiko Tanaka", "Luca Bianchi") * 20):
        at = now() - timedelta(hours=70 - number)
        record = factory.record(sales, f"Quotation {number}", contact=factory.contact(acme, name), created_at=at)
        factory.message(record, "Could you send an offer?", author_name=name, received_at=at)
    lead = _conversation(factory.record(sales, contact=factory.contact(acme), owner=jonas))
    routed = factory.arrival(acme, subject=lead.title, defects=["No Date"])
    factory.route(routed, acme, "alias:1", message=lead.thread.messages.latest("pk"))
    held = factory.arrival(acme, state="held", subject="Held back")
    factory.route(held, acme, f"alias:{sales.alias_id}", state="held")
    for state in ("failed", "refused", "ignored", "duplicate", "retrying", "reported"):
        factory.route(factory.arrival(acme, state=state, subject=f"It is {state}"), acme, state=state)
    factory.refusal(acme, count=3)
    return {"lead": lead.pk, "routed": routed.pk, "held": held.pk}


def _conversation(lead: Record) -> Record:
    """Every kind of message that a spine can show."""
    plain = factory.message(
        lead,
        "Hi,\n\nwe run 42 vans, see https://norrgard.example/fleet\n\nHanna",
        quoted_text="> older words",
        cc=[["inkop@norrgard.example", "Inköp"]],
        defects=["No Date"],
        received_at=now() - timedelta(days=2),
    )
    factory.attachment(plain, "Ruttlista-v47.xlsx", b"x" * 64_000)
    factory.attachment(plain, "nested.eml", b"y", "message/rfc822", untouched=True)
    html = factory.message(lead, "", html=split_html(sanitize(HTML))[0])
    factory.attachment(html, "dongle.png", PNG, "image/png", content_id="photo@x", inline=True)
    factory.message(lead, "Pay this today.", author_name="Jonas Lindqvist", standing="claimed-member")
    factory.message(lead, "Out of office.", author_name="Inköp", standing="outsider", automatic="auto")
    factory.message(lead, "Offer the swap at cost.", kind="note", visibility="internal", to=[])
    return lead


def new_message() -> dict[str, int]:
    """Somebody writes in the newest conversation."""
    with transaction.atomic():
        lead = Record.objects.latest("pk")
        message = factory.message(lead, "A word that came while you looked", author_name="Hanna Sjöberg")
        tell([(lead.company_id, "thread", lead.ref)])
    return {"message": message.pk}


def new_lead() -> dict[str, int]:
    """A mail becomes a lead."""
    with transaction.atomic():
        desk = Record.objects.latest("pk").desk
        assert desk is not None
        lead = factory.record(desk, "Fresh from the post")
        factory.message(lead, "Good morning")
        tell([(lead.company_id, "record", lead.ref), (lead.company_id, "thread", lead.ref)])
    return {"lead": lead.pk}


def new_arrival() -> dict[str, int]:
    """A mail is settled."""
    with transaction.atomic():
        company = Record.objects.latest("pk").company
        mail = factory.arrival(company, subject="Settled while you looked")
        tell([(company.pk, "arrival", str(mail.pk))])
    return {"arrival": mail.pk}


def new_refusal() -> dict[str, int]:
    """A door refuses something."""
    with transaction.atomic():
        company = Record.objects.latest("pk").company
        row = factory.refusal(company, words="Refused while you looked")
        tell([(company.pk, "arrival", "refused")])
    return {"refusal": row.pk}


def long_talk() -> dict[str, int]:
    """A conversation of more than a page."""
    desk = Record.objects.latest("pk").desk
    assert desk is not None
    lead = factory.record(desk, "A long talk")
    words = [factory.message(lead, f"Word {number} of many") for number in range(120)]
    return {"lead": lead.pk, "first": words[0].pk, "last": words[-1].pk}


VERBS: dict[str, Any] = {
    "fill": fill,
    "message": new_message,
    "lead": new_lead,
    "arrival": new_arrival,
    "refusal": new_refusal,
    "talk": long_talk,
}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]]()))
