"""SPF (RFC 7208): whether a client may send mail that names a domain in MAIL FROM or HELO.

`evaluate_spf` is check_host() of §4, a generator of questions. Every way ends in one of the seven results of §2.6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

from postroom.core.authentication.questions import Answer, Asking, Question, RecordType, ask, askable
from postroom.core.authentication.remembered import Remembered
from postroom.core.authentication.spf_macros import as_domain, expand, valid_explanation, wants
from postroom.core.authentication.spf_record import ASKING, Address, Directive, SpfRecord, parse_spf, spf_records
from postroom.core.trace import Step, readable

Result = Literal["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"]

MOST_LOOKUPS = 10  # terms that ask DNS, of a whole evaluation (§4.6.4)
MOST_VOIDS = 2  # of those that find nothing (§4.6.4)
MOST_NAMES = 10  # hosts of one mx, names of one ptr (§4.6.4)
LONGEST_EXPLANATION = 2000  # octets of a domain owner's own words before they are expanded; longer ones are left out
MOST_STEPS = 200  # lines of a trace; the rest is left out
SHOWN = 120  # characters of a record in a line of the trace


@dataclass(frozen=True, slots=True)
class SpfResult:
    """The result, the domain that was asked, its record as published, the term that decided, the domain owner's own
    explanation of a fail, and every step in words.
    """

    result: Result
    domain: str = ""
    record: str = ""
    term: str = ""
    explanation: str = ""
    trace: tuple[Step, ...] = ()


class _End(Exception):
    """The evaluation ends here: temperror or permerror."""

    def __init__(self, result: Literal["temperror", "permerror"], words: str) -> None:
        super().__init__(words)
        self.result: Literal["temperror", "permerror"] = result
        self.words = words


@dataclass(slots=True)
class _Check:
    """What all steps of one evaluation share. `decided_by` and `exp` are the domain whose record decides, and what it
    says where its explanation stands.
    """

    ip: Address
    client: str
    sender: str
    helo: str
    receiver: str
    seconds: int  # since 1970
    lookups: int = 0
    voids: int = 0
    trace: list[Step] = field(default_factory=list)
    record: str = ""
    term: str = ""
    decided_by: str = ""
    exp: str = ""
    names: list[str] | None = None  # the client's validated names, once they were asked for
    expanded: bool = False  # a macro was, which may stand for the sender, HELO or the time

    @property
    def family(self) -> RecordType:
        return "A" if isinstance(self.ip, IPv4Address) else "AAAA"

    def say(self, text: str) -> None:
        if len(self.trace) < MOST_STEPS:
            self.trace.append({"step": "spf", "text": readable(text)})


def evaluate_spf(ip: str, mail_from: str, helo: str, receiver: str = "unknown", now: int = 0) -> Asking[SpfResult]:
    """SPF of a mail: `mail_from` as in the envelope (empty for a bounce: then HELO counts, §2.4), the client's address
    as text, `now` in seconds since 1970 for explanations that tell the time.
    """
    local, at, domain = mail_from.rpartition("@")
    domain = (domain if at or mail_from else helo).lower().removesuffix(".")
    client = _client(ip)
    if client is None:
        return SpfResult("none", domain, trace=({"step": "spf", "text": f"“{ip[:60]}” is no address."},))
    sender = f"{local or 'postmaster'}@{domain}"
    check = _Check(client, str(client), sender, helo, receiver, now)
    return (yield from _KNOWN.evaluate((client, domain), _evaluated(check, domain), lambda: not check.expanded))


def _evaluated(check: _Check, domain: str) -> Asking[SpfResult]:
    try:
        result: Result = yield from _check_host(check, domain, domain)
    except _End as end:
        result = end.result
        check.say(f"{end.words}: {result}.")
    explanation = ""
    if result == "fail":
        explanation = yield from _explanation(check)
    return SpfResult(result, domain, check.record, check.term, explanation, tuple(check.trace))


_KNOWN: Remembered[SpfResult] = Remembered(most=1024)


@lru_cache(maxsize=1024)
def _client(ip: str) -> Address | None:
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _values(check: _Check, domain: str) -> dict[str, str]:
    """What macros stand for (§7.2), all but %{p}."""
    local, _, sender_domain = check.sender.rpartition("@")
    four = isinstance(check.ip, IPv4Address)
    return {
        "s": check.sender,
        "l": local,
        "o": sender_domain,
        "d": domain,
        "h": check.helo,
        "i": check.client if four else ".".join(f"{int(check.ip):032x}"),
        "v": "in-addr" if four else "ip6",
        "c": check.client,
        "r": check.receiver,
        "t": str(check.seconds),
    }


def _check_host(check: _Check, domain: str, asked_by: str) -> Asking[Result]:
    """§4.3 to §4.7 for one domain."""
    check.exp = ""
    if not askable(domain) or "." not in domain:
        check.say(f"“{domain[:100]}” is no domain of at least two labels: none.")
        return "none"
    answer = yield from ask(Question(domain, "TXT"))
    if answer.unknown:
        raise _End("temperror", f"the TXT records of {domain} could not be asked for ({answer.words})")
    records = spf_records(answer.texts)
    if len(records) > 1:
        raise _End("permerror", f"{domain} publishes {len(records)} SPF records, and only one may stand")
    if not records:
        check.say(f"{domain} {'does not exist' if answer.status == 'no domain' else 'has no SPF record'}: none.")
        return "none"
    record = parse_spf(records[0])
    check.record = check.record or record.text
    check.say(f"{domain} publishes “{record.text[:SHOWN]}{'…' if len(record.text) > SHOWN else ''}”.")
    if record.error:
        raise _End("permerror", f"the record of {domain} cannot be read: {record.error}")
    return (yield from _terms(check, domain, record, asked_by))


def _terms(check: _Check, domain: str, record: SpfRecord, asked_by: str) -> Asking[Result]:
    for directive in record.directives:
        if directive.network is not None:
            matched = check.ip in directive.network
        else:
            matched = yield from _matches(check, domain, directive)
        if matched:
            check.say(f"{directive.text} of {domain} matches {check.client}: {directive.result}.")
            check.term, check.exp, check.decided_by = directive.text, record.exp, domain
            return directive.result
    if not record.redirect:
        check.say(f"Nothing of {domain} matches {check.client}: neutral.")
        return "neutral"
    target = yield from _target(check, domain, record.redirect)
    _count(check, f"redirect={record.redirect}")
    check.say(f"{domain} hands the decision to {target}.")
    result = yield from _check_host(check, target, asked_by)
    if result == "none":
        raise _End("permerror", f"{target}, to which {domain} redirects, has no SPF record")
    return result


def _count(check: _Check, term: str) -> None:
    check.lookups += 1
    if check.lookups > MOST_LOOKUPS:
        raise _End("permerror", f"{term} would be the lookup after {MOST_LOOKUPS}, the most that receivers make")


def _matches(check: _Check, domain: str, directive: Directive) -> Asking[bool]:
    """Whether a directive matches that is not of a network."""
    name = directive.name
    if name == "all":
        return True
    if name in ASKING:
        _count(check, directive.text)
    target = (yield from _target(check, domain, directive.domain)) if directive.domain else domain
    match name:
        case "include":
            return (yield from _include(check, domain, target))
        case "a":
            return (yield from _a(check, directive, target))
        case "mx":
            return (yield from _mx(check, directive, target))
        case "exists":
            answer = yield from _lookup(check, Question(target, "A"), directive.text)
            return answer.found
    validated = yield from _validated(check, target)
    return bool(validated)


def _target(check: _Check, domain: str, spec: str) -> Asking[str]:
    """The name that a domain-spec stands for."""
    if "%" not in spec:
        return spec.removesuffix(".")
    return as_domain((yield from _expanded(check, domain, spec)))


def _expanded(check: _Check, domain: str, text: str) -> Asking[str]:
    """A text with its macros replaced (§7); %{p} costs questions and is resolved only where it stands."""
    check.expanded = True
    values = _values(check, domain)
    if wants(text, "p"):
        values["p"] = yield from _p(check, domain)
    return expand(text, values)


def _lookup(check: _Check, question: Question, term: str) -> Asking[Answer]:
    """Ask for a term: an error ends the evaluation (§5), nothing found counts as void (§4.6.4)."""
    answer = yield from ask(question)
    if answer.unknown:
        raise _End("temperror", f"{term}: {question.name} {question.type} could not be asked for ({answer.words})")
    if not answer.found:
        check.voids += 1
        check.say(f"{term}: {question.name} has no {question.type} record.")
        if check.voids > MOST_VOIDS:
            raise _End("permerror", f"{term} is the lookup after {MOST_VOIDS} that found nothing")
    return answer


def _include(check: _Check, domain: str, target: str) -> Asking[bool]:
    """§5.2: only a pass of the other record matches; without a record the whole is wrong."""
    term, record = check.term, check.record
    result = yield from _check_host(check, target, domain)
    check.term, check.record = term, record
    if result == "none":
        raise _End("permerror", f"{target}, which {domain} includes, has no SPF record")
    return result == "pass"


def _a(check: _Check, directive: Directive, target: str) -> Asking[bool]:
    answer = yield from _lookup(check, Question(target, check.family), directive.text)
    return any(_within(check.ip, value, directive) for value in answer.values)


def _mx(check: _Check, directive: Directive, target: str) -> Asking[bool]:
    """§5.4. The hosts are asked for together; a host without an address of the client's family is not void."""
    answer = yield from _lookup(check, Question(target, "MX"), directive.text)
    if len(answer.values) > MOST_NAMES:
        raise _End("permerror", f"{target} has {len(answer.values)} MX hosts, more than {MOST_NAMES}")
    hosts = tuple(Question(host, check.family) for host in answer.values if askable(host))
    if not hosts:
        return False
    answers = yield hosts
    if any(_within(check.ip, value, directive) for one in answers for value in one.values):
        return True
    for question, one in zip(hosts, answers, strict=True):
        if one.unknown:
            raise _End("temperror", f"{directive.text}: {question.name} could not be asked for ({one.words})")
    return False


