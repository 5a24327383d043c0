"""Outgoing servers: which of them somebody may see and change, and the verbs. Passwords go in and never come out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import idna
from django.db import transaction
from django.db.models import Q, QuerySet

from postroom.core.edits import Edit, edited
from postroom.core.errors import PostroomError
from postroom.core.sending.from_filter import filter_problems, parse_filter
from postroom.directory.access import NO_COMPANY, companies
from postroom.directory.models import Company, User
from postroom.directory.roles import Permission
from postroom.infra import secrets
from postroom.infra.clock import now
from postroom.infra.logs import logger
from postroom.infra.networks import is_refused, parsed
from postroom.outbound import choice
from postroom.outbound.models import Letter, OutgoingServer
from postroom.outbound.transports.protocol import Server

Encryption, Authentication = OutgoingServer.Encryption, OutgoingServer.Authentication

# The port at which servers of each encryption listen (RFC 5321, RFC 6409, RFC 8314 §3.3).
PORTS: Mapping[str, int] = {
    Encryption.NONE: 25,
    Encryption.STARTTLS: 587,
    Encryption.STARTTLS_UNVERIFIED: 587,
    Encryption.TLS: 465,
    Encryption.TLS_UNVERIFIED: 465,
}
LONGEST_NAME, LONGEST_FILTER, LONGEST_USERNAME, LONGEST_PASSWORD = 120, 10_000, 320, 4096
MOST_CONNECTIONS = 100
MOST_PROBLEMS = 3  # of a filter that are told at once
PRIORITIES = range(10_000)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?")

log = logger(__name__)


class CannotSave(PostroomError):
    """A server that cannot be kept as asked; `problems` says for each field what is wrong and what to do."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class NoServer(PostroomError):
    """There is no such server, or this user may not change it."""


@dataclass(frozen=True, slots=True)
class ServerFields:
    """A server as somebody enters it. `company` None serves all of them; port 0 is the usual one of the encryption; an
    empty `password` keeps the one that is known; `owner` is the user whose personal server it is.
    """

    name: str = ""
    company: int | None = None
    priority: int = 10
    from_filter: str = ""
    host: str = ""
    port: int = 0
    encryption: str = Encryption.STARTTLS.value
    authentication: str = Authentication.LOGIN.value
    username: str = ""
    password: str = field(default="", repr=False)  # reprs end up in logs
    trusted_relay: bool = False
    max_connections: int = 4
    owner: int | None = None


def fields_of(row: OutgoingServer) -> ServerFields:
    """What was entered for a server; its password stays where it is."""
    kept = {name: getattr(row, name) for name in _PLAIN}
    return ServerFields(company=row.company_id, owner=row.owner_id, **kept)


_PLAIN = (
    "name", "priority", "from_filter", "host", "port", "encryption", "authentication", "username", "trusted_relay",
    "max_connections",
)  # fmt: skip


def manageable(user: User) -> QuerySet[OutgoingServer]:
    """The servers that `user` may change: those of their companies, for operators those of all companies too."""
    mine = companies(user, Permission.SERVERS_MANAGE)
    return OutgoingServer.objects.filter(Q(company_id__in=mine) | (Q(company=None) if NO_COMPANY in mine else Q(pk=0)))


def shown(user: User) -> QuerySet[OutgoingServer]:
    """The servers that `user` may know of, by the order in which they are tried: those that serve all companies too."""
    mine = companies(user, Permission.SERVERS_MANAGE)
    found = OutgoingServer.objects.filter(Q(company_id__in=mine) | Q(company=None)) if mine else manageable(user)
    return found.select_related("company", "owner").defer("secret").order_by("-is_active", "priority", "name", "pk")


