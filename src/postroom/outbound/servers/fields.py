"""A server as somebody enters it, and what is made of that: tidy values, a row, a way to reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import idna

from postroom.core.errors import PostroomError
from postroom.infra import secrets
from postroom.infra.networks import parsed
from postroom.outbound.choice import default_reach
from postroom.outbound.hosting import is_hosted, port_problem
from postroom.outbound.models import OutgoingServer
from postroom.outbound.servers.client_certificates import NoCertificate, read_pair
from postroom.outbound.transports.protocol import Server

Encryption, Authentication, Mechanism = (
    OutgoingServer.Encryption,
    OutgoingServer.Authentication,
    OutgoingServer.Mechanism,
)

# The port at which servers of each encryption listen (RFC 5321, RFC 6409, RFC 8314 §3.3).
PORTS: Mapping[str, int] = {
    Encryption.NONE: 25,
    Encryption.STARTTLS: 587,
    Encryption.STARTTLS_UNVERIFIED: 587,
    Encryption.TLS: 465,
    Encryption.TLS_UNVERIFIED: 465,
}


class CannotSave(PostroomError):
    """A server that cannot be kept as asked; `problems` says for each field what is wrong and what to do."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class ServerFields:
    """A server as somebody enters it. `company` None serves all of them; port 0 is the usual one of the encryption; an
    empty `password`, and an empty pair of `certificate` and `certificate_key` (PEM), keep what is known; `owner` is the
    user whose personal server it is. `for_many`: what is written to several records at once leaves by it. `failover`:
    while it is down, others may send its mail. `max_size` in bytes and the limits in mails are 0 for none.
    """

    name: str = ""
    company: int | None = None
    priority: int = 10
    from_filter: str = ""
    provider: str = ""
    host: str = ""
    port: int = 0
    encryption: str = Encryption.STARTTLS.value
    authentication: str = Authentication.LOGIN.value
    username: str = ""
    password: str = field(default="", repr=False)  # reprs end up in logs
    mechanism: str = ""
    certificate: str = field(default="", repr=False)
    certificate_key: str = field(default="", repr=False)
    trusted_relay: bool = False
    for_many: bool = False
    failover: bool = False
    max_connections: int = 4
    max_size: int = 0
    minute_limit: int = 0
    hour_limit: int = 0
    daily_limit: int = 0
    owner: int | None = None


PLAIN = (
    "name", "priority", "from_filter", "provider", "host", "port", "encryption", "authentication", "username",
    "mechanism", "trusted_relay", "for_many", "failover", "max_connections", "max_size", "minute_limit", "hour_limit",
    "daily_limit",
)  # fmt: skip
REACHED_BY = (
    "from_filter", "host", "port", "encryption", "authentication", "username", "mechanism", "max_size",
)  # fmt: skip
"""The fields that a connection test depends on, besides the secrets."""


def fields_of(row: OutgoingServer) -> ServerFields:
    """What was entered for a server; its secrets stay where they are."""
    kept = {name: getattr(row, name) for name in PLAIN}
    return ServerFields(company=row.company_id, owner=row.owner_id, **kept)


def tidy(fields: ServerFields) -> ServerFields:
    """The fields as they may be kept: spaces gone, the port filled in, and nothing of what does not count."""
    default = fields.authentication == Authentication.DEFAULT
    login = fields.authentication == Authentication.LOGIN
    return replace(
        fields,
        name=" ".join(fields.name.split()),
        from_filter=fields.from_filter.strip(),
        host="" if default else _ascii_host(fields.host),
        port=fields.port or PORTS.get(fields.encryption, PORTS[Encryption.STARTTLS]),
        username=fields.username.strip() if login else "",
        mechanism=fields.mechanism.strip().upper() if login else "",
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


def write(row: OutgoingServer, fields: ServerFields) -> None:
    """Put checked fields into a row. What a test found holds no longer where the server is reached otherwise now."""
    before = [getattr(row, name) for name in REACHED_BY]
    for name in PLAIN:
        setattr(row, name, getattr(fields, name))
    row.company_id, row.owner_id = fields.company, fields.owner
    changed = _write_password(row, fields) | _write_certificate(row, fields)
    if changed or before != [getattr(row, name) for name in REACHED_BY]:
        row.tested_at, row.test_worked, row.test_steps = None, None, []


def _write_password(row: OutgoingServer, fields: ServerFields) -> bool:
    if fields.authentication != Authentication.LOGIN:
        row.secret = b""
        return False
    if fields.password:
        row.secret = secrets.encrypt(fields.password)
    return bool(fields.password)


def _write_certificate(row: OutgoingServer, fields: ServerFields) -> bool:
    if fields.authentication != Authentication.CERTIFICATE:
        row.client_certificate, row.certificate_subject, row.certificate_until = b"", "", None
        return False
    if not fields.certificate:
        return False
    pair = read_pair(fields.certificate, fields.certificate_key)
    row.client_certificate = secrets.encrypt(pair.pem)
    row.certificate_subject, row.certificate_until = pair.subject, pair.until
    return True


def as_entered(fields: ServerFields, row: OutgoingServer | None = None) -> Server:
    """How to reach a server of checked fields before they are kept; `row` lends its secrets where none are entered.

    Raises:
        CannotDecrypt: no key of the configuration reads a secret that it would lend.

    """
    number = row.pk if row else -1
    if fields.authentication == Authentication.DEFAULT:
        return replace(default_reach(), id=number, name=fields.name, max_size=fields.max_size)
    login = fields.authentication == Authentication.LOGIN
    known = secrets.decrypt(bytes(row.secret)) if row and login and not fields.password else ""
    return Server(
        id=number,
        name=fields.name,
        transport="smtp",
        host=fields.host,
        port=fields.port,
        encryption=fields.encryption,
        authentication=fields.authentication,
        username=fields.username if login else "",
        password=(fields.password or known) if login else "",
        mechanism=fields.mechanism,
        certificate=_certificate(fields, row),
        connections=fields.max_connections,
        max_size=fields.max_size,
        minute_limit=fields.minute_limit,
        hour_limit=fields.hour_limit,
        daily_limit=fields.daily_limit,
        company=fields.company or 0,
        public_only=is_hosted(fields.company),
        trouble=port_problem(fields.company, fields.port),
    )


def _certificate(fields: ServerFields, row: OutgoingServer | None) -> str:
    if fields.authentication != Authentication.CERTIFICATE:
        return ""
    try:
        return read_pair(fields.certificate, fields.certificate_key).pem
    except NoCertificate:
        return secrets.decrypt(bytes(row.client_certificate)) if row else ""
