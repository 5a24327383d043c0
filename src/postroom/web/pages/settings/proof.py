"""Prove this domain: the button, how far the round trips are, and what became of each, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from postroom.core.proving import CAME, Fate
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.access import changeable
from postroom.domains.managing import NoDomain
from postroom.domains.models import AliasDomain
from postroom.outbound.models import Delivery, Proof, RoundTrip
from postroom.outbound.proofs import proving
from postroom.outbound.proofs import results as proof_results
from postroom.outbound.proofs.proving import CannotProve, NothingLeaves
from postroom.outbound.proofs.results import fates_of
from postroom.web.pages.common import for_those_who_may, found, key, reader, wants

may_manage = for_those_who_may(Permission.DOMAINS_MANAGE)

TITLES: Mapping[Fate, Promise] = {
    Fate.WAITING: gettext_lazy("Under way"),
    Fate.ARRIVED: gettext_lazy("Arrived"),
    Fate.WITHOUT_TAG: gettext_lazy("Arrived without its tag"),
    Fate.ENVELOPE_CHANGED: gettext_lazy("Arrived in another envelope"),
    Fate.ID_REWRITTEN: gettext_lazy("Arrived with another Message-ID"),
    Fate.RETURNED: gettext_lazy("Sent back"),
    Fate.REFUSED: gettext_lazy("Refused by the outgoing server"),
    Fate.NOT_SENT: gettext_lazy("Not sent in time"),
    Fate.LOST: gettext_lazy("Lost"),
}
ADVICE: Mapping[Fate, Promise] = {
    Fate.WITHOUT_TAG: gettext_lazy(
        "Let the mail server before Postroom keep the whole address: a canonical or virtual map, or an alias that"
        " forwards, cuts off what stands behind the separator. No tags are used until they arrive."
    ),
    Fate.ENVELOPE_CHANGED: gettext_lazy(
        "A server on the way rewrites recipients or senders. Forward by the envelope, without rewriting, or bounces do"
        " not find back."
    ),
    Fate.ID_REWRITTEN: gettext_lazy(
        "Answers will name the new id. They are found by their tags, so see that those arrive; or let that server keep"
        " the Message-ID."
    ),
    Fate.RETURNED: gettext_lazy(
        "The address is most often not known where the mail for this domain is taken in: forward it to Postroom there."
    ),
    Fate.REFUSED: gettext_lazy(
        "Read its words: most often this server may not send as that address, or not without a login."
    ),
    Fate.NOT_SENT: gettext_lazy("Test the connection to this server, then prove again."),
    Fate.LOST: gettext_lazy(
        "The server took it. See where mail for this domain goes (its MX, or the rule that forwards), whether it waits"
        " or was taken for spam there, and whether Postroom refused it: Arrivals, Refused at the door."
    ),
}
LOST_TAGGED = gettext_lazy(
    "Without a tag it arrives, with one it does not: let the mail server before Postroom know the separator"
    " (recipient_delimiter in Postfix), or forward every address of the domain."
)


@dataclass(frozen=True, slots=True)
class Line:
    """A round trip: `state` is ok, warning, failed or waiting; `said` the words of a server or what differed."""

    address: str
    state: str
    title: str
    advice: str = ""
    said: str = ""
    arrival: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """The round trips by one server."""

    server: str
    url: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A proof in a sentence; `tags` say what it means for tokens."""

    pk: int
    state: str
    words: str
    at: datetime
    tags: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The page. `problem` says why no proof can begin; `nothing_leaves`: since there is no outgoing server."""

    domain: AliasDomain
    verdict: Verdict | None = None
    parts: tuple[Part, ...] = ()
    left_out: int = 0
    came: int = 0
    all: int = 0
    due: datetime | None = None
    problem: str = ""
    nothing_leaves: bool = False
    earlier: tuple[Verdict, ...] = ()

    @property
    def url(self) -> str:
        return reverse("domain-proof", args=[self.domain.pk])


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def domain_proof(request: HttpRequest, pk: int) -> HttpResponse:
    """The last proof of a domain, or the one that `?proof=` names; by POST a new one begins."""
    user = reader(request)
    domain = found(changeable(user).filter(pk=pk).first())
    if request.method == "POST":
        return _started(request, user, domain)
    shown = page_of(user, domain, key(request, "proof"))
    template = "proof_state" if wants(request, "proof") else "proof"
    title = _("Prove %(domain)s") % {"domain": domain.name}
    return render(request, f"web/settings/{template}.html", {"title": title, "here": "settings", "page": shown})


def _started(request: HttpRequest, user: User, domain: AliasDomain) -> HttpResponse:
    try:
        proving.start(user=user, domain_id=domain.pk)
    except CannotProve as error:
        messages.error(request, str(error))
    except NoDomain:
        return found(None)
    return redirect("domain-proof", domain.pk)


@require_POST
@may_manage
def domain_proof_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End the proof of a domain that is under way."""
    user = reader(request)
    found(changeable(user).filter(pk=pk).first())
    for proof in proving.proofs(user, pk):
        if proof.closed_at is None:
            proof_results.stop(user=user, proof_id=proof.pk)
    return redirect("domain-proof", pk)


