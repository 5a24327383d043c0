"""The page before an address is given up: what carries it, and what to do where the mail comes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from postroom.domains.managing import Change
from postroom.domains.models import AliasDomain
from postroom.domains.services import RETIRED_FOR
from postroom.outbound.our_addresses import Carried, carried

MOST = 50  # addresses that are listed one by one


@dataclass(frozen=True, slots=True)
class Row:
    """An address and its successor, with the sent messages that carry it."""

    old: str
    new: str
    carried: Carried


@dataclass(frozen=True, slots=True)
class Asked:
    """The question. `typed` are the fields of the form, which come along."""

    title: str
    url: str
    rows: tuple[Row, ...]
    more: int
    typed: tuple[tuple[str, str], ...]
    days: int
    advice: str


def confirmed(given: Mapping[str, str]) -> bool:
    """Whether the question was answered with yes."""
    return given.get("confirmed") == "yes"


def ask(
    request: HttpRequest, *, here: str, title: str, url: str, domain: AliasDomain, changes: Sequence[Change]
) -> HttpResponse:
    """The page that asks."""
    counts = carried(domain, changes)
    rows = tuple(Row(one.old, one.new, counts[one.old]) for one in changes[:MOST])
    left_out = {"csrfmiddlewaretoken", "confirmed", "back"}
    typed = tuple((name, value) for name, values in request.POST.lists() if name not in left_out for value in values)
    asked = Asked(
        title=title,
        url=url,
        rows=rows,
        more=len(changes) - len(rows),
        typed=typed,
        days=RETIRED_FOR.days,
        advice=_advice(domain),
    )
    return render(request, "web/settings/renaming.html", {"title": title, "here": here, "asked": asked})


def _advice(domain: AliasDomain) -> str:
    if domain.way_in == AliasDomain.WayIn.MAILBOX:
        return _(
            "Keep the mailbox of each old address at your provider, or have it redirected to the new one: otherwise"
            " answers to mail that is already sent never reach Postroom."
        )
    if domain.way_in == AliasDomain.WayIn.FORWARDED:
        return _(
            "Keep the forwarding of each old address at your provider, or redirect it to the new one: otherwise"
            " answers to mail that is already sent never reach Postroom."
        )
    return _(
        "Mail comes straight to Postroom, so a new name before the @ needs nothing else. Where the domain changes, keep"
        " the MX record of the old one, or redirect its mailboxes at the provider."
    )
