"""DMARC (RFC 9989): the policy of the domain in From, found by a walk up the DNS tree, and whether SPF or DKIM align.

Instead of a list of public suffixes the records themselves say where an organisation begins (§4.10), so a name may cost
several questions; a walk asks for the first name alone and for all names above it together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from postroom.core.authentication.dmarc_record import (
    ONE_BELOW,
    DmarcRecord,
    Policy,
    dmarc_records,
    parse_dmarc,
)
from postroom.core.authentication.questions import Answer, Asking, Question, ask, askable
from postroom.core.authentication.remembered import Remembered
from postroom.core.trace import Step, readable

MOST_LABELS = 8  # beyond these a walk jumps to the last seven (§4.10)
MOST_IDENTIFIERS = 20  # signing domains of one mail that are looked at


@dataclass(frozen=True, slots=True)
class DmarcResult:
    """Pass, fail, `none` (DMARC does not apply) or `temperror` (could not ask); what is asked of receivers.

    `policy` is what applies to a mail that fails, after `t=y`; `published` is what the record says; both are empty
    without a record. `found_at` is the name whose record it is, `organizational` the author's Organizational Domain.
    """

    result: Literal["none", "pass", "fail", "temperror"]
    policy: Policy | Literal[""] = ""
    published: Policy | Literal[""] = ""
    record: DmarcRecord | None = None
    found_at: str = ""
    organizational: str = ""
    spf_aligned: bool = False
    dkim_aligned: tuple[str, ...] = ()
    trace: tuple[Step, ...] = ()


@dataclass(slots=True)
class Walk:
    """The records of a walk, the longest name first; `unknown` says which name could not be asked for, if one."""

    start: str
    records: list[tuple[str, DmarcRecord]] = field(default_factory=list)
    unknown: str = ""
    words: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether it goes no further up: somebody could not be asked, or says where the organisation begins."""
        return bool(self.unknown) or bool(self.records and self.records[-1][1].psd != "u")

    @property
    def organizational(self) -> str:
        """The Organizational Domain that these records select (§4.10.2)."""
        for name, record in self.records:
            if record.psd == "n":
                return name
            if record.psd == "y" and name != self.start:
                return ".".join(self.start.split(".")[-(name.count(".") + 2) :])
        return self.records[-1][0] if self.records else self.start

    @property
    def applicable(self) -> tuple[str, DmarcRecord] | None:
        """The record that applies where the author's own domain has none: the organisation's, else the suffix's."""
        at = dict(self.records)
        name = self.organizational
        if name in at:
            return name, at[name]
        return self.records[-1] if self.records else None


@dataclass(slots=True)
class _Trace:
    steps: list[Step] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        self.steps.append({"step": "dmarc", "text": readable(sentence)})


def walk_names(domain: str) -> list[str]:
    """The names of a walk, at most eight: the domain, then what is left as labels are taken off (§4.10)."""
    labels = domain.split(".")
    above = labels[1:] if len(labels) < MOST_LABELS else labels[1 - MOST_LABELS :]
    return [domain, *(".".join(above[index:]) for index in range(len(above)))]


def walk(domain: str) -> Asking[Walk]:
    """Walk up the tree from a domain until a record says by psd= where the organisation begins."""
    made = Walk(domain)
    if not askable(domain):
        return made
    first, *above = walk_names(domain)
    answer = yield from ask(Question(f"_dmarc.{first}", "TXT"))
    _hear(made, first, answer)
    if made.is_over or not above:
        return made
    answers = yield tuple([Question(f"_dmarc.{name}", "TXT") for name in above])
    for name, one in zip(above, answers, strict=True):
        _hear(made, name, one)
        if made.is_over:
            break
    return made


def _hear(made: Walk, name: str, answer: Answer) -> None:
    """Add to a walk what is published at a name."""
    if answer.unknown:
        made.unknown = name
        made.words.append(f"_dmarc.{name} could not be asked for ({answer.words}).")
        return
    records = dmarc_records(answer.texts)
    if len(records) == 1:
        record = parse_dmarc(records[0])
        made.records.append((name, record))
        made.words.append(f"_dmarc.{name} publishes “{record.text[:200]}”.")
        return
    there = f"has {len(records)} DMARC records, which are all passed over" if records else "has no DMARC record"
    made.words.append(f"_dmarc.{name} {there}.")


def evaluate_dmarc(author: str, spf_domain: str = "", dkim_domains: Sequence[str] = ()) -> Asking[DmarcResult]:
    """DMARC of a mail: the domain in From, the domain for which SPF passed (or empty) and those whose DKIM signatures
    verified. Domains are A-labels.
    """
    key = (_plain(author), spf_domain, tuple(dkim_domains))
    return (yield from _KNOWN.evaluate(key, _evaluated(*key)))


