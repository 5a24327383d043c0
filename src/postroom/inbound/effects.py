"""What decisions do to records and conversations, many at once, within the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from postroom.conversations.forwards import LONGEST_NAME, Passed, note_forwards
from postroom.conversations.limits import thread_counter
from postroom.conversations.models import Message, Thread
from postroom.conversations.notify import Posted, notify
from postroom.conversations.posting import Post, open_threads, post
from postroom.conversations.receivers import learn
from postroom.core.addresses import Address
from postroom.core.routing.decision import CameBack, Create, Decision, Hold, Reply, Standing
from postroom.core.routing.facts import AliasFact, Part
from postroom.core.triage.kinds import Automatic, Kind
from postroom.directory.contacts import Key, find_or_make
from postroom.domains.models import Alias
from postroom.inbound.models import Route
from postroom.inbound.steps.collect import alias_counter, echo_counter, machine_counter
from postroom.inbound.work import LONGEST_ID, Decided, clean
from postroom.infra import counters
from postroom.infra.clock import now
from postroom.outbound.proofs.results import Back, note
from postroom.records.desks import defaults_of
from postroom.records.record_types import Seed, record_type

BELIEVED = frozenset({Standing.PARTICIPANT, Standing.MEMBER})
_NOBODYS_WORDS = frozenset({Automatic.AUTO, Automatic.LIST, Automatic.LOOP})


@dataclass(slots=True)
class Act:
    """One decision about one arrival on its way to becoming a route. `reused`: the route's row is there already.
    `news` is the topic told to other processes."""

    decided: Decided
    decision: Decision
    route: Route
    reused: bool = False
    thread: Thread | None = None
    news: str = ""

    @property
    def sender(self) -> str:
        return self.decided.read.sender


def find_threads(acts: Sequence[Act]) -> None:
    """Lock the conversations that are answered, before anything else: a member who posts takes the same order."""
    wanted = {act.decision.thread for act in acts if isinstance(act.decision, Reply)}
    if not wanted:
        return
    rows = Thread.objects.select_related("record").filter(pk__in=wanted).order_by("pk")
    threads = {thread.pk: thread for thread in rows.select_for_update(of=("self",))}
    for act in acts:
        if isinstance(act.decision, Reply):
            act.thread, act.news = threads[act.decision.thread], "thread"


def count(acts: Sequence[Act]) -> None:
    """Add to the loop counters; a record that another transaction's records made one too many is held instead."""
    amounts: Counter[str] = Counter()
    for act in acts:
        match act.decision:
            case Create(alias=alias):
                amounts[alias_counter(alias, act.sender)] += 1
            case Reply(thread=thread):
                counter = machine_counter if _by_machine(act) else thread_counter
                amounts[counter(thread, act.sender)] += 1
                if all(r.part is Part.CATCHALL for r in act.decided.facts.recipients):
                    amounts[echo_counter(act.decided.read)] += 1
    if not amounts:
        return
    period = acts[0].decided.facts.limits.period * 60.0
    counts = counters.add(amounts, period)
    for act in reversed(acts):  # the latest ones wait
        if isinstance(act.decision, Create):
            _hold_if_over(act, act.decision, counts)


def _hold_if_over(act: Act, decision: Create, counts: dict[str, int]) -> None:
    facts, key = act.decided.facts, alias_counter(decision.alias, act.sender)
    limit = facts.limits.per_alias
    alias = _alias(act, decision.alias)
    if counts[key] <= limit or limit <= 0 or facts.released or alias.sender_is_free:
        return
    counts[key] -= 1
    act.decision = Hold(
        f"{act.sender or 'The sender'} made {limit} records by {alias.address} within {facts.limits.period} minutes,"
        " as many as are allowed: this one waits for a person.",
        recipients=decision.recipients,
        pair=decision.target,
        company_id=decision.company_id,
    )


def _alias(act: Act, alias_id: int) -> AliasFact:
    return next(r.alias for r in act.decided.facts.recipients if r.alias is not None and r.alias.id == alias_id)