def create_server(*, user: User, fields: ServerFields) -> OutgoingServer:
    """Add a server.

    Raises:
        CannotSave: a field is wrong, or the user may not manage servers of this company.

    """
    entered = checked(user, fields)
    row = OutgoingServer(created_at=now())
    _write(row, entered)
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
        _write(row, checked(user, edited(fields_of(row), fields), row))
        row.save()
    choice.forget()
    log.info("outgoing server changed", server=row.pk, by=user.username)
    return row


def archive_server(*, user: User, server_id: int) -> OutgoingServer:
    """Let nothing more leave by a server, but what is forced to it.

    Raises:
        NoServer: it is not there for this user.

    """
    return _set_active(user, server_id, active=False)


def restore_server(*, user: User, server_id: int) -> OutgoingServer:
    """Let mail leave by an archived server again.

    Raises:
        NoServer: it is not there for this user.

    """
    return _set_active(user, server_id, active=True)


def _set_active(user: User, server_id: int, *, active: bool) -> OutgoingServer:
    with transaction.atomic():
        row = _own(user, server_id)
        row.is_active = active
        row.save(update_fields=["is_active"])
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
    """Encrypt every password, and the links of mail that waits, with the newest key; afterwards older keys may leave
    the setting. Returns how many.

    Raises:
        CannotDecrypt: a password was encrypted with a key that is not known; nothing after it was renewed.

    """
    count = 0
    for rows in (OutgoingServer.objects.exclude(secret=b""), Letter.objects.exclude(secret=None)):
        for pk, secret in rows.values_list("pk", "secret").iterator():
            kept = bytes(secret or b"")
            count += rows.filter(pk=pk, secret=kept).update(secret=secrets.renewed(kept))
    choice.forget()
    return count


def checked(user: User, fields: ServerFields, row: OutgoingServer | None = None) -> ServerFields:
    """The fields as they may be kept for the server `row` (None: a new one): spaces gone, the port filled in.

    Raises:
        CannotSave: what is wrong, by field.

    """
    tidy = _tidy(fields)
    problems = {name: said for name, said in _problems(user, tidy, row) if said}
    if problems:
        raise CannotSave(problems)
    return tidy


def as_entered(fields: ServerFields, row: OutgoingServer | None = None) -> Server:
    """How to reach a server of checked fields before they are kept; `row` lends its password where none is entered."""
    login = fields.authentication == Authentication.LOGIN
    known = secrets.decrypt(bytes(row.secret)) if row and login and not fields.password else ""
    return Server(
        id=row.pk if row else -1,
        name=fields.name,
        transport="smtp",
        host=fields.host,
        port=fields.port,
        encryption=fields.encryption,
        authentication=fields.authentication,
        username=fields.username if login else "",
        password=(fields.password or known) if login else "",
        connections=fields.max_connections,
    )


def _tidy(fields: ServerFields) -> ServerFields:
    return replace(
        fields,
        name=" ".join(fields.name.split()),
        from_filter=fields.from_filter.strip(),
        host=_ascii_host(fields.host),
        port=fields.port or PORTS.get(fields.encryption, PORTS[Encryption.STARTTLS]),
        username=fields.username.strip(),
    )


def _ascii_host(entered: str) -> str:
    """A host as DNS knows it: lower case, without a last dot, international names as A-labels (RFC 5891)."""
    plain = entered.strip().rstrip(".").lower()
    if plain.isascii():
        return plain.strip("[]") if parsed(plain) else plain
    try:
        return idna.encode(plain, uts46=True).decode()
    except idna.IDNAError:
        return plain


def _write(row: OutgoingServer, fields: ServerFields) -> None:
    for name in _PLAIN:
        setattr(row, name, getattr(fields, name))
    row.company_id, row.owner_id = fields.company, fields.owner
    if fields.authentication == Authentication.NONE:
        row.username, row.secret = "", b""
    elif fields.password:
        row.secret = secrets.encrypt(fields.password)


def _problems(user: User, fields: ServerFields, row: OutgoingServer | None) -> Iterator[tuple[str, str]]:
    for name, check in _CHECKS.items():
        yield name, check(fields)
    yield "company", _company_problem(user, fields)
    yield "owner", _owner_problem(fields)
    yield "password", _password_problem(fields, row)


