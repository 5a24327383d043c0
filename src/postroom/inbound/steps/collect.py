"""Step 3: gather what routing has to know, for a whole batch, in a fixed number of queries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from postroom.conversations import facts as conversations
from postroom.conversations.limits import thread_counter
from postroom.core.addresses import normalise
from postroom.core.authentication.spoofs import Acquaintance
from postroom.core.authentication.verdict import Level
from postroom.core.proving import Trip
from postroom.core.routing.facts import (
    AliasFact,
    Facts,
    Limits,
    Part,
    Recipient,
    Referred,
    SenderFact,
    ThreadFact,
    Unproved,
    WhoMayWrite,
)
from postroom.core.trace import Step
from postroom.core.triage.loops import is_own
from postroom.directory import facts as directory
from postroom.domains import facts as domains
from postroom.inbound.work import Read, clean
from postroom.infra import counters, parameters
from postroom.infra.instance import own_ids
from postroom.outbound.proofs.results import known_trips
from postroom.records import facts as records

LONGEST_STEP = 1000  # characters


@dataclass(slots=True)
class _World:
    """Everything fetched for a batch."""

    known: dict[str, domains.Known] = field(default_factory=dict)
    referred: dict[str, list[conversations.Known]] = field(default_factory=dict)
    answered: dict[int, conversations.Answered] = field(default_factory=dict)
    takes_part: set[tuple[int, str]] = field(default_factory=set)
    contacts: dict[str, list[directory.Owner]] = field(default_factory=dict)
    members: dict[str, list[int]] = field(default_factory=dict)
    allowed: set[tuple[int, str]] = field(default_factory=set)
    following: set[tuple[int, str]] = field(default_factory=set)
    forced: dict[int, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    helps: dict[int, str] = field(default_factory=dict)
    trips: dict[str, Trip] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    instances: frozenset[str] = frozenset()
    own_domains: dict[int, frozenset[str]] = field(default_factory=dict)
    colleagues: dict[int, directory.Colleagues] = field(default_factory=dict)


def gather(reads: Sequence[Read]) -> list[Facts]:
    """The facts for each of these arrivals; at most twenty-one queries, whatever their number. A round trip of ours
    among them costs four more.
    """
    world = _fetch(reads)
    return [_facts(read, world) for read in reads]


def _fetch(reads: Sequence[Read]) -> _World:
    world = _World(limits=parameters.loop_limits(), instances=own_ids())
    senders = {read.sender for read in reads if read.sender}
    addresses = {address for read in reads for address in read.arrival.recipients}
    world.known = domains.recipients(addresses | senders | {email for read in reads for email in read.named})
    world.referred = conversations.messages_by_id({value for read in reads for value in read.referenced})
    world.contacts = directory.contacts_by_email(senders)
    world.members = directory.members_by_email(senders)
    found = [world.known[address] for address in addresses]
    world.answered = conversations.by_deliveries({copy for known in found if (copy := known.answered)})
    aliases = {known.alias.pk: known.alias for known in found if known.alias}
    world.allowed = domains.allowed_senders(aliases, senders) if aliases else set()
    if any(alias.who_may_write == WhoMayWrite.FOLLOWERS for alias in aliases.values()):
        world.following = records.alias_followers(aliases, senders)
    world.forced = conversations.threads_of(
        {int(alias.forced_target.rpartition(":")[2]) for alias in aliases.values() if alias.forced_target}
    )
    threads = {known.thread for hits in world.referred.values() for known in hits} | set(world.forced.values())
    threads |= {answered.thread for answered in world.answered.values()}
    theirs = {email for owners in world.contacts.values() for owner in owners for email in owner.addresses}
    world.takes_part = conversations.takes_part(threads, senders | theirs) if threads else set()
    if any(known.part in (Part.CATCHALL, Part.NOTIFICATIONS) for known in found):
        world.helps = domains.help_addresses({known.domain for known in found if known.domain})
    ours = sorted({company for known in found for company in _companies(known)})
    world.own_domains = domains.names_of(ours)
    world.colleagues = directory.colleagues(ours)
    world.trips = known_trips({token for read in reads for token in read.trip_tokens})
    keys = {key for read in reads for key in _counter_keys(read, world)}
    world.counts = counters.current(keys, world.limits.period * 60.0)
    return world


def _counter_keys(read: Read, world: _World) -> Iterable[str]:
    for address in read.arrival.recipients:
        known = world.known[address]
        if known.alias:
            yield alias_counter(known.alias.pk, read.sender)
        elif known.part is Part.CATCHALL:
            yield echo_counter(read)
        if answered := world.answered.get(known.answered):
            yield from _thread_counters(answered.thread, read)
    for value in read.referenced:
        for hit in world.referred.get(value, ()):
            yield from _thread_counters(hit.thread, read)


def _thread_counters(thread: int, read: Read) -> tuple[str, str]:
    return thread_counter(thread, read.sender), machine_counter(thread, read.sender)


def alias_counter(alias: int, sender: str) -> str:
    """The counter of records that a sender made by an alias."""
    return f"alias:{alias}:{sender}"


def machine_counter(thread: int, sender: str) -> str:
    """The counter of what machines sent to a thread under this address: no member's message sets it back."""
    return f"machine:{thread}:{sender}"


