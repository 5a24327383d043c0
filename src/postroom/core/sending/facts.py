"""What is known when a server and a From are chosen, and what was chosen: frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from postroom.core.addresses import Address
from postroom.core.trace import Step

DEFAULT_SERVER = 0  # the id of the default server, which stands in the configuration and not in a row


@dataclass(frozen=True, slots=True)
class ServerFact:
    """A server as the choice sees it. `filter` holds normalised addresses and domains, empty admits every From by
    default; `owner` is the user whose personal server it is, 0 for everybody's; `trusted_relay` sends for any From.
    `max_size` is the largest mail that it takes, in bytes, 0 for any; `size_assumed`: nobody said so, most servers do.
    `smtputf8`: whether it offers that, None where nobody has looked.
    `failover`: while it is down the next server that admits the same From sends its mail.
    """

    id: int
    name: str
    priority: int = 10
    filter: tuple[str, ...] = ()
    owner: int = 0
    active: bool = True
    trusted_relay: bool = False
    max_size: int = 0
    size_assumed: bool = False
    smtputf8: bool | None = None
    failover: bool = False


@dataclass(frozen=True, slots=True)
class SendingFacts:
    """Everything that `choose_server` looks at besides the author.

    `servers`: those of the author's company and those of all companies, archived ones too (a forced one may be).
    `default`: the default server of the configuration; None where there is none. `alias_domain` is the company's,
    empty without one; `default_from` is its default-from as it was entered (a local part or a whole address);
    `bounce` its bounce address. `force_from` and `dynamic_from` are the parameters `mail.force.smtp.from` and
    `mail.dynamic.smtp.from`. `author_user` is the user who writes, 0 for nobody; `forced_server` an id, or None;
    `forced_by_person`: somebody chose it for this copy alone.

    `email_from` is the notification address of the configuration, for a company without one of its own: no author's
    address gives way to it where a server admits that.

    `reply_to` is the untagged address of ours for answers, empty: they go to the From. `tag` is the separator by which
    tokens may be put into addresses at the alias domain; empty where tags were not seen to arrive there.

    `down`: the servers that nobody is let in by, by id, each with since when, in words.
    """

    servers: tuple[ServerFact, ...] = ()
    default: ServerFact | None = None
    alias_domain: str = ""
    default_from: str = "notifications"
    bounce: str = ""
    email_from: str = ""
    force_from: str = ""
    dynamic_from: str = ""
    author_user: int = 0
    forced_server: int | None = None
    forced_by_person: bool = False
    reply_to: str = ""
    tag: str = ""
    down: tuple[tuple[int, str], ...] = ()

    def server(self, number: int | None) -> ServerFact | None:
        """The server of this id, 0 or None for the default one; None where there is none."""
        if not number:
            return self.default
        return next((one for one in self.servers if one.id == number), None)

    @property
    def notification(self) -> str:
        """The notification address: `default_from`, at the alias domain where it is a local part; else `email_from`."""
        if "@" in self.default_from:
            return self.default_from
        own = self.alias_domain and self.default_from
        return f"{self.default_from}@{self.alias_domain}" if own else self.email_from


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that was asked, by id (0: the default server), and why it was chosen or not, in a part of a sentence."""

    server: int
    name: str
    why: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The server a mail goes by (None: there is none at all), the From on the wire and the return path.

    `return_path` is untagged; `may_tag` says that it is the bounce address, so that a token may be put into it.
    `reply_to` is untagged, too, and empty where no Reply-To is written. `return_tag` and `reply_tag` are the separators
    by which each copy's own token is put into them; empty: none is. `candidates` are the servers that were asked, in
    order: the chosen one is always among them, though a trace names no more than `explain.MOST_SERVERS`.
    `case` names the step that decided: `address`, `domain`, `unfiltered`, `notification address`,
    `notification domain`, `first`, `default`, `forced`, `failover`, `none`. `admitted` is False where nothing admits
    the From: it leaves none the less, and pages warn. `because` is one sentence, `origin` another: where the From came
    from. `trace` says all of this in order, and is kept with every mail that is sent. `max_size` (bytes, 0 for any),
    `size_assumed` and `smtputf8` (None: nobody has looked) are those of the server.
    """

    server: int | None
    server_name: str
    author: Address
    return_path: str
    may_tag: bool
    case: str
    admitted: bool
    because: str
    reply_to: str = ""
    return_tag: str = ""
    reply_tag: str = ""
    origin: str = ""
    candidates: tuple[Candidate, ...] = ()
    trace: tuple[Step, ...] = ()
    max_size: int = 0
    size_assumed: bool = False
    smtputf8: bool | None = None
