"""Files that went as links: which, to whom, opened or not; revoke and renew."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router

from postroom.api.auth import asking
from postroom.api.endpoints.found import message_of
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.links import DownloadLinkOut
from postroom.conversations import copies
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.outbound import links
from postroom.outbound.models import DownloadLink

router = Router(tags=["outbound"])

Act = Callable[[User, QuerySet[DownloadLink]], int]


@router.get("/messages/{int:pk}/links", response=list[DownloadLinkOut], operation_id="list_message_links")
def list_links(request: HttpRequest, pk: int) -> list[DownloadLinkOut]:
    """The files of a message that went as links, copy by copy."""
    user = asking(request)
    return [DownloadLinkOut.of(one) for one in copies.links(user, message_of(user, pk).pk)]


@router.post("/messages/{int:pk}/links/revoke", response=list[DownloadLinkOut], operation_id="revoke_message_links")
def revoke_all(request: HttpRequest, pk: int) -> list[DownloadLinkOut]:
    """Revoke all links of a message: they lead nowhere from now on."""
    return _decide_all(asking(request), pk, links.revoke)


@router.post("/messages/{int:pk}/links/renew", response=list[DownloadLinkOut], operation_id="renew_message_links")
def renew_all(request: HttpRequest, pk: int) -> list[DownloadLinkOut]:
    """Renew all links of a message, as each by itself."""
    return _decide_all(asking(request), pk, links.renew)


@router.post("/download-links/{int:pk}/revoke", response=DownloadLinkOut, operation_id="revoke_link")
def revoke(request: HttpRequest, pk: int) -> DownloadLinkOut:
    """Revoke a link: it leads nowhere from now on."""
    return _decide(asking(request), pk, links.revoke)


@router.post("/download-links/{int:pk}/renew", response=DownloadLinkOut, operation_id="renew_link")
def renew(request: HttpRequest, pk: int) -> DownloadLinkOut:
    """Renew a link: it leads to its file for as many days as a new one, also where it was revoked or over."""
    return _decide(asking(request), pk, links.renew)


def _decide_all(user: User, pk: int, act: Act) -> list[DownloadLinkOut]:
    message = message_of(user, pk)
    _ensure_decides(user, message.company_id)
    mine = [one.id for one in copies.links(user, message.pk)]
    act(user, DownloadLink.objects.filter(pk__in=mine))
    return [DownloadLinkOut.of(one) for one in copies.links(user, message.pk)]


def _decide(user: User, pk: int, act: Act) -> DownloadLinkOut:
    row = links.visible(user).select_related("delivery").filter(pk=pk).first()
    if row is None:
        raise not_found("link")
    _ensure_decides(user, row.delivery.company_id)
    act(user, DownloadLink.objects.filter(pk=pk))
    return next(DownloadLinkOut.of(one) for one in links.links_of([row.delivery_id]) if one.id == pk)


def _ensure_decides(user: User, company: int) -> None:
    if company not in companies(user, Permission.OUTBOUND_MANAGE):
        raise Problem(HTTPStatus.FORBIDDEN, f"{user.name} may read these copies, but not decide about them.")
