"""The form of an outgoing server: what was typed, as it was typed, and what is wrong with it. Never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.directory.models import User
from postroom.outbound.models import OutgoingServer
from postroom.outbound.providers.catalogue import PROVIDERS
from postroom.outbound.servers import services as servers
from postroom.outbound.servers.connection_trouble import megabytes
from postroom.outbound.servers.fields import Mechanism
from postroom.outbound.servers.services import PORTS, ServerFields
from postroom.web.meanwhile import FIELD, Meanwhile, shown
from postroom.web.pages.settings.servers.provider import Filled, filled, with_provider

NOT_A_NUMBER = -1  # what services say no to, in the words of the field


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list; `port` is the one that comes with an encryption."""

    value: str
    words: str
    chosen: bool = False
    port: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """A form with its choices. `values` are as typed; `pk` 0: a new server; `knows_password`: one is kept already.
    `certificate_subject` and `certificate_until` tell of the client certificate that is kept.
    """

    values: Mapping[str, str]
    fields: ServerFields = field(repr=False)
    pk: int = 0
    title: str = ""
    active: bool = True
    knows_password: bool = False
    certificate_subject: str = ""
    certificate_until: datetime | None = None
    provider: Filled | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    companies: tuple[Option, ...] = ()
    owners: tuple[Option, ...] = ()
    encryptions: tuple[Option, ...] = ()
    authentications: tuple[Option, ...] = ()
    mechanisms: tuple[Option, ...] = ()
    providers: tuple[Option, ...] = ()
    shown: str = ""

    def with_errors(self, errors: Mapping[str, str]) -> Form:
        return replace(self, errors=errors)

    @property
    def url(self) -> str:
        return reverse("server", args=[self.pk]) if self.pk else reverse("server-new")

    @property
    def more_errors(self) -> bool:
        """Whether something is wrong with a field that is folded away."""
        return not MORE.isdisjoint(self.errors)

    @property
    def size_url(self) -> str:
        return reverse("server-size", args=[self.pk]) if self.pk else reverse("server-new-size")

    @property
    def test_url(self) -> str:
        return reverse("server-test", args=[self.pk]) if self.pk else reverse("server-new-test")


TYPED = ("priority", "port", "max_connections", "max_size", "minute_limit", "hour_limit", "daily_limit")
MORE = frozenset(
    {"company", "owner", "max_connections", "max_size", "minute_limit", "hour_limit", "daily_limit", "mechanism"}
)


def empty_form(user: User, of: Filled | None = None) -> Form:
    """A new server of the reader's first company, filled in from a provider where one is known."""
    fields = ServerFields(company=next(iter(servers.places(user)), None))
    return _form(user, with_provider(fields, of) if of else fields, None)


def form_of(user: User, row: OutgoingServer) -> Form:
    """A server as it is kept."""
    fields = servers.fields_of(row)
    return replace(_form(user, fields, row), shown=shown(fields))


def given_form(user: User, given: Mapping[str, str], row: OutgoingServer | None = None) -> Form:
    """What somebody sent."""

    def text(name: str) -> str:
        return given.get(name, "").replace("\0", "")

    fields = ServerFields(
        name=text("name"),
        company=_company(user, text("company"), row),
        priority=_number(text("priority"), 10),
        from_filter=text("from_filter"),
        host=text("host"),
        port=_number(text("port"), 0),
        encryption=text("encryption"),
        authentication=text("authentication"),
        username=text("username"),
        password=given.get("password", ""),
        trusted_relay=text("trusted_relay") == "on",
        for_many=text("for_many") == "on",
        failover=text("failover") == "on",
        max_connections=_number(text("max_connections"), 4),
        provider=text("provider"),
        mechanism=text("mechanism"),
        certificate=text("certificate"),
        certificate_key=text("certificate_key"),
        max_size=_bytes(text("max_size")),
        minute_limit=_number(text("minute_limit"), 0),
        hour_limit=_number(text("hour_limit"), 0),
        daily_limit=_number(text("daily_limit"), 0),
        owner=_number(text("owner"), 0) or None,
    )
    typed = {name: text(name) for name in TYPED}
    typed["address"] = text("address")
    return replace(_form(user, fields, row, typed), shown=text(FIELD))