def _within(ip: Address, value: str, directive: Directive) -> bool:
    other = _client(value)
    if other is None or other.version != ip.version:
        return False
    bits = 32 - directive.prefix4 if ip.version == 4 else 128 - directive.prefix6
    return int(ip) >> bits == int(other) >> bits


def _validated(check: _Check, target: str) -> Asking[list[str]]:
    """The client's names, by PTR, that lie in a domain and lead back to the client (§5.5); errors are no match."""
    answer = yield from ask(Question(check.ip.reverse_pointer, "PTR"))
    wanted = target.lower()
    names = (name.lower().removesuffix(".") for name in answer.values[:MOST_NAMES])
    inside = [name for name in names if not wanted or name == wanted or name.endswith(f".{wanted}")]
    return (yield from _leading_back(check, inside))


def _leading_back(check: _Check, names: list[str]) -> Asking[list[str]]:
    questions = tuple(Question(name, check.family) for name in names if askable(name))
    if not questions:
        return []
    answers = yield questions
    pairs = zip(questions, answers, strict=True)
    return [asked.name for asked, one in pairs if any(_client(value) == check.ip for value in one.values)]


def _p(check: _Check, domain: str) -> Asking[str]:
    """%{p}: the client's validated name, the domain itself preferred, then a name below it (§7.3)."""
    if check.names is None:
        check.names = yield from _validated(check, "")
    below = [name for name in check.names if name.endswith(f".{domain}")]
    return domain if domain in check.names else (below or check.names or ["unknown"])[0]


def _explanation(check: _Check) -> Asking[str]:
    """The domain owner's words for a fail (§6.2); whatever is wrong with them, they are left out."""
    if not check.exp:
        return ""
    name = yield from _target(check, check.decided_by, check.exp)
    answer = yield from ask(Question(name, "TXT"))
    text = answer.texts[0].decode("latin-1") if len(answer.texts) == 1 else ""
    if len(text) > LONGEST_EXPLANATION or not valid_explanation(text):
        return ""
    return (yield from _expanded(check, check.decided_by, text))
