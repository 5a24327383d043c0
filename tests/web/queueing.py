"""Copies in a site's queue, and a worker's pieces while browsers look: verbs for `Site.tell`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta

import django

django.setup()

from django.db import transaction  # noqa: E402 the models are known only now

from postroom.core.addresses import Address  # noqa: E402
from postroom.infra.clock import now  # noqa: E402
from postroom.outbound.models import Delivery, Dispatch, Letter, QueueOperation  # noqa: E402
from postroom.outbound.queue import operations  # noqa: E402
from postroom.outbound.services import Lane, NewLetter, Recipient, queue  # noqa: E402
from postroom.records.models import Record  # noqa: E402

MANY = 1200


def fill() -> dict[str, int]:
    """Copies that wait for different things, and many that were put off."""
    company = Record.objects.latest("pk").company
    letter = NewLetter(
        company=company.pk, domain=None, about="", author=Address("amara@acme.example", "Amara"), author_user=None,
        to=(), cc=(), reply_to="", subject="Your invoice", html="<p>Here it is.</p>", text="Here it is.\n",
        message_id="many@acme.example", in_reply_to="", references=(),
    )  # fmt: skip
    people = [Recipient(f"p{number}@many.example", f"Person {number}") for number in range(MANY)]
    with transaction.atomic():
        (put_off,) = queue([(letter, people)], Lane.BULK)
        (few,) = queue([(letter, [Recipient(f"f{number}@few.example") for number in range(6)])])
    rows = Delivery.objects.filter(pk__in=put_off)
    used = Dispatch.objects.create(
        letter=Letter.objects.latest("pk"), server_name="Relay EU", from_email="amara@acme.example", case="domain",
        because="Relay EU lists acme.example.", created_at=now(),
    )  # fmt: skip
    later = now() + timedelta(hours=3)
    rows.update(reason="put-off", due=later, words="Relay EU put it off: 451 4.7.1 later", attempts=1, dispatch=used)
    Delivery.objects.filter(pk=few[0]).update(state="held", due=None, words="Held by Ada.")
    Delivery.objects.filter(pk=few[1]).update(state="unknown", due=None, words="The connection ended.")
    Delivery.objects.filter(pk=few[2]).update(reason="scheduled", due=later, words="Scheduled by Ada.")
    return {"put_off": put_off[0], "waiting": few[3]}


def piece() -> dict[str, int]:
    """A worker does a piece of the newest operation."""
    row = QueueOperation.objects.latest("pk")
    operations.work_off(row.pk, most=1)
    row.refresh_from_db()
    return {"done": row.done}


def finish() -> dict[str, int]:
    """A worker does all that is left."""
    return {"ended": operations.work_all()}


VERBS: dict[str, Callable[[], dict[str, int]]] = {"fill": fill, "piece": piece, "finish": finish}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]]()))
