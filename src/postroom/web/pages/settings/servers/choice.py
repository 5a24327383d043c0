"""The simulator: which server a From would leave by, as whom, and why not by another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from postroom.core.addresses import Address, normalise, valid
from postroom.core.sending.facts import Choice
from postroom.directory.models import User
from postroom.outbound import choice, servers
from postroom.web.pages.settings.servers.form import Option

LONGEST = 320


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that was asked: chosen or not, and why."""

    name: str
    why: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Simulation:
    """What was asked, and the answer. `changed`: the From on the wire is not the one that was asked for."""

    email: str = ""
    problem: str = ""
    companies: tuple[Option, ...] = ()
    authors: tuple[Option, ...] = ()
    result: Choice | None = None
    changed: bool = False
    origin: str = ""
    candidates: tuple[Candidate, ...] = ()
    summary: str = ""


def simulation(user: User, asked: Mapping[str, str]) -> Simulation:
    """Ask the choice; without a From that of the reader is tried. Changes nothing."""
    places, people = servers.places(user), servers.people(user)
    company = _chosen(asked.get("company", ""), [pk or 0 for pk in places])
    author = _chosen(asked.get("author", ""), [0, *(pk for pk, _name, where in people if where == company)])
    email = asked.get("from", user.email).strip()[:LONGEST]
    form = Simulation(
        email=email,
        companies=tuple(
            Option(str(pk or 0), name or _("All companies"), (pk or 0) == company) for pk, name in places.items()
        )
        if len(places) > 1
        else (),
        authors=tuple(Option(str(pk), name, pk == author) for pk, name, where in people if where == company),
    )
    if not valid(email):
        return _with(form, problem=_("Type a whole address, such as amara@acme.example.") if email else "")
    who = User.objects.filter(pk=author).first() if author else None
    return _answered(form, choice.preview(company, Address(email, who.name if who else ""), who), email)


def _chosen(given: str, allowed: list[int]) -> int:
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
    return number if number in allowed else next(iter(allowed), 0)


def _with(form: Simulation, problem: str) -> Simulation:
    return Simulation(form.email, problem, form.companies, form.authors)


def _answered(form: Simulation, result: Choice, email: str) -> Simulation:
    asked = [line["text"] for line in result.trace if line["step"] == "server"]
    listed = tuple(_candidate(text, result.server_name) for text in asked)
    summary = result.because if any(one.chosen for one in listed) else ""
    if not any(one.chosen for one in listed):
        listed = (
            Candidate(result.server_name or _("No server"), result.because, chosen=bool(result.server_name)),
            *listed,
        )
    return Simulation(
        email=form.email,
        companies=form.companies,
        authors=form.authors,
        result=result,
        changed=result.author.email != normalise(email),
        origin=next((line["text"] for line in result.trace if line["step"] == "from"), ""),
        candidates=tuple(sorted(listed, key=lambda one: not one.chosen)),
        summary=summary,
    )


def _candidate(text: str, chosen: str) -> Candidate:
    """A line of the trace, in which the name of the server comes first."""
    if chosen and text.startswith(f"{chosen}: "):
        return Candidate(chosen, _sentence(text.removeprefix(f"{chosen}: ")), chosen=True)
    name, colon, why = text.partition(": ")
    return Candidate(name, _sentence(why)) if colon else Candidate("", text)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
