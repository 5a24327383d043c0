"""`postroom user`: the people who sign in."""

from __future__ import annotations

from typing import Annotated

import typer

from postroom.project.cli.shared import (
    Json,
    Var,
    company_named,
    print_json,
    print_table,
    read_password,
    use_django,
    user_named,
)

app = typer.Typer(help="Make, list and change users.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(metavar="USER", help="The name to sign in with.")]
FullName = Annotated[str, typer.Option("--name", metavar="NAME", help="The person's name.")]
Email = Annotated[str, typer.Option("--email", metavar="ADDRESS", help="The person's address.")]
Company = Annotated[str, typer.Option("--company", metavar="SLUG", help="Short name of the company.")]
RoleName = Annotated[str, typer.Option("--role", metavar="ROLE", help="member or administrator.")]
Operator = Annotated[bool, typer.Option("--operator", help="Runs the installation.")]
PasswordFile = Annotated[
    str, typer.Option("--password-file", metavar="FILE", help="File with the password; - for standard input.")
]


@app.command("create")
def create(
    username: Username,
    email: Email,
    name: FullName = "",
    company: Company = "",
    role: RoleName = "member",
    operator: Operator = False,
    password_file: PasswordFile = "",
    var: Var = None,
) -> None:
    """Make a user in a company; the password is asked for unless a file holds it."""
    use_django()
    from postroom.directory import services

    where = company_named(company)
    made = services.create_user(
        username=username,
        name=name or username,
        email=email,
        password=read_password(password_file),
        company=where,
        role=role,
        is_operator=operator,
    )
    print(f"{made.username} is {role} of {where.name}.")


@app.command("list")
def list_(as_json: Json = False, var: Var = None) -> None:
    """List the users with what they are in each company."""
    use_django()
    from postroom.directory.models import User

    rows = [
        {
            "user": user.username,
            "name": user.name,
            "email": user.email,
            "active": user.is_active,
            "operator": user.is_operator,
            "roles": {one.company.slug: one.role for one in user.memberships.all()},
        }
        for user in User.objects.prefetch_related("memberships__company").order_by("username")
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(("user", "name", "email", "what"), [_line(row) for row in rows])


def _line(row: dict[str, object]) -> tuple[object, ...]:
    roles = row["roles"]
    assert isinstance(roles, dict)
    what = [f"{role} of {slug}" for slug, role in roles.items()]
    what += ["operator"] * bool(row["operator"]) + ["deactivated"] * (not row["active"])
    return row["user"], row["name"], row["email"], ", ".join(what)


@app.command("password")
def password(username: Username, password_file: PasswordFile = "", var: Var = None) -> None:
    """Give a user a new password."""
    use_django()
    from postroom.directory import services

    services.set_password(user=user_named(username), password=read_password(password_file))


@app.command("deactivate")
def deactivate(username: Username, var: Var = None) -> None:
    """Let a user in no longer, and revoke their tokens; what they wrote stays."""
    use_django()
    from postroom.directory import services

    services.deactivate_user(user=user_named(username))
