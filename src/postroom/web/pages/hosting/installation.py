"""This installation: its id, where its database lives, and taking over where that is a copy."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from postroom.directory.roles import Permission
from postroom.infra import instance
from postroom.infra.config import config
from postroom.infra.instance import Standing
from postroom.outbound import takeover
from postroom.outbound.takeover import Waiting
from postroom.web.pages.common import for_those_who_may, reader

CHOICES = (
    (
        Waiting.HOLD,
        gettext_lazy("Hold it"),
        gettext_lazy("Somebody looks at each copy in the Outbox, and releases what the other one has not sent."),
    ),
    (
        Waiting.SEND,
        gettext_lazy("Send it"),
        gettext_lazy("The other one is gone for good, and sent nothing after the copy was made."),
    ),
    (
        Waiting.CANCEL,
        gettext_lazy("Withdraw it"),
        gettext_lazy("It is the other one's business: this copy is to try things out."),
    ),
)


@require_http_methods(["GET", "HEAD", "POST"])
@for_those_who_may(Permission.SYSTEM_MANAGE)
def installation(request: HttpRequest) -> HttpResponse:
    """What this installation is; POST takes over, or keeps the new public address."""
    instance.forget()
    found = takeover.notice()
    if request.method != "POST":
        return _page(request, found)
    if not found.is_copy:
        if found.url_before:
            instance.keep_url()
            messages.success(request, _("Its address is %(url)s from now on.") % {"url": config().public_url})
        return redirect("installation")
    waiting = request.POST.get("waiting", "")
    if waiting not in set(Waiting):
        return _page(request, found, _("Say what becomes of the mail that waits."))
    try:
        taken = takeover.take_over(Waiting(waiting), by=reader(request).username)
    except takeover.NothingToDo:  # somebody else did meanwhile
        return redirect("installation")
    said = _("Taken over: this installation sends again.")
    if taken.settled:
        held = ngettext("%(count)s copy is held.", "%(count)s copies are held.", taken.settled)
        gone = ngettext("%(count)s copy is withdrawn.", "%(count)s copies are withdrawn.", taken.settled)
        counted = (held if waiting == Waiting.HOLD else gone) % {"count": f"{taken.settled:,}"}
        said = f"{said} {counted}"
    messages.success(request, said)
    return redirect("installation")


def _page(request: HttpRequest, found: Standing, error: str = "") -> HttpResponse:
    shown = {
        "title": _("This installation"),
        "here": "settings",
        "found": found,
        "url": config().public_url,
        "waits": takeover.in_doubt(found).count() if found.is_copy else 0,
        "choices": CHOICES,
        "chosen": Waiting.HOLD,
        "error": error,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return render(request, "web/hosting/installation.html", shown, status=status)
