"""Outgoing servers: which of them somebody may see and change, and the verbs. Passwords go in and never come out."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet

from postroom.core.edits import Edit, edited
from postroom.core.errors import PostroomError
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.directory.access import NO_COMPANY, companies
from postroom.directory.models import Company, User
from postroom.directory.roles import Permission
from postroom.infra import secrets
from postroom.infra.clock import now
from postroom.infra.logs import logger
from postroom.outbound import choice
from postroom.outbound.models import Letter, OutgoingServer
from postroom.outbound.servers import circuits
from postroom.outbound.servers.checks import checked
from postroom.outbound.servers.fields import (
    PORTS,
    Authentication,
    CannotSave,
    Encryption,
    ServerFields,
    as_entered,
    fields_of,
    write,
)
from postroom.outbound.servers.uses import ensure_unused, move_uses

__all__ = [
    "PORTS", "Authentication", "CannotSave", "Encryption", "NoServer", "ServerFields", "archive_server", "as_entered",
    "checked", "create_server", "fields_of", "manageable", "move_and_archive", "move_server_uses", "people", "places",
    "renew_secrets", "restore_server", "shown", "try_server_now",
    "update_server",
]  # fmt: skip

log = logger(__name__)


class NoServer(PostroomError):
    """There is no such server, or this user may not change it."""


def manageable(user: User) -> QuerySet[OutgoingServer]:
    """The servers that `user` may change: those of their companies, for operators those of all companies too."""
    mine = companies(user, Permission.SERVERS_MANAGE)
    return OutgoingServer.objects.filter(Q(company_id__in=mine) | (Q(company=None) if NO_COMPANY in mine else Q(pk=0)))


def shown(user: User) -> QuerySet[OutgoingServer]:
    """The servers that `user` may know of, by the order in which they are tried: those that serve all companies too."""
    mine = companies(user, Permission.SERVERS_MANAGE)
    found = OutgoingServer.objects.filter(Q(company_id__in=mine) | Q(company=None)) if mine else manageable(user)
    return (
        found.select_related("company", "owner")
        .defer("secret", "client_certificate")
        .order_by("-is_active", "priority", "name", "pk")
    )


def create_server(*, user: User, fields: ServerFields) -> OutgoingServer:
    """Add a server.

    Raises:
        CannotSave: a field is wrong, or the user may not manage servers of this company.

    """
    entered = checked(user, fields)
    row = OutgoingServer(created_at=now())
    write(row, entered)
    row.save()
    choice.forget()
    log.info("outgoing server added", server=row.pk, by=user.username)
    return row


def update_server(*, user: User, server_id: int, fields: Edit[ServerFields]) -> OutgoingServer:
    """Change a server; an empty password keeps the known one, which is only ever told to the same host.

    Raises:
        NoServer: it is not there for this user.
        CannotSave: a field is wrong.

    """
    with transaction.atomic():
        row = _own(user, server_id)
        write(row, checked(user, edited(fields_of(row), fields), row))
        row.save()
        circuits.close(row.pk)
    choice.forget()
    log.info("outgoing server changed", server=row.pk, by=user.username)
    return row


def archive_server(*, user: User, server_id: int) -> OutgoingServer:
    """Let nothing more leave by a server.

    Raises:
        NoServer: it is not there for this user.
        InUse: something needs it; `move_server_uses` moves that.

    """
    with transaction.atomic():
        row = _own(user, server_id)
        ensure_unused(row.pk)
        return _set_active(user, row, active=False)


def try_server_now(*, user: User, server_id: int) -> bool:
    """Let a server that is down be tried at once, 0 the default one, which an operator may; whether it is down.

    Raises:
        NoServer: it is not there for this user.

    """
    if server_id == DEFAULT_SERVER and NO_COMPANY not in companies(user, Permission.SERVERS_MANAGE):
        raise NoServer("There is no such server, or it is not yours to change.")
    with transaction.atomic():
        if server_id != DEFAULT_SERVER:
            _own(user, server_id)
        return circuits.hurry(server_id)


def move_server_uses(*, user: User, server_id: int, to: int) -> OutgoingServer:
    """Let everything that needs a server use another.

    Raises:
        NoServer: it is not there for this user.
        CannotMove: the other server can't take it over.

    """
    with transaction.atomic():
        row = _own(user, server_id)
        move_uses(user=user, row=row, to=to)
    return row


def move_and_archive(*, user: User, server_id: int, to: int) -> OutgoingServer:
    """Move everything that needs a server to another, then let nothing more leave by it.

    Raises:
        NoServer: it is not there for this user.
        CannotMove: the other server can't take it over.

    """
    with transaction.atomic():
        move_server_uses(user=user, server_id=server_id, to=to)
        return archive_server(user=user, server_id=server_id)


def restore_server(*, user: User, server_id: int) -> OutgoingServer:
    """Let mail leave by an archived server again.

    Raises:
        NoServer: it is not there for this user.

    """
    with transaction.atomic():
        return _set_active(user, _own(user, server_id), active=True)


def _set_active(user: User, row: OutgoingServer, *, active: bool) -> OutgoingServer:
    """Within a transaction that has locked the row."""
    row.is_active = active
    row.save(update_fields=["is_active"])
    circuits.close(row.pk)  # what waits for it looks for its server anew
    choice.forget()
    log.info("outgoing server restored" if active else "outgoing server archived", server=row.pk, by=user.username)
    return row


def _own(user: User, server_id: int) -> OutgoingServer:
    """Within a transaction: a server that the user may change, kept from others meanwhile."""
    row = manageable(user).filter(pk=server_id).select_for_update(no_key=True).first()
    if row is None:
        raise NoServer("There is no such server, or it is not yours to change.")
    return row


def renew_secrets() -> int:
    """Encrypt all passwords, client keys and links of mail that waits with the newest key; afterwards older keys may
    leave the setting. How many.

    Raises:
        CannotDecrypt: a password was encrypted with a key that is not known; nothing after it was renewed.

    """
    count = 0
    for rows, name in (
        (OutgoingServer.objects.exclude(secret=b""), "secret"),
        (OutgoingServer.objects.exclude(client_certificate=b""), "client_certificate"),
        (Letter.objects.exclude(secret=None), "secret"),
    ):
        for pk, secret in rows.values_list("pk", name).iterator():
            kept = bytes(secret or b"")
            count += rows.filter(pk=pk, **{name: kept}).update(**{name: secrets.renewed(kept)})
    choice.forget()
    return count


def places(user: User) -> dict[int | None, str]:
    """Where `user` may add servers: their companies by name, and None for all of them where they are an operator."""
    mine = companies(user, Permission.SERVERS_MANAGE)
    named = Company.objects.filter(pk__in=mine).order_by("name").values_list("pk", "name")
    return {**dict(named), **({None: ""} if NO_COMPANY in mine else {})}


def people(user: User) -> list[tuple[int, str, int]]:
    """Id, name and company of everybody who may own a server that `user` manages."""
    mine = companies(user, Permission.SERVERS_MANAGE)
    members = User.objects.filter(is_active=True, memberships__company_id__in=mine).order_by("name", "pk")
    return list(members.values_list("pk", "name", "memberships__company_id"))