def enact(acts: Sequence[Act]) -> None:
    """Make the records, open their threads, post the messages and tell whoever hears of them; each act's route then
    names its message.

    Raises:
        BadDefaults: an alias's defaults do not fit; nothing of the transaction may be kept.

    """
    note([_back(act, act.decision) for act in acts if isinstance(act.decision, CameBack)])
    creates = [act for act in acts if isinstance(act.decision, Create)]
    replies = [act for act in acts if isinstance(act.decision, Reply)]
    if not creates and not replies:
        return
    authors = find_or_make(_new_people([*creates, *replies]))
    _create(creates, authors)
    posted = [act for act in [*creates, *replies] if act.thread is not None]
    messages = post([_post(act, authors) for act in posted])
    for act, message in zip(posted, messages, strict=True):
        act.route.message = message
    note_forwards(list(_passed_on(posted, messages)))
    _learn(replies)
    notify([_posted(act, message) for act, message in zip(posted, messages, strict=True)])


def _back(act: Act, decision: CameBack) -> Back:
    return Back(decision.trip, decision.fates, decision.difference, act.decided.read.arrival.pk)


def _key(act: Act) -> Key:
    return act.decision.company, act.sender


def _new_people(acts: Sequence[Act]) -> dict[Key, str]:
    """Who becomes a contact: authors with an address of their own, but no outsider who merely knew a reference."""
    names: dict[Key, str] = {}
    for act in acts:
        author = act.decided.read.understood.mail.author
        outsider = isinstance(act.decision, Reply) and act.decision.outsider
        if author and not outsider and not act.decided.facts.sender.is_ours and not _is_nobodys(act):
            names.setdefault(_key(act), author.name)
    return names


def _is_nobodys(act: Act) -> bool:
    """Whether no contact wrote it: it says that it is from one of our people and nothing proves it, or its own domain
    disowns it.
    """
    sender = act.decided.facts.sender
    return sender.forged or sender.claims_member(act.decision.company)


def _author(act: Act, authors: dict[Key, int]) -> int | None:
    """The contact who wrote it. What is nobody's is shown under its address."""
    if _is_nobodys(act):
        return None
    known = dict(act.decided.facts.sender.contacts)
    return authors.get(_key(act), known.get(act.decision.company))


def _create(acts: Sequence[Act], authors: dict[Key, int]) -> None:
    if not acts:
        return
    aliases = {alias.pk: alias for alias in Alias.objects.filter(pk__in={act.decision.alias for act in acts})}  # type: ignore[attr-defined]
    desks = defaults_of(aliases)
    at = now()
    for key, group in groupby(sorted(acts, key=_type_of), key=_type_of):
        same = list(group)
        seeds, followers = [], []
        for act in same:
            alias = aliases[_create_of(act).alias]
            desk = desks.get(alias.pk)
            seed = Seed(
                company=alias.company_id,
                title=act.decided.read.understood.mail.subject,
                created_at=at,
                contact=_author(act, authors),
                defaults=alias.defaults,
            )
            seeds.append(replace(seed, desk=desk.desk, owner=desk.owner, stage=desk.stage) if desk else seed)
            followers.append(desk.followers if desk else ())
        records = record_type(key).create(seeds)
        for act, thread in zip(same, open_threads(records, followers, at), strict=True):
            act.thread, act.news = thread, "record"
    if unproved := [alias.pk for alias in aliases.values() if alias.health != Alias.Health.VALID]:
        Alias.objects.filter(pk__in=unproved).update(health=Alias.Health.VALID, health_reason="")


def _create_of(act: Act) -> Create:
    assert isinstance(act.decision, Create)
    return act.decision


def _type_of(act: Act) -> str:
    return _create_of(act).record_type


