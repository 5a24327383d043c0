"""The form of an alias: what was typed, as it was typed, what is wrong with it, and what there is to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.core.routing.facts import WhoMayWrite
from postroom.directory.models import User
from postroom.domains.access import own_companies
from postroom.domains.models import Alias, CompanyDomain
from postroom.records import alias_editing
from postroom.records.alias_editing import NEW_DESK, AliasFields
from postroom.records.desk_editing import desks_for
from postroom.records.models import Stage
from postroom.records.record_types import record_types
from postroom.web.meanwhile import FIELD, Meanwhile, shown
from postroom.web.pages.common import number
from postroom.web.pages.settings.domain_form import Option


@dataclass(frozen=True, slots=True)
class AliasForm:
    """A form with its choices; `pk` 0: a new alias. `place` is what an alias stands at: a company's domain."""

    fields: AliasFields
    pk: int = 0
    title: str = ""
    domain: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    mending: tuple[str, ...] = ()
    places: tuple[Option, ...] = ()
    types: tuple[Option, ...] = ()
    writers: tuple[Option, ...] = ()
    desks: tuple[Option, ...] = ()
    people: tuple[Option, ...] = ()
    desk_people: tuple[Option, ...] = ()
    stages: tuple[Option, ...] = ()
    has_desk: bool = False
    shown: str = ""

    def with_errors(self, errors: Mapping[str, str]) -> AliasForm:
        return replace(self, errors=errors)

    @property
    def url(self) -> str:
        return reverse("alias", args=[self.pk]) if self.pk else reverse("alias-new")

    @property
    def senders_text(self) -> str:
        return "\n".join(self.fields.allowed_senders)

    @property
    def followers_text(self) -> str:
        return "\n".join(self.fields.followers)


def alias_form(user: User, row: Alias | None) -> AliasForm:
    """An alias as it is kept, or a new one."""
    if row:
        fields = alias_editing.fields_of(row)
        return replace(_form(user, fields, row), shown=shown(fields))
    place = next(iter(_places(user)), (0, 0))
    fields = AliasFields(company=place[0], domain=place[1], record_type=next(iter(record_types())))
    return _form(user, replace(fields, desk=NEW_DESK), None)


def given_alias_form(user: User, given: QueryDict, row: Alias | None) -> AliasForm:
    """What somebody sent."""

    def text(name: str) -> str:
        return given.get(name, "").replace("\0", "")[:20_000]

    company, _dash, domain = text("place").partition("-")
    desk = NEW_DESK if text("desk") == "new" else number(text("desk"))
    fields = AliasFields(
        local_part=text("local_part"),
        company=row.company_id if row else number(company) or 0,
        domain=row.domain_id if row else number(domain) or 0,
        record_type=text("record_type"),
        who_may_write=text("who_may_write"),
        forced_target=text("forced_target"),
        takes_automatic=text("takes_automatic") == "on",
        allowed_senders=tuple(text("allowed_senders").splitlines()),
        owner=number(text("owner")),
        stage=number(text("stage")),
        title=text("title"),
        desk=desk,
        desk_name=text("desk_name"),
        desk_owner=number(text("desk_owner")),
        followers=tuple(text("followers").splitlines()),
    )
    return replace(_form(user, fields, row), shown=text(FIELD))


def changed_meanwhile(user: User, row: Alias, form: AliasForm, other: Meanwhile) -> AliasForm:
    """The form where somebody else changed the same fields."""
    again = _form(user, replace(form.fields, **other.values), row)
    options = {"desk": again.desks, "desk_owner": again.desk_people, "owner": again.people, "stage": again.stages}
    options |= {"record_type": again.types, "who_may_write": again.writers}
    words = {name: {one.value: one.words for one in some} for name, some in options.items()}
    return replace(again, errors=other.errors(words), shown=other.shown)


def _places(user: User) -> dict[tuple[int, int], tuple[str, str]]:
    """Company and domain of every place at which the user may make an alias, with their names."""
    links = CompanyDomain.objects.filter(company__in=own_companies(user))
    rows = links.order_by("domain__priority", "domain", "company__name")
    named = rows.values_list("company_id", "domain_id", "company__name", "domain__name")
    return {(company, domain): (company_name, name) for company, domain, company_name, name in named}


def _form(user: User, fields: AliasFields, row: Alias | None) -> AliasForm:
    places = _places(user)
    several = len({company for company, _ in places}) > 1
    known = desks_for(fields.company, fields.record_type, row.pk if row else 0)
    return AliasForm(
        fields=fields,
        pk=row.pk if row else 0,
        title=row.address if row else _("New alias"),
        domain=row.domain.name if row else "",
        mending=tuple(alias_editing.mending(row)) if row else (),
        places=tuple(
            Option(f"{at[0]}-{at[1]}", f"@{name} ({company})" if several else f"@{name}", at == _at(fields))
            for at, (company, name) in places.items()
        ),
        types=tuple(Option(key, str(one.name), key == fields.record_type) for key, one in record_types().items()),
        writers=_writers(fields.who_may_write),
        desks=tuple(Option(str(pk), name, pk == fields.desk) for pk, name in known.items()),
        people=_people(fields.company, fields.owner),
        desk_people=_people(fields.company, fields.desk_owner),
        stages=_stages(fields),
        has_desk=bool(row and fields.desk and fields.desk != NEW_DESK),
    )


def _at(fields: AliasFields) -> tuple[int, int]:
    return fields.company, fields.domain


def _people(company: int, chosen: int | None) -> tuple[Option, ...]:
    members = User.objects.filter(memberships__company=company, is_active=True).order_by("name", "pk")
    return tuple(Option(str(pk), name, pk == chosen) for pk, name in members.values_list("pk", "name"))


def _stages(fields: AliasFields) -> tuple[Option, ...]:
    """The stages of the desk; without a desk those of every desk for this type, each with its desk's name."""
    found = Stage.objects.filter(desk__company=fields.company, desk__record_type=fields.record_type)
    if fields.desk:
        found = found.filter(desk=fields.desk)
    rows: Iterable[tuple[int, str, str]] = found.order_by("desk__name", "desk", "position").values_list(
        "pk", "name", "desk__name"
    )
    return tuple(
        Option(str(pk), name if fields.desk else f"{desk}: {name}", pk == fields.stage) for pk, name, desk in rows
    )


def _writers(chosen: str) -> tuple[Option, ...]:
    words = {
        WhoMayWrite.EVERYONE: _("Everyone"),
        WhoMayWrite.CONTACTS: _("Contacts, and people of the company"),
        WhoMayWrite.FOLLOWERS: _("Those who follow the desk or the fixed record"),
        WhoMayWrite.EMPLOYEES: _("People of the company"),
    }
    return tuple(Option(one.value, said, one.value == chosen) for one, said in words.items())
