"""Write `docs/reference` from the code: `python -m docs.generate`. A house test holds the pages to it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from postroom.core.delivery.bounce_rules import ReplyClass
from postroom.core.delivery.retry import PACES
from postroom.core.delivery.states import ARRIVALS, DELIVERIES, Table
from postroom.core.routing.chain import RULES
from postroom.core.sending.search import CASES
from postroom.infra.config import Config

FOLDER = Path(__file__).parent / "reference"
NOTICE = "<!-- Written by `python -m docs.generate` from the code: change it there. -->"


def states() -> str:
    """Every state, what it means and what leads out of it."""
    return _page(
        "States",
        "An arrival shows the worst of its routes. Every step that is possible stands here; no other happens.",
        *_machine("Arrivals and routes", ARRIVALS),
        *_machine("Deliveries", DELIVERIES),
    )


def _machine(title: str, table: Table[Any, Any]) -> Iterable[str]:
    yield f"## {title}\n"
    yield "| state | meaning | what can happen |"
    yield "| --- | --- | --- |"
    for state, meaning in table.meanings.items():
        steps = [f"{event} → {after}" for (known, event), after in table.steps.items() if known is state]
        mark = " (final)" if state in table.final else ""
        yield f"| {state}{mark} | {meaning} | {'; '.join(steps)} |"
    yield ""
    yield f"Only a person causes: {', '.join(sorted(table.by_person))}.\n"


def rules() -> str:
    """The routing rules in the order in which they are asked."""
    lines = [f"{number}. **{name}**: {_purpose(rule)}" for number, (name, rule) in enumerate(RULES, 1)]
    return _page(
        "Routing rules",
        "A mail's facts are gathered first. Then these rules are asked in this order; the first that decides wins for "
        "the recipients that it answers, and the trace of the mail keeps what every rule said.",
        *lines,
        "",
    )


def _purpose(rule: Callable[..., Any]) -> str:
    module = inspect.getmodule(rule)
    return (inspect.getdoc(module) or "").partition("\n")[0]


def replies() -> str:
    """Every class of replies, what it means, what to do, and how patiently a copy is tried again."""
    from postroom.outbound.replies import rules as known

    classes = known().classes.values()
    return _page(
        "Classes of replies",
        "What a server says of a copy falls into one of these classes; the copy keeps its key as `reply_class`. A "
        "reply that begins with 4 is tried again by the plan of its class. One that begins with 5 ends the copy, but "
        "for the classes that are marked: providers say so of what passes by itself. After `send_days` a copy is given "
        "up.",
        *(line for one in classes for line in _reply_class(one)),
        "## Plans\n",
        "| plan | first wait | longest wait | grows by | for |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {plan} | {_time(pace.first)} | {_time(pace.longest)} | {pace.growth:g} | {pace.meaning} |"
          for plan, pace in PACES.items()),
        "",
        "Up to a quarter is added by chance, so that what failed together does not return together.",
    )  # fmt: skip


def _reply_class(one: ReplyClass) -> Iterable[str]:
    marks = [
        *(["less is sent for a while"] if one.throttle else []),
        *(["the address is dead"] if one.address_is_dead else []),
        *(["a 5xx is tried again, too"] if one.retry_refused else []),
    ]
    yield f"## {one.title}\n"
    yield f"{one.sentence} {one.advice}\n"
    told = [f"`{one.key}`", one.kind, f"about the {one.scope}", f"plan {one.plan}", f"for: {one.who}", *marks]
    yield f"{', '.join(told)}\n"


def _time(seconds: float) -> str:
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


def sending() -> str:
    """The steps by which a From and a server are chosen, in the order in which they are asked."""
    return _page(
        "Choice of a server",
        "First the From, then the server. The address to send as is the first of these that is set: "
        "`mail.force.smtp.from`; the alias domain's default From, where it is a whole address; `mail.dynamic.smtp.from`"
        ", for authors outside the alias domain; the author's own address. The author's name stays. Then these steps "
        "are asked in this order for that address, and the first that fits decides. Servers are asked by priority (low "
        "first), then name, then id; archived servers and other people's personal servers are not asked, the author's "
        "own only in the steps `address` and `domain`.",
        "| step | meaning |",
        "| --- | --- |",
        *(f"| `{case}` | {meaning} |" for case, meaning in CASES.items()),
        "",
        "A From that is rewritten becomes the notification address under the author's name. A server named by a letter "
        "that is archived, gone or somebody else's own is not taken: the trace says so and the search is made. What "
        "cannot be delivered returns to the bounce address where the server may send it, else to the From. Where "
        "nothing admits the From the mail leaves all the same: the trace says `not admitted`, and the pages warn.",
    )


def settings() -> str:
    """Every setting of an installation."""
    rows = [
        f"| `{name}` | `POSTROOM_{name.upper()}` | {_default(field.default)} | {field.description} |"
        for name, field in Config.model_fields.items()
    ]
    return _page(
        "Settings",
        "Flags go before environment, environment before the file `postroom.toml`. `POSTROOM_<NAME>_FILE` names a file "
        "that holds the value. `DATABASE_URL` is understood for `database_url`.",
        "| in the file | in the environment | default | meaning |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
    )


def _default(value: object) -> str:
    return f"`{value}`" if value not in ("", None) else ""


def endpoints() -> str:
    """Every address of the API, with what it is for and what it takes."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.project.settings")
    os.environ.setdefault("POSTROOM_SECRET_KEY", "of no use")  # else one would be made and kept
    django.setup()
    from postroom.api.urls import api

    described = api.get_openapi_schema(path_prefix="/api/v1/")
    shapes = described["components"]["schemas"]
    calls = [
        line
        for path, methods in described["paths"].items()
        for method, one in methods.items()
        for line in _call(f"{method.upper()} {path}", one, shapes)
    ]
    return _page(
        "API",
        "With a token: `Authorization: Bearer pr_…` (`postroom token create`). Errors are problem documents (RFC 9457)."
        " Lists give `items` and `next`, the `cursor` of the page after. `/api/v1/openapi.json` has all with types.",
        *calls,
    )