def _post(act: Act, authors: dict[Key, int]) -> Post:
    assert act.thread is not None
    facts = act.decided.facts
    internal = isinstance(act.decision, Reply) and act.decision.internal
    return Post(
        thread=act.thread,
        understood=act.decided.read.understood,
        author=_author(act, authors),
        standing=_standing(act),
        visibility=Message.Visibility.INTERNAL if internal else Message.Visibility.PUBLIC,
        received_at=act.decided.read.arrival.received_at,
        ours=facts.ours.union(*((r.address, r.base) for r in facts.recipients if r.part is not Part.FOREIGN)),
        is_doubted=_is_doubted(act),
        new_record=isinstance(act.decision, Create),
        new_author=act.decision.company not in dict(facts.sender.contacts),
        level=act.decided.read.level,
        verdict=act.decided.read.because,
        marks=tuple(clean(mark.kept, LONGEST_ID) for mark in act.decided.marks(act.decision.company)),
    )


def _standing(act: Act) -> str:
    if isinstance(act.decision, Reply):
        return Message.Standing(act.decision.standing.value)
    sender = act.decided.facts.sender
    if sender.is_member(act.decision.company):
        return Message.Standing.MEMBER
    if sender.claims_member(act.decision.company):
        return Message.Standing.CLAIMED_MEMBER
    return Message.Standing.OUTSIDER if sender.forged else Message.Standing.SENDER


def _is_doubted(act: Act) -> bool:
    """Whether whom it names does not take part yet: an answer that is not believed, and whatever is disowned."""
    if isinstance(act.decision, Reply):
        return act.decision.standing not in BELIEVED
    return act.decided.facts.sender.forged


def _passed_on(acts: Sequence[Act], messages: Sequence[Message]) -> Iterator[Passed]:
    """Who wrote first what made a record, where one of our own people, proved to be them, passed it on."""
    for act, message in zip(acts, messages, strict=True):
        forwarded = act.decided.read.understood.forwarded
        writer = forwarded.author if forwarded else None
        ours = isinstance(act.decision, Create) and message.standing == Message.Standing.MEMBER
        if ours and writer and writer.email != act.sender:
            yield Passed(message, Address(writer.email, clean(writer.name, LONGEST_NAME)))


def _learn(acts: Sequence[Act]) -> None:
    """Keep the ids under which servers passed our messages on, where an answer that was found by its token shows one.

    The message may have gone since the facts were gathered: then nothing is kept.
    """
    new = {
        (act.decision.answers, act.decision.company_id, clean(act.decision.learns, LONGEST_ID))
        for act in acts
        if isinstance(act.decision, Reply) and act.decision.learns
    }
    there = (
        set(Message.objects.filter(pk__in={one for one, _, _ in new}).values_list("pk", flat=True)) if new else set()
    )
    learn({row for row in new if row[0] in there})


def _posted(act: Act, message: Message) -> Posted:
    """What came, for those who are to hear of it. A machine's words are for our own people only."""
    assert act.thread is not None
    understood = act.decided.read.understood
    mail = understood.mail
    decision = act.decision
    return Posted(
        message=message,
        thread=act.thread,
        body_html=understood.html,
        body_text=mail.text or "\n\n".join(filter(None, (understood.split.own, understood.split.quoted))),
        already=frozenset(address.email for address in (*mail.authors, *mail.to, *mail.cc)),
        outside=_is_for_outside(act),
        answers=decision.answers if isinstance(decision, Reply) else 0,
    )


def _is_for_outside(act: Act) -> bool:
    """Whether people who are not ours may hear of it: written by a person who takes part or begins, and no note."""
    if act.decided.read.understood.triage.automatic in _NOBODYS_WORDS or _by_machine(act):
        return False
    if isinstance(act.decision, Reply):
        return act.decision.standing in BELIEVED and not act.decision.internal
    return _standing(act) in (Message.Standing.SENDER, Message.Standing.MEMBER)


def _by_machine(act: Act) -> bool:
    triage = act.decided.read.understood.triage
    return triage.kind is Kind.AUTO_REPLY or triage.automatic in (Automatic.AUTO, Automatic.LOOP)
