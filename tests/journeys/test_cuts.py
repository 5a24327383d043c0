"""The way out is cut in every manner: each copy ends as it was promised, and the pages say so in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from subprocess import Popen
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support import ready
from tests.support.acting import Actor
from tests.support.browser import Site, context_for, serving, sign_in, watched
from tests.support.chromium import running_chromium
from tests.support.require import require
from tests.support.running import Installation, free_port, kill, stop
from tests.support.smtp_server import DROP, Hang, Mail, SmtpServer
from tests.support.supervised import wait_for

pytestmark = pytest.mark.slow

HANNA, BOB = "hanna@customer.example", "bob@customer.example"
LEASE_SECONDS = 3.0  # the time after which a killed worker's copies are looked at
PATIENCE = 30_000  # milliseconds until a page must show what happened


@dataclass
class Way:
    """The provider behind the one configured server; it can be away."""

    port: int = field(default_factory=free_port)
    now: SmtpServer | None = None
    taken: list[Mail] = field(default_factory=list)

    @property
    def mails(self) -> list[Mail]:
        """Everything that it got, also before it was away."""
        return [*self.taken, *(self.now.mails if self.now else [])]

    @property
    def server(self) -> SmtpServer:
        assert self.now is not None
        return self.now

    def open(self) -> None:
        self.now = SmtpServer(port=self.port)
        self.now.__enter__()

    def close(self) -> None:
        if self.now is not None:
            self.now.__exit__(None, None, None)
            self.taken += self.now.mails
        self.now = None


@dataclass(frozen=True)
class Sent:
    """An answer on its way, on the page of its record. `copies` by address, as they were when it was posted."""

    office: Office
    message: int
    ids: dict[str, int]

    def line(self, address: str) -> Locator:
        """The line that a message shows about a copy."""
        return self.office.page.locator(f"#b{self.message} li.copy", has=self.office.page.get_by_title(address))

    def says(self, address: str, *words: str) -> None:
        """The open page comes to say this, without a reload."""
        for one in words:
            expect(self.line(address)).to_contain_text(one, timeout=PATIENCE)

    def tells(self, address: str, *words: str) -> None:
        """The page of the copy alone says this."""
        copy = self.office.page.context.new_page()
        copy.goto(f"/copies/{self.ids[address]}")
        for one in words:
            expect(copy.locator("main")).to_contain_text(one)
        copy.close()

    def copy(self, address: str) -> dict[str, Any]:
        """The copy as it is kept."""
        found: dict[str, Any] = self.office.act("copies", message=self.message)[address]
        return found

    def ended(self, address: str, state: str, *tries: str) -> None:
        """The copy comes to this state after these tries."""
        wait_for(lambda: self.copy(address)["state"] == state, f"{address} {state}: {self.copy(address)}")
        assert self.copy(address)["tries"] == list(tries)

    def got(self, address: str) -> int:
        """How often the provider got it for this address."""
        words = f"Answer {self.message_title}.".encode()
        return sum(words in mail.data and address in mail.recipients for mail in self.office.way.mails)

    @property
    def message_title(self) -> str:
        return self.office.titles[self.message]


@dataclass
class Office:
    """Acme with its real processes, and an administrator who looks at the conversation in a browser."""

    installation: Installation
    way: Way
    act: Actor
    page: Page
    workers: list[Popen[bytes]]
    titles: dict[int, str] = field(default_factory=dict)

    def answer(self, title: str, *to: str) -> Sent:
        """A new lead is answered to these, in this order; its page is open before the first copy leaves."""
        record = self.act("record", title=title)
        self.page.goto(f"/leads/{record['id']}")
        self.page.wait_for_timeout(500)  # until the page listens for news
        made = self.act("write", user="amara", title=title, body=f"Answer {title}.", to=to)
        self.titles[made["id"]] = title
        ids = {address: one["id"] for address, one in self.act("copies", message=made["id"]).items()}
        assert sorted(ids) == sorted(to)
        return Sent(self, made["id"], ids)

    def time_passes(self) -> None:
        """The pause before the next try is over."""
        self.act("time_passes")

    def kill_the_worker(self) -> None:
        """Kill -9; another one takes over."""
        kill(self.workers.pop())
        self.workers.append(self.installation.worker())

    @contextmanager
    def server_is_down(self) -> Iterator[None]:
        """Nothing listens where the server was."""
        self.way.close()
        try:
            yield
        finally:
            self.way.open()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    chromium, way = require("chromium"), Way()
    extra = {
        "POSTROOM_OUTGOING_SERVER": "127.0.0.1",
        "POSTROOM_OUTGOING_PORT": str(way.port),
        "POSTROOM_OUTGOING_ENCRYPTION": "none",
        "POSTROOM_OUTGOING_CONNECTIONS": "1",  # one copy after the other, so that a kill meets just one
        "POSTROOM_SEND_WINDOW": "1",
        "POSTROOM_SEND_LEASE_SECONDS": str(LEASE_SECONDS),
        "POSTROOM_FROM_FILTER": "acme.example",
        "POSTROOM_WORKER_ONLY": "outbound",
    }
    site = Site(Installation(tmp_path_factory.mktemp("cuts") / "var", extra=extra), free_port())
    ready.put("acme", site.installation.var)
    way.open()
    workers: list[Popen[bytes]] = []
    try:
        with serving(site), Actor(site.installation) as act, running_chromium(chromium) as browser:
            page, complaints = watched(context_for(browser, site))
            sign_in(page, act("password", user="admin")["username"])
            workers.append(site.installation.worker())
            yield Office(site.installation, way, act, page, workers)
            page.context.close()
            assert complaints == []
    finally:
        stop(workers)
        way.close()


# --- what a server says


def test_a_copy_that_is_put_off_waits_and_goes_once(office: Office) -> None:
    office.way.server.on(f"RCPT {HANNA}", "451 4.7.1 Greylisted, come again")
    sent = office.answer("put off", HANNA)
    sent.says(HANNA, "waits for the next try at", "server 127.0.0.1 put it off: 451 4.7.1 Greylisted, come again")
    sent.tells(HANNA, "Waits for its turn or for the next try.", "Next try:", "Put off", "451 4.7.1 Greylisted")
    sent.ended(HANNA, "queued", "deferred")
    office.time_passes()
    sent.says(HANNA, "taken by the server")
    sent.ended(HANNA, "accepted", "deferred", "accepted")
    sent.tells(HANNA, "The server took it.", "451 4.7.1 Greylisted, come again", "250 2.0.0 Ok")
    assert sent.got(HANNA) == 1


def test_put_off_after_the_final_dot_is_no_more_than_put_off(office: Office) -> None:
    office.way.server.on(f"dot {HANNA}", "452 4.3.1 Out of storage")
    sent = office.answer("full", HANNA)
    sent.says(HANNA, "waits for the next try at", "452 4.3.1 Out of storage")
    office.time_passes()
    sent.says(HANNA, "taken by the server")
    sent.ended(HANNA, "accepted", "deferred", "accepted")
    assert sent.got(HANNA) == 1


def test_a_refusal_is_final_and_quoted(office: Office) -> None:
    office.way.server.on(f"dot {HANNA}", "554 5.7.1 Looks like spam")
    sent = office.answer("refused", HANNA)
    sent.says(HANNA, "not delivered", "Default server 127.0.0.1 refused it: 554 5.7.1 Looks like spam")
    sent.tells(HANNA, "Refused for good, put off for too long", "Refused", "554 5.7.1 Looks like spam")
    sent.ended(HANNA, "failed", "refused")
    office.time_passes()
    assert not sent.copy(HANNA)["waits"]
    assert sent.got(HANNA) == 0


def test_one_recipient_is_refused_and_the_other_has_it(office: Office) -> None:
    office.way.server.on(f"RCPT {HANNA}", "550 5.1.1 No such user here")
    sent = office.answer("in part", HANNA, BOB)
    sent.says(HANNA, "not delivered", "550 5.1.1 No such user here")
    sent.says(BOB, "taken by the server")
    expect(sent.line(BOB)).not_to_contain_text("550")
    sent.tells(HANNA, "550 5.1.1 No such user here")
    sent.tells(BOB, "The server took it.")
    sent.ended(HANNA, "failed", "refused")
    sent.ended(BOB, "accepted", "accepted")
    assert (sent.got(HANNA), sent.got(BOB)) == (0, 1)


# --- what becomes of the connection


def test_a_server_that_is_down_keeps_its_copies_waiting_until_it_is_back(office: Office) -> None:
    with office.server_is_down():
        sent = office.answer("down", HANNA, BOB)
        for address in (HANNA, BOB):
            sent.says(address, "waits for the next try at", "connection refused")
        sent.tells(HANNA, "Next try:", "connection refused")
    wait_for(lambda: office.act("time_passes") or office.act("unsettled") == 0, "everything left")
    for address in (HANNA, BOB):
        sent.says(address, "taken by the server")
        assert sent.got(address) == 1


@pytest.mark.parametrize("step", ["MAIL", f"RCPT {HANNA}", "DATA"])
def test_a_connection_that_is_lost_before_the_final_dot_costs_a_try(office: Office, step: str) -> None:
    office.way.server.on(step, DROP)
    sent = office.answer(f"lost at {step.partition(' ')[0]}", HANNA)
    sent.says(HANNA, "waits for the next try at", "127.0.0.1 did not take the mail: it closed the connection.")
    sent.ended(HANNA, "queued", "deferred")
    assert sent.got(HANNA) == 0
    office.time_passes()
    sent.says(HANNA, "taken by the server")
    sent.ended(HANNA, "accepted", "deferred", "accepted")
    assert sent.got(HANNA) == 1


def test_a_connection_that_is_lost_behind_the_final_dot_leaves_the_copy_unknown(office: Office) -> None:
    office.way.server.on(f"dot {HANNA}", DROP)
    sent = office.answer("lost behind the dot", HANNA, BOB)
    sent.says(HANNA, "may have been sent: no answer came")
    sent.says(BOB, "taken by the server")
    sent.tells(HANNA, "it may have been sent and is not repeated", "no answer", "did not confirm it")
    sent.ended(HANNA, "unknown", "unknown")
    office.time_passes()
    assert not sent.copy(HANNA)["waits"], "nothing but a person sends it again"
    assert (sent.got(HANNA), sent.got(BOB)) == (1, 1)
    sent.line(HANNA).get_by_role("button", name=re.compile("Send again, perhaps twice")).click()
    sent.says(HANNA, "taken by the server")
    sent.ended(HANNA, "accepted", "unknown", "accepted")
    assert (sent.got(HANNA), sent.got(BOB)) == (2, 1)


# --- what becomes of the worker


def test_a_worker_that_is_killed_mid_exchange(office: Office) -> None:
    """What was on the wire is unknown; what was only claimed goes, once, by the next worker."""
    office.way.server.on(f"dot {HANNA}", Hang(60.0))
    sent = office.answer("killed", HANNA, BOB)
    wait_for(lambda: sent.got(HANNA), "the mail for Hanna")
    sent.says(HANNA, "is being handed to the server")
    office.kill_the_worker()
    sent.says(HANNA, "may have been sent: no answer came")
    sent.says(BOB, "taken by the server")
    sent.tells(HANNA, "it may have been sent and is not repeated", "The sender ended while this copy was on its way")
    sent.ended(HANNA, "unknown", "unknown")
    sent.ended(BOB, "accepted", "accepted")
    assert (sent.got(HANNA), sent.got(BOB)) == (1, 1)


def test_a_worker_that_is_killed_while_the_mail_is_being_taken(office: Office) -> None:
    """Nobody has it, yet nobody can know that: it waits for a person."""
    server = office.way.server.on("DATA", Hang(60.0))
    before = server.commands.count("DATA")
    sent = office.answer("killed early", HANNA)
    wait_for(lambda: server.commands.count("DATA") > before, "DATA")
    office.kill_the_worker()
    sent.says(HANNA, "may have been sent: no answer came")
    assert sent.got(HANNA) == 0
    sent.line(HANNA).get_by_role("button", name=re.compile("Send again")).click()
    sent.says(HANNA, "taken by the server")
    assert sent.got(HANNA) == 1


# --- and at the end


def test_nobody_has_anything_twice_but_what_a_person_sent_again(office: Office) -> None:
    office.time_passes()
    wait_for(lambda: office.act("unsettled") == 0, "everything settled")
    others = {("lost behind the dot", HANNA): 2, ("refused", HANNA): 0, ("in part", HANNA): 0}
    for message, title in office.titles.items():
        sent = Sent(office, message, {})
        for address in office.act("copies", message=message):
            assert sent.got(address) == others.get((title, address), 1), f"{address}: {title}"
