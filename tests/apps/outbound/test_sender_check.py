"""A sender's check against a DNS server on loopback: what stands in DNS, and one deadline for all of it."""

from __future__ import annotations

import time

import pytest

from postroom.core.authentication.sender import Sender
from postroom.infra.config import config
from postroom.infra.dns import Limits, Resolver
from postroom.outbound.servers.sender_check import sender_checks
from tests.support.dns_server import Records, serving

TABLE: Records = {
    ("acme.example", "TXT"): ['"v=spf1 a:relay.example -all"'],
    ("_dmarc.acme.example", "TXT"): ['"v=DMARC1; p=quarantine"'],
    ("relay.example", "A"): ["192.0.2.3"],
}
SENDER = Sender("acme.example", "acme.example", "relay.example")


def test_the_words_of_dns() -> None:
    with serving(TABLE) as server:
        spf, dkim, dmarc = sender_checks(SENDER, Resolver([server.address]))
    assert (spf.verdict, dkim.verdict, dmarc.verdict) == ("aligned", "cannot be told", "aligned")
    assert spf.record == "v=spf1 a:relay.example -all"
    assert len(server.asked) == len(set(server.asked))


@pytest.mark.parametrize(
    ("name", "kind"), [("acme.example", "TXT"), ("_dmarc.acme.example", "TXT"), ("relay.example", "A")]
)
@pytest.mark.parametrize("fault", ["SERVFAIL", "MALFORMED", "REFUSED"])
def test_a_resolver_in_trouble_is_told_apart_from_a_missing_record(name: str, kind: str, fault: str) -> None:
    with serving({**TABLE, (name, kind): fault}) as server:  # type: ignore[dict-item]
        told = sender_checks(SENDER, Resolver([server.address], Limits(seconds=0.5, tries=1)))
    assert "could not ask" in {check.verdict for check in told}
    assert "no record" not in {check.verdict for check in told}


def test_one_deadline_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "dns_check_seconds", 0.3)
    silent: Records = dict.fromkeys(TABLE, "SILENT")
    with serving(silent) as server:
        started = time.monotonic()
        told = sender_checks(SENDER, Resolver([server.address], Limits(seconds=60.0, tries=3, deadline=600.0)))
    assert time.monotonic() - started < 30  # it does not wait for the resolver's own limits
    assert [check.verdict for check in told] == ["could not ask", "cannot be told", "could not ask"]


def test_a_sender_without_a_server_cannot_be_told() -> None:
    with serving(TABLE) as server:
        spf, _, _ = sender_checks(Sender("acme.example", "acme.example", ""), Resolver([server.address]))
    assert (spf.verdict, "No server is named" in spf.text) == ("cannot be told", True)
