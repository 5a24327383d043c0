"""The default server: where mail leaves by when a company has no other."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from postroom.api.auth import asking, ensure_may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.config import config
from postroom.outbound.choice import default_server
from postroom.outbound.servers import services as servers

router = Router(tags=["servers"])


class DefaultServerOut(Schema):
    """The outgoing server of the configuration, or the outbox: a folder in which mail is kept and not sent."""

    transport: str = Field(description="`smtp`, or `outbox`: mail is kept in a folder of the installation.")
    host: str
    port: int | None
    encryption: str
    folder: str = Field(description="Of the outbox; told to operators only.")
    from_filter: str = Field(description="Addresses and domains that it sends for, by commas; empty: as is usual.")
    alone: bool = Field(description="Whether your companies have no other server that is in use.")


@router.get("/servers/default", response=DefaultServerOut, operation_id="get_default_server")
def get_default_server(request: HttpRequest) -> DefaultServerOut:
    """The outgoing server of the configuration, by which mail leaves where a company has no other. It is changed in
    the configuration; its user name and password are not told.
    """
    user = asking(request)
    ensure_may(user, Permission.SERVERS_MANAGE)
    own = config()
    named = bool(own.outgoing_server)
    return DefaultServerOut(
        transport="smtp" if named else "outbox",
        host=own.outgoing_server,
        port=own.outgoing_port if named else None,
        encryption=own.outgoing_encryption if named else "",
        folder="" if named else _folder(user),
        from_filter=", ".join(default_server().filter),
        alone=not any(row.is_active for row in servers.shown(user)),
    )


def _folder(user: User) -> str:
    return str(config().var / "outbox") if user.is_operator else ""
