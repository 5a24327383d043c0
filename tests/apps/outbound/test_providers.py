"""The data of providers is well-formed, and a provider is guessed by address, MX and host."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.outbound.models import OutgoingServer
from postroom.outbound.providers.catalogue import GENERIC, PROVIDERS
from postroom.outbound.providers.guess import provider_for, provider_of_host
from postroom.outbound.providers.provider import MEGABYTE, Provider, SendsFor

WANTED = {
    "gmail", "google-workspace", "microsoft-connector", "outlook", "yahoo", "aol", "ses", "mailjet", "brevo", "mailgun",
    "sendgrid", "postmark", "generic",
}  # fmt: skip
NAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
ALL = pytest.mark.parametrize("one", PROVIDERS.values(), ids=list(PROVIDERS))


def test_every_provider_of_the_form_is_there() -> None:
    assert set(PROVIDERS) == WANTED
    assert list(PROVIDERS)[-1] == GENERIC


@ALL
def test_a_provider_is_well_formed(one: Provider) -> None:
    host = one.host_for("post@acme.example")
    assert one.key == GENERIC or NAME.fullmatch(host), host
    assert one.encryption in {"starttls", "tls"}, "verified is what is offered"
    assert (one.encryption == "tls") == (one.port == 465)
    assert one.authentication in OutgoingServer.Authentication.values
    assert one.port in {25, 465, 587}
    assert one.port not in one.other_ports
    assert set(one.other_ports) <= {25, 465, 587, 2525, 2465, 2587}
    assert one.mails_a_day >= 0
    assert one.bytes_a_mail == 0 or MEGABYTE <= one.bytes_a_mail <= 150 * MEGABYTE


@ALL
def test_a_provider_says_what_it_refuses_and_where_that_is_written(one: Provider) -> None:
    assert one.restrictions
    for words in (*one.restrictions, one.username_hint, *filter(None, [one.key_hint])):
        assert words.endswith((".", "%")), words
        assert words == words.strip()
        assert len(words) < 200, words
    address = urlsplit(one.help_url)
    assert (address.scheme, bool(address.hostname)) == ("https", True) or one.key == GENERIC
    assert one.authentication == "none" or one.username_hint


@ALL
def test_what_a_provider_is_known_by_are_plain_names_that_lead_back_to_it(one: Provider) -> None:
    for name in (*one.domains, *one.mx, *one.hosts):
        assert NAME.fullmatch(name), name
    for domain in one.domains:
        assert provider_for(f"somebody@{domain}") is one
    for end in one.mx:
        assert provider_for("somebody@acme.example", [f"{end}."]) is one, end
    if one.hosts:
        assert provider_of_host(one.host_for("post@acme.example")) is one


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("email-smtp.us-east-2.amazonaws.com", "ses"),
        ("Email-SMTP-fips.us-gov-west-1.amazonaws.com.", "ses"),
        ("ec2-203-0-113-7.compute-1.amazonaws.com", ""),
        ("smtp.mailgun.org", "mailgun"),
        ("smtp.eu.mailgun.org", "mailgun"),
        ("notmailgun.org", ""),
        ("smtp.acme.example", ""),
        ("", ""),
    ],
)
def test_a_provider_is_known_by_the_name_of_its_server(host: str, key: str) -> None:
    found = provider_of_host(host)
    assert (found.key if found else "") == key


def test_no_domain_belongs_to_two() -> None:
    domains = [domain for one in PROVIDERS.values() for domain in one.domains]
    assert len(domains) == len(set(domains))


@pytest.mark.parametrize(
    ("address", "mx", "key"),
    [
        ("Somebody@GMail.com", (), "gmail"),
        ("ada@hotmail.com", (), "outlook"),
        ("ada@yahoo.co.uk", (), "yahoo"),
        ("ada@aol.com", ("mx-aol.mail.gm0.yahoodns.net",), "aol"),
        ("ada@acme.example", ("ASPMX.L.GOOGLE.COM.", "alt1.aspmx.l.google.com."), "google-workspace"),
        ("ada@acme.example", ("acme-example.mail.protection.outlook.com.",), "microsoft-connector"),
        ("ada@acme.example", ("acme-example.a-v1.mx.microsoft.",), "microsoft-connector"),
        ("ada@acme.example", ("mta7.am0.yahoodns.net",), "yahoo"),
        ("ada@acme.example", ("mx.acme.example", "mxa.mailgun.org"), "mailgun"),
        ("ada@acme.example", ("mx.acme.example",), ""),
        ("ada@acme.example", ("evil-aspmx.l.google.com.acme.example",), ""),
        ("ada@notgmail.com", (), ""),
        ("gmail.com", (), ""),
        ("ada@", ("aspmx.l.google.com",), ""),
        ("", (), ""),
    ],
)
def test_a_provider_is_guessed(address: str, mx: tuple[str, ...], key: str) -> None:
    found = provider_for(address, mx)
    assert (found.key if found else "") == key


def test_the_connector_is_at_the_mx_of_the_domain() -> None:
    one = PROVIDERS["microsoft-connector"]
    assert one.host_for("ada@mail.acme.example") == "mail-acme-example.mail.protection.outlook.com"
    assert one.host_for("") == ""
    assert one.port == 25


@pytest.mark.parametrize(
    ("kind", "filtered"),
    [(SendsFor.OWN_ADDRESS, "ada@acme.example"), (SendsFor.VERIFIED_DOMAINS, "acme.example"), (SendsFor.ANY, "")],
)
def test_what_the_filter_must_be(kind: SendsFor, filtered: str) -> None:
    one = next(one for one in PROVIDERS.values() if one.sends_for is kind)
    assert one.filter_for("ada@acme.example") == filtered


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=4))
def test_a_guess_is_total(address: str, mx: list[str]) -> None:
    for one in PROVIDERS.values():
        one.host_for(address)
        one.filter_for(address)
    assert provider_for(address, mx) is None or "@" in address
