"""How far the author of a mail is believed, in pages: what is said, and that a borrowed name stays bare."""

from __future__ import annotations

import pytest
from django.test import Client

from postroom.domains.models import AliasDomain
from postroom.web.proofs import borrows, proof_of, warnings_of
from postroom.web.templatetags.ui import avatar, proved, warned
from postroom.web.views import Person
from tests.support import factory
from tests.web.conftest import World


@pytest.mark.parametrize(
    ("level", "word", "is_quiet"),
    [("verified", "Verified", True), ("unverified", "Unverified", False), ("unknown", "Could not be checked", False),
     ("forged", "Forged", False)],
)  # fmt: skip
def test_each_level_has_words(level: str, word: str, *, is_quiet: bool) -> None:
    proof = proof_of(level, "Because <b>.")
    assert proof is not None
    assert (str(proof.word), proof.is_quiet) == (word, is_quiet)
    for shown in (proved(proof), proved(proof, "row")):
        assert word in shown
        assert "Because &lt;b&gt;." in shown
    assert ("tag" in proved(proof)) != is_quiet
    assert ("tag" in proved(proof, "row")) == (level == "forged")


def test_where_nobody_asked_nothing_is_said() -> None:
    assert proof_of("", "") is None
    assert proof_of("a level of the future", "") is None
    assert proved(None) == ""
    assert warned(()) == ""
    assert warnings_of("unverified", "Nothing proves it.", []) == ()


def test_warnings_stand_in_order_and_harm_nobody() -> None:
    found = warnings_of("forged", "It is disowned.", ["look-alike:<i>acme</i>.example", "unheard-of", 7])
    assert [one.text for one in found] == [
        "It is disowned.",
        "Its domain looks like <i>acme</i>.example, and is another.",
    ]
    assert "&lt;i&gt;acme&lt;/i&gt;" in warned(found)


@pytest.mark.parametrize(
    ("standing", "marks", "is_borrowed"),
    [
        ("claimed-member", [], True),
        ("sender", ["member-name:Ana Keller"], True),
        ("sender", ["look-alike:acme.example"], False),
        ("member", [], False),
        ("outsider", [], False),
    ],
)
def test_whose_avatar_is_nobodys(standing: str, marks: list[str], *, is_borrowed: bool) -> None:
    assert borrows(standing, marks) == is_borrowed


def test_a_bare_avatar_tells_nothing_of_the_name() -> None:
    one, other = (avatar(Person(name, masked=True)) for name in ("Ana Keller", "Bo"))
    assert one == other
    assert "AK" not in one


@pytest.mark.django_db
def test_who_says_they_are_one_of_us_gets_neither_face_nor_page(client: Client, world: World) -> None:
    ours = factory.contact(world.acme, "Ana Keller", "ana@acme.example")
    fields = {"author": ours, "author_name": "Ana Keller", "author_email": "ana@acme.example", "level": "unverified"}
    factory.message(world.lead, "Pay at once.", standing="claimed-member", verdict="Nothing proves it.", **fields)
    client.force_login(world.member)
    page = client.get(f"/leads/{world.lead.pk}").content.decode()
    message = page[page.index("Unverified: says it is one of us") - 900 :][:900]
    assert "av nobody" in message
    assert ">AK<" not in message
    assert f"/contacts/{ours.pk}" not in message


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("standing", "level", "said", "unsaid"),
    [
        ("outsider", "verified", ">Outsider<", "Unverified"),
        ("outsider", "unverified", "Unverified outsider", ">Outsider<"),
        ("sender", "unverified", ">Unverified<", "Outsider"),
        ("sender", "", "Grüße", "Unverified"),
    ],
)
def test_what_is_said_of_a_message(
    client: Client, world: World, standing: str, level: str, said: str, unsaid: str
) -> None:
    factory.message(world.ticket, "Hello", subject="Grüße", standing=standing, level=level, verdict="So.")
    client.force_login(world.member)
    page = client.get(f"/tickets/{world.ticket.pk}").content.decode()
    assert said in page
    assert unsaid not in page


@pytest.mark.django_db
def test_a_held_and_a_refused_arrival_say_why_and_can_be_released(client: Client, world: World) -> None:
    client.force_login(world.admin)
    for state, target, is_there in (
        ("held", "filter", True),
        ("refused", "identity", True),
        ("refused", "none", False),
    ):
        mail = factory.arrival(world.acme, state=state, level="forged", verdict="It is disowned.")
        trace = [{"step": "from", "text": "Its domain looks like acme.example, and is another."}]
        factory.route(mail, world.acme, target, state, because="rspamd takes it for spam.", trace=trace)
        page = client.get(f"/arrivals/{mail.pk}").content.decode()
        assert "rspamd takes it for spam." in page
        assert "It is disowned." in page
        assert page.count("Its domain looks like acme.example") == 2
        assert ('value="release"' in page) == is_there


@pytest.mark.django_db
def test_a_domain_says_what_becomes_of_unproved_mail(client: Client, world: World) -> None:
    domain = AliasDomain.objects.filter(company_domains__company=world.acme)[0]
    client.force_login(world.admin)
    address = f"/settings/domains/{domain.pk}"
    sent = {
        "name": domain.name, "priority": "10", "bounce": "bounce", "catchall": "catchall", "way_in": "listener",
        "default_from": "notifications", "separator": "+",
    }  # fmt: skip
    assert client.post(address, {**sent, "unproved": "hold", "trusted_forwarders": "Lists.example"}).status_code == 302
    domain.refresh_from_db()
    assert (domain.unproved, domain.trusted_forwarders) == ("hold", "lists.example")
    assert client.post(address, sent).status_code == 302  # what was not sent stays
    domain.refresh_from_db()
    assert (domain.unproved, domain.trusted_forwarders) == ("hold", "lists.example")
    wrong = client.post(address, {**sent, "trusted_forwarders": "me@lists.example"})
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "me@lists.example" in page
    assert 'id="trusted_forwarders-error"' in page
