"""Outgoing servers: lists, adding, changing, archiving, trying the connection, and which server a From would have."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import Key, made_once
from postroom.api.paging import Cursor, Limit, cut
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.servers import (
    MailOut,
    MoveIn,
    ProviderList,
    ProviderOut,
    ServerIn,
    ServerList,
    ServerOut,
    SimulationIn,
    SimulationOut,
    SizeOut,
    TrialOut,
    TrialStep,
    UseList,
    UseOut,
)
from postroom.conversations import simulator
from postroom.conversations.simulator import CannotAsk
from postroom.core.addresses import Address, valid
from postroom.core.edits import only
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.secrets import CannotDecrypt
from postroom.outbound.choice import reach
from postroom.outbound.models import OutgoingServer
from postroom.outbound.providers.catalogue import PROVIDERS
from postroom.outbound.providers.lookup import look_up
from postroom.outbound.servers import services as servers
from postroom.outbound.servers import uses as server_uses
from postroom.outbound.servers.connection_test import ask_size
from postroom.outbound.servers.services import CannotSave, ServerFields, fields_of
from postroom.outbound.servers.trial import trial_of
from postroom.outbound.servers.trial_mail import CannotSend, send_trial_mail
from postroom.outbound.servers.uses import CannotMove, InUse

router = Router(tags=["servers"])


@router.get("/servers", response=ServerList, operation_id="list_servers")
def list_servers(request: HttpRequest, cursor: Cursor, limit: Limit) -> ServerList:
    """The outgoing servers of your companies and of all companies, in the order in which they are asked."""
    user = _manager(request)
    items, more = cut(_shown(user), lambda one: one.id, cursor, limit)
    return ServerList(items=items, next=more)


@router.post("/servers", response={201: ServerOut}, operation_id="create_server")
def create_server(request: HttpRequest, given: ServerIn, idempotency_key: Key) -> Status[ServerOut]:
    """Add an outgoing server; mail may leave by it at once."""
    user = _manager(request)
    fields = _entered(ServerFields(), given)
    asked = f"servers {given.model_dump_json()}"
    try:
        pk = made_once(user, idempotency_key, asked, lambda: servers.create_server(user=user, fields=fields).pk)
    except CannotSave as error:
        raise _refused(error) from None
    return Status(HTTPStatus.CREATED, _one(user, pk))


@router.post("/servers/test", response=TrialOut, operation_id="test_new_server")
def try_new_server(request: HttpRequest, given: ServerIn) -> TrialOut:
    """Try a server that is not kept yet, as it is entered; nothing is sent. Takes half a minute at most."""
    user = _manager(request)
    try:
        trial = trial_of(user, servers.checked(user, _entered(ServerFields(), given)))
    except CannotSave as error:
        raise _refused(error) from None
    return TrialOut.of(list(trial.steps()))


@router.post("/servers/simulate", response=SimulationOut, operation_id="simulate_server")
def simulate(request: HttpRequest, given: SimulationIn) -> SimulationOut:
    """How a mail would leave: by which server and why not by another, the From, the return path and the Reply-To on the
    wire, and whether SPF, DKIM and DMARC of that From would align there as far as DNS tells. Changes nothing.
    """
    user = _manager(request)
    for name in ("email", "recipient"):
        address = getattr(given, name)
        if not valid(address) and (address or name == "email"):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name}: {address[:100]!r} is not a mail address.")
    try:
        asked = simulator.question(
            user,
            Address(given.email, given.name),
            company=given.company,
            writer=given.user,
            record=given.record,
            server=given.server,
        )
    except CannotAsk as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error.field}: {error}") from None
    choice = simulator.simulate(asked)
    return SimulationOut.told(choice, given.recipient, simulator.ask_dns(choice) if given.dns else ())


@router.get("/servers/providers", response=ProviderList, operation_id="list_providers")
def list_providers(request: HttpRequest, address: str = "") -> ProviderList:
    """What is known of providers beforehand; with an address the one that it belongs to, by its domain and its MX."""
    _manager(request)
    given = address.strip()[:320]
    if not given:
        return ProviderList(items=[ProviderOut.of(one) for one in PROVIDERS.values()])
    found = look_up(given)
    return ProviderList(items=[ProviderOut.of(found, given)] if found else [])


@router.get("/servers/{int:pk}", response=ServerOut, operation_id="get_server")
def get_server(request: HttpRequest, pk: int) -> ServerOut:
    """One outgoing server."""
    return _one(_manager(request), pk)


@router.patch("/servers/{int:pk}", response=ServerOut, operation_id="change_server")
def change_server(request: HttpRequest, pk: int, given: ServerIn) -> ServerOut:
    """Change what is named; a kept password goes to the host alone for which it was entered."""
    user = _manager(request)
    _own(user, pk)
    named = given.model_dump(include=given.model_fields_set)
    try:
        servers.update_server(user=user, server_id=pk, fields=only(named))
    except CannotSave as error:
        raise _refused(error) from None
    return _one(user, pk)


@router.post("/servers/{int:pk}/archive", response=ServerOut, operation_id="archive_server")
def archive(request: HttpRequest, pk: int) -> ServerOut:
    """Let nothing more leave by a server; 409 while something needs it."""
    user = _manager(request)
    try:
        servers.archive_server(user=user, server_id=_own(user, pk).pk)
    except InUse as error:
        errors = [{"where": use.key, "what": use.words} for use in error.uses]
        raise Problem(HTTPStatus.CONFLICT, str(error), errors=errors) from None
    return _one(user, pk)


@router.get("/servers/{int:pk}/uses", response=UseList, operation_id="list_server_uses")
def list_uses(request: HttpRequest, pk: int) -> UseList:
    """What needs a server."""
    row = _own(_manager(request), pk)
    return UseList(items=[UseOut.of(use) for use in server_uses.uses(row.pk)])


@router.post("/servers/{int:pk}/move", response=UseList, operation_id="move_server_uses")
def move_uses(request: HttpRequest, pk: int, given: MoveIn) -> UseList:
    """Let everything that needs a server use another; what is left afterwards."""
    user = _manager(request)
    _own(user, pk)
    try:
        row = servers.move_server_uses(user=user, server_id=pk, to=given.to)
    except CannotMove as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"to: {error}") from None
    return UseList(items=[UseOut.of(use) for use in server_uses.uses(row.pk)])


@router.post("/servers/{int:pk}/restore", response=ServerOut, operation_id="restore_server")
def restore(request: HttpRequest, pk: int) -> ServerOut:
    """Let mail leave by an archived server again."""
    user = _manager(request)
    servers.restore_server(user=user, server_id=_own(user, pk).pk)
    return _one(user, pk)


@router.post("/servers/{int:pk}/try", response=ServerOut, operation_id="try_server_now")
def try_now(request: HttpRequest, pk: int) -> ServerOut:
    """Let a server that is down be tried at once; what waits for it leaves as soon as it lets us in."""
    user = _manager(request)
    servers.try_server_now(user=user, server_id=_own(user, pk).pk)
    return _one(user, pk)


@router.post("/servers/{int:pk}/test", response=TrialOut, operation_id="test_server")
def try_server(request: HttpRequest, pk: int) -> TrialOut:
    """Connect, log in and ask whether a mail to you would be taken; nothing is sent. Takes half a minute at most."""
    user = _manager(request)
    row = _own(user, pk)
    try:
        trial = trial_of(user, fields_of(row), row)
    except CannotDecrypt as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from None
    steps = list(trial.steps())
    trial.keep(steps)
    return TrialOut.of(steps)


@router.post("/servers/{int:pk}/size", response=SizeOut, operation_id="ask_server_size")
def ask_server_size(request: HttpRequest, pk: int) -> SizeOut:
    """Ask a server how large a mail may be; nothing is sent or kept."""
    row = _own(_manager(request), pk)
    try:
        step = ask_size(reach(row))
    except CannotDecrypt as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from None
    return SizeOut(size=step.size, step=TrialStep.of(step))


@router.post("/servers/{int:pk}/test-mail", response={202: MailOut}, operation_id="send_test_mail")
def send_test_mail(request: HttpRequest, pk: int) -> Status[MailOut]:
    """Queue a mail to you that goes by this server."""
    user = _manager(request)
    row = _own(user, pk)
    try:
        delivery = send_trial_mail(user=user, row=row)
    except CannotSend as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from None
    return Status(HTTPStatus.ACCEPTED, MailOut(delivery=delivery))


def _manager(request: HttpRequest) -> User:
    user = asking(request)
    ensure_may(user, Permission.SERVERS_MANAGE)
    return user


def _own(user: User, pk: int) -> OutgoingServer:
    """A server that the user may change: 404 where they may not know of it, 403 where they may know only."""
    row = servers.manageable(user).filter(pk=pk).first()
    if row is not None:
        return row
    if servers.shown(user).filter(pk=pk).exists():
        raise Problem(HTTPStatus.FORBIDDEN, "This server serves all companies: an operator may change it.")
    raise not_found("server")


def _shown(user: User, pk: int | None = None) -> list[ServerOut]:
    found = servers.shown(user) if pk is None else servers.shown(user).filter(pk=pk)
    mine = set(servers.manageable(user).values_list("pk", flat=True))
    keyed = set(servers.manageable(user).exclude(secret=b"").values_list("pk", flat=True))
    return [ServerOut.of(row, editable=row.pk in mine, has_password=row.pk in keyed) for row in found]


def _one(user: User, pk: int) -> ServerOut:
    for shown in _shown(user, pk):
        return shown
    raise not_found("server")


def _entered(known: ServerFields, given: ServerIn) -> ServerFields:
    """What is known with what was given put over it."""
    named = given.model_dump(include=given.model_fields_set)
    return replace(known, **named)


def _refused(error: CannotSave) -> Problem:
    errors = [{"where": f"body.{name}", "what": said} for name, said in error.problems.items()]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=errors)
