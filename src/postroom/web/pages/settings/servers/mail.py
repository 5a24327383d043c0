"""Sending oneself a test mail by a server, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from postroom.core.delivery.states import DeliveryState
from postroom.outbound import access
from postroom.outbound.models import Delivery, OutgoingServer
from postroom.outbound.servers import services as servers
from postroom.outbound.servers.trial_mail import CannotSend, send_trial_mail, trial_mail
from postroom.web.pages.common import found, reader
from postroom.web.pages.outbox.copies import state_of_row
from postroom.web.pages.settings.servers.common import may_manage
from postroom.web.trace import State

UNDER_WAY = frozenset({DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.TRANSMITTING})


@dataclass(frozen=True, slots=True)
class Mailed:
    """A test mail as the page shows it; while it is not `ended` the page asks `url` again. `problem`: there is none."""

    pk: int = 0
    to: str = ""
    state: State | None = None
    words: str = ""
    ended: bool = True
    url: str = ""
    copy_url: str = ""
    problem: str = ""


@require_POST
@may_manage
def server_test_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a mail by this server to the reader, through the queue."""
    user = reader(request)
    row = found(servers.manageable(user).filter(pk=pk).first())
    try:
        number = send_trial_mail(user=user, row=row)
    except CannotSend as error:
        if not request.headers.get("HX-Request"):
            messages.error(request, str(error))
            return redirect("server", pk)
        return render(request, "web/servers/mailed.html", {"mail": Mailed(problem=str(error))})
    if not request.headers.get("HX-Request"):
        messages.success(request, _("A test mail to %(to)s is in the queue. See the Outbox.") % {"to": user.email})
        return redirect("server", pk)
    return _shown(request, row, number)


@may_manage
def server_test_mail_state(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """How far a test mail is."""
    return _shown(request, found(servers.manageable(reader(request)).filter(pk=pk).first()), number)


def _shown(request: HttpRequest, row: OutgoingServer, number: int) -> HttpResponse:
    delivery = found(trial_mail(reader(request), row, number))
    return render(request, "web/servers/mailed.html", {"mail": _mailed(request, row, delivery)})


def _mailed(request: HttpRequest, row: OutgoingServer, delivery: Delivery) -> Mailed:
    readable = access.readable(reader(request)).filter(pk=delivery.pk).exists()
    waits = delivery.attempts > 0 and delivery.state == DeliveryState.QUEUED  # put off: that is news, too
    return Mailed(
        pk=delivery.pk,
        to=delivery.address,
        state=state_of_row(delivery),
        words=delivery.words,
        ended=delivery.state not in UNDER_WAY or waits,
        url=reverse("server-test-mailed", args=[row.pk, delivery.pk]),
        copy_url=reverse("outbound-copy", args=[delivery.pk]) if readable else "",
    )