def changed_meanwhile(user: User, row: OutgoingServer, form: Form, other: Meanwhile) -> Form:
    """The form where somebody else changed the same fields."""
    again = _form(user, replace(form.fields, **other.values), row)
    options = {"company": again.companies, "owner": again.owners, "provider": again.providers}
    options |= {"encryption": again.encryptions, "authentication": again.authentications, "mechanism": again.mechanisms}
    words = {name: {one.value: one.words for one in some} for name, some in options.items()}
    words["company"][""] = _("All companies")
    return replace(again, errors=other.errors(words), shown=other.shown)


def _company(user: User, given: str, row: OutgoingServer | None) -> int | None:
    """The company that was chosen; without a choice that of the server, else the only one there is."""
    if given == "all":
        return None
    if given:
        return _number(given, 0)
    return row.company_id if row else next(iter(servers.places(user)), None)


def _bytes(text: str) -> int:
    """Megabytes as typed, with a comma or a dot."""
    plain = text.strip().replace(",", ".").removesuffix("MB").strip()
    whole, dot, part = plain.partition(".")
    if not plain:
        return 0
    digits = (whole or "0") + (part if dot else "")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 9):
        return NOT_A_NUMBER
    return int(float(plain) * 1024 * 1024)


def _number(text: str, empty: int) -> int:
    plain = text.strip()
    if not plain:
        return empty
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else NOT_A_NUMBER


def _form(user: User, fields: ServerFields, row: OutgoingServer | None, typed: Mapping[str, str] | None = None) -> Form:
    values = {
        "name": fields.name,
        "priority": str(fields.priority),
        "from_filter": fields.from_filter,
        "host": fields.host,
        "port": str(fields.port or PORTS.get(fields.encryption) or ""),
        "username": fields.username,
        "trusted_relay": "on" if fields.trusted_relay else "",
        "for_many": "on" if fields.for_many else "",
        "failover": "on" if fields.failover else "",
        "max_connections": str(fields.max_connections),
        "max_size": megabytes(fields.max_size) if fields.max_size > 0 else "",
        "minute_limit": str(fields.minute_limit or ""),
        "hour_limit": str(fields.hour_limit or ""),
        "daily_limit": str(fields.daily_limit or ""),
        **(typed or {}),
    }
    places = servers.places(user)
    return Form(
        values=values,
        fields=fields,
        pk=row.pk if row else 0,
        title=row.name if row else _("New server"),
        active=row.is_active if row else True,
        knows_password=bool(row and row.secret),
        certificate_subject=row.certificate_subject if row else "",
        certificate_until=row.certificate_until if row else None,
        provider=filled(PROVIDERS[fields.provider], fields.username) if fields.provider in PROVIDERS else None,
        companies=tuple(
            Option(str(pk or "all"), name or _("All companies"), pk == fields.company) for pk, name in places.items()
        )
        if len(places) > 1
        else (),
        owners=_owners(user, fields, len(places) > 1),
        encryptions=_encryptions(fields.encryption),
        authentications=_authentications(fields.authentication),
        mechanisms=tuple(
            Option(kind.value, kind.value or _("Automatic"), kind == fields.mechanism.upper()) for kind in Mechanism
        ),
        providers=tuple(Option(one.key, _(one.name), one.key == fields.provider) for one in PROVIDERS.values()),
    )


def _owners(user: User, fields: ServerFields, several: bool) -> tuple[Option, ...]:
    names = servers.places(user)
    listed: dict[int, str] = {}
    for pk, name, company in servers.people(user):
        listed.setdefault(pk, f"{name} ({names.get(company, '')})" if several else name)
    return tuple(Option(str(pk), name, pk == fields.owner) for pk, name in listed.items())


def _encryptions(chosen: str) -> tuple[Option, ...]:
    kinds = servers.Encryption
    words = (
        (kinds.STARTTLS, _("STARTTLS")),
        (kinds.TLS, _("TLS")),
        (kinds.NONE, _("None")),
        (kinds.STARTTLS_UNVERIFIED, _("STARTTLS, certificate not verified")),
        (kinds.TLS_UNVERIFIED, _("TLS, certificate not verified")),
    )
    return tuple(Option(kind.value, said, kind == chosen, PORTS[kind]) for kind, said in words)


def _authentications(chosen: str) -> tuple[Option, ...]:
    kinds = servers.Authentication
    words = (
        (kinds.LOGIN, _("User name and password")),
        (kinds.CERTIFICATE, _("Client certificate")),
        (kinds.NONE, _("No login")),
        (kinds.DEFAULT, _("As the default server of the configuration")),
    )
    return tuple(Option(kind.value, said, kind == chosen) for kind, said in words)