def _evaluated(author: str, spf_domain: str, dkim_domains: Sequence[str]) -> Asking[DmarcResult]:
    trace = _Trace()
    walked = yield from walk(author)
    for words in walked.words:
        trace.say(words)
    own = walked.records[0] if walked.records and walked.records[0][0] == author else None
    if walked.unknown and own is None:
        return DmarcResult("temperror", trace=tuple(trace.steps))
    applied = own or walked.applicable
    if applied is None:
        trace.say(f"Nobody publishes a DMARC policy for {author}.")
        return DmarcResult("none", organizational=walked.organizational, trace=tuple(trace.steps))
    found_at, record = applied
    if not record.applies:
        trace.say(f"The record at _dmarc.{found_at} has no valid policy and no address to report to: it is ignored.")
        return DmarcResult("none", "", "", record, found_at, walked.organizational, trace=tuple(trace.steps))
    published = yield from _policy(author, found_at, record, trace)
    policy = ONE_BELOW[published] if record.testing else published
    if record.testing and policy != published:
        trace.say(f"t=y: while it is tested, {policy} applies instead of {published}.")
    aligned = _Alignment(author, walked, trace)
    spf = (yield from aligned.of("SPF", [spf_domain], strict=record.strict_spf)) if spf_domain else []
    dkim = yield from aligned.of("DKIM", dkim_domains, strict=record.strict_dkim)
    result = _result(spf, dkim, aligned, trace)
    org = "" if walked.unknown else walked.organizational
    return DmarcResult(result, policy, published, record, found_at, org, bool(spf), tuple(dkim), tuple(trace.steps))


_KNOWN: Remembered[DmarcResult] = Remembered(most=1024)


def _plain(domain: str) -> str:
    return domain.lower().removesuffix(".")


def _result(
    spf: list[str], dkim: list[str], aligned: _Alignment, trace: _Trace
) -> Literal["pass", "fail", "temperror"]:
    if spf or dkim:
        trace.say(f"{' and '.join(['SPF'] * bool(spf) + ['DKIM'] * bool(dkim))} align with {aligned.author}: pass.")
        return "pass"
    if aligned.untold:
        trace.say("Whether the domains belong together could not be asked for.")
        return "temperror"
    trace.say(f"Nothing that authenticates this mail aligns with {aligned.author}: fail.")
    return "fail"


def _policy(author: str, found_at: str, record: DmarcRecord, trace: _Trace) -> Asking[Policy]:
    """p, sp or np of the record (§4.10.1)."""
    if record.p is None or record.faulty:
        wrong = f"{', '.join(record.faulty)} is not valid" if record.faulty else "p is missing"
        trace.say(f"In the record at _dmarc.{found_at} {wrong}: it counts as p=none.")
        return "none"
    if found_at == author:
        return record.p
    if record.np is not None and record.np != (record.sp or record.p):
        answer = yield from ask(Question(author, "A"))
        if answer.status == "no domain":
            trace.say(f"{author} does not exist: np={record.np} of {found_at} applies.")
            return record.np
    policy = record.sp or record.p
    trace.say(f"{'sp' if record.sp else 'p'}={policy} of {found_at} applies to {author}.")
    return policy


@dataclass(slots=True)
class _Alignment:
    """Which identifiers align with the author's domain (§4.4); `untold` after a question that nobody answered."""

    author: str
    walked: Walk
    trace: _Trace
    untold: bool = False

    def of(self, method: str, domains: Sequence[str], *, strict: bool) -> Asking[list[str]]:
        found: list[str] = []
        for domain in list(dict.fromkeys(map(_plain, domains)))[:MOST_IDENTIFIERS]:
            if domain == self.author or (yield from self._aligns(domain, strict=strict)):
                found.append(domain)
            else:
                self.trace.say(f"{method} speaks for {domain}, which is not {self._wanted(strict=strict)}.")
        return found

    def _wanted(self, *, strict: bool) -> str:
        return f"{self.author} itself (strict)" if strict else f"of the same organisation as {self.author}"

    def _aligns(self, domain: str, *, strict: bool) -> Asking[bool]:
        """Whether another domain than the author's own does."""
        if strict or not askable(domain):
            return False
        if self.walked.unknown:
            self.untold = True
            return False
        org = self.walked.organizational
        if domain != org and not domain.endswith(f".{org}"):
            return False  # its own organisation is a part of its name, and cannot be this one
        other = yield from walk(domain)
        self.untold = self.untold or bool(other.unknown)
        return not other.unknown and other.organizational == org
