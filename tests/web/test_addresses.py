"""The pages of alias domains and aliases: who reaches them, what they ask before an address is given up."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postroom.core.routing.facts import Part
from postroom.directory.models import Company
from postroom.domains import services
from postroom.domains.facts import recipients
from postroom.domains.models import Alias, AliasDomain, CompanyDomain
from postroom.outbound.models import Letter
from postroom.records.models import Desk, DeskFollower
from tests.support import factory
from tests.web.conftest import World

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]

DOMAIN = {
    "name": "new.example",
    "priority": "10",
    "bounce": "bounce",
    "catchall": "catchall",
    "default_from": "notifications",
    "separator": "+",
    "way_in": "listener",
}
ALIAS = {"local_part": "sales", "record_type": "lead", "who_may_write": "everyone", "takes_automatic": "on", "desk": ""}


def domain_of(company: Company) -> AliasDomain:
    return AliasDomain.objects.get(company_domains__company=company)


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return unescape(response.content.decode())


# Member, administrator, operator, administrator of another company, somebody without a company.
PAGES = {
    "/settings/domains": (403, 200, 200, 200, 403),
    "/settings/domains/new": (403, 200, 200, 200, 403),
    "/settings/domains/{domain}": (403, 200, 200, 404, 403),
    "/settings/domains/999999": (403, 404, 404, 404, 403),
    "/settings/aliases": (403, 200, 200, 200, 403),
    "/settings/aliases/new": (403, 200, 200, 200, 403),
    "/settings/aliases/{alias}": (403, 200, 404, 404, 403),
}
NAMES = ("member", "admin", "operator", "stranger", "lonely")


@pytest.mark.parametrize("address", PAGES)
def test_who_gets_which_page(client: Client, world: World, address: str) -> None:
    alias = Alias.objects.filter(company=world.acme).order_by("pk")[0]
    address = address.format(domain=domain_of(world.acme).pk, alias=alias.pk)
    assert client.get(address).status_code == 302
    known = {raw: PAGES[raw] for raw in PAGES}
    (expected,) = {
        known[raw] for raw in known if raw.format(domain=domain_of(world.acme).pk, alias=alias.pk) == address
    }
    for name, status in zip(NAMES, expected, strict=True):
        client.force_login(getattr(world, name))
        response = client.get(address)
        assert response.status_code == status, name
        if name == "stranger":
            words = response.content.decode().replace("acme.example", "")  # the tokens of forms may hold any letters
            assert not re.search(r"(?<![\w-])acme(?![\w-])", words, re.IGNORECASE)


VERBS = {
    "/settings/domains/{domain}": DOMAIN | {"name": "stolen.example", "confirmed": "yes"},
    "/settings/domains/{domain}/move": {"way": "up"},
    "/settings/domains/{domain}/share": {"company": "{globex}"},
    "/settings/domains/{domain}/unshare": {"company": "{acme}"},
    "/settings/domains/{domain}/remove": {},
    "/settings/aliases/{alias}": ALIAS | {"local_part": "stolen", "confirmed": "yes"},
    "/settings/aliases/{alias}/delete": {},
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("name", "status"), [("member", 403), ("stranger", 404), ("lonely", 403)])
def test_who_may_not_change_them(client: Client, world: World, verb: str, name: str, status: int) -> None:
    domain, alias = domain_of(world.acme), Alias.objects.filter(company=world.acme).order_by("pk")[0]
    client.force_login(getattr(world, name))
    given = {key: value.format(acme=world.acme.pk, globex=world.globex.pk) for key, value in VERBS[verb].items()}
    assert client.post(verb.format(domain=domain.pk, alias=alias.pk), given).status_code == status
    assert domain_of(world.acme).name == domain.name
    assert Alias.objects.get(pk=alias.pk).local_part == alias.local_part
    assert CompanyDomain.objects.filter(domain=domain).count() == 1


def test_a_domain_of_several_is_read_by_one_and_changed_by_an_operator(client: Client, world: World) -> None:
    domain = domain_of(world.acme)
    client.force_login(world.operator)
    assert client.post(f"/settings/domains/{domain.pk}/share", {"company": world.globex.pk}).status_code == 302
    client.get("/settings/domains")  # shows the toast
    client.force_login(world.admin)
    said = page(client, f"/settings/domains/{domain.pk}")
    assert "Companies that you do not manage use this domain too." in said
    assert "Globex" not in said
    assert 'name="bounce"' not in said
    assert client.post(f"/settings/domains/{domain.pk}", DOMAIN).status_code == 404
    client.force_login(world.operator)
    given = DOMAIN | {"name": domain.name, "priority": "3"}
    assert client.post(f"/settings/domains/{domain.pk}", given).status_code == 302
    domain.refresh_from_db()
    assert domain.priority == 3


def test_the_first_domain_goes_to_all_and_says_so_before(client: Client, world: World) -> None:
    Desk.objects.update(alias=None)
    Alias.objects.all().delete()
    AliasDomain.objects.all().delete()
    client.force_login(world.admin)
    assert "No alias domain yet." in page(client, "/settings/domains")
    said = page(client, "/settings/domains/new")
    assert "every company of this installation gets it" in said
    assert "only an operator of the installation can change it afterwards" in said
    response = client.post("/settings/domains/new", DOMAIN)
    made = AliasDomain.objects.get()
    assert response["Location"] == f"/settings/domains/{made.pk}"
    assert made.company_domains.count() == Company.objects.count()


def test_a_further_domain_is_for_those_chosen(client: Client, world: World) -> None:
    client.force_login(world.admin)
    assert "every company" not in page(client, "/settings/domains/new")
    refused = client.post("/settings/domains/new", DOMAIN | {"companies": [world.globex.pk]})
    assert refused.status_code == 422
    client.post("/settings/domains/new", DOMAIN | {"companies": [world.acme.pk]})
    made = AliasDomain.objects.get(name="new.example")
    assert list(made.company_domains.values_list("company", flat=True)) == [world.acme.pk]


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no domain": ({"name": "localhost"}, "Enter a domain name"),
    "a priority in words": ({"priority": "high"}, "whole number"),
    "a huge priority": ({"priority": "10000"}, "whole number"),
    "the same twice": ({"bounce": "catchall"}, "have to differ"),
    "postmaster": ({"bounce": "postmaster"}, "look after the mail system"),
    "an address as bounce": ({"bounce": "bounce@x.example"}, "before the @"),
    "a tag in it": ({"catchall": "a+b"}, "before the @"),
    "too long": ({"catchall": "a" * 40}, "At most 39"),
    "no address": ({"default_from": "a b@x.example"}, "no mail address"),
    "another separator": ({"separator": "!"}, "Choose one of"),
    "another way": ({"way_in": "pigeon"}, "Choose one of the list"),
    "an alias": ({"bounce": "taken"}, "alias already"),
}


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_stand_beside_their_fields_and_nothing_is_lost(client: Client, world: World, case: str) -> None:
    client.force_login(world.admin)
    given, words = WRONG[case]
    domain = domain_of(world.acme)
    factory.desk(world.acme, local_part="taken")
    typed = DOMAIN | {"name": domain.name, "confirmed": "yes"} | given
    response = client.post(f"/settings/domains/{domain.pk}", typed)
    said = unescape(response.content.decode())
    assert response.status_code == 422
    assert words in said
    assert 'aria-invalid="true"' in said
    (name,) = given
    if name in {"separator", "way_in"}:
        return
    assert f'value="{given[name]}"' in said


def letters(world: World, count: int, **fields: Any) -> None:
    for _ in range(count):
        delivery = factory.delivery(world.lead)
        Letter.objects.filter(pk=delivery.letter_id).update(**fields)


def test_renaming_a_domain_asks_first_and_says_what_carries_the_old_name(client: Client, world: World) -> None:
    client.force_login(world.admin)
    domain = domain_of(world.acme)
    alias = factory.desk(world.acme, local_part="sales").alias
    assert alias
    letters(world, 3, domain=domain, reply_to=alias.address)
    old = domain.name
    asked = client.post(f"/settings/domains/{domain.pk}", DOMAIN | {"name": "acme.test"})
    said = unescape(asked.content.decode())
    assert asked.status_code == 200
    assert "3 sent messages carry the old address." in said
    assert "No sent message carries the old address." in said
    assert "180 days" in said
    assert "redirect" in said
    domain.refresh_from_db()
    assert domain.name == old
    client.post(f"/settings/domains/{domain.pk}", DOMAIN | {"name": "acme.test", "confirmed": "yes"})
    domain.refresh_from_db()
    assert domain.name == "acme.test"
    found = recipients([f"sales@{old}", f"bounce@{old}", "sales@acme.test"])
    assert [one.part for one in found.values()] == [Part.ALIAS, Part.BOUNCE, Part.ALIAS]


def test_going_back_loses_nothing(client: Client, world: World) -> None:
    client.force_login(world.admin)
    domain = domain_of(world.acme)
    given = DOMAIN | {"name": "acme.test", "bounce": "returns", "back": "yes"}
    said = client.post(f"/settings/domains/{domain.pk}", given).content.decode()
    assert 'value="returns"' in said
    assert 'value="acme.test"' in said


@pytest.mark.parametrize(("way", "words"), [("mailbox", "Keep the mailbox"), ("forwarded", "Keep the forwarding")])
def test_what_to_do_at_the_provider_follows_the_way_in(client: Client, world: World, way: str, words: str) -> None:
    client.force_login(world.admin)
    domain = domain_of(world.acme)
    AliasDomain.objects.filter(pk=domain.pk).update(way_in=way)
    given = DOMAIN | {"name": domain.name, "way_in": way, "bounce": "returns"}
    said = client.post(f"/settings/domains/{domain.pk}", given).content.decode()
    assert words in said
    assert f"returns@{domain.name}" in said


def test_a_domain_on_which_something_depends_stays(client: Client, world: World) -> None:
    client.force_login(world.admin)
    domain = domain_of(world.acme)
    refused = client.post(f"/settings/domains/{domain.pk}/remove")
    assert refused.status_code == 422
    assert "lead" in refused.content.decode()
    kept = client.post(f"/settings/domains/{domain.pk}/unshare", {"company": world.acme.pk})
    assert kept.status_code == 422
    assert "has aliases here" in kept.content.decode()
    free = services.create_domain(name="free.example", companies=[world.acme])
    assert client.post(f"/settings/domains/{free.pk}/remove").status_code == 302
    assert not AliasDomain.objects.filter(pk=free.pk).exists()


def test_the_order_is_changed_by_buttons(client: Client, world: World) -> None:
    client.force_login(world.admin)
    first = domain_of(world.acme)
    second = services.create_domain(name="second.example", companies=[world.acme])
    response = client.post(f"/settings/domains/{second.pk}/move", {"way": "up"})
    said = page(client, response["Location"])
    assert list(AliasDomain.objects.filter(pk__in=[first.pk, second.pk]).order_by("priority")) == [second, first]
    assert said.index("second.example") < said.index(f"{first.name}</b>")


def test_addresses_we_send_from(client: Client, world: World) -> None:
    client.force_login(world.admin)
    domain = domain_of(world.acme)
    factory.desk(world.acme, local_part="sales")
    factory.user("amara", {world.acme: "member"}, email=f"amara@{domain.name}")
    factory.server(world.acme, from_filter=f"{domain.name}, news@{domain.name}, other.example")
    said = page(client, f"/settings/domains/{domain.pk}")
    for local in ("notifications", "bounce", "catchall", "sales", "amara", "news"):
        assert f"data-address>{local}@{domain.name}<" in said
    assert "other.example" not in said


def test_an_alias_is_added_with_a_desk(client: Client, world: World) -> None:
    client.force_login(world.admin)
    domain = domain_of(world.acme)
    hanna = factory.contact(world.acme, email="hanna@customer.example")
    given = ALIAS | {
        "place": f"{world.acme.pk}-{domain.pk}",
        "desk": "new",
        "desk_name": "Sales",
        "desk_owner": str(world.member.pk),
        "followers": "hanna@customer.example\n",
        "owner": str(world.admin.pk),
        "title": "From the web",
        "allowed_senders": "shop@customer.example",
        "forced_target": world.lead.number.lower(),
    }
    response = client.post("/settings/aliases/new", given)
    alias = Alias.objects.get(local_part="sales")
    assert response["Location"] == f"/settings/aliases/{alias.pk}"
    desk = Desk.objects.get(alias=alias)
    assert (desk.name, desk.owner, desk.stages.count()) == ("Sales", world.member, 5)
    assert DeskFollower.objects.get(desk=desk).contact == hanna
    assert alias.defaults == {"owner": world.admin.pk, "title": "From the web"}
    assert (alias.forced_target, alias.allowed_senders.get().email) == (world.lead.ref, "shop@customer.example")
    said = page(client, f"/settings/aliases/{alias.pk}")
    assert "It is unverified" in said
    assert world.lead.number in said


WRONG_ALIAS: dict[str, tuple[dict[str, str], str]] = {
    "no name": ({"local_part": ""}, "cannot stand before the @"),
    "taken": ({"local_part": "support"}, "is an alias already"),
    "a service": ({"local_part": "bounce"}, "service address"),
    "another type": ({"record_type": "dragon"}, "Choose one of the list"),
    "other writers": ({"who_may_write": "dragons"}, "Choose one of the list"),
    "a record of others": ({"forced_target": "LEAD-999999"}, "no such record"),
    "a stranger": ({"owner": "{stranger}"}, "somebody of this company"),
    "a stage of others": ({"stage": "{stage}"}, "Choose a stage of the desk"),
    "no address": ({"allowed_senders": "nobody"}, "no mail address"),
    "an unnamed desk": ({"desk": "new", "desk_name": " "}, "Give the desk a name"),
    "a desk of others": ({"desk": "{desk}"}, "Choose a desk"),
    "an unknown follower": ({"desk": "new", "desk_name": "x", "followers": "no@body.example"}, "no contact's address"),
}


@pytest.mark.parametrize("case", WRONG_ALIAS)
def test_mistakes_in_an_alias_are_said(client: Client, world: World, case: str) -> None:
    client.force_login(world.admin)
    others = factory.desk(world.globex)
    factory.desk(world.acme, local_part="support")
    stage = others.stages.order_by("pk")[0]
    given, words = WRONG_ALIAS[case]
    ids = {"stranger": world.stranger.pk, "stage": stage.pk, "desk": others.pk}
    typed = {key: value.format(**ids) for key, value in given.items()}
    place = f"{world.acme.pk}-{domain_of(world.acme).pk}"
    before = Alias.objects.count()
    response = client.post("/settings/aliases/new", ALIAS | {"place": place, "title": "kept"} | typed)
    said = unescape(response.content.decode())
    assert response.status_code == 422
    assert words in said
    assert 'value="kept"' in said
    assert Alias.objects.count() == before
    assert not Desk.objects.filter(name="x").exists()


def test_an_alias_at_a_place_of_others_is_not_made(client: Client, world: World) -> None:
    client.force_login(world.admin)
    factory.desk(world.globex)
    for place in (
        f"{world.globex.pk}-{domain_of(world.globex).pk}",
        f"{world.acme.pk}-{domain_of(world.globex).pk}",
        "",
    ):
        assert client.post("/settings/aliases/new", ALIAS | {"place": place}).status_code == 422


def test_bad_defaults_are_shown_with_how_to_mend_them_and_mended(client: Client, world: World) -> None:
    client.force_login(world.admin)
    alias = services.create_alias(
        domain=domain_of(world.acme), local_part="sales", company=world.acme, record_type="lead"
    )
    bad = {"owner": world.stranger.pk, "stage": "x", "team": 4}
    Alias.objects.filter(pk=alias.pk).update(defaults=bad, health="invalid", health_reason="A lead has no team.")
    said = page(client, f"/settings/aliases/{alias.pk}")
    assert "There is no default team: saving takes it away." in said
    assert "The owner is nobody of this company any more" in said
    assert "The stage is none of this company's" in said
    assert "A lead has no team." in said
    assert client.post(f"/settings/aliases/{alias.pk}", ALIAS).status_code == 302
    alias.refresh_from_db()
    assert (alias.defaults, alias.health, alias.health_reason) == ({}, "not_tested", "")


def test_a_renamed_alias_asks_and_a_deleted_one_still_leads_answers(client: Client, world: World) -> None:
    client.force_login(world.admin)
    domain = domain_of(world.acme)
    alias = services.create_alias(domain=domain, local_part="sales", company=world.acme, record_type="lead")
    address = f"/settings/aliases/{alias.pk}"
    asked = client.post(address, ALIAS | {"local_part": "hello"})
    assert b"Give up sales@" in asked.content
    client.post(address, ALIAS | {"local_part": "hello", "confirmed": "yes"})
    said = page(client, address)
    assert f"sales@{domain.name}" in said
    client.post(f"{address}/delete")
    found = recipients([f"sales@{domain.name}", f"hello@{domain.name}"])
    assert [one.part for one in found.values()] == [Part.CATCHALL, Part.CATCHALL]


def test_the_list_is_narrowed(client: Client, world: World) -> None:
    client.force_login(world.admin)
    factory.desk(world.acme, local_part="hello", name="Berlin")
    for asked in ("hello", "hello@acme", "Berlin"):
        rows = client.get("/settings/aliases", {"q": asked}, headers={"HX-Request": "true", "HX-Target": "alias-rows"})
        assert rows.content.decode().count('class="srv whole"') == 1, asked
    assert "No alias matches “nothing”" in page(client, "/settings/aliases?q=nothing")
    assert "hello@" not in page(client, "/settings/aliases?state=valid")


def test_a_long_list_costs_no_more_than_a_short_one(client: Client, world: World) -> None:
    client.force_login(world.admin)
    counts: dict[str, set[int]] = {}
    for many in (1, 50):
        for number in range(many):
            factory.desk(world.acme, local_part=f"x{many}-{number}")
            services.create_domain(name=f"x{many}-{number}.example", companies=[world.acme])
        for address in ("/settings/aliases", "/settings/domains"):
            client.get(address)
            with CaptureQueriesContext(
                connection,
            ) as asked:
                assert client.get(address).status_code == 200
            counts.setdefault(address, set()).add(len(asked))
    assert [len(found) for found in counts.values()] == [1, 1], counts
    assert "before=" in page(client, "/settings/aliases")
