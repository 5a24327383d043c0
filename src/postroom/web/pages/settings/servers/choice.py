"""The simulator: by which server a mail would leave, as whom, why not by another, and what DNS says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from postroom.conversations import simulator
from postroom.conversations.simulator import CannotAsk, Question
from postroom.core.addresses import Address, normalise, parse_addresses, valid
from postroom.core.authentication.sender import Check
from postroom.core.sending.facts import DEFAULT_SERVER, Choice
from postroom.directory.models import Membership, User
from postroom.outbound.choice import default_server
from postroom.outbound.models import is_kept_here
from postroom.outbound.servers import services as servers
from postroom.records.models import Record
from postroom.records.selectors import record_by_id
from postroom.web.pages.settings.servers.form import Option
from postroom.web.trace import Line, State, trace_of

LONGEST = 320
ASKED = ("from", "company", "author", "record", "to", "server")
_NUMBER = re.compile(r"(?:.*/)?(?:([a-z-]+?)s?[-:/])?([0-9]{1,15})/?")  # LEAD-12, lead:12, 12, …/leads/12

VERDICTS: Mapping[str, State] = {
    "aligned": State(gettext_lazy("aligned"), "circle-check", "ok"),
    "not aligned": State(gettext_lazy("not aligned"), "triangle-alert", "warn"),
    "no record": State(gettext_lazy("no record"), "circle-x", "warn"),
    "could not ask": State(gettext_lazy("could not ask"), "circle-question-mark"),
    "cannot be told": State(gettext_lazy("cannot be told"), "circle-dashed"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that was asked: chosen or not, and why."""

    name: str
    why: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Simulation:
    """What was asked, and the answer. `changed`: the From on the wire is not the one that was asked for; `query` asks
    the same again; `more`: something is asked beyond From, company and author; `leaves`: not only into the outbox.
    """

    email: str = ""
    problem: str = ""
    companies: tuple[Option, ...] = ()
    authors: tuple[Option, ...] = ()
    servers: tuple[Option, ...] = ()
    record: str = ""
    recipient: str = ""
    query: str = ""
    result: Choice | None = None
    about: str = ""
    changed: bool = False
    leaves: bool = False
    candidates: tuple[Candidate, ...] = ()
    trace: tuple[Line, ...] = ()

    @property
    def more(self) -> bool:
        return bool(self.record or self.recipient or any(one.chosen for one in self.servers))


@dataclass(frozen=True, slots=True)
class Shown:
    """What DNS tells of one method, as a page shows it."""

    check: Check
    verdict: State

    @property
    def found(self) -> str:
        """The record as zone files have it."""
        return f"{self.check.at} TXT “{self.check.record}”"

    @property
    def wanted(self) -> str:
        """The record that would do instead."""
        return f"{self.check.publish_at} TXT “{self.check.publish}”"


def simulation(user: User, asked: Mapping[str, str]) -> Simulation:
    """Ask the choice; without a From that of the reader is tried. Changes nothing."""
    form, question = _asked(user, asked)
    return _answered(form, simulator.simulate(question), question) if question else form


def dns(user: User, asked: Mapping[str, str]) -> tuple[Shown, ...]:
    """What DNS tells of the mail that is asked about; empty where there is none, or nothing would leave."""
    _form, question = _asked(user, asked)
    found = simulator.ask_dns(simulator.simulate(question)) if question else ()
    return tuple(Shown(check, VERDICTS[check.verdict]) for check in found)


def _asked(user: User, asked: Mapping[str, str]) -> tuple[Simulation, Question | None]:
    """The form as it was filled in, and its question; None where that is none, the form says why."""
    places, people = servers.places(user), servers.people(user)
    typed = asked.get("record", "").strip()[:LONGEST]
    about = _record(user, typed)
    company = _company(user, str(about.company_id) if about else asked.get("company", ""), [pk or 0 for pk in places])
    author = _chosen(asked.get("author", ""), [0, *(pk for pk, _name, where in people if where == company)])
    form = Simulation(
        email=asked.get("from", user.email).strip()[:LONGEST],
        companies=tuple(
            Option(str(pk or 0), name or _("All companies"), (pk or 0) == company) for pk, name in places.items()
        )
        if len(places) > 1
        else (),
        authors=tuple(Option(str(pk), name, pk == author) for pk, name, where in people if where == company),
        servers=_servers(user, company, asked.get("server", "")),
        record=typed,
        recipient=asked.get("to", "").strip()[:LONGEST],
        query=urlencode({name: asked[name] for name in ASKED if asked.get(name)}),
    )
    if problem := _problem(form, found=about is not None):
        return replace(form, problem=problem), None
    forced = next((int(one.value) for one in form.servers if one.chosen), None)
    try:
        return form, simulator.question(
            user,
            _mailbox(form.email),
            company=company,
            writer=author,
            record=about.pk if about else None,
            server=forced,
        )
    except CannotAsk as error:
        return replace(form, problem=str(error)), None


def _record(user: User, typed: str) -> Record | None:
    """The record that somebody typed, by number; of another type than they say it is another."""
    parts = _NUMBER.fullmatch(typed.lower())
    found = record_by_id(user, int(parts[2])) if parts else None
    return found if found and parts and parts[1] in {None, found.type} else None


def _company(user: User, given: str, allowed: list[int]) -> int:
    """The company that is asked for; without one the reader's own, if they manage its servers."""
    if not given:
        own = Membership.objects.filter(user=user, company__in=allowed).order_by("pk")
        given = str(own.values_list("company", flat=True).first() or "")
    return _chosen(given, allowed)


def _problem(form: Simulation, *, found: bool) -> str:
    if form.record and not found:
        return _("There is no record %(number)s that you may read.") % {"number": form.record}
    if not valid(_mailbox(form.email).email):
        return _("Type a whole address, such as amara@acme.example.") if form.email else _("Type who writes.")
    if form.recipient and not valid(form.recipient):
        return _("The recipient is no whole address.")
    return ""


def _mailbox(text: str) -> Address:
    """A bare address, or one behind a name."""
    found = parse_addresses(text)
    return found[0] if len(found) == 1 and "<" in text else Address(text)


def _servers(user: User, company: int, given: str) -> tuple[Option, ...]:
    """The servers that a mail of this company may name, archived ones too, and the default server."""
    rows = [row for row in servers.shown(user) if row.company_id in {company or None, None}]
    named = [(row.pk, row.name if row.is_active else _("%(name)s (archived)") % {"name": row.name}) for row in rows]
    listed = [*named, (DEFAULT_SERVER, default_server().name)]
    return tuple(Option(str(pk), name, given == str(pk)) for pk, name in listed)


def _chosen(given: str, allowed: list[int]) -> int:
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
    return number if number in allowed else next(iter(allowed), 0)


def _answered(form: Simulation, result: Choice, asked: Question) -> Simulation:
    listed = [Candidate(one.name, _sentence(one.why), one.chosen) for one in result.candidates]
    return replace(
        form,
        result=result,
        about=f"{asked.record.number} {asked.record.title}" if asked.record else "",
        changed=result.author.email != normalise(asked.author.email),
        leaves=result.server is not None and not is_kept_here(result.server, result.server_name),
        candidates=tuple(sorted(listed, key=lambda one: not one.chosen)),
        trace=trace_of(result.trace, said=result.because),
    )


def _sentence(words: str) -> str:
    """A part of a sentence as a sentence of its own."""
    return f"{words[:1].upper()}{words[1:]}."
