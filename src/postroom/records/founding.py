"""The first company of an installation: its domain, its first addresses, its first administrator.

Each step makes what is missing and leaves what is there, so that it can be gone through again. Until somebody can sign
in, nobody's permission is asked: the command line and the setup code guard it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from postroom.core.addresses import valid
from postroom.core.errors import PostroomError
from postroom.directory.models import Company, Contact, User
from postroom.directory.profile import LANGUAGES, LONGEST_NAME, time_zones
from postroom.directory.roles import Role
from postroom.directory.services import CannotDo, create_company, create_user, slug_of
from postroom.domains.hosting import ensure_hosted_domain
from postroom.domains.models import Alias, AliasDomain
from postroom.domains.services import create_domain, share_domain
from postroom.records.services import create_desk

LONGEST_PASSWORD = 4096


class CannotFound(PostroomError):
    """A plan that cannot be carried out; `problems` says for each field what is wrong and what to do."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be: `addresses` holds what stands before the @ for each record type, empty where none is wanted."""

    company: str = ""
    language: str = "en"
    time_zone: str = "UTC"
    domain: str = ""
    addresses: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    username: str = ""
    email: str = ""
    password: str = field(default="", repr=False)


def is_unfounded() -> bool:
    """Whether nobody can have signed in yet: no user was ever made."""
    return not User.objects.exists()


def company_problems(plan: Plan) -> dict[str, str]:
    """What is wrong with the company of a plan, by field."""
    found = {}
    if not plan.company:
        found["company"] = "Enter the name of the company, as customers know it."
    elif len(plan.company) > LONGEST_NAME or not plan.company.isprintable() or not slug_of(plan.company):
        found["company"] = f"A name has {LONGEST_NAME} characters at most, with a letter from a to z or a digit."
    if plan.language not in LANGUAGES:
        found["language"] = "Choose a language of the list."
    if plan.time_zone not in time_zones():
        found["time_zone"] = "Choose a time zone of the list."
    return found


def domain_problems(plan: Plan) -> dict[str, str]:
    """What is wrong with the domain of a plan; none at all is well."""
    if not plan.domain:
        return {}
    with _rehearsal():
        try:
            ensure_domain(plan.domain, _some_company(plan))
        except PostroomError as error:
            return {"domain": f"{error} Enter what stands after the @, such as acme.example."}
    return {}


def address_problems(plan: Plan) -> dict[str, str]:
    """What is wrong with the addresses of a plan, by record type; they are tried out, and nothing stays."""
    wanted = {type: local for type, local in plan.addresses.items() if local}
    found: dict[str, str] = {}
    if not (wanted and plan.domain):
        return found
    seen: set[str] = set()
    with _rehearsal():
        company = _some_company(plan)
        domain, _ = ensure_domain(plan.domain, company)
        for type, local in wanted.items():
            if local.lower() in seen:
                found[type] = f"{local}@{domain.name} makes something else already: choose another word."
                continue
            seen.add(local.lower())
            try:
                with transaction.atomic():
                    ensure_desk(local, type, company, domain)
            except PostroomError as error:
                found[type] = str(error)
    return found


def user_problems(plan: Plan) -> dict[str, str]:
    """What is wrong with the first user of a plan, by field."""
    return dict(_user_problems(plan))


def _user_problems(plan: Plan) -> Iterator[tuple[str, str]]:
    if not plan.name:
        yield "name", "Enter your name as others should read it."
    elif len(plan.name) > LONGEST_NAME or not plan.name.isprintable():
        yield "name", f"A name has {LONGEST_NAME} characters at most, and no control characters."
    if not valid(plan.email):
        yield "email", "Enter your mail address, such as ada@acme.example."
    if weak := _weakness(plan):
        yield "password", weak
        return
    with _rehearsal():
        try:
            create_user(**_user(plan), company=_some_company(plan), email="somebody@postroom.example")
        except CannotDo as error:
            yield "username", str(error)


def _weakness(plan: Plan) -> str:
    if not plan.password:
        return "Enter a password of ten characters or more."
    if len(plan.password) > LONGEST_PASSWORD:
        return f"A password has {LONGEST_PASSWORD:,} characters at most."
    try:
        validate_password(plan.password, User(username=plan.username, name=plan.name, email=plan.email))
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _user(plan: Plan) -> dict[str, Any]:
    """What `create_user` is told of the plan's user, besides the address."""
    return {
        "username": plan.username,
        "name": plan.name or "Somebody",
        "password": plan.password,
        "language": plan.language,
        "time_zone": plan.time_zone,
    }


def _some_company(plan: Plan) -> Company:
    """Within a rehearsal: the company of the plan, or one that stands for it as long as it has no name."""
    return ensure_company(plan.company if slug_of(plan.company) else "Somebody's company")[0]


@contextmanager
def _rehearsal() -> Iterator[None]:
    """A transaction of which nothing stays, and of which nobody is told."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def found(plan: Plan) -> User:
    """Carry a plan out, all of it or nothing; the first user, who administers the company and runs the installation.

    Raises:
        CannotFound: what is wrong, by field.
        CannotDo: somebody else was faster.

    """
    problems = company_problems(plan) | domain_problems(plan) | user_problems(plan)
    problems |= {f"address-{type}": words for type, words in address_problems(plan).items()}
    if problems:
        raise CannotFound(problems)
    with transaction.atomic():
        if not is_unfounded():
            raise CannotDo("There are users already: sign in, and add what is missing in the settings.")
        company, _ = ensure_company(plan.company, plan.language, plan.time_zone)
        domain = ensure_domain(plan.domain, company)[0] if plan.domain else None
        user = create_user(**_user(plan), email=plan.email, company=company, role=Role.ADMINISTRATOR, is_operator=True)
        for type, local in plan.addresses.items():
            if domain and local:
                ensure_desk(local, type, company, domain)
    return user


def ensure_company(name: str, language: str = "en", time_zone: str = "UTC") -> tuple[Company, bool]:
    """The company of this name, and whether it is new."""
    known = Company.objects.filter(slug=slug_of(name)).first()
    if known:
        return known, False
    made = create_company(name=name, language=language, time_zone=time_zone)
    ensure_hosted_domain(made)
    return made, True


def ensure_domain(name: str, company: Company) -> tuple[AliasDomain, bool]:
    """The domain of this name, which the company uses, and whether it is new."""
    known = AliasDomain.objects.filter(name=name.lower()).first()
    if known is None:
        return create_domain(name=name, companies=[company]), True
    share_domain(domain=known, company=company)
    return known, False


def ensure_desk(local: str, type: str, company: Company, domain: AliasDomain) -> str:
    """The address of a new desk that the company's administrators follow; empty where the address is taken already.

    Raises:
        UnknownRecordType: there are no such records.
        domains.services.CannotDo: the address cannot be had.

    """
    if Alias.objects.filter(domain=domain, local_part=local.lower()).exists():
        return ""
    admins = Contact.objects.filter(
        company=company, user__memberships__company=company, user__memberships__role=Role.ADMINISTRATOR
    )
    create_desk(
        company=company, record_type=type, name=local.title(), domain=domain, local_part=local, followers=admins
    )
    return f"{local.lower()}@{domain.name}"
