"""What people may do with domains and aliases: the verbs, who is told, and what needs attention."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from postroom.core.routing.facts import Part
from postroom.directory.attention import attention_of
from postroom.directory.models import Company, User
from postroom.directory.services import create_company
from postroom.domains import facts, managing, services
from postroom.domains.access import changeable, readable
from postroom.domains.managing import CannotSave, Change, DomainFields, NoDomain
from postroom.domains.models import Alias, AliasDomain, RetiredAddress
from postroom.domains.services import CannotDo
from postroom.inbound.listener.address_table import read_table
from postroom.infra.clock import now
from postroom.infra.models import Change as News
from postroom.outbound.models import Letter
from postroom.outbound.our_addresses import carried, letters_of
from postroom.records import alias_editing
from postroom.records.alias_editing import AliasFields
from tests.support import factory
from tests.support.queries import scanned, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Company:
    return create_company(name="Acme")


@pytest.fixture
def ada(acme: Company) -> User:
    return factory.user("ada", {acme: "administrator"})


@pytest.fixture
def domain(acme: Company) -> AliasDomain:
    return services.create_domain(name="acme.example", companies=[acme])


def edited(domain: AliasDomain, **changed: object) -> DomainFields:
    known = {name: getattr(managing.fields_of(domain), name) for name in DomainFields.__slots__}
    return DomainFields(**{**known, **changed})


def test_who_reads_and_who_changes(acme: Company, ada: User, domain: AliasDomain) -> None:
    globex = create_company(name="Globex")
    bob = factory.user("bob", {globex: "administrator"})
    both = factory.user("both", {globex: "administrator", acme: "administrator"})
    operator = factory.user("op", is_operator=True)
    assert [list(changeable(user)) for user in (ada, bob, both, operator)] == [[domain], [], [domain], [domain]]
    services.share_domain(domain=domain, company=globex)
    assert [list(readable(user)) for user in (ada, bob, both, operator)] == [[domain]] * 4
    assert [list(changeable(user)) for user in (ada, bob, both, operator)] == [[], [], [domain], [domain]]
    with pytest.raises(NoDomain):
        managing.edit_domain(user=ada, domain_id=domain.pk, fields=edited(domain, priority=1))


def test_a_name_of_others_is_not_taken_over(ada: User, acme: Company, domain: AliasDomain) -> None:
    globex = create_company(name="Globex")
    theirs = services.create_domain(name="globex.example", companies=[globex])
    fields = DomainFields(name="globex.example", bounce="b2", catchall="c2", default_from="n2")
    with pytest.raises(CannotSave, match="in use at this installation"):
        managing.add_domain(user=ada, fields=fields, companies=[acme.pk])
    services.rename_domain(domain=theirs, name="globex.test")
    with pytest.raises(CannotSave, match="in use at this installation"):
        managing.edit_domain(user=ada, domain_id=domain.pk, fields=edited(domain, name="globex.example"))
    with pytest.raises(CannotSave, match="a company whose domains you manage"):
        managing.add_domain(user=ada, fields=DomainFields(name="x.example"), companies=[globex.pk])


def test_tags_of_a_former_separator_are_still_read(ada: User, acme: Company, domain: AliasDomain) -> None:
    services.create_alias(domain=domain, local_part="sales", company=acme, record_type="lead")
    managing.edit_domain(user=ada, domain_id=domain.pk, fields=edited(domain, separator="-"))
    managing.edit_domain(user=ada, domain_id=domain.pk, fields=edited(domain, separator="="))
    domain.refresh_from_db()
    assert domain.separators == "=-+"
    for address in ("sales=x@acme.example", "sales-x@acme.example", "sales+x@acme.example"):
        found = facts.recipients([address])[address]
        assert (found.part, found.tag) == (Part.ALIAS, "x")
        assert read_table().knows(address)
    managing.edit_domain(user=ada, domain_id=domain.pk, fields=edited(domain, separator="+"))
    domain.refresh_from_db()
    assert domain.separators == "+=-"


def test_a_failed_change_leaves_everything(ada: User, acme: Company, domain: AliasDomain) -> None:
    services.create_alias(domain=domain, local_part="returns", company=acme, record_type="lead")
    with pytest.raises(CannotSave) as caught:
        managing.edit_domain(user=ada, domain_id=domain.pk, fields=edited(domain, name="new.example", bounce="returns"))
    assert set(caught.value.problems) == {"bounce"}
    domain.refresh_from_db()
    assert domain.name == "acme.example"
    assert not RetiredAddress.objects.exists()


def test_a_domain_comes_back_to_its_name_and_leaves_nothing_retired_there(ada: User, domain: AliasDomain) -> None:
    managing.edit_domain(user=ada, domain_id=domain.pk, fields=edited(domain, name="acme.test"))
    domain.refresh_from_db()
    managing.edit_domain(user=ada, domain_id=domain.pk, fields=edited(domain, name="acme.example"))
    assert set(RetiredAddress.objects.values_list("domain_name", flat=True)) == {"acme.test"}


def test_a_service_takes_its_own_old_name_back(domain: AliasDomain) -> None:
    services.rename_service(domain=domain, part=Part.BOUNCE, name="returns")
    with pytest.raises(CannotDo, match="still routes"):
        services.rename_service(domain=domain, part=Part.CATCHALL, name="bounce")
    services.rename_service(domain=domain, part=Part.BOUNCE, name="bounce")
    assert [row.local_part for row in RetiredAddress.objects.all()] == ["returns"]


def test_a_deleted_alias_routes_as_the_catchall_did_and_is_asked_at_the_door(
    acme: Company, domain: AliasDomain
) -> None:
    alias = services.create_alias(domain=domain, local_part="sales", company=acme, record_type="lead")
    services.rename_alias(alias=alias, local_part="hello")
    services.delete_alias(alias=alias)
    old = ["sales@acme.example", "hello@acme.example"]
    assert {one.part for one in facts.recipients(old).values()} == {Part.CATCHALL}
    assert facts.catchall_addresses({*old, "catchall@acme.example", "bounce@acme.example"}) == dict.fromkeys(
        [*old, "catchall@acme.example"], domain.pk
    )
    with pytest.raises(CannotDo, match="still routes"):
        services.create_alias(domain=domain, local_part="sales", company=acme, record_type="lead")


def test_what_a_change_gives_up(acme: Company, domain: AliasDomain) -> None:
    services.create_alias(domain=domain, local_part="sales", company=acme, record_type="lead")
    found = managing.changes(domain, edited(domain, bounce="returns", default_from="hello@other.example"))
    assert found == [
        Change("bounce@acme.example", "returns@acme.example", Part.BOUNCE),
        Change("notifications@acme.example", "hello@other.example", Part.NOTIFICATIONS),
    ]
    renamed = managing.changes(domain, edited(domain, name="new.example"))
    assert [one.old.partition("@")[0] for one in renamed] == ["sales", "bounce", "catchall", "notifications"]
    assert managing.changes(domain, edited(domain, priority=3, separator="-")) == []


def test_how_many_sent_messages_carry_an_address(acme: Company, domain: AliasDomain) -> None:
    record = factory.record(factory.desk(create_company(name="Globex")))
    for number in range(4):
        letter = factory.delivery(record).letter
        letter.domain = domain
        letter.reply_to = "catchall@acme.example" if number else ""
        letter.save()
    counted = carried(domain, managing.changes(domain, edited(domain, name="new.example")))
    assert {one.partition("@")[0]: found.count for one, found in counted.items()} == {
        "bounce": 4,
        "catchall": 3,
        "notifications": 0,
    }
    assert not any(found.at_least for found in counted.values())


def test_every_verb_is_told_to_the_doors(ada: User, acme: Company, domain: AliasDomain) -> None:
    second = services.create_domain(name="second.example", companies=[acme])
    alias = services.create_alias(domain=domain, local_part="sales", company=acme, record_type="lead")
    fields = alias_editing.fields_of(alias)
    verbs: list[Callable[[], object]] = [
        lambda: managing.add_domain(user=ada, fields=DomainFields(name="third.example"), companies=[acme.pk]),
        lambda: managing.edit_domain(user=ada, domain_id=second.pk, fields=edited(second, priority=4)),
        lambda: managing.move_domain(user=ada, domain_id=second.pk, up=True),
        lambda: managing.share(user=ada, domain_id=second.pk, company_id=acme.pk),
        lambda: alias_editing.edit_alias(user=ada, alias_id=alias.pk, fields=fields),
        lambda: alias_editing.delete_alias(user=ada, alias_id=alias.pk),
        lambda: managing.remove_domain(user=ada, domain_id=second.pk),
    ]
    for verb in verbs:
        before = News.objects.filter(topic="addresses").count()
        verb()
        assert News.objects.filter(topic="addresses").count() > before


def test_a_desk_has_one_alias_and_a_freed_one_can_be_taken(ada: User, acme: Company, domain: AliasDomain) -> None:
    desk = factory.desk(acme)
    assert desk.alias
    fields = alias_editing.fields_of(desk.alias)
    first = AliasFields(local_part="one", domain=domain.pk, company=acme.pk, record_type="lead", desk=desk.pk)
    with pytest.raises(CannotSave, match="has no alias yet"):
        alias_editing.add_alias(user=ada, fields=first)
    without = AliasFields(**{name: getattr(fields, name) for name in AliasFields.__slots__} | {"desk": None})
    alias_editing.edit_alias(user=ada, alias_id=desk.alias.pk, fields=without)
    taken = alias_editing.add_alias(user=ada, fields=first)
    desk.refresh_from_db()
    assert (desk.alias, desk.stages.count(), desk.name) == (taken, 4, "Nordics")


def test_what_needs_attention(ada: User, acme: Company) -> None:
    def titles() -> list[str]:
        words = ("alias domain", "makes no records", "keep tags")
        return [one.title for one in attention_of(ada) if any(word in one.title for word in words)]

    assert titles() == ["No alias domain yet"]
    globex = create_company(name="Globex")
    domain = services.create_domain(name="acme.example", companies=[acme])
    services.create_domain(name="globex.example", companies=[globex])
    assert titles() == []
    alias = services.create_alias(domain=domain, local_part="sales", company=acme, record_type="lead")
    Alias.objects.filter(pk=alias.pk).update(health="invalid", health_reason="No such stage.")
    AliasDomain.objects.update(way_in="mailbox")
    assert titles() == ["sales@acme.example makes no records", "acme.example is not proved to keep tags"]
    AliasDomain.objects.update(tags_proved_at=now())
    Alias.objects.update(health="valid")
    assert titles() == []
    domain.company_domains.all().delete()
    assert titles() == ["No alias domain yet"]


def test_what_depends_on_a_domain_is_found_along_an_index(domain: AliasDomain) -> None:
    with statements() as said:
        letters_of(domain)
        Letter.objects.filter(domain__in=[domain.pk]).update(domain=None)  # as its removal does
    assert len(said) == 2
    assert not [sql for sql in said if list(scanned(sql, {"outbound_letter"}))]