def echo_counter(read: Read) -> str:
    """The counter of mails to the catchall with the same author, subject and own words."""
    words = "\0".join((read.sender, plain_subject(read.understood.mail.subject), read.understood.split.own))
    return f"echo:{hashlib.sha256(words.encode('utf-8', 'replace')).hexdigest()[:40]}"


def plain_subject(subject: str) -> str:
    """A subject without its answer and forward marks, white space and case: for telling echoes, never for threading."""
    words = subject.lower().split()
    while words and words[0].endswith(":") and len(words[0]) <= 5:
        words.pop(0)
    return " ".join(words)


def _facts(read: Read, world: _World) -> Facts:
    found = [world.known[address] for address in dict.fromkeys(read.arrival.recipients)]
    companies = {company for known in found for company in _companies(known)}
    helps = [world.helps[known.domain] for known in found if known.domain in world.helps]
    echoes = world.counts.get(echo_counter(read), 0) if any(k.part is Part.CATCHALL for k in found) else 0
    return Facts(
        recipients=tuple(_recipient(known, read, world) for known in found),
        referred=tuple(_referred(read, companies, world)),
        ours=frozenset(email for email in read.named if _is_ours(world.known[email])),
        sender=_sender(read, world),
        limits=world.limits,
        envelope_sender=read.arrival.sender,
        from_headers=read.arrival.recipients_from_headers,
        own_mail=is_own(read.understood.mail, world.instances),
        echo_of="within the loop limit's period" if echoes else "",
        help_address=helps[0] if helps else "",
        released=read.arrival.limits_lifted,
        filters=read.filters,
        acquaintances=tuple((company, _acquaintance(company, read, world)) for company in sorted(companies)),
        trip=next((world.trips[token] for token in read.trip_tokens if token in world.trips), None),
    )


def _acquaintance(company: int, read: Read, world: _World) -> Acquaintance:
    colleagues = world.colleagues.get(company, directory.NO_COLLEAGUES)
    owners = world.contacts.get(read.sender, ())
    return Acquaintance(
        domains=world.own_domains.get(company, frozenset()),
        familiar=colleagues.domains,
        people=colleagues.names,
        is_member=company in world.members.get(read.sender, ())
        or any(one.company == company and one.is_colleague for one in owners),
    )


def _companies(known: domains.Known) -> tuple[int, ...]:
    return known.companies or ((known.alias.company_id,) if known.alias else ())


