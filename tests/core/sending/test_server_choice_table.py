"""Which From, then which server: the whole rule as a table. Acme's domain is acme.example; its notification address is
notifications@acme.example, its bounce address bounce@acme.example; the default server has no filter.

KEPT is the author's own mailbox; N the notification address under the author's name; BOUNCE the bounce address, into
which a token may be put; WIRE the From on the wire, into which none may be put.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from postroom.core.addresses import Address
from postroom.core.sending.facts import SendingFacts, ServerFact
from postroom.core.sending.search import CASES as STEPS
from postroom.core.sending.server_choice import choose_server

from .build import author, default, server, world

KEPT, N, BOUNCE, WIRE = "kept", "notifications@acme.example", "bounce@acme.example", "the From on the wire"
MARY, ANNA, BOB = "Mary <mary@customer.example>", "Anna <anna@acme.example>", "bob@customer.example"
ANNA_ID = 7

O365 = server("O365", "acme.example")
RELAY = server("Relay", priority=20)
NEWS = server("News", "news.example")
BOX = server("Box", "notifications@acme.example")
EXACT = server("Exact", "anna@acme.example", 50)
OWN = server("Own", "anna@acme.example", 50, owner=ANNA_ID)
TRUSTED = server("Trusted", trusted_relay=True)

FIRST = server("First", "acme.example", 1, failover=True)


def _down(*servers: ServerFact, down: int = 1) -> SendingFacts:
    """A world in which the first of these servers are down."""
    return world(*servers, down=tuple((one.id, "9:14") for one in servers[:down]))


NOTHING = world()
OFFICE = world(O365, RELAY)
BEHIND = world(server("Open", priority=1), server("Late", "acme.example", 99))
TWICE = world(server("B", "acme.example"), server("A", "acme.example"))
NAMED = world(server("b", "acme.example"), server("C", "acme.example"), server("a", "acme.example"))
FOREIGN = world(NEWS)
FOREIGN_TWO = world(NEWS, server("Shop", "shop.example", 5))
PERSONAL = world(OWN, RELAY, author_user=ANNA_ID)
OTHERS = world(OWN, RELAY, author_user=8)
OWN_ALONE = world(OWN, author_user=ANNA_ID)
OWN_OPEN = world(server("Own", owner=ANNA_ID), author_user=ANNA_ID)
OWN_NOTES = world(server("Own", N, owner=ANNA_ID), NEWS, author_user=ANNA_ID)
OWN_LATE = world(OWN, O365, author_user=ANNA_ID)
GONE = world(server("O365", "acme.example", active=False), RELAY)
ALL_GONE = world(server("O365", "acme.example", active=False))
HOMELESS = world(RELAY, alias_domain="", bounce="")
IDNA = world(server("Umlaut", "müller.example"), NEWS)
MANY = world(server("Many", "x.example, ANNA@Acme.Example; y.example\nz.example, anna@acme.example"), RELAY)
SLIP = world(server("Slip", "acme example..x, not@@one"), RELAY)

FORCED = world(O365, RELAY, force_from="office@acme.example")
FORCED_BAD = world(O365, RELAY, force_from="office")
WHOLE = world(O365, RELAY, default_from="hello@acme.example")
WHOLE_FOREIGN = world(O365, RELAY, default_from="hello@else.example")
DYNAMIC = world(O365, RELAY, dynamic_from="web@acme.example")
DYNAMIC_HOMELESS = world(O365, RELAY, dynamic_from="web@acme.example", alias_domain="", bounce="")
LAST_TWO = world(O365, RELAY, default_from="b@acme.example", dynamic_from="c@acme.example")
ALL_THREE = replace(LAST_TWO, force_from="a@acme.example")

LOCAL = world(O365, RELAY, default_from="hello")
WHOLE_BOX = world(server("Box", "hello@acme.example"), NEWS, default_from="hello@acme.example")
CONFIGURED = world(O365, RELAY, alias_domain="", bounce="", email_from="post@host.example")
CONFIGURED_LISTED = world(NEWS, server("Host", "host.example"), alias_domain="", bounce="", email_from="P@Host.Example")
GLOBEX = {"alias_domain": "globex.example", "bounce": "bounce@globex.example"}
BOTH = server("Both", "acme.example, globex.example")
PARENT = {"default_from": "hello@globex.example"}


def ask(found: SendingFacts, forced: str) -> SendingFacts:
    """The same world, where the letter names its server."""
    ids = {one.name: one.id for one in found.servers}
    return world(*found.servers, author_user=found.author_user, forced_server=ids.get(forced, 999_999))


CASES = [
    # --- 1. a filter lists the exact address: the From is kept
    ("the exact address", world(EXACT), ANNA, "Exact", KEPT, WIRE, "address"),
    ("the exact address goes before a domain of better priority", world(O365, EXACT), ANNA, "Exact", KEPT, WIRE,
     "address"),
    ("the exact address in any case of letters", world(EXACT), "Anna <ANNA@Acme.Example>", "Exact", KEPT, WIRE,
     "address"),
    ("what the display name says is no address", world(EXACT), '"anna@acme.example" <x@y.example>', "Exact",
     '"anna@acme.example" <notifications@acme.example>', WIRE, "first, not admitted"),
    ("a filter with several items", MANY, ANNA, "Many", KEPT, WIRE, "address"),
    ("a part of an address is not the address", world(EXACT, RELAY), "hanna@acme.example", "Relay", N, BOUNCE,
     "unfiltered"),
    ("two list the address: by priority", world(server("B", "anna@acme.example", 5), EXACT), ANNA, "B", KEPT, WIRE,
     "address"),
    # --- 2. a filter lists the domain: the From is kept
    ("the domain", OFFICE, ANNA, "O365", KEPT, BOUNCE, "domain"),
    ("the domain in any case of letters", OFFICE, "Anna <anna@ACME.example>", "O365", KEPT, BOUNCE, "domain"),
    ("a filter goes before an open server of better priority", BEHIND, ANNA, "Late", KEPT, BOUNCE, "domain"),
    ("another item of the list", MANY, "q@z.example", "Many", KEPT, WIRE, "domain"),
    ("the same priority: by name", TWICE, ANNA, "A", KEPT, BOUNCE, "domain"),
    ("names in any case of letters", NAMED, ANNA, "a", KEPT, BOUNCE, "domain"),
    ("a subdomain is another domain", OFFICE, "x@mail.acme.example", "Relay", N, BOUNCE, "unfiltered"),
    ("the domain above is another domain", world(server("Sub", "mail.acme.example"), RELAY), ANNA, "Relay", N, BOUNCE,
     "unfiltered"),
    ("a domain that ends alike is another domain", OFFICE, "x@notacme.example", "Relay", N, BOUNCE, "unfiltered"),
    ("a domain in letters, a filter in letters", IDNA, "Eva <eva@müller.example>", "Umlaut", KEPT, WIRE, "domain"),
    ("a domain in A-labels, a filter in letters", IDNA, "Eva <eva@xn--mller-kva.example>", "Umlaut", KEPT, WIRE,
     "domain"),
    ("a domain in capital letters", IDNA, "Eva <eva@MÜLLER.Example>", "Umlaut", KEPT, WIRE, "domain"),
    ("a colleague at the notification address itself", OFFICE, N, "O365", KEPT, BOUNCE, "domain"),
    # --- 3. a server without a filter: the From becomes the notification address
    ("Mary's case", OFFICE, MARY, "Relay", "Mary <notifications@acme.example>", BOUNCE, "unfiltered"),
    ("an author without a name lends the local part", OFFICE, BOB, "Relay", "bob <notifications@acme.example>", BOUNCE,
     "unfiltered"),
    ("a name of other letters is kept", OFFICE, "Zoë Łącka <z@customer.example>", "Relay",
     "Zoë Łącka <notifications@acme.example>", BOUNCE, "unfiltered"),
    ("an open server goes before the notification address's", world(RELAY, BOX), MARY, "Relay", N, BOUNCE,
     "unfiltered"),
    ("open servers by priority", world(RELAY, server("Z", priority=3)), MARY, "Z", N, BOUNCE, "unfiltered"),
    ("open servers by name", world(server("Y"), server("X")), MARY, "X", N, BOUNCE, "unfiltered"),
    ("a trusted relay keeps any From", world(TRUSTED), MARY, "Trusted", KEPT, BOUNCE, "unfiltered"),
    ("a trusted relay goes by its priority", world(server("Z", priority=3), TRUSTED), MARY, "Z", N, BOUNCE,
     "unfiltered"),
    ("an author at the notification address stays", world(RELAY), f"Desk <{N}>", "Relay", KEPT, BOUNCE, "unfiltered"),
    ("no From at all", OFFICE, "", "Relay", "notifications@acme.example", BOUNCE, "unfiltered"),
    ("a From that is none", OFFICE, "Mary", "Relay", "Mary <notifications@acme.example>", BOUNCE, "unfiltered"),
    ("a trusted relay can't keep a From that is none", world(TRUSTED), "Mary", "Trusted", N, BOUNCE, "unfiltered"),
    ("without an alias domain the From is kept", HOMELESS, MARY, "Relay", KEPT, WIRE, "unfiltered"),
    ("neither a From nor an alias domain", HOMELESS, "", "Relay", "", "", "unfiltered, not admitted"),
    ("a filter with slips of the pen admits nobody", SLIP, ANNA, "Relay", N, BOUNCE, "unfiltered"),
    # --- 4. a filter that lists the notification address, then its domain
    ("the notification address", world(NEWS, BOX), MARY, "Box", N, WIRE, "notification address"),
    ("its domain", world(NEWS, O365), MARY, "O365", N, BOUNCE, "notification domain"),
    ("the address goes before the domain", world(O365, server("Box", N, 99)), MARY, "Box", N, WIRE,
     "notification address"),
    ("no From at all, and filters", world(NEWS, O365), "", "O365", "notifications@acme.example", BOUNCE,
     "notification domain"),
    ("the bounce address listed too", world(server("Box", f"{N}, bounce@acme.example")), MARY, "Box", N, BOUNCE,
     "notification address"),
    # --- 5. nothing fits: the first server, which admits nothing
    ("nothing fits", FOREIGN, MARY, "News", N, WIRE, "first, not admitted"),
    ("nothing fits: by priority", FOREIGN_TWO, MARY, "Shop", N, WIRE, "first, not admitted"),
    ("nothing fits a colleague either", FOREIGN, ANNA, "News", N, WIRE, "first, not admitted"),
    ("nothing fits, no alias domain", world(NEWS, alias_domain="", bounce=""), MARY, "News", KEPT, WIRE,
     "first, not admitted"),
    ("a trusted relay with a filter admits what it must send", world(server("T", "x.example", trusted_relay=True)),
     MARY, "T", N, BOUNCE, "first"),
    # --- 6. no server: the default server, whose filter decides in the same way
    ("no server", NOTHING, MARY, "Default", N, BOUNCE, "default"),
    ("no server, a colleague, no filter", NOTHING, ANNA, "Default", N, BOUNCE, "default"),
    ("its filter lists the domain", world(default=default("acme.example")), ANNA, "Default", KEPT, BOUNCE, "default"),
    ("its filter lists the address", world(default=default("anna@acme.example")), ANNA, "Default", KEPT, WIRE,
     "default"),
    ("its filter lists the notification address", world(default=default(N)), MARY, "Default", N, WIRE, "default"),
    ("its filter lists the notification address's domain", world(default=default("acme.example")), MARY, "Default", N,
     BOUNCE, "default"),
    ("its filter lists neither", world(default=default("x.example")), MARY, "Default", N, WIRE,
     "default, not admitted"),
    ("it is a trusted relay", world(default=default(trusted_relay=True)), MARY, "Default", KEPT, BOUNCE, "default"),
    ("no server, no alias domain", world(alias_domain="", bounce=""), MARY, "Default", KEPT, WIRE, "default"),
    ("no server of any kind", world(default=None), MARY, "", KEPT, WIRE, "none, not admitted"),
    ("a server of its own is enough", world(RELAY, default=None), MARY, "Relay", N, BOUNCE, "unfiltered"),
    # --- archived servers
    ("an archived server is passed over", GONE, ANNA, "Relay", N, BOUNCE, "unfiltered"),
    ("all are archived", ALL_GONE, ANNA, "Default", N, BOUNCE, "default"),
    ("all are archived and there is no default", world(*ALL_GONE.servers, default=None), ANNA, "", KEPT, WIRE,
     "none, not admitted"),
    # --- personal servers
    ("the author's own server", PERSONAL, ANNA, "Own", KEPT, WIRE, "address"),
    ("somebody else's own server", OTHERS, ANNA, "Relay", N, BOUNCE, "unfiltered"),
    ("an own server goes before the company's domain", OWN_LATE, ANNA, "Own", KEPT, WIRE, "address"),
    ("an own server for another From", PERSONAL, MARY, "Relay", N, BOUNCE, "unfiltered"),
    ("an own server is no last resort", OWN_ALONE, MARY, "Default", N, BOUNCE, "default"),
    ("an own server without a filter is never taken", OWN_OPEN, ANNA, "Default", N, BOUNCE, "default"),
    ("an own server does not send for the notification address", OWN_NOTES, MARY, "News", N, WIRE,
     "first, not admitted"),
    ("nobody in particular writes", world(OWN, RELAY), ANNA, "Relay", N, BOUNCE, "unfiltered"),
    # --- a letter that names its server
    ("the named server", ask(OFFICE, "Relay"), ANNA, "Relay", KEPT, BOUNCE, "forced"),
    ("the named server admits the From", ask(OFFICE, "O365"), ANNA, "O365", KEPT, BOUNCE, "forced"),
    ("the named server does not admit it: kept all the same", ask(OFFICE, "O365"), MARY, "O365", KEPT, BOUNCE,
     "forced, not admitted"),
    ("the named server, no From", ask(OFFICE, "O365"), "", "O365", "notifications@acme.example", BOUNCE, "forced"),
    ("the named server is archived", ask(GONE, "O365"), ANNA, "Relay", N, BOUNCE, "unfiltered"),
    ("the named server is gone", ask(OFFICE, "Nobody"), ANNA, "O365", KEPT, BOUNCE, "domain"),
    ("the named server is the default", world(O365, forced_server=0), ANNA, "Default", KEPT, BOUNCE, "forced"),
    ("the named default is not there", world(O365, forced_server=0, default=None), ANNA, "O365", KEPT, BOUNCE,
     "domain"),
    ("the named server is one's own", ask(PERSONAL, "Own"), ANNA, "Own", KEPT, WIRE, "forced"),
    ("the named server is one's own, another From", ask(PERSONAL, "Own"), MARY, "Relay", N, BOUNCE, "unfiltered"),
    ("the named server is somebody else's", ask(OTHERS, "Own"), ANNA, "Relay", N, BOUNCE, "unfiltered"),
    # --- overrides: the address is replaced, the name kept, and the steps run for it
    ("all mail under one address", FORCED, MARY, "O365", "Mary <office@acme.example>", BOUNCE, "domain"),
    ("all mail under one address, no name", FORCED, BOB, "O365", "bob <office@acme.example>", BOUNCE, "domain"),
    ("one address that is none", FORCED_BAD, MARY, "Relay", N, BOUNCE, "unfiltered"),
    ("default From a whole address", WHOLE, MARY, "O365", "Mary <hello@acme.example>", BOUNCE, "domain"),
    ("default From a whole address: colleagues too", WHOLE, ANNA, "O365", "Anna <hello@acme.example>", BOUNCE,
     "domain"),
    ("default From elsewhere", WHOLE_FOREIGN, ANNA, "Relay", "Anna <hello@else.example>", BOUNCE, "unfiltered"),
    ("foreign domains under one address", DYNAMIC, MARY, "O365", "Mary <web@acme.example>", BOUNCE, "domain"),
    ("the own domain is not foreign", DYNAMIC, ANNA, "O365", KEPT, BOUNCE, "domain"),
    ("without an alias domain every domain is foreign", DYNAMIC_HOMELESS, ANNA, "O365", "Anna <web@acme.example>",
     WIRE, "domain"),
    ("no From is foreign", DYNAMIC_HOMELESS, "Mary", "O365", "Mary <web@acme.example>", WIRE, "domain"),
    ("one address for all goes first", ALL_THREE, MARY, "O365", "Mary <a@acme.example>", BOUNCE, "domain"),
    ("then the default From", LAST_TWO, MARY, "O365", "Mary <b@acme.example>", BOUNCE, "domain"),
    ("an override by a trusted relay", world(TRUSTED, force_from="o@acme.example"), MARY, "Trusted",
     "Mary <o@acme.example>", BOUNCE, "unfiltered"),
    ("an override that is the author's own", world(O365, force_from="anna@acme.example"), "anna@acme.example", "O365",
     KEPT, BOUNCE, "domain"),
    ("an override holds for a named server too", world(O365, force_from="o@x.example", forced_server=O365.id), ANNA,
     "O365", "Anna <o@x.example>", BOUNCE, "forced, not admitted"),
    # --- the return path
    ("no bounce address", world(RELAY, bounce=""), MARY, "Relay", N, WIRE, "unfiltered"),
    ("a bounce address that is none", world(RELAY, bounce="bounce"), MARY, "Relay", N, WIRE, "unfiltered"),
    ("a bounce address of another domain", world(O365, bounce="b@else.example"), ANNA, "O365", KEPT, WIRE, "domain"),
    ("a trusted relay may send any bounce address", world(TRUSTED, bounce="b@else.example"), ANNA, "Trusted", KEPT,
     "b@else.example", "unfiltered"),
    ("the bounce address alone listed, by address", world(server("S", "anna@acme.example, bounce@acme.example")), ANNA,
     "S", KEPT, BOUNCE, "address"),
    ("no server that is first may send the bounce address", world(server("S", "bounce@acme.example")), ANNA, "S", N,
     BOUNCE, "first, not admitted"),
    ("the default server may not send the bounce address", world(default=default("anna@acme.example, x.example")),
     ANNA, "Default", KEPT, WIRE, "default"),
    # --- the default-from as a local part, and as a whole address
    ("a local part is at the alias domain", LOCAL, MARY, "Relay", "Mary <hello@acme.example>", BOUNCE, "unfiltered"),
    ("a local part replaces no colleague", LOCAL, ANNA, "O365", KEPT, BOUNCE, "domain"),
    ("a whole address that a filter lists: all mail is sent as it", WHOLE_BOX, MARY, "Box",
     "Mary <hello@acme.example>", WIRE, "address"),
    ("a whole address that a filter lists: colleagues too", WHOLE_BOX, ANNA, "Box", "Anna <hello@acme.example>", WIRE,
     "address"),
    ("a whole address in capital letters", world(O365, RELAY, default_from="Hello@ACME.example"), MARY, "O365",
     "Mary <hello@acme.example>", BOUNCE, "domain"),
    ("a whole address that is none counts as not set", world(O365, RELAY, default_from="hello@"), ANNA, "O365", KEPT,
     BOUNCE, "domain"),
    ("a whole address, nothing fits", world(NEWS, default_from="hello@acme.example"), MARY, "News",
     "Mary <hello@acme.example>", WIRE, "first, not admitted"),
    ("a whole address by the default server", world(default_from="hello@acme.example"), MARY, "Default",
     "Mary <hello@acme.example>", BOUNCE, "default"),
    ("a whole address and a named server", world(O365, default_from="hello@else.example", forced_server=O365.id), ANNA,
     "O365", "Anna <hello@else.example>", BOUNCE, "forced, not admitted"),
    ("an empty default-from, an alias domain", world(RELAY, default_from=""), MARY, "Relay", KEPT, BOUNCE,
     "unfiltered"),
    # --- companies and their alias domains
    ("the other company's domain decides", world(O365, RELAY, **GLOBEX), MARY, "Relay",
     "Mary <notifications@globex.example>", "bounce@globex.example", "unfiltered"),
    ("a colleague of the other company", world(O365, RELAY, **GLOBEX), "eva@globex.example", "Relay",
     "eva <notifications@globex.example>", "bounce@globex.example", "unfiltered"),
    ("one server for both companies, one's own", world(BOTH, RELAY), ANNA, "Both", KEPT, BOUNCE, "domain"),
    ("one server for both companies, the other's author", world(BOTH, RELAY), "eva@globex.example", "Both", KEPT,
     BOUNCE, "domain"),
    ("one server for both companies, the other's letter", world(BOTH, RELAY, **GLOBEX), ANNA, "Both", KEPT,
     "bounce@globex.example", "domain"),
    ("the other's domain is foreign to mail.dynamic.smtp.from", world(O365, RELAY, dynamic_from="w@acme.example"),
     "eva@globex.example", "O365", "eva <w@acme.example>", BOUNCE, "domain"),
    ("the own domain in capital letters is not foreign", DYNAMIC, "Anna <anna@ACME.Example>", "O365", KEPT, BOUNCE,
     "domain"),
    ("the mail of a daughter under the mother's address", world(BOTH, RELAY, **PARENT), ANNA, "Both",
     "Anna <hello@globex.example>", BOUNCE, "domain"),
    ("the configured address where there is no alias domain", CONFIGURED, MARY, "Relay", "Mary <post@host.example>",
     WIRE, "unfiltered"),
    ("the configured address replaces nobody who is admitted", CONFIGURED, ANNA, "O365", KEPT, WIRE, "domain"),
    ("the configured address, listed", CONFIGURED_LISTED, MARY, "Host", "Mary <p@host.example>", WIRE,
     "notification domain"),
    ("the configured address gives way to the alias domain's", world(RELAY, email_from="post@host.example"), MARY,
     "Relay", N, BOUNCE, "unfiltered"),
    ("the configured address is none", world(RELAY, alias_domain="", bounce="", email_from="post"), MARY, "Relay",
     KEPT, WIRE, "unfiltered"),
    # --- which server goes first
    ("an open server of worse priority goes before the notification address's", world(BOX, server("Z", priority=99)),
     MARY, "Z", N, BOUNCE, "unfiltered"),
    ("a filter of worse priority for a colleague, open ones before it", world(server("Z", priority=1), BOX, EXACT),
     ANNA, "Exact", KEPT, WIRE, "address"),
    ("the notification address: by priority", world(NEWS, BOX, server("First", N, 1)), MARY, "First", N, WIRE,
     "notification address"),
    ("its domain: by name", world(NEWS, server("b", "acme.example"), server("A", "acme.example")),
     MARY, "A", N, BOUNCE, "notification domain"),
    ("nothing fits: by name", world(server("b", "x.example"), server("A", "y.example")), MARY, "A", N, WIRE,
     "first, not admitted"),
    ("a negative priority", world(O365, server("Z", "acme.example", -5)), ANNA, "Z", KEPT, BOUNCE, "domain"),
    ("a trusted relay with a filter is no open server", world(server("T", "x.example", 1, trusted_relay=True), RELAY),
     MARY, "Relay", N, BOUNCE, "unfiltered"),
    ("a trusted relay behind an open server", world(server("Z", priority=3), TRUSTED), ANNA, "Z", N, BOUNCE,
     "unfiltered"),
    ("a trusted relay behind a filter that fits", world(O365, server("T", priority=1, trusted_relay=True)), ANNA,
     "O365", KEPT, BOUNCE, "domain"),
    ("a trusted relay that the letter names", world(O365, TRUSTED, forced_server=TRUSTED.id), MARY, "Trusted", KEPT,
     BOUNCE, "forced"),
    ("a trusted default server with a filter", world(default=default("x.example", trusted_relay=True)), MARY,
     "Default", N, BOUNCE, "default"),
    # --- a server that is down
    ("another takes over by the exact address", _down(server("A", "anna@acme.example", 1, failover=True), O365, EXACT),
     ANNA, "Exact", KEPT, WIRE, "failover"),
    ("another takes over by the domain", _down(FIRST, O365, NEWS), ANNA, "O365", KEPT, BOUNCE, "failover"),
    ("a trusted relay takes over", _down(FIRST, RELAY, TRUSTED), ANNA, "Trusted", KEPT, BOUNCE, "failover"),
    ("one without a filter would change the From", _down(FIRST, RELAY), ANNA, "First", KEPT, BOUNCE, "domain"),
    ("one without a filter sends the notification address", _down(server("Open", priority=1, failover=True), RELAY),
     MARY, "Relay", N, BOUNCE, "failover"),
    ("the next one is down too", _down(FIRST, replace(O365, failover=True), down=2), ANNA, "First", KEPT, BOUNCE,
     "domain"),
    ("it is not set to", _down(replace(FIRST, failover=False), O365), ANNA, "First", KEPT, BOUNCE, "domain"),
    ("the default server is no candidate", _down(FIRST), ANNA, "First", KEPT, BOUNCE, "domain"),
    ("a server that is named is not replaced", replace(_down(FIRST, O365), forced_server=FIRST.id), ANNA, "First",
     KEPT, BOUNCE, "forced"),
    ("somebody else's own server takes nothing over", _down(FIRST, OWN), ANNA, "First", KEPT, BOUNCE, "domain"),
    ("the author's own server takes over", replace(_down(FIRST, server("Own", "anna@acme.example", 50, owner=ANNA_ID)),
     servers=(replace(FIRST, filter=("anna@acme.example",)), OWN), author_user=ANNA_ID), ANNA, "Own", KEPT, WIRE,
     "failover"),
    # --- what is written in a filter
    ("an @ before the domain", world(server("S", "@acme.example"), RELAY), ANNA, "S", KEPT, BOUNCE, "domain"),
    ("empty items", world(server("S", " , ,acme.example,, "), RELAY), ANNA, "S", KEPT, BOUNCE, "domain"),
    ("nothing but commas is no filter", world(server("S", " ,; ")), MARY, "S", N, BOUNCE, "unfiltered"),
    ("an address of another domain lists no domain", world(server("S", "bo@acme.example"), RELAY), ANNA, "Relay", N,
     BOUNCE, "unfiltered"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "sender", "name", "wire", "path", "case"), [one[1:] for one in CASES], ids=[
    one[0] for one in CASES
])  # fmt: skip
def test_choice(found: SendingFacts, sender: str, name: str, wire: str, path: str, case: str) -> None:
    written = author(sender)
    choice = choose_server(written, found)
    assert (choice.server_name, choice.case) == (name, case.removesuffix(", not admitted"))
    assert choice.admitted is not case.endswith("not admitted")
    assert choice.author == _expected(wire, written)
    assert choice.return_path == (choice.author.email if path == WIRE else path)
    assert choice.may_tag is (path == found.bounce != "")


def _expected(wire: str, written: Address) -> Address:
    if wire == KEPT:
        return written
    if wire == N and written.email:
        return Address(N, written.name or written.local)
    return Address(N, written.name) if wire == N else author(wire)


def test_the_trace_names_both_servers() -> None:
    choice = choose_server(author(ANNA), _down(FIRST, O365, NEWS))
    assert choice.because == "First is down since 9:14; O365 admits the same From."
    whys = {one.name: one.why for one in choice.candidates}
    assert whys["First"] == "it is down since 9:14, and another takes over"
    assert whys["O365"].startswith("chosen instead, ")
    waits = choose_server(author(ANNA), _down(FIRST, RELAY))
    told = "First is down since 9:14; no other server admits the same From, so the mail waits."
    assert told in [step["text"] for step in waits.trace]


def test_the_table_is_whole() -> None:
    names = [one[0] for one in CASES]
    assert len(set(names)) == len(names) >= 120


def test_every_case_stands_in_the_table() -> None:
    assert {one[6].removesuffix(", not admitted") for one in CASES} == set(STEPS)
