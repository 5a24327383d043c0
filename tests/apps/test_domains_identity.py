"""What a domain does with unproved mail of its own people, and whose seals it believes: as people set it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from postroom.domains.facts import trusted_forwarders
from postroom.domains.forwarders import MOST_FORWARDERS, read_forwarders
from postroom.domains.managing import CannotSave, add_domain, edit_domain, fields_of
from postroom.domains.models import AliasDomain, RetiredAddress
from postroom.domains.services import CannotDo
from postroom.infra.clock import now
from tests.support.acme import Acme, make_acme

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Acme:
    return make_acme()


def test_what_is_set_is_kept_and_holds(acme: Acme) -> None:
    fields = replace(fields_of(acme.domain), unproved="hold", trusted_forwarders="Lists.Example\n müller.example;x.org")
    row = edit_domain(user=acme.admin, domain_id=acme.domain.pk, fields=lambda _: fields)
    assert (row.unproved, row.trusted_forwarders) == ("hold", "lists.example, xn--mller-kva.example, x.org")
    found = trusted_forwarders({"sales@acme.example"})
    assert found == {"sales@acme.example": frozenset({"lists.example", "xn--mller-kva.example", "x.org"})}
    again = edit_domain(user=acme.admin, domain_id=row.pk, fields=lambda known: replace(known, priority=3))
    assert (again.unproved, again.trusted_forwarders) == (row.unproved, row.trusted_forwarders)


def test_a_new_domain_takes_them_too(acme: Acme) -> None:
    fields = replace(fields_of(acme.domain), name="new.example", unproved="refuse", trusted_forwarders="lists.example")
    row = add_domain(user=acme.admin, fields=fields, companies=[acme.company.pk])
    row.refresh_from_db()
    assert (row.unproved, row.trusted_forwarders, row.tags_overridden) == ("refuse", "lists.example", False)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("unproved", "burn", "Choose one of the list."),
        ("unproved", "", "Choose one of the list."),
        ("trusted_forwarders", "lists", "'lists' is no domain name"),
        ("trusted_forwarders", "ok.example, -bad..example", "'-bad..example' is no domain name"),
        ("trusted_forwarders", "me@lists.example", "enter its domain, 'lists.example'"),
        ("trusted_forwarders", "https://lists.example", "is no domain name"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(acme: Acme, field: str, value: str, said: str) -> None:
    changed: dict[str, Any] = {field: value}
    fields = replace(fields_of(acme.domain), **changed)
    with pytest.raises(CannotSave) as wrong:
        edit_domain(user=acme.admin, domain_id=acme.domain.pk, fields=lambda _: fields)
    assert set(wrong.value.problems) == {field}
    assert said in wrong.value.problems[field]


def trusting(acme: Acme, *listed: str) -> None:
    """Rows of one name, the first of them Acme's."""
    AliasDomain.objects.filter(pk=acme.domain.pk).update(trusted_forwarders=listed[0])
    for number, one in enumerate(listed[1:]):
        AliasDomain.objects.create(
            name="acme.example", bounce=f"b{number}", catchall=f"c{number}", trusted_forwarders=one
        )


@pytest.mark.parametrize(
    ("listed", "believed"),
    [
        (("a.example, b.example",), {"a.example", "b.example"}),
        (("a.example, b.example", "b.example, c.example"), {"b.example"}),
        (("a.example", ""), set()),
    ],
)
def test_of_domains_of_one_name_all_have_to_trust(acme: Acme, listed: tuple[str, ...], believed: set[str]) -> None:
    trusting(acme, *listed)
    assert trusted_forwarders({"sales@acme.example", "x@elsewhere.example"}) == {"sales@acme.example": believed}


def test_an_address_is_read_as_routing_reads_it(acme: Acme) -> None:
    """A wrapped one is not somebody else's, and one that was given up is still ours."""
    trusting(acme, "a.example")
    domain = AliasDomain.objects.create(name="theirs.example", trusted_forwarders="b.example")
    RetiredAddress.objects.create(
        domain_name="old.example", local_part="sales", domain=domain, part="catchall", retired_at=now(),
        free_from=now(),
    )  # fmt: skip
    wrapped = "SRS0=ab=cd=acme.example=sales@forwarder.example"
    assert trusted_forwarders({wrapped, "Sales@Acme.Example", "x@old.example"}) == {
        wrapped: {"a.example"}, "Sales@Acme.Example": {"a.example"}, "x@old.example": {"b.example"},
    }  # fmt: skip


def test_lists_of_forwarders() -> None:
    assert read_forwarders("") == ""
    assert read_forwarders(" ,; a.example,,b.example a.example.\n") == "a.example, b.example"
    assert read_forwarders(read_forwarders("A.example b.example")) == "a.example, b.example"
    names = [f"f{number}.example" for number in range(MOST_FORWARDERS + 1)]
    assert read_forwarders(" ".join(names[1:]))
    with pytest.raises(CannotDo, match="At most"):
        read_forwarders(" ".join(names))
