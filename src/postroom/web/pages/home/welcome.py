"""The first run in a browser: company, domain, addresses, first user. There only until somebody can sign in.

What was entered is kept in the session until the last step, which makes all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from postroom.core.errors import PostroomError
from postroom.directory.profile import LANGUAGES, time_zones
from postroom.infra import counters, setup_code
from postroom.infra.config import config
from postroom.records import founding
from postroom.records.founding import CannotFound, Plan
from postroom.records.record_types import record_types

TRIES, WINDOW = 10, 15 * 60.0  # codes that one peer may try within so many seconds …
ALL_TRIES = 200  # … and all of them together
KEPT = "welcome"
SUGGESTED = {"lead": "sales", "ticket": "support"}  # what stands before the @ until somebody says otherwise
LONGEST = 400  # characters of a field that are read

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of setting up: its fields, what checks them, and whether it may be left for later."""

    key: str
    label: Promise | str
    fields: tuple[str, ...]
    problems: Callable[[Plan], dict[str, str]]
    optional: bool = False


def _addresses(plan: Plan) -> dict[str, str]:
    return {f"address-{type}": words for type, words in founding.address_problems(plan).items()}


STEPS = (
    Step("company", gettext_lazy("Company"), ("company", "language", "time_zone"), founding.company_problems),
    Step("domain", gettext_lazy("Domain"), ("domain",), founding.domain_problems, optional=True),
    Step("addresses", gettext_lazy("Addresses"), (), _addresses, optional=True),
    Step("you", gettext_lazy("You"), ("name", "username", "email", "password"), founding.user_problems),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A step in the list above the form."""

    key: str
    label: Promise | str
    url: str
    done: bool
    here: bool


@dataclass(frozen=True, slots=True)
class Address:
    """A record type and what stands before the @ of its address."""

    field: str
    label: str
    value: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A step as it is shown, with what was entered and what is wrong with it, by field."""

    step: Step
    marks: tuple[Mark, ...]
    plan: Plan
    back: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[Address, ...] = ()
    new: bool = False
    listener: str = ""

    @property
    def languages(self) -> list[tuple[str, str]]:
        return list(LANGUAGES.items())

    @property
    def time_zones(self) -> tuple[str, ...]:
        return time_zones()


def _while_unfounded(view: View) -> View:
    """A page that is there only until a user is."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not founding.is_unfounded():
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@_while_unfounded
def welcome(request: HttpRequest) -> HttpResponse:
    """Ask for the setup code, unless it came with the address; then go on with the first step that is not done."""
    if _is_open(request):
        return redirect("welcome-step", _first_left(request).key)
    given = (request.POST if request.method == "POST" else request.GET).get("code", "")[:100]
    if not given:
        return _ask(request, _("Enter the setup code.") if request.method == "POST" else "")
    if not _may_try(request):
        words = _("Too many attempts. Wait %(minutes)d minutes, then try again.") % {"minutes": int(WINDOW / 60)}
        return _ask(request, words, HTTPStatus.TOO_MANY_REQUESTS)
    if not setup_code.matches(given):
        return _ask(request, _("That is not the setup code. Copy it from the terminal in which Postroom was started."))
    request.session.cycle_key()
    request.session[KEPT] = {"code": setup_code.digest(given), "done": [], "plan": {}}
    return redirect("welcome-step", STEPS[0].key)


def _may_try(request: HttpRequest) -> bool:
    """Counted before the code is looked at, so that many at once are counted too."""
    mine, everybody = f"setup:{request.META.get('REMOTE_ADDR', '')}", "setup-all"
    counts = counters.add({mine: 1, everybody: 1}, WINDOW)
    return counts[mine] <= TRIES and counts[everybody] <= ALL_TRIES


def _ask(request: HttpRequest, error: str, status: int = 0) -> HttpResponse:
    shown = {"title": _("Set up Postroom"), "error": error}
    return render(
        request,
        "web/welcome/code.html",
        shown,
        status=status or (HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK),
    )


def _is_open(request: HttpRequest) -> bool:
    code = setup_code.known()
    return bool(code) and KEPT in request.session and _session(request)["code"] == setup_code.digest(code)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@_while_unfounded
def welcome_step(request: HttpRequest, key: str) -> HttpResponse:
    """One step: shown as it was left, kept when it is sent; the last one makes what was planned."""
    step = next((one for one in STEPS if one.key == key), None)
    if step is None:
        raise Http404
    if not _is_open(request):
        return redirect("welcome")
    if request.method != "POST":
        plan = _plan(request)
        return _show(request, step, plan, step.problems(plan) if "check" in request.GET else {})
    plan = _entered(request, step, _plan(request))
    if step.optional and request.POST.get("act") == "later":
        plan = replace(plan, **({"domain": ""} if step.key == "domain" else {"addresses": _none()}))
    if problems := step.problems(plan):
        return _show(request, step, plan, problems)
    _keep(request, step, plan)
    if step is STEPS[-1]:
        return _found(request, step, plan)
    return redirect("welcome-step", STEPS[STEPS.index(step) + 1].key)


def _found(request: HttpRequest, step: Step, plan: Plan) -> HttpResponse:
    """Make everything and sign the first user in. What is wrong on an earlier page is mended there."""
    for earlier in STEPS[:-1]:
        if earlier.problems(plan):
            return redirect(f"{reverse('welcome-step', args=[earlier.key])}?check")
    if not setup_code.forget():  # of two who finish at once, one does
        return redirect("sign-in")
    try:
        user = founding.found(plan)
    except PostroomError as error:
        request.session[KEPT] = _session(request) | {"code": setup_code.digest(setup_code.make())}
        problems = error.problems if isinstance(error, CannotFound) else {"username": str(error)}
        return _show(request, step, plan, problems)
    login(request, user)
    request.session.pop(KEPT, None)
    words = _("%(company)s is ready. What is left to set up stands below.") % {"company": plan.company}
    messages.success(request, words)
    return redirect("home")


def _session(request: HttpRequest) -> dict[str, Any]:
    """What this visitor's session keeps: the code by which it was opened, the steps done, the plan so far."""
    kept: dict[str, Any] = request.session[KEPT]
    return kept


def _plan(request: HttpRequest) -> Plan:
    """What was entered so far; the password is never kept."""
    kept = _session(request)["plan"]
    fresh = {"language": config().language, "time_zone": config().time_zone, "addresses": _suggested()}
    plan = Plan(**(fresh | kept))
    return plan if plan.language in LANGUAGES else replace(plan, language="en")


def _suggested() -> dict[str, str]:
    return {type: SUGGESTED.get(type, "") for type in record_types()}


def _none() -> dict[str, str]:
    return dict.fromkeys(record_types(), "")


def _entered(request: HttpRequest, step: Step, plan: Plan) -> Plan:
    if step.key == "addresses":
        return replace(
            plan, addresses={type: _tidy(request.POST.get(f"address-{type}", "")) for type in record_types()}
        )
    given: dict[str, Any] = {name: _tidy(request.POST.get(name, ""), name) for name in step.fields}
    return replace(plan, **given)


def _tidy(text: str, name: str = "") -> str:
    if name == "password":
        return text[: founding.LONGEST_PASSWORD + 1]
    plain = " ".join(text[:LONGEST].replace("\0", "").split())
    return plain.lower() if name in ("username", "domain") else plain


def _keep(request: HttpRequest, step: Step, plan: Plan) -> None:
    kept = _session(request)
    done = [one.key for one in STEPS if one.key in {*kept["done"], step.key}]
    entered = {name: value for name, value in asdict(plan).items() if name != "password"}
    request.session[KEPT] = {"code": kept["code"], "done": done, "plan": entered}


def _first_left(request: HttpRequest) -> Step:
    done = _session(request)["done"]
    return next((step for step in STEPS if step.key not in done), STEPS[-1])


def _show(request: HttpRequest, step: Step, plan: Plan, errors: Mapping[str, str]) -> HttpResponse:
    done = _session(request)["done"]
    marks = tuple(
        Mark(one.key, one.label, reverse("welcome-step", args=[one.key]), _is_ticked(one, done, plan), one is step)
        for one in STEPS
    )
    position = STEPS.index(step)
    page = Page(
        step,
        marks,
        plan,
        back=marks[position - 1].url if position else "",
        errors=errors,
        addresses=tuple(_address(type, plan, errors) for type in record_types()),
        new=step.key not in done and not errors,
        listener=f"[{config().smtp_host}]:{config().smtp_port}",
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors and request.method == "POST" else HTTPStatus.OK
    return render(
        request, "web/welcome/step.html", {"title": _("Set up Postroom"), "page": page, "wide": True}, status=status
    )


def _is_ticked(step: Step, done: Sequence[str], plan: Plan) -> bool:
    """Whether a step was left with something to show: what was put off has no tick."""
    entered = {"domain": bool(plan.domain), "addresses": bool(plan.domain) and any(plan.addresses.values())}
    return step.key in done and entered.get(step.key, True)


def _address(type: str, plan: Plan, errors: Mapping[str, str]) -> Address:
    name = f"address-{type}"
    return Address(name, str(record_types()[type].plural), plan.addresses.get(type, ""), errors.get(name, ""))
