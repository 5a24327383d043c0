"""What the form shows of a provider, and what it fills in from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from postroom.core.addresses import valid
from postroom.outbound.providers.catalogue import PROVIDERS
from postroom.outbound.providers.lookup import look_up
from postroom.outbound.providers.provider import Provider
from postroom.outbound.servers.fields import ServerFields
from postroom.web.pages.settings.servers.common import may_manage

LONGEST = 320


@dataclass(frozen=True, slots=True)
class Filled:
    """A provider as the page shows it, with the values that its fields get. `chosen`: by a person, not guessed; then
    they go over what stands there.
    """

    provider: Provider
    chosen: bool = False
    name: str = ""
    host: str = ""
    username: str = ""
    filter: str = ""

    @property
    def caps(self) -> list[str]:
        """What it publishes as its limits."""
        one, said = self.provider, []
        if one.mails_a_day:
            said.append(_("%(count)s mails a day") % {"count": f"{one.mails_a_day:,}"})
        if one.bytes_a_mail:
            said.append(_("%(size)d MB a mail") % {"size": one.bytes_a_mail // (1024 * 1024)})
        return said


def filled(provider: Provider, address: str = "", *, chosen: bool = False) -> Filled:
    """What a provider fills in for an address; an address that is none fills in nothing."""
    known = address.strip() if valid(address.strip()) else ""
    return Filled(
        provider=provider,
        chosen=chosen,
        name=_(provider.name).partition(",")[0] if provider.host else "",
        host=provider.host_for(known),
        username=known if provider.username_is_address else provider.username,
        filter=provider.filter_for(known),
    )


def filled_for(asked: Mapping[str, str]) -> Filled | None:
    """The provider that was chosen, else the one that the address belongs to."""
    address, chosen = asked.get("address", "").strip()[:LONGEST], PROVIDERS.get(asked.get("provider", ""))
    if chosen is not None:
        return filled(chosen, address, chosen=True)
    guessed = look_up(address) if address else None
    return filled(guessed, address) if guessed else None


def with_provider(fields: ServerFields, of: Filled) -> ServerFields:
    """A form's fields with what a provider says; what somebody typed as name, filter and login stays."""
    one = of.provider
    return replace(
        fields,
        provider=one.key,
        name=fields.name or of.name,
        host=of.host or fields.host,
        port=one.port,
        encryption=one.encryption,
        authentication=one.authentication,
        username=fields.username or of.username,
        from_filter=fields.from_filter or of.filter,
    )


@may_manage
def server_provider(request: HttpRequest) -> HttpResponse:
    """What is known of a provider, for the form to show and fill in."""
    known, address = filled_for(request.GET), request.GET.get("address", "").strip()[:LONGEST]
    strange = address.rpartition("@")[2] if known is None and valid(address) else ""
    return render(request, "web/servers/provider.html", {"filled": known, "strange": strange})
