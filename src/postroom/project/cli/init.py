"""`postroom init`: an installation with its first company and its first administrator."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.infra import setup_code
from postroom.infra.config import config
from postroom.project.cli.prepare import make_current
from postroom.project.cli.shared import EX_DATAERR, EX_USAGE, Failure, Var, read_password, use_django

if TYPE_CHECKING:
    from postroom.directory.models import Company, User

CompanyName = Annotated[str, typer.Option("--company", metavar="NAME", help="The company's name.")]
DomainName = Annotated[str, typer.Option("--domain", metavar="DOMAIN", help="The domain of its addresses.")]
Admin = Annotated[str, typer.Option("--admin", metavar="USER", help="User name of the administrator.")]
AdminEmail = Annotated[str, typer.Option("--email", metavar="ADDRESS", help="The administrator's address.")]
PasswordFile = Annotated[
    str, typer.Option("--password-file", metavar="FILE", help="File with the password; - for standard input.")
]
Desks = Annotated[
    list[str],
    typer.Option("--desk", metavar="NAME=TYPE", help="A desk: its address before the @, and what mail makes there."),
]
Language = Annotated[str, typer.Option("--language", metavar="CODE", help="The company's language, such as en.")]
TimeZone = Annotated[str, typer.Option("--time-zone", metavar="ZONE", help="Its time zone, such as Europe/Paris.")]
Browser = Annotated[
    bool, typer.Option("--browser", help="Only make the tables, and print the address where a browser goes on.")
]
TWO_DESKS = ["sales=lead", "support=ticket"]


def init(
    company: CompanyName = "",
    domain: DomainName = "",
    admin: Admin = "",
    email: AdminEmail = "",
    password_file: PasswordFile = "",
    desk: Desks = TWO_DESKS,
    language: Language = "en",
    time_zone: TimeZone = "UTC",
    browser: Browser = False,
    var: Var = None,
) -> None:
    """Make the tables, the first company, its domain, its administrator and its desks. What is there already stays."""
    wanted = [_parted(one) for one in desk]
    use_django()
    make_current()
    if browser:
        _go_on_in_a_browser()
        return
    from postroom.records.founding import ensure_company, ensure_desk, ensure_domain

    name = _asked(company, "Name of the company", "--company")
    _check_company(name, language, time_zone)
    domain_name = _asked(domain, "Domain of its addresses", "--domain")
    username = _asked(admin, "User name of the administrator", "--admin")
    where, made_company = ensure_company(name, language, time_zone)
    at, made_domain = ensure_domain(domain_name, where)
    _, made_user = _admin(username, email or f"{username}@{domain_name}", where, password_file)
    made = [words for words, new in ((name, made_company), (domain_name, made_domain), (username, made_user)) if new]
    made += [address for local, type in wanted if (address := ensure_desk(local, type, where, at))]
    setup_code.forget()
    print(f"Made: {', '.join(made)}." if made else "Everything is there already.")


def _go_on_in_a_browser() -> None:
    """Print where to go on, with the code that is asked for there.

    Raises:
        Failure: somebody can sign in already.

    """
    from postroom.records.founding import is_unfounded

    if not is_unfounded():
        raise Failure("There are users already: sign in, and add what is missing in the settings.", EX_DATAERR)
    at = f"{config().public_url.rstrip('/')}/welcome?code={setup_code.make()}"
    print(f"Start `postroom serve`, then set it up at {at}")


def _check_company(name: str, language: str, time_zone: str) -> None:
    from postroom.records.founding import Plan, company_problems

    if problems := company_problems(Plan(name, language, time_zone)):
        raise Failure(" ".join(problems.values()), EX_DATAERR)


def _parted(desk: str) -> tuple[str, str]:
    local, found, type = desk.partition("=")
    if not (found and local and type):
        raise Failure(f"--desk {desk}: write it as sales=lead.", EX_USAGE)
    return local, type


def _asked(given: str, question: str, flag: str) -> str:
    if given:
        return given
    if not sys.stdin.isatty():
        raise Failure(f"{question}: give {flag}.", EX_USAGE)
    return str(typer.prompt(question, err=True))


def _admin(username: str, email: str, company: Company, password_file: str) -> tuple[User, bool]:
    from postroom.directory import services
    from postroom.directory.models import User
    from postroom.directory.roles import Role

    if known := User.objects.filter(username=username.lower()).first():
        return known, False
    made = services.create_user(
        username=username,
        name=username.title(),
        email=email,
        password=read_password(password_file),
        company=company,
        role=Role.ADMINISTRATOR,
        is_operator=True,
    )
    return made, True
