"""Which From, then which server: asked for each letter, answered with the reason.

First the address to send as (`from_rewrite`), then the server for it (`search`), then the return path (`envelope`), and
all of it in words (`explain`).
"""

from __future__ import annotations

from postroom.core.addresses import Address, normalise
from postroom.core.sending import explain
from postroom.core.sending.envelope import return_path
from postroom.core.sending.facts import Choice, SendingFacts
from postroom.core.sending.from_rewrite import address_to_send_as
from postroom.core.sending.reply_to import reply_separator
from postroom.core.sending.search import candidates, failover, forced, notification_of, search
from postroom.core.trace import Step


def choose_server(author: Address, facts: SendingFacts) -> Choice:
    """The server, the From on the wire and the return path of a letter of this author.

    Total, and the same however `facts.servers` are ordered. Where there is neither a From that can be read nor a
    notification address, the From of the choice is empty and not admitted: nothing can be sent.
    """
    own = Address(normalise(author.email), author.name)
    sender, origin = address_to_send_as(own, facts)
    found, refusal = forced(sender, facts)
    asked = [] if found else candidates(facts)
    found = failover(found or search(own, sender, asked, facts), facts)
    path, may_tag = return_path(found.server, facts.bounce, found.wire.email)
    told = explain.Told(found, sender.email, notification_of(facts), asked, facts.forced_by_person, facts.down)
    because, named = explain.because(told), explain.candidates(told)
    return_tag, reply_tag = facts.tag if may_tag else "", reply_separator(facts)
    steps = [
        _step("from", origin),
        *([_step("forced server", f"{refusal} The search is made instead.")] if refusal else ()),
        *explain.servers(told, named, facts),
        *explain.away(told),
        _step("choice", because),
        _step("return path", explain.return_path(found, path, may_tag=may_tag, tag=return_tag)),
        _step("reply to", explain.reply_to(facts.reply_to, reply_tag)),
    ]
    return Choice(
        server=found.server.id if found.server else None,
        server_name=found.server.name if found.server else "",
        author=found.wire,
        return_path=path,
        may_tag=may_tag,
        case=found.case,
        admitted=found.admitted,
        because=because,
        reply_to=facts.reply_to,
        return_tag=return_tag,
        reply_tag=reply_tag,
        origin=origin,
        candidates=named,
        trace=tuple(steps),
        max_size=found.server.max_size if found.server else 0,
        size_assumed=found.server.size_assumed if found.server else False,
        smtputf8=found.server.smtputf8 if found.server else None,
    )


def _step(step: str, text: str) -> Step:
    return {"step": step, "text": text}
