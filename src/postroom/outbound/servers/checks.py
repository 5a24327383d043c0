"""What is wrong with a server as it was entered: a sentence for each field, and what to enter instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from postroom.core.sending.from_filter import filter_problems, parse_filter
from postroom.directory.access import NO_COMPANY, companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.config import config
from postroom.infra.networks import is_refused, parsed
from postroom.outbound.hosting import address_problem, is_hosted, port_problem
from postroom.outbound.models import OutgoingServer
from postroom.outbound.providers.catalogue import PROVIDERS
from postroom.outbound.servers.client_certificates import NoCertificate, read_pair
from postroom.outbound.servers.fields import Authentication, CannotSave, Encryption, Mechanism, ServerFields, tidy

LONGEST_NAME, LONGEST_FILTER, LONGEST_USERNAME, LONGEST_PASSWORD = 120, 10_000, 320, 4096
MOST_CONNECTIONS = 100
MOST_PROBLEMS = 3  # of a filter that are told at once
PRIORITIES = range(10_000)
SIZES = range(10 * 1024**3)  # bytes
LIMITS = range(100_000_001)  # mails a day
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_CHOOSE = gettext_lazy("Choose one of the list.")


def checked(user: User, fields: ServerFields, row: OutgoingServer | None = None) -> ServerFields:
    """The fields as they may be kept for the server `row` (None: a new one): spaces gone, the port filled in.

    Raises:
        CannotSave: what is wrong, by field.

    """
    entered = tidy(fields)
    problems = {name: said for name, said in _problems(user, entered, row) if said}
    if problems:
        raise CannotSave(problems)
    return entered


def _problems(user: User, fields: ServerFields, row: OutgoingServer | None) -> Iterator[tuple[str, str]]:
    for name, check in _CHECKS.items():
        yield name, check(fields)
    yield "company", _company_problem(user, fields)
    yield "owner", _owner_problem(fields)
    yield "password", _password_problem(fields, row)
    yield _certificate_problem(fields, row)


def _name_problem(fields: ServerFields) -> str:
    if not fields.name:
        return _("Give the server a name, such as Company mail.")
    if len(fields.name) > LONGEST_NAME:
        return _("The name may have %(most)s characters at most.") % {"most": LONGEST_NAME}
    return ""


def _filter_problem(fields: ServerFields) -> str:
    if len(fields.from_filter) > LONGEST_FILTER:
        most = {"most": f"{LONGEST_FILTER:,}"}
        return _("At most %(most)s characters: name domains instead of single addresses.") % most
    bare = [one for one in parse_filter(fields.from_filter) if "." not in one.rpartition("@")[2]]
    said = filter_problems(fields.from_filter) or [
        _("“%(word)s” is no domain: domains have a dot.") % {"word": one[:60]} for one in bare
    ]
    return " ".join(said[:MOST_PROBLEMS])


def _host_problem(fields: ServerFields) -> str:
    host = fields.host
    if fields.authentication == Authentication.DEFAULT:
        return ""
    if not host:
        return _("Enter the server's host name, such as smtp.example.com.")
    if parsed(host):
        if is_refused(host):
            return str(_REFUSED)
        private = address_problem(host, public_only=is_hosted(fields.company))
        return _("%(private)s Enter the host name that your provider gives.") % {"private": private} if private else ""
    if "/" in host or ":" in host or "@" in host:
        return _("Enter the host name alone: the port and the user name have fields of their own.")
    labels = host.split(".")
    right = len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    if right:
        return ""
    return _("%(host)s is no host name. Copy it from your provider's settings.") % {"host": repr(host)}


_REFUSED = gettext_lazy(
    "This address belongs to the machine itself or to its cloud, no mail server is there. Enter another host."
)


def _port_problem(fields: ServerFields) -> str:
    if fields.authentication == Authentication.DEFAULT:
        return ""
    return _within(fields.port, range(1, 65_536)) or port_problem(fields.company, fields.port)


def _authentication_problem(fields: ServerFields) -> str:
    if fields.authentication not in Authentication.values:
        return str(_CHOOSE)
    if fields.authentication == Authentication.CERTIFICATE and fields.encryption == Encryption.NONE:
        return _("A client certificate is shown while the connection is encrypted: choose STARTTLS or TLS.")
    if fields.authentication != Authentication.DEFAULT:
        return ""
    if is_hosted(fields.company):
        return _("Mail leaves by the operator's default server by itself, where no server of yours sends for it.")
    if not config().outgoing_server:
        return _("The configuration has no default server: set POSTROOM_OUTGOING_SERVER, or enter a server here.")
    return ""


def _password_problem(fields: ServerFields, row: OutgoingServer | None) -> str:
    if fields.authentication != Authentication.LOGIN:
        return ""
    if fields.password:
        over = len(fields.password) > LONGEST_PASSWORD
        return _("A password has %(most)s characters at most.") % {"most": LONGEST_PASSWORD} if over else ""
    if row is None or not row.secret:
        return _("Enter the password, or choose to send without login.")
    # Whoever may change a server must not be able to have its password sent to a host of their own.
    if fields.host != row.host:
        words = _("The password was entered for %(host)s. Enter the one for the new host.") % {"host": row.host}
        if fields.host:
            hosts = {"host": row.host, "wanted": fields.host}
            words = _("The password was entered for %(host)s. Enter the one for %(wanted)s.") % hosts
        return words
    return ""


def _certificate_problem(fields: ServerFields, row: OutgoingServer | None) -> tuple[str, str]:
    if fields.authentication != Authentication.CERTIFICATE:
        return "certificate", ""
    if not (fields.certificate.strip() or fields.certificate_key.strip()):
        kept = row is not None and bool(row.client_certificate)
        return "certificate", "" if kept else _("Paste the certificate and its private key, both as PEM text.")
    try:
        read_pair(fields.certificate, fields.certificate_key)
    except NoCertificate as error:
        return error.field, str(error)
    return "certificate", ""


def _username_problem(fields: ServerFields) -> str:
    if fields.authentication == Authentication.LOGIN and not fields.username:
        return _("Enter the user name: with many providers it is the whole mail address.")
    if len(fields.username) > LONGEST_USERNAME or any(ord(letter) < 32 for letter in fields.username):
        return _("A user name has %(most)s characters at most, and no control characters.") % {"most": LONGEST_USERNAME}
    return ""


def _within(value: int, allowed: range) -> str:
    if value in allowed:
        return ""
    return _("Enter a whole number from %(least)s to %(most)s.") % {"least": allowed[0], "most": allowed[-1]}


def _size_problem(fields: ServerFields) -> str:
    return "" if fields.max_size in SIZES else _("Enter megabytes, such as 25, or leave it empty.")


_CHECKS: Mapping[str, Callable[[ServerFields], str]] = {
    "name": _name_problem,
    "priority": lambda fields: _within(fields.priority, PRIORITIES),
    "from_filter": _filter_problem,
    "provider": lambda fields: "" if not fields.provider or fields.provider in PROVIDERS else str(_CHOOSE),
    "host": _host_problem,
    "port": _port_problem,
    "encryption": lambda fields: "" if fields.encryption in Encryption.values else str(_CHOOSE),
    "authentication": _authentication_problem,
    "mechanism": lambda fields: "" if fields.mechanism in Mechanism.values else str(_CHOOSE),
    "username": _username_problem,
    "max_connections": lambda fields: _within(fields.max_connections, range(1, MOST_CONNECTIONS + 1)),
    "max_size": _size_problem,
    "minute_limit": lambda fields: _within(fields.minute_limit, LIMITS),
    "hour_limit": lambda fields: _within(fields.hour_limit, LIMITS),
    "daily_limit": lambda fields: _within(fields.daily_limit, LIMITS),
}


def _company_problem(user: User, fields: ServerFields) -> str:
    mine = companies(user, Permission.SERVERS_MANAGE)
    if fields.company is None:
        return "" if NO_COMPANY in mine else _("Only operators may add servers for all companies. Choose your company.")
    return "" if fields.company and fields.company in mine else _("Choose a company whose servers you manage.")


def _owner_problem(fields: ServerFields) -> str:
    if fields.owner is None:
        return ""
    people = User.objects.filter(pk=fields.owner, is_active=True)
    if fields.company is not None:
        people = people.filter(memberships__company_id=fields.company)
    return "" if people.exists() else _("Choose somebody of this company, or nobody.")
