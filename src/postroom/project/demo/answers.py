"""What Acme's people have written before anybody signs in: an answer with its copies, and a note among themselves."""

from __future__ import annotations

from django.db import transaction

from postroom.conversations.services import post_message, post_note
from postroom.directory.models import Company, Contact, User
from postroom.inbound.worker import settle_all
from postroom.records.models import Record

TITLE = "Temperature logging for 36 vans"

ANSWER = """Hello Hanna,

thank you for the list. In short:

 - a van without cooling is 89 EUR, a cooled one 124 EUR, both with the sensor and its fitting,
 - drivers need no telephone: the reader in the depot fetches every trip by itself,
 - three vans before Christmas are possible. Would the second week of December suit Solna?

As for the electric vans: the sensor has a battery of its own for five years and needs nothing of theirs.
"""

NOTE = """@Amara Okafor they drive for Minato as well, who asked us for an offer this week. Could both have the price \
of fifty vans? I would hold the trial back until we know.
"""


def converse(company: Company) -> bool:
    """Settle the mail that was handed in, then answer the first of it; whether its record was there to be answered."""
    settle_all()
    vans = Record.objects.filter(company=company, title=TITLE).order_by("pk").first()
    people = {user.username: user for user in User.objects.filter(memberships__company=company)}
    if vans is None or not {"amara", "jonas"} <= people.keys():
        return False
    amara = Contact.objects.filter(company=company, user=people["amara"]).values_list("pk", flat=True)
    with transaction.atomic():
        post_message(user=people["amara"], record_id=vans.pk, body=ANSWER, undo_seconds=0)
        post_note(user=people["jonas"], record_id=vans.pk, body=NOTE, mentions=list(amara[:1]))
    return True