def _call(title: str, one: dict[str, Any], shapes: dict[str, Any]) -> Iterable[str]:
    yield f"## {title}\n"
    yield f"{one.get('description', one['summary'])}\n"
    given = [each for each in one.get("parameters", ()) if each["in"] != "path" or each.get("description")]
    for parameter in given:
        said = parameter.get("description") or parameter["schema"].get("description", "")
        header = " (header)" if parameter["in"] == "header" else ""
        yield f"- `{parameter['name']}`{header}{f': {said}' if said else ''}"
    bodies = one.get("requestBody", {}).get("content", {})
    for kind, body in bodies.items():
        fields = _shape(body["schema"], shapes).get("properties", {})
        yield f"- body, `{kind}`{': ' if fields else ''}{', '.join(f'`{name}`' for name in fields)}"
    if given or bodies:
        yield ""


def _shape(schema: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = shapes.get(schema.get("$ref", "").rpartition("/")[2], schema)
    return named


def commands() -> str:
    """Every verb of the command line, with its arguments."""
    from typer.main import get_command

    from postroom.project.cli.main import app

    return _page(
        "Commands",
        "`postroom` stands in `.venv/bin`. Failures are one line on standard error and a status of sysexits(3).",
        *_verbs(get_command(app), "postroom"),
        "## postroom mailgate\n",
        "Hand a mail on standard input over, or spool it. "
        "The status is 0 where the mail is safe, and 75 where the mail server should try again.\n",
        "`[-f SENDER] [--spool DIR] [--socket PATH | --url URL] [RCPT…]`",
        "",
    )


def _verbs(command: Any, name: str) -> Iterable[str]:
    """A verb with its parameters, or those below it."""
    below = getattr(command, "commands", {})
    for word, verb in sorted(below.items()):
        if not verb.hidden and word != "mailgate":
            yield from _verbs(verb, f"{name} {word}")
    if below:
        return
    yield f"## {name}\n"
    yield f"{(command.help or '').strip()}\n"
    shown = [parameter for parameter in command.params if getattr(parameter, "help", None)]
    for parameter in shown:
        flags = ", ".join(flag for flag in parameter.opts if flag.startswith("-"))
        metavar = "" if getattr(parameter, "is_flag", False) else parameter.metavar or parameter.name.upper()
        yield f"- `{' '.join(filter(None, (flags, metavar)))}`: {parameter.help}"
    if shown:
        yield ""


def _page(title: str, first: str, *lines: str) -> str:
    return "\n".join([f"# {title}", "", NOTICE, "", first, "", *lines]).rstrip() + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "states.md": states,
    "rules.md": rules,
    "sending.md": sending,
    "replies.md": replies,
    "settings.md": settings,
    "commands.md": commands,
    "api.md": endpoints,
}


def main() -> None:
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
