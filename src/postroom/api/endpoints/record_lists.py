"""What stands around records: the list as a file, what was changed, the people who may own them."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.found import record_of
from postroom.api.endpoints.records import DeskId, Owner, StageName, State, Text, Type, ensure_known
from postroom.api.paging import Cursor, Limit, cursor_of, cut, id_of
from postroom.api.schemas.common import LARGEST_ID
from postroom.api.schemas.record_changes import ChangeOut, ChangePage, ColleagueList, ColleagueOut
from postroom.directory.roles import Permission
from postroom.infra.streams import streamed
from postroom.records import lists
from postroom.records.change_log import change_page
from postroom.records.exporting import list_lines
from postroom.records.lists import Filter

router = Router(tags=["records"])

CSV = "text/csv"
GIVES_CSV = {"responses": {200: {"description": "The lines, the first with the names.", "content": {CSV: {}}}}}
Order = Annotated[Literal["active", "title"], Query("active", description="`active`: last active first.")]
CompanyId = Annotated[int | None, Query(None, ge=1, le=LARGEST_ID)]


@router.get("/records/export", operation_id="export_records", openapi_extra=GIVES_CSV)
def export_records(
    request: HttpRequest, type: Type, q: Text, stage: StageName, owner: Owner, desk: DeskId, state: State, sort: Order
) -> StreamingHttpResponse:
    """The records of a list as comma-separated values for spreadsheets; 10,000 at most."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    ensure_known(type)
    lines = list_lines(user, Filter(type, q.replace("\0", ""), stage.replace("\0", ""), owner, desk, state, sort))
    response = StreamingHttpResponse(streamed(request, lines), content_type=f"{CSV}; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="records.csv"'
    return response


@router.get("/records/{int:pk}/changes", response=ChangePage, operation_id="list_changes")
def list_changes(request: HttpRequest, pk: int, cursor: Cursor, limit: Limit) -> ChangePage:
    """What was changed on a record, and by whom, the latest first."""
    record = record_of(asking(request), pk)
    page = change_page(record.pk, before=id_of(cursor), limit=limit)
    return ChangePage(items=[ChangeOut.of(row) for row in page.rows], next=cursor_of(page.next))


@router.get("/colleagues", response=ColleagueList, operation_id="list_colleagues")
def list_colleagues(request: HttpRequest, company: CompanyId, cursor: Cursor, limit: Limit) -> ColleagueList:
    """Those who may own records that you may read, by name: of one company, or of all of yours."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    rows, more = cut(lists.owners(user, company), lambda one: one[0], cursor, limit)
    return ColleagueList(items=[ColleagueOut(id=pk, name=name) for pk, name in rows], next=more)
