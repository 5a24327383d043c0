"""`postroom hosting`: what companies use a day of the default server, and what they may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from postroom.project.cli.shared import (
    EX_DATAERR,
    EX_USAGE,
    Failure,
    Json,
    Var,
    company_named,
    print_json,
    print_table,
    use_django,
    user_or_operator,
)

if TYPE_CHECKING:
    from postroom.outbound.usage import Row

app = typer.Typer(help="Usage, limits and plans of the companies that are hosted here.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(metavar="COMPANY", help="Short name of the company.")]
PlanName = Annotated[str, typer.Argument(metavar="PLAN", help="Name of the plan.")]
OfPlan = Annotated[str, typer.Option("--plan", metavar="PLAN", help="The company's plan.")]
Daily = Annotated[int | None, typer.Option("--daily", metavar="N", min=0, help="Copies a day; 0: any number.")]
Remove = Annotated[bool, typer.Option("--remove", help="Remove the plan; no company may have it.")]
By = Annotated[str, typer.Option("--by", metavar="USER", help="Who asks for it; else the first operator.")]
HEADINGS = ("company", "plan", "sent today", "limit", "above it", "waiting", "held", "unknown", "failed")


@app.command("usage")
def usage(by: By = "", as_json: Json = False, var: Var = None) -> None:
    """List all companies: what each sent today by the default server, what it may, what waits and what failed."""
    use_django()
    rows = _rows(by)
    if as_json:
        print_json([dict(zip((name.replace(" ", "_") for name in HEADINGS), _line(row), strict=True)) for row in rows])
    else:
        print_table(HEADINGS, [_line(row) for row in rows])


def _rows(by: str) -> list[Row]:
    from postroom.outbound.usage import monitor

    user, found, after = user_or_operator(by), list["Row"](), ""
    while True:
        page = monitor(user, after=after)
        found += page.rows
        after = page.next
        if not after:
            return found


def _line(row: Row) -> tuple[object, ...]:
    day = row.usage
    numbers = (day.waiting, row.queued, row.held, row.unknown, row.failed)
    return (day.company.slug, day.allowed.plan, day.sent, day.allowed.limit, *numbers)


@app.command("limit")
def limit(company: Slug, plan: OfPlan = "", daily: Daily = None, by: By = "", var: Var = None) -> None:
    """Put a company on a plan, or give it a limit of its own; with neither, what the installation says holds again."""
    use_django()
    from postroom.directory.profile import CannotSave
    from postroom.outbound import allowances

    where = company_named(company)
    try:
        one = allowances.set_allowance(user=user_or_operator(by), company_id=where.pk, plan=plan, daily_limit=daily)
    except CannotSave as error:
        raise Failure(" ".join(error.problems.values()), EX_DATAERR) from None
    print(f"{where.name} may send {_words(one.limit)} by the default server.")


@app.command("plan")
def plan(name: PlanName, daily: Daily = None, remove: Remove = False, by: By = "", var: Var = None) -> None:
    """Make a plan, change its limit, or remove it."""
    if remove == (daily is not None):
        raise Failure("Say either --daily N or --remove.", EX_USAGE)
    use_django()
    from postroom.directory.profile import CannotSave
    from postroom.outbound import allowances

    user = user_or_operator(by)
    try:
        if daily is None:
            allowances.remove_plan(user=user, name=name)
            print(f"The plan {name} is removed.")
        else:
            print(f"{allowances.set_plan(user=user, name=name, daily_limit=daily).name}: {_words(daily)}.")
    except CannotSave as error:
        raise Failure(" ".join(error.problems.values()), EX_DATAERR) from None


def _words(number: int) -> str:
    return f"{number:,} mails a day" if number else "any number of mails"