def page_of(user: User, domain: AliasDomain, number: int | None = None) -> Page:
    """The page of a domain with one of its proofs, the last one where none is named."""
    all_proofs = list(proving.proofs(user, domain.pk))
    chosen = found(next((one for one in all_proofs if one.pk == number), None)) if number else _first(all_proofs)
    problem, nothing_leaves = _hindrance(user, domain)
    if chosen is None:
        return Page(domain, problem=problem, nothing_leaves=nothing_leaves)
    trips = list(chosen.trips.select_related("delivery", "server").order_by("pk"))
    counted = _counted([one.pk for one in all_proofs])
    return Page(
        domain=domain,
        verdict=_verdict(chosen, counted[chosen.pk]),
        parts=_parts(trips),
        left_out=chosen.left_out,
        came=counted[chosen.pk].came,
        all=len(trips),
        due=chosen.due,
        problem=problem,
        nothing_leaves=nothing_leaves,
        earlier=tuple(_verdict(one, counted[one.pk]) for one in all_proofs if one.pk != chosen.pk),
    )


def last_verdict(user: User, domain: AliasDomain) -> Verdict | None:
    """The last proof of a domain in a sentence, for the page of the domain itself."""
    last = next(proving.proofs(user, domain.pk), None)
    return _verdict(last, _counted([last.pk])[last.pk]) if last else None


def why_not(user: User, domain: AliasDomain) -> str:
    """Why no proof of a domain can begin, where that is for want of an outgoing server."""
    words, nothing_leaves = _hindrance(user, domain)
    return words if nothing_leaves else ""


def _first(proofs: Sequence[Proof]) -> Proof | None:
    return proofs[0] if proofs else None


def _hindrance(user: User, domain: AliasDomain) -> tuple[str, bool]:
    try:
        proving.ways_of(user, domain)
    except CannotProve as error:
        return str(error), isinstance(error, NothingLeaves)
    return "", False


@dataclass(slots=True)
class Count:
    """How the trips of a proof fared."""

    all: int = 0
    came: int = 0
    missed: int = 0
    changed: int = 0


def _counted(proofs: Sequence[int]) -> dict[int, Count]:
    counts = {pk: Count() for pk in proofs}
    for pk, fates in RoundTrip.objects.filter(proof__in=proofs).values_list("proof", "fates"):
        count, first = counts[pk], fates.partition(",")[0]
        count.all += 1
        count.came += first in CAME
        count.missed += bool(first) and first not in CAME
        count.changed += first in CAME and first != Fate.ARRIVED
    return counts


def _verdict(proof: Proof, count: Count) -> Verdict:
    tags = {
        None: _("Whether tags arrive could not be told."),
        True: _("Tags arrive: answers and bounces are led back by them."),
        False: _("Tags do not arrive: none are put on addresses, and answers are found by their references only."),
    }[proof.tags_arrive]
    if proof.closed_at is None:
        words = _("Under way: %(came)s of %(all)s came back") % {"came": count.came, "all": count.all}
        return Verdict(proof.pk, "waiting", words, proof.began_at, is_open=True)
    return Verdict(proof.pk, _state(proof, count), _in_words(proof, count), proof.closed_at, tags)


def _state(proof: Proof, count: Count) -> str:
    if count.missed:
        return "failed"
    return "warning" if count.changed or not proof.tags_arrive else "ok"


def _in_words(proof: Proof, count: Count) -> str:
    numbers = {"came": count.came, "all": count.all, "changed": count.changed, "missed": count.missed}
    if proof.stopped and count.missed:
        return _("Stopped: %(came)s of %(all)s round trips came back") % numbers
    if count.missed:
        return (
            ngettext(
                "%(missed)s of %(all)s round trips did not come back",
                "%(missed)s of %(all)s round trips did not come back",
                count.missed,
            )
            % numbers
        )
    if count.changed:
        return _("All %(all)s round trips came back, %(changed)s of them changed on the way") % numbers
    return _("Proved: all %(all)s round trips came back as they were sent") % numbers


def _parts(trips: Sequence[RoundTrip]) -> tuple[Part, ...]:
    by_server: dict[int, list[RoundTrip]] = {}
    for trip in trips:
        by_server.setdefault(trip.server_id or 0, []).append(trip)
    came = {(trip.server_id, trip.base) for trip in trips if not trip.is_tagged and set(fates_of(trip)) & CAME}
    return tuple(
        Part(
            server=own[0].server_name,
            url=reverse("server", args=[pk]) if pk else "",
            lines=tuple(_line(trip, (trip.server_id, trip.base) in came) for trip in own),
        )
        for pk, own in by_server.items()
    )


def _line(trip: RoundTrip, plain_came: bool) -> Line:
    fates = fates_of(trip)
    if not fates:
        return Line(_shown(trip), "waiting", str(TITLES[Fate.WAITING]), said=_under_way(trip.delivery))
    first = fates[0]
    state = "ok" if first is Fate.ARRIVED else "warning" if first in CAME else "failed"
    lost_by_tag = first is Fate.LOST and trip.is_tagged and plain_came
    return Line(
        address=_shown(trip),
        state=state,
        title=" · ".join(str(TITLES[fate]) for fate in fates),
        advice=str(LOST_TAGGED) if lost_by_tag else " ".join(str(ADVICE[fate]) for fate in fates if fate in ADVICE),
        said=trip.words,
        arrival=trip.arrival,
    )


def _shown(trip: RoundTrip) -> str:
    """The address as people read it: the token of a tag says nothing to them."""
    local, _at, name = trip.base.rpartition("@")
    return f"{local}{trip.address[len(local) : len(local) + 1]}…@{name}" if trip.is_tagged else trip.base


def _under_way(delivery: Delivery | None) -> str:
    """What is known of a mail that has not come back yet, where a server has said something."""
    return delivery.words if delivery else ""
