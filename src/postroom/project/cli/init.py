"""`postroom init`: an installation with its first company and its first administrator."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.project.cli.prepare import make_current
from postroom.project.cli.shared import EX_USAGE, Failure, Var, read_password, use_django

if TYPE_CHECKING:
    from postroom.directory.models import Company, User
    from postroom.domains.models import AliasDomain

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
TWO_DESKS = ["sales=lead", "support=ticket"]


def init(
    company: CompanyName = "",
    domain: DomainName = "",
    admin: Admin = "",
    email: AdminEmail = "",
    password_file: PasswordFile = "",
    desk: Desks = TWO_DESKS,
    var: Var = None,
) -> None:
    """Make the tables, the first company, its domain, its administrator and its desks. What is there already stays."""
    wanted = [_parted(one) for one in desk]
    use_django()
    make_current()
    name = _asked(company, "Name of the company", "--company")
    domain_name = _asked(domain, "Domain of its addresses", "--domain")
    username = _asked(admin, "User name of the administrator", "--admin")
    where, made_company = _company(name)
    at, made_domain = _domain(domain_name, where)
    _, made_user = _admin(username, email or f"{username}@{domain_name}", where, password_file)
    made = [words for words, new in ((name, made_company), (domain_name, made_domain), (username, made_user)) if new]
    made += [address for local, type in wanted if (address := _desk(local, type, where, at))]
    print(f"Made: {', '.join(made)}." if made else "Everything is there already.")


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


def _company(name: str) -> tuple[Company, bool]:
    from postroom.directory import services
    from postroom.directory.models import Company

    known = Company.objects.filter(slug=services.slug_of(name)).first()
    return (known, False) if known else (services.create_company(name=name), True)


def _domain(name: str, company: Company) -> tuple[AliasDomain, bool]:
    from postroom.domains import services
    from postroom.domains.models import AliasDomain

    known = AliasDomain.objects.filter(name=name.lower()).first()
    if known is None:
        return services.create_domain(name=name, companies=[company]), True
    services.share_domain(domain=known, company=company)
    return known, False


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


def _desk(local: str, type: str, company: Company, domain: AliasDomain) -> str:
    """The address of a new desk that the company's administrators follow; empty where the address is taken already."""
    from postroom.directory.models import Contact
    from postroom.directory.roles import Role
    from postroom.domains.models import Alias
    from postroom.records.services import create_desk

    if Alias.objects.filter(domain=domain, local_part=local.lower()).exists():
        return ""
    admins = Contact.objects.filter(
        company=company, user__memberships__company=company, user__memberships__role=Role.ADMINISTRATOR
    )
    create_desk(
        company=company, record_type=type, name=local.title(), domain=domain, local_part=local, followers=admins
    )
    return f"{local.lower()}@{domain.name}"
