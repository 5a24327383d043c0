"""The address of the event stream."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from postroom.directory.models import User
from postroom.web.events import away, ears_of, stream


@require_safe
async def events(request: HttpRequest) -> HttpResponseBase:
    """News for the reader's open page (text/event-stream); 401 where nobody is signed in."""
    user = await request.auser()
    if not isinstance(user, User):
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    given = request.headers.get("Last-Event-ID", "") or request.GET.get("last", "")
    last = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
    ears = await away(ears_of)(user)
    response = StreamingHttpResponse(stream(user.pk, ears, last), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"
    return response