def _name_problem(fields: ServerFields) -> str:
    if not fields.name:
        return "Give the server a name, such as Company mail."
    return f"The name may have {LONGEST_NAME} characters at most." if len(fields.name) > LONGEST_NAME else ""


def _filter_problem(fields: ServerFields) -> str:
    if len(fields.from_filter) > LONGEST_FILTER:
        return f"At most {LONGEST_FILTER:,} characters: name domains instead of single addresses."
    bare = [one for one in parse_filter(fields.from_filter) if "." not in one.rpartition("@")[2]]
    said = filter_problems(fields.from_filter) or [f"“{one[:60]}” is no domain: domains have a dot." for one in bare]
    return " ".join(said[:MOST_PROBLEMS])


def _host_problem(fields: ServerFields) -> str:
    host = fields.host
    if not host:
        return "Enter the server's host name, such as smtp.example.com."
    if parsed(host):
        return _REFUSED if is_refused(host) else ""
    if "/" in host or ":" in host or "@" in host:
        return "Enter the host name alone: the port and the user name have fields of their own."
    labels = host.split(".")
    right = len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    return "" if right else f"{fields.host!r} is no host name. Copy it from your provider's settings."


_REFUSED = "This address belongs to the machine itself or to its cloud, no mail server is there. Enter another host."


def _password_problem(fields: ServerFields, row: OutgoingServer | None) -> str:
    if fields.authentication != Authentication.LOGIN:
        return ""
    if fields.password:
        over = len(fields.password) > LONGEST_PASSWORD
        return f"A password has {LONGEST_PASSWORD} characters at most." if over else ""
    if row is None or not row.secret:
        return "Enter the password, or choose to send without login."
    # Whoever may change a server must not be able to have its password sent to a host of their own.
    if fields.host != row.host:
        return f"The password was entered for {row.host}. Enter the one for {fields.host or 'the new host'}."
    return ""


def _username_problem(fields: ServerFields) -> str:
    if fields.authentication == Authentication.LOGIN and not fields.username:
        return "Enter the user name: with many providers it is the whole mail address."
    if len(fields.username) > LONGEST_USERNAME or any(ord(letter) < 32 for letter in fields.username):
        return f"A user name has {LONGEST_USERNAME} characters at most, and no control characters."
    return ""


def _within(value: int, allowed: range) -> str:
    return "" if value in allowed else f"Enter a whole number from {allowed[0]} to {allowed[-1]}."


_CHECKS: Mapping[str, Callable[[ServerFields], str]] = {
    "name": _name_problem,
    "priority": lambda fields: _within(fields.priority, PRIORITIES),
    "from_filter": _filter_problem,
    "host": _host_problem,
    "port": lambda fields: _within(fields.port, range(1, 65_536)),
    "encryption": lambda fields: "" if fields.encryption in Encryption.values else "Choose one of the list.",
    "authentication": lambda fields: (
        "" if fields.authentication in Authentication.values else "Choose one of the list."
    ),
    "username": _username_problem,
    "max_connections": lambda fields: _within(fields.max_connections, range(1, MOST_CONNECTIONS + 1)),
}


def _company_problem(user: User, fields: ServerFields) -> str:
    mine = companies(user, Permission.SERVERS_MANAGE)
    if fields.company is None:
        return "" if NO_COMPANY in mine else "Only operators may add servers for all companies. Choose your company."
    return "" if fields.company and fields.company in mine else "Choose a company whose servers you manage."


def _owner_problem(fields: ServerFields) -> str:
    if fields.owner is None:
        return ""
    people = User.objects.filter(pk=fields.owner, is_active=True)
    if fields.company is not None:
        people = people.filter(memberships__company_id=fields.company)
    return "" if people.exists() else "Choose somebody of this company, or nobody."


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
