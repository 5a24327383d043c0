"""A list as a file for spreadsheets: comma-separated values (RFC 4180), UTF-8 with a byte order mark, sent as read."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from postroom.directory.access import may
from postroom.directory.roles import Permission
from postroom.infra.streams import streamed
from postroom.records.exporting import list_lines
from postroom.web.pages.common import reader
from postroom.web.pages.records.asked import asked_of
from postroom.web.places import place_of_type


@require_safe
@login_required
def export(request: HttpRequest, type: str) -> HttpResponseBase:
    """The records of a list's filter, as they are listed; at most `MOST`, and a line that says so."""
    user, place = reader(request), place_of_type(type)
    if not may(user, Permission.RECORDS_READ):
        raise PermissionDenied
    name = f"{place.name}-{timezone.localdate().isoformat()}.csv"
    lines = list_lines(user, asked_of(request, place).filter)
    response = StreamingHttpResponse(streamed(request, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