def _recipient(known: domains.Known, read: Read, world: _World) -> Recipient:
    return Recipient(
        address=known.address,
        base=known.base,
        part=known.part,
        companies=known.companies,
        alias=_alias(known, read, world) if known.alias else None,
        retired=known.retired,
        tag=known.tag,
        token_thread=_token_thread(known, read, world),
        token_delivery=known.delivery,
        token_problem=known.problem or _token_problem(known, world),
        unproved=Unproved(known.unproved),
    )


def _token_thread(known: domains.Known, read: Read, world: _World) -> ThreadFact | None:
    answered = world.answered.get(known.answered)
    if answered is None:
        return None
    return replace(_thread(answered, read, world), token_names_sender=normalise(answered.email) == read.sender)


def _token_problem(known: domains.Known, world: _World) -> str:
    gone = known.answered and known.answered not in world.answered
    return "the copy that carried this token is no longer kept" if gone else ""


def _alias(known: domains.Known, read: Read, world: _World) -> AliasFact | None:
    alias = known.alias
    if alias is None:
        return None
    forced = int(alias.forced_target.rpartition(":")[2]) if alias.forced_target else 0
    return AliasFact(
        id=alias.pk,
        address=alias.address,
        company=alias.company_id,
        record_type=alias.record_type,
        who_may_write=WhoMayWrite(alias.who_may_write),
        forced_target=alias.forced_target,
        forced_thread=world.forced.get(forced, 0),
        created_by_sender=world.counts.get(alias_counter(alias.pk, read.sender), 0),
        sender_is_free=(alias.pk, read.sender) in world.allowed,
        sender_follows=(alias.pk, read.sender) in world.following,
        takes_automatic=alias.takes_automatic,
    )


def _referred(read: Read, companies: set[int], world: _World) -> Iterable[Referred]:
    for value in read.referenced:
        for hit in world.referred.get(value, ()):
            if hit.company in companies:
                yield Referred(value, _thread(hit, read, world))


def _thread(hit: conversations.Known | conversations.Answered, read: Read, world: _World) -> ThreadFact:
    return ThreadFact(
        id=hit.thread,
        company=hit.company,
        record=f"{hit.record_type}:{hit.record}",
        record_type=hit.record_type,
        knows_sender=any((hit.thread, email) in world.takes_part for email in _addresses(read, hit.company, world)),
        replies_by_sender=sum(world.counts.get(key, 0) for key in _thread_counters(hit.thread, read)),
        internal=hit.internal,
        message=hit.message,
    )


def _addresses(read: Read, company: int, world: _World) -> set[str]:
    """Under which the sender may take part in conversations of a company: all of the contact whose address it is."""
    owners = [owner for owner in world.contacts.get(read.sender, ()) if owner.company == company]
    return {read.sender}.union(*(owner.addresses for owner in owners))


def _sender(read: Read, world: _World) -> SenderFact:
    known, owners = world.known.get(read.sender), world.contacts.get(read.sender, ())
    return SenderFact(
        email=read.sender,
        contacts=tuple((owner.company, owner.contact) for owner in owners),
        colleague_of=tuple(owner.company for owner in owners if owner.is_colleague),
        members_of=tuple(world.members.get(read.sender, ())),
        is_ours=known is not None and _is_ours(known),
        verified=read.verdict.level is Level.VERIFIED,
        forged=read.verdict.level is Level.FORGED,
        unknown=read.verdict.level is Level.UNKNOWN,
        verdict=read.verdict.because,
        evidence=tuple(_storable(step) for step in read.verdict.trace),
    )


def _is_ours(known: domains.Known) -> bool:
    """Whether we answer there ourselves: an unknown name at a domain of ours may be a mailbox elsewhere."""
    return known.part not in (Part.FOREIGN, Part.UNKNOWN)


def _storable(step: Step) -> Step:
    """A step of the evidence, in which domains are as the mail names them, as every database takes it."""
    return {**step, "text": clean(step["text"], LONGEST_STEP)}
