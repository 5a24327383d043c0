"""“Reply as recipient”: a reply to a copy, sent by real SMTP to our own listener, to see how it finds its way back."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from postroom.core.addresses import Address
from postroom.core.message.mail import Mail
from postroom.core.message.parse import parse
from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.inbound import selectors as arrivals
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound import selectors
from postroom.outbound.selectors import Shown
from postroom.web.as_recipient import Answer, answer_of, hand_over
from postroom.web.pages.arrivals.pages import Target, target_of
from postroom.web.pages.common import for_those_who_may, found, reader
from postroom.web.pages.outbox.copy import bytes_of, page_of_copy
from postroom.web.pages.outbox.replying import Reply, reply_of
from postroom.web.trace import State, state_of

LONGEST_TEXT = 20_000  # characters of a reply
_ARRIVAL = re.compile(r"\barrival (\d{1,18})\b")


@dataclass(frozen=True, slots=True)
class Arrived:
    """The reply on its way in: its arrival, the state, and the records that it reached, each with the reason."""

    id: int
    state: State
    routes: tuple[tuple[Target, str], ...] = ()


@require_POST
@for_those_who_may(Permission.OUTBOUND_MANAGE)
def outbound_reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the reply; what the listener said is shown in the form's place."""
    user = reader(request)
    one = found(selectors.delivery(user, pk))
    raw = bytes_of(one.delivery)
    mail = parse(raw) if raw is not None else None
    reply = reply_of(user, one.delivery, mail)
    if not reply.may or mail is None:
        raise PermissionDenied
    reply = _given(request, reply)
    if not reply.text.strip():
        return _refused(request, one, replace(reply, error=_("Write what the recipient answers.")))
    answer = _send(one, mail, reply)
    if not answer.taken:
        return _refused(request, one, replace(reply, error=_problem(answer)))
    return _taken(request, user, one, answer)


def _given(request: HttpRequest, reply: Reply) -> Reply:
    return replace(
        reply,
        text=request.POST.get("text", "").replace("\0", "")[:LONGEST_TEXT],
        token=not reply.plain or request.POST.get("token") == "on",
        references=request.POST.get("references") == "on",
    )


def _send(one: Shown, mail: Mail, reply: Reply) -> Answer:
    row = one.delivery
    host = row.address.rpartition("@")[2] or "localhost"
    draft = answer_of(
        mail,
        Address(row.address, row.name),
        Address(reply.to if reply.token else reply.plain),
        reply.text,
        references=reply.references,
        message_id=f"{uuid.uuid4().hex}@{host}",
        at=now(),
    )
    return hand_over(draft)


def _problem(answer: Answer) -> str:
    own = config()
    if not answer.code:
        words = _("The SMTP listener at %(host)s:%(port)d took nothing (%(words)s). Is it running?")
        return words % {"host": own.smtp_host, "port": own.smtp_port, "words": answer.problem}
    return _("The listener refused it: %(code)d %(words)s") % {"code": answer.code, "words": answer.words}


def _refused(request: HttpRequest, one: Shown, reply: Reply) -> HttpResponse:
    """The form again, with what is wrong."""
    if request.headers.get("HX-Request"):
        return render(request, "web/outbound/reply.html", {"reply": reply})
    page = replace(page_of_copy(reader(request), one), reply=reply)
    shown = {"title": page.title, "here": "outbound", "page": page}
    return render(request, "web/outbound/copy.html", shown, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _taken(request: HttpRequest, user: User, one: Shown, answer: Answer) -> HttpResponse:
    said = f"{answer.code} {answer.words}"
    if not request.headers.get("HX-Request"):
        messages.success(request, _("The listener said: %(words)s") % {"words": said})
        return redirect("outbound-copy", one.delivery.pk)
    number = _ARRIVAL.search(answer.words)
    shown = {"said": said, "pk": one.delivery.pk, "arrived": _arrived(user, int(number[1])) if number else None}
    return render(request, "web/outbound/replied.html", shown)


def _arrived(user: User, pk: int) -> Arrived | None:
    if not may(user, Permission.ARRIVALS_READ):
        return None
    one = arrivals.arrival(user, pk)
    if one is None:
        return Arrived(pk, state_of("arrived"))
    return Arrived(pk, state_of(one.state), tuple((target_of(route), route.because) for route in one.routes))


@require_safe
@for_those_who_may(Permission.ARRIVALS_READ)
def outbound_arrived(request: HttpRequest, pk: int) -> HttpResponse:
    """What has become of a reply by now."""
    return render(request, "web/outbound/arrived.html", {"arrived": found(_arrived(reader(request), pk))})
