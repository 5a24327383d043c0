"""The form of an alias domain: what was typed, as it was typed, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.directory.models import User
from postroom.domains.access import serves_others, shareable
from postroom.domains.hosting import slug_of_hosted
from postroom.domains.managing import SEPARATORS, DomainFields, fields_of, goes_to_all
from postroom.domains.models import AliasDomain
from postroom.web.meanwhile import FIELD, Meanwhile, shown
from postroom.web.pages.common import number

LONGEST_LIST = 5000  # characters of forwarders
NOT_A_NUMBER = -1  # what services say no to, in the words of the field


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list."""

    value: str
    words: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class DomainForm:
    """A form with its choices; `pk` 0: a new domain. `chosen` are the companies that a new one is for.

    `is_hosted`: it was given to a company by whoever hosts it. `to_all`: it goes to every company; `is_last_say`: to
    companies of others, so that only operators change it then.
    """

    fields: DomainFields
    values: Mapping[str, str]
    pk: int = 0
    title: str = ""
    chosen: tuple[int, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    companies: tuple[Option, ...] = ()
    is_hosted: bool = False
    to_all: bool = False
    is_last_say: bool = False
    separators: tuple[Option, ...] = ()
    ways: tuple[Option, ...] = ()
    unproved: tuple[Option, ...] = ()
    shown: str = ""

    def with_errors(self, errors: Mapping[str, str]) -> DomainForm:
        return replace(self, errors=errors)

    @property
    def url(self) -> str:
        return reverse("domain", args=[self.pk]) if self.pk else reverse("domain-new")


def domain_form(user: User, row: AliasDomain | None) -> DomainForm:
    """A domain as it is kept, or a new one."""
    first = tuple(shareable(user).values_list("pk", flat=True)[:1])
    fields = fields_of(row) if row else DomainFields()
    return replace(_form(user, fields, row, first), shown=shown(fields))


def given_domain_form(user: User, given: QueryDict, row: AliasDomain | None) -> DomainForm:
    """What somebody sent."""

    def text(name: str) -> str:
        return given.get(name, "").replace("\0", "")[:400]

    known = fields_of(row) if row else DomainFields()
    priority = number(text("priority").strip()) if text("priority").strip() else DomainFields().priority
    fields = DomainFields(
        name=text("name"),
        priority=NOT_A_NUMBER if priority is None else priority,
        bounce=text("bounce"),
        catchall=text("catchall"),
        default_from=text("default_from"),
        separator=text("separator"),
        way_in=text("way_in"),
        tags_overridden=text("tags_overridden") == "on",
        unproved=given.get("unproved", known.unproved),
        trusted_forwarders=given.get("trusted_forwarders", known.trusted_forwarders).replace("\0", "")[:LONGEST_LIST],
    )
    chosen = tuple(one for one in map(number, given.getlist("companies")) if one)
    form = _form(user, fields, row, chosen, {"priority": text("priority")})
    return replace(form, shown=given.get(FIELD, ""))


def changed_meanwhile(user: User, row: AliasDomain, form: DomainForm, other: Meanwhile) -> DomainForm:
    """The form where somebody else changed the same fields."""
    again = _form(user, replace(form.fields, **other.values), row, form.chosen)
    choices = {"way_in": again.ways, "unproved": again.unproved}
    words = {name: {one.value: one.words for one in some} for name, some in choices.items()}
    return replace(again, errors=other.errors(words), shown=other.shown)


def _form(
    user: User,
    fields: DomainFields,
    row: AliasDomain | None,
    chosen: tuple[int, ...],
    typed: Mapping[str, str] | None = None,
) -> DomainForm:
    first = row is None and goes_to_all()
    owners = () if row or first else tuple(shareable(user))
    names = ("name", "bounce", "catchall", "default_from", "trusted_forwarders")
    return DomainForm(
        fields=fields,
        values={
            **{name: getattr(fields, name) for name in names},
            "priority": str(fields.priority),
            **(typed or {}),
        },
        pk=row.pk if row else 0,
        title=row.name if row else _("New domain"),
        chosen=chosen,
        companies=tuple(Option(str(one.pk), one.name, one.pk in chosen) for one in owners),
        is_hosted=bool(row and slug_of_hosted(row.name)),
        to_all=first,
        is_last_say=first and serves_others(user),
        separators=tuple(Option(one, f"sales{one}tag@", one == fields.separator) for one in SEPARATORS),
        ways=_ways(fields.way_in),
        unproved=_unproved(fields.unproved),
    )


def _ways(chosen: str) -> tuple[Option, ...]:
    kinds = AliasDomain.WayIn
    words = (
        (kinds.LISTENER, _("Straight to Postroom's listener")),
        (kinds.MAILBOX, _("To a mailbox that Postroom fetches")),
        (kinds.FORWARDED, _("Forwarded by another server")),
    )
    return tuple(Option(kind.value, said, kind.value == chosen) for kind, said in words)


def _unproved(chosen: str) -> tuple[Option, ...]:
    kinds = AliasDomain.Unproved
    words = (
        (kinds.FLAG, _("Take it, and show that nothing proves it")),
        (kinds.HOLD, _("Hold it for a person")),
        (kinds.REFUSE, _("Refuse it")),
    )
    return tuple(Option(kind.value, said, kind.value == chosen) for kind, said in words)
