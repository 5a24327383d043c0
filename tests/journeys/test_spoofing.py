"""Mail that says it is from one of us, over real sockets: only what proves it makes it theirs."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from postroom.core.message.parse import parse
from tests.journeys.spoofs import (
    GENUINE,
    LINK,
    MEMBER,
    NOTED,
    SALES,
    SPOOFS,
    STAFF,
    STRICT_MEMBER,
    TRUSTED,
    ZONE,
    Spoof,
    mail,
)
from tests.support import ready
from tests.support.acting import Actor
from tests.support.dns_server import serving, table_of
from tests.support.running import Installation, stop
from tests.support.smtp_server import SmtpServer
from tests.support.supervised import wait_for

pytestmark = pytest.mark.slow

TITLE = "Discount"
SENDERS = (MEMBER, STRICT_MEMBER, "eve@evil.example", "bot@acme.example", "")


@dataclass(frozen=True)
class Office:
    """A running Acme to which this machine is a stranger; `became` is what became of each mail, by its name."""

    installation: Installation
    act: Actor
    link: str
    noted: str

    def send(self, one: Spoof, number: str) -> None:
        """Hand a mail over by its door."""
        raw = b"Message-ID: <%s@post.example>\r\n" % number.encode() + one.raw
        raw = raw.replace(LINK.encode(), self.link.encode()).replace(NOTED.encode(), self.noted.encode())
        DOORS[one.door](self.installation, raw, one.sender, one.to.replace(LINK, self.link))

    def became(self, number: str) -> dict[str, Any]:
        """What became of the mail with this number, once it is settled."""
        found: dict[str, Any] = wait_for(
            lambda: (row := self.act("became", message_id=f"{number}@post.example"))["settled"] and row, number
        )
        return found


def by_smtp(office: Installation, raw: bytes, sender: str, to: str) -> None:
    with smtplib.SMTP("127.0.0.1", office.port, local_hostname="acme.example", timeout=30) as server:
        server.sendmail(sender, [to], raw)


def by_lmtp(office: Installation, raw: bytes, sender: str, to: str) -> None:
    with smtplib.LMTP(str(office.var / "run" / "lmtp.sock")) as server:
        server.sendmail(sender, [to], raw)


def by_pipe(office: Installation, raw: bytes, sender: str, to: str) -> None:
    """The listener is not found, so that the mail goes by the spool."""
    words = ["-f", sender, "--socket", "/nowhere", *filter(None, [to])]
    assert office.run("postroom", "mailgate", *words, stdin=raw).returncode == 0


DOORS: Mapping[str, Callable[[Installation, bytes, str, str], None]] = {
    "smtp": by_smtp, "lmtp": by_lmtp, "pipe": by_pipe,
}  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with SmtpServer() as provider, serving(table_of(ZONE)) as names:
        extra = {
            "POSTROOM_DNS_SERVERS": f"127.0.0.1:{names.port}",
            "POSTROOM_OWN_NETWORKS": "192.0.2.0/24",
            "POSTROOM_TRUSTED_AUTHSERV_ID": TRUSTED,
            "POSTROOM_OUTGOING_SERVER": "127.0.0.1",
            "POSTROOM_OUTGOING_PORT": str(provider.port),
            "POSTROOM_OUTGOING_ENCRYPTION": "none",
            "POSTROOM_FROM_FILTER": "acme.example",
            "POSTROOM_WORKER_PARSERS": "0",
        }
        installation = Installation(tmp_path_factory.mktemp("spoofing") / "var", extra=extra)
        ready.put("acme", installation.var)
        with Actor(installation) as act:
            act("allow", emails=SENDERS)
            act("employ", email=STRICT_MEMBER)
            act("for_employees", local=STAFF.partition("@")[0])
            act("trust_forwarder", domain="forwarder.example")
            act("record", title=TITLE)
            processes = [installation.listener(), installation.worker()]
            try:
                note = act("note", user="admin", title=TITLE, body="Ten per cent at most?", mentions=["amara"])
                (copy,) = wait_for(lambda: list(provider.mails), "the note's copy")
                link = parse(copy.data).reply_to[0].email
                yield Office(installation, act, link, note["message_id"])
            finally:
                stop(processes)


@pytest.fixture(scope="module")
def sent(office: Office) -> None:
    """Everything was handed over."""
    for kind, mails in (("spoof", SPOOFS), ("genuine", GENUINE)):
        for number, one in enumerate(mails):
            office.send(one, f"{kind}-{number}")


def ids(mails: list[Spoof]) -> list[str]:
    return [one.name for one in mails]


@pytest.mark.parametrize("number", range(len(SPOOFS)), ids=ids(SPOOFS))
def test_no_forged_mail_is_one_of_ours(office: Office, sent: None, number: int) -> None:
    one = SPOOFS[number]
    became = office.became(f"spoof-{number}")
    assert (became["level"], became["verdict"]) == (one.level, one.verdict)
    said = [step["text"] for step in became["trace"]]
    assert f"{one.level}: {one.verdict}" in said
    assert one.trace in " ".join(said)
    assert bool(became["messages"]) is one.lands
    for message in became["messages"]:
        assert (message["user"], message["author_user"]) == ("", "")
        assert message["standing"] not in ("member", "reply-link")
        assert message["kind"] == "email"  # and so no note of hers
        assert (message["level"], message["verdict"]) == (one.level, one.verdict)
        assert message["told_outside"] == []
    if not one.lands:
        assert became["state"] == "held"


@pytest.mark.parametrize("number", range(len(GENUINE)), ids=ids(GENUINE))
def test_what_is_proved_is_hers(office: Office, sent: None, number: int) -> None:
    one = GENUINE[number]
    became = office.became(f"genuine-{number}")
    assert (became["level"], became["verdict"]) == (one.level, one.verdict)
    (message,) = became["messages"]
    assert message["standing"] == "member"
    assert message["author_user"] == MEMBER
    assert (message["kind"], message["visibility"]) == (("note", "internal") if one.to == LINK else ("email", "public"))


@pytest.mark.parametrize(("kind", "state"), [("hold", "held"), ("refuse", "refused"), ("flag", "routed")])
def test_the_domain_says_what_becomes_of_them(office: Office, sent: None, kind: str, state: str) -> None:
    office.act("unproved", kind=kind)
    plain = Spoof(kind, mail(f"From: {MEMBER}"), to=SALES)
    proved = Spoof(kind, GENUINE[0].raw, to=SALES)
    office.send(plain, f"plain-{kind}")
    office.send(proved, f"proved-{kind}")
    assert office.became(f"plain-{kind}")["state"] == state
    assert office.became(f"proved-{kind}")["state"] == "routed"
