"""A domain is proved through a real Postfix: one that hands on, strips tags, renames mails, drops some."""

from __future__ import annotations

import itertools
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import ready
from tests.support.acting import Actor
from tests.support.postfix import relaying_to
from tests.support.running import Installation, free_port, stop
from tests.support.supervised import wait_for

pytestmark = pytest.mark.slow

TITLE = "Forty vans"
EVERY = ("catchall", "catchall+", "bounce", "bounce+", "sales", "support")


@dataclass(frozen=True)
class Relay:
    """How a Postfix is set up: lines of main.cf, and the tables that they name, in which {door} is the LMTP socket."""

    settings: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)

    def tables_for(self, door: Path) -> dict[str, str]:
        """The tables with the socket that is there."""
        return {name: text.replace("{door}", str(door)) for name, text in self.tables.items()}


PLAIN = Relay()
STRIPPING = Relay(
    {
        "recipient_delimiter": "+",
        "recipient_canonical_maps": "regexp:{folder}/canonical",
        "recipient_canonical_classes": "envelope_recipient",
    },
    {"canonical": r"/^([^+]+)\+[^@]*@(.+)$/ ${1}@${2}" + "\n"},
)
RENAMING = Relay(
    {"header_checks": "regexp:{folder}/headers", "always_add_missing_headers": "yes"},
    {"headers": "/^Message-ID:/ IGNORE\n"},
)
BY_LMTP = Relay(
    {"transport_maps": "regexp:{folder}/transport"},
    {"transport": r"/@acme\.example$/ lmtp:unix:{door}" + "\n"},
)
DROPPING = Relay(
    {"transport_maps": "regexp:{folder}/transport"},
    {"transport": "/^sales@/ discard:\n/^bounce\\+/ discard:\n"},
)


@dataclass
class Place:
    """An installation behind a relay, whose processes run."""

    installation: Installation

    def prove(self) -> tuple[int, dict[str, Any]]:
        """`postroom prove`: its exit status, and what it says."""
        done = self.installation.run("postroom", "prove", "acme.example", "--by", "admin-acme", "--json")
        assert done.stdout, done.stderr.decode()
        return done.returncode, json.loads(done.stdout)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.installation.var / "postroom.sqlite3", timeout=20) as database:
            return database.execute(sql).fetchall()


@contextmanager
def _door() -> Iterator[Path]:
    """The path of a socket in a folder that Postfix may come into; short, as names of sockets have to be."""
    folder = Path(tempfile.mkdtemp(prefix="door-"))
    folder.chmod(0o755)
    try:
        yield folder / "lmtp.sock"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def behind(relay: Relay, folder: Path, **settings: str) -> Iterator[Place]:
    listens = free_port()
    with _door() as door, relaying_to(listens, relay.settings, relay.tables_for(door)) as port:
        extra = {
            "POSTROOM_LMTP_SOCKET": str(door),
            "POSTROOM_LMTP_GROUP": "postfix",
            "POSTROOM_OUTGOING_SERVER": "127.0.0.1",
            "POSTROOM_OUTGOING_PORT": str(port),
            "POSTROOM_OUTGOING_ENCRYPTION": "none",
            "POSTROOM_FROM_FILTER": "acme.example",
            **settings,
        }
        installation = Installation(folder / "var", extra=extra, port=listens)
        ready.put("acme", installation.var)
        place = Place(installation)
        place.rows("UPDATE domains_aliasdomain SET way_in = 'forwarded'")
        processes = [installation.listener(), installation.worker()]
        try:
            yield place
        finally:
            stop(processes)


def became(said: dict[str, Any]) -> dict[str, list[str]]:
    """What became of each address; a tag is written as its separator alone."""
    found = {}
    for trip in said["trips"]:
        base, plus, _ = trip["address"].partition("@")[0].partition("+")
        found[base + plus] = trip["fates"]
    return found


def written(place: Place, body: str) -> tuple[str, str]:
    """The separators of Reply-To and return path with which an answer of Amara's left."""
    with Actor(place.installation) as act:
        act("write", user="amara", title=TITLE, body=body, to=["hanna@customer.example"])
    query = "SELECT reply_tag, return_tag FROM outbound_dispatch d JOIN outbound_letter l ON l.id = d.letter_id"
    where = f"WHERE l.about <> '' AND l.text LIKE '%{body}%'"
    wait_for(lambda: place.rows(f"{query} {where}"), "the answer has a server")
    reply, returned = place.rows(f"{query} {where} ORDER BY d.id DESC")[0]
    return str(reply), str(returned)


def test_a_plain_relay_proves_the_domain_and_tags_are_used_from_then_on(tmp_path: Path) -> None:
    with behind(PLAIN, tmp_path) as place:
        with Actor(place.installation) as act:
            act("record", title=TITLE)
        assert written(place, "before") == ("", "")
        status, said = place.prove()
        assert became(said) == {name: ["arrived"] for name in EVERY}
        assert (status, said["tags_arrive"]) == (0, True)
        assert said["closed_at"] is not None
        assert place.rows("SELECT DISTINCT state FROM inbound_inboundmail") == [("reported",)]
        assert place.rows("SELECT count(*) FROM records_record") == [(1,)], "no trip made one"
        tries = itertools.count(1)
        wait_for(lambda: written(place, f"after {next(tries)}.") == ("+", "+"), "the worker knows of the tags")


def test_a_domain_whose_mail_comes_in_by_lmtp_is_proved(tmp_path: Path) -> None:
    with behind(BY_LMTP, tmp_path) as place:
        status, said = place.prove()
        assert became(said) == {name: ["arrived"] for name in EVERY}
        assert (status, said["tags_arrive"]) == (0, True)
        assert place.rows("SELECT DISTINCT source, state FROM inbound_inboundmail") == [("lmtp", "reported")]
        assert place.rows("SELECT DISTINCT health FROM domains_alias") == [("valid",)], "they were seen to work"


def test_a_relay_that_strips_tags_is_told_apart(tmp_path: Path) -> None:
    with behind(STRIPPING, tmp_path) as place:
        status, said = place.prove()
        stripped = {name: ["without_tag" if name.endswith("+") else "arrived"] for name in EVERY}
        assert became(said) == stripped
        assert (status, said["tags_arrive"]) == (1, False)
        words = {trip["words"] for trip in said["trips"]} - {""}
        assert words == {f"Its tag is gone: it came for {name}@acme.example." for name in ("bounce", "catchall")}
        assert place.rows("SELECT tags_proved_at FROM domains_aliasdomain") == [(None,)]


def test_a_relay_that_renames_mails_is_known_by_it(tmp_path: Path) -> None:
    with behind(RENAMING, tmp_path) as place:
        status, said = place.prove()
        assert became(said) == {name: ["id_rewritten"] for name in EVERY}
        assert (status, said["tags_arrive"]) == (0, True), "tags arrive all the same"
        assert all("relay.example>" in trip["words"] for trip in said["trips"])
        assert place.rows("SELECT DISTINCT state FROM inbound_inboundmail") == [("reported",)]


def test_what_a_relay_drops_is_lost_once_the_time_is_over(tmp_path: Path) -> None:
    with behind(DROPPING, tmp_path, POSTROOM_PROOF_SECONDS="10") as place:
        status, said = place.prove()
        lost = {name: ["lost" if name in ("sales", "bounce+") else "arrived"] for name in EVERY}
        assert became(said) == lost
        assert (status, said["tags_arrive"]) == (1, False)
