"""What receivers would find in DNS about a mail that leaves: whether SPF, DKIM and DMARC of its From would align.

A forecast, made before the mail is sent: it knows the server by its name and addresses, not the address from which that
server will deliver, and it cannot know whether the server signs. Both are said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Literal

from postroom.core.authentication.dmarc import DmarcResult, evaluate_dmarc, walk_names
from postroom.core.authentication.questions import NO_DATA, Answer, Asking, Question, Questions, ask, askable
from postroom.core.authentication.spf import MOST_LOOKUPS, SpfResult, evaluate_spf
from postroom.core.authentication.spf_record import spf_records
from postroom.core.trace import Step

Method = Literal["SPF", "DKIM", "DMARC"]
Verdict = Literal["aligned", "not aligned", "no record", "could not ask", "cannot be told"]

MOST_ADDRESSES = 8  # of one server that SPF is evaluated for
RISK: dict[str, str] = {
    "reject": "receivers are asked to refuse it",
    "quarantine": "receivers are asked to treat it as suspicious",
    "none": "receivers are asked to do nothing about that",
}


@dataclass(frozen=True, slots=True)
class Sender:
    """What leaves: the domains of From and of the envelope (A-labels; the envelope's is empty for a null path), the
    server's host name, its addresses where they are known already, the name its provider wants to see included in SPF,
    and the selectors under which it is known to sign.
    """

    from_domain: str
    envelope_domain: str
    host: str = ""
    addresses: tuple[str, ...] | None = None
    include: str = ""
    selectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """What DNS tells of one method: the verdict, why in a sentence, the record and the name at which it stands, and
    what an administrator may publish where; empty where there is nothing to add.
    """

    method: Method
    verdict: Verdict
    text: str
    record: str = ""
    at: str = ""
    publish: str = ""
    publish_at: str = ""
    trace: tuple[Step, ...] = ()


def check_sender(sender: Sender) -> Asking[tuple[Check, Check, Check]]:
    """SPF, DKIM and DMARC of what leaves, in this order."""
    sender = _plain(sender)
    yield _all_at_once(sender)  # what will be asked anyhow, together: the answers are kept and come again from there
    addresses = yield from _addresses(sender)
    spf, passed = yield from _spf(sender, addresses)
    dmarc = yield from evaluate_dmarc(sender.from_domain, sender.envelope_domain)
    dkim = yield from _dkim(sender)
    return _aligned_spf(sender, spf, passed, dmarc), dkim, _dmarc(sender, spf, passed, dkim, dmarc)


def _plain(sender: Sender) -> Sender:
    plain = {
        name: getattr(sender, name).strip().lower().removesuffix(".") for name in ("from_domain", "host", "include")
    }
    envelope = sender.envelope_domain.strip().lower().removesuffix(".")
    return replace(sender, envelope_domain=envelope, **plain)


def _all_at_once(sender: Sender) -> Questions:
    names = dict.fromkeys((*walk_names(sender.from_domain), *walk_names(sender.envelope_domain)))
    wanted = [Question(f"_dmarc.{name}", "TXT") for name in names if name]
    wanted += [Question(sender.envelope_domain, "TXT"), *_hosts(sender)]
    wanted += [Question(f"{selector}._domainkey.{sender.from_domain}", "TXT") for selector in sender.selectors]
    return tuple(question for question in wanted if askable(question.name))


def _hosts(sender: Sender) -> Questions:
    if sender.addresses is not None or not sender.host or sender.include or _is_address(sender.host):
        return ()
    return Question(sender.host, "A"), Question(sender.host, "AAAA")


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _addresses(sender: Sender) -> Asking[Answer]:
    """The server's addresses; `unknown` where not one of them could be told, `words` where not all could."""
    if sender.addresses is not None:
        return Answer("found", sender.addresses) if sender.addresses else NO_DATA
    if _is_address(sender.host):
        return Answer("found", (sender.host.strip("[]"),))
    questions = tuple(question for question in _hosts(sender) if askable(question.name))
    if not questions:
        return NO_DATA
    answers = yield questions
    values = tuple(value for answer in answers for value in answer.values)
    untold = next((answer for answer in answers if answer.unknown), None)
    return Answer("found", values, words=untold.words if untold else "") if values else untold or NO_DATA


# --- SPF -------------------------------------------------------------------------------------------------------------


def _spf(sender: Sender, addresses: Answer) -> Asking[tuple[Check, bool]]:
    """Whether SPF of the envelope's domain would pass, alignment aside."""
    domain, host = sender.envelope_domain, sender.host or "the server"
    if not domain:
        return Check("SPF", "not aligned", "The return path is empty, so SPF says nothing about the From."), False
    if sender.include:
        return (yield from _by_include(sender))
    if addresses.unknown:
        words = f"The addresses of {host} could not be asked for: {addresses.words}."
        return Check("SPF", "could not ask", words, at=domain), False
    if not addresses.found:
        return (yield from _without_addresses(sender))
    results: list[tuple[str, SpfResult]] = []
    for address in addresses.values[:MOST_ADDRESSES]:
        result = yield from evaluate_spf(address, f"postmaster@{domain}", sender.host)
        results.append((address, result))
    check, passed = _over(sender, results)
    if passed and addresses.words:
        words = f"Those addresses of {host} that were found are listed, but not all could be asked for:"
        return replace(check, verdict="could not ask", text=f"{words} {addresses.words}."), False
    return check, passed


def _over(sender: Sender, results: Sequence[tuple[str, SpfResult]]) -> tuple[Check, bool]:
    """One check from the results for all addresses: the first that is not a pass speaks."""
    domain, host = sender.envelope_domain, sender.host or "the server"
    address, worst = next(((one, result) for one, result in results if result.result != "pass"), results[0])
    publish = _spf_record(sender, worst.record)
    check = Check(
        "SPF", "aligned", "", worst.record, domain, publish if worst.result != "pass" else "", trace=worst.trace
    )
    check = replace(check, publish_at=domain if check.publish else "")
    match worst.result:
        case "pass":
            words = f"{domain} lets {host} send: every address that DNS gives for it is listed."
            return replace(check, text=words), True
        case "none":
            words = f"{domain} publishes no SPF record, so no receiver can tell that {host} may send for it."
            return replace(check, verdict="no record", text=words), False
        case "temperror":
            words = f"The SPF record of {domain} could not be read to its end: {_last(worst)}"
            return replace(check, verdict="could not ask", text=words, publish="", publish_at=""), False
        case "permerror":
            words = f"The SPF record of {domain} is wrong, and receivers pass it over: {_last(worst)}"
            return replace(check, verdict="not aligned", text=words, publish="", publish_at=""), False
    words = f"The SPF record of {domain} does not list {address} of {host} ({worst.result})."
    return replace(check, verdict="not aligned", text=words), False


def _last(result: SpfResult) -> str:
    return result.trace[-1]["text"] if result.trace else ""


def _spf_record(sender: Sender, existing: str) -> str:
    """The record with this server in it: a term put before the last `all`, or a new record."""
    term = f"include:{sender.include}" if sender.include else f"a:{sender.host}" if sender.host else ""
    if _is_address(sender.host) and not sender.include:
        bare = sender.host.strip("[]")
        term = f"ip6:{bare}" if ":" in bare else f"ip4:{bare}"
    if not term:
        return ""
    terms = existing.split()
    place = next((index for index, one in enumerate(terms) if one.lstrip("+-~?").lower() == "all"), len(terms))
    return " ".join([*terms[:place], term, *terms[place:]]) if terms else f"v=spf1 {term} ~all"


def _without_addresses(sender: Sender) -> Asking[tuple[Check, bool]]:
    domain = sender.envelope_domain
    answer = yield from ask(Question(domain, "TXT"))
    record = next((text.decode("ascii", "replace") for text in spf_records(answer.texts)), "")
    if answer.unknown:
        return Check("SPF", "could not ask", f"{domain} could not be asked: {answer.words}.", at=domain), False
    who = f"{sender.host} has no address in DNS" if sender.host else "No server is named"
    words = f"{who}, so nobody can tell whether SPF of {domain} lets it send."
    return Check("SPF", "cannot be told", words, record, domain), False


def _by_include(sender: Sender) -> Asking[tuple[Check, bool]]:
    """Where the provider delivers from addresses of its own: whether the record includes what it asks for."""
    domain, include = sender.envelope_domain, sender.include
    answer = yield from ask(Question(domain, "TXT"))
    if answer.unknown:
        return Check("SPF", "could not ask", f"{domain} could not be asked: {answer.words}.", at=domain), False
    records = [text.decode("ascii", "replace") for text in spf_records(answer.texts)]
    if not records:
        words = f"{domain} publishes no SPF record, so no receiver can tell that the provider may send for it."
        return Check("SPF", "no record", words, "", domain, _spf_record(sender, ""), domain), False
    record = records[0]
    if len(records) > 1:
        words = f"{domain} publishes {len(records)} SPF records. Receivers pass all of them over: keep one."
        return Check("SPF", "not aligned", words, record, domain), False
    untold = yield from _not_included(record, include)
    if untold is None:
        return Check("SPF", "aligned", f"{domain} includes {include}, as the provider asks.", record, domain), True
    if untold:
        return Check("SPF", "could not ask", f"Not all that {domain} includes could be asked: {untold}.", record), False
    words = f"The SPF record of {domain} does not include {include}, as the provider asks."
    return Check("SPF", "not aligned", words, record, domain, _spf_record(sender, record), domain), False


def _not_included(record: str, include: str) -> Asking[str | None]:
    """None where a record includes this name, itself or by what it includes; else why that is not sure, or empty."""
    seen: set[str] = set()
    waiting, untold = _names_in(record), ""
    while waiting and len(seen) < MOST_LOOKUPS:
        name = waiting.pop(0)
        if name == include:
            return None
        if name in seen:
            continue
        seen.add(name)
        answer = yield from ask(Question(name, "TXT"))
        untold = untold or answer.words
        for text in spf_records(answer.texts):
            waiting += _names_in(text.decode("ascii", "replace"))
    return None if include in waiting else untold


def _names_in(record: str) -> list[str]:
    """The names that a record includes or redirects to; those with macros differ from mail to mail and are left out."""
    terms = (term.lower().lstrip("+").removesuffix(".") for term in record.split() if "%" not in term)
    return [one.partition(mark)[2] for one in terms for mark in ("include:", "redirect=") if one.startswith(mark)]


def _aligned_spf(sender: Sender, check: Check, passed: bool, dmarc: DmarcResult) -> Check:
    """SPF helps the From only where both domains belong together."""
    if not passed or dmarc.spf_aligned or _related(sender, dmarc):
        return check
    if dmarc.result == "temperror":
        words = f"{check.text} Whether it belongs together with {sender.from_domain} could not be asked for."
        return replace(check, verdict="could not ask", text=words)
    words = f"{check.text} But the From is of {sender.from_domain}, so that does not vouch for it."
    return replace(check, verdict="not aligned", text=words)


def _related(sender: Sender, dmarc: DmarcResult) -> bool:
    """Without a DMARC record nothing defines alignment: the same domain, or one below the other, is taken for it."""
    if dmarc.result != "none":
        return sender.from_domain == sender.envelope_domain
    short, long = sorted((sender.from_domain, sender.envelope_domain), key=len)
    return "." in short and (short == long or long.endswith(f".{short}"))


# --- DKIM ------------------------------------------------------------------------------------------------------------


def _dkim(sender: Sender) -> Asking[Check]:
    """Whether the keys of the known selectors stand in DNS; without a selector nothing can be looked up."""
    domain = sender.from_domain
    names = [name for selector in sender.selectors if askable(name := f"{selector}._domainkey.{domain}")]
    if not names:
        words = f"Whether the server signs for {domain} cannot be told before a mail is signed: send a test mail."
        return Check("DKIM", "cannot be told", words)
    answers = yield tuple(Question(name, "TXT") for name in names)
    key, name = "", names[0]
    for name, answer in zip(names, answers, strict=True):
        if answer.unknown:
            return Check("DKIM", "could not ask", f"{name} could not be asked for: {answer.words}.", at=name)
        key = answer.texts[0].decode("ascii", "replace") if answer.texts else ""
        if not key:
            words = f"The key of {name} is not in DNS, so receivers cannot verify a signature."
            return Check("DKIM", "no record", words, at=name, publish_at=name)
        if "p=" not in key.replace(" ", "") or key.replace(" ", "").rstrip(";").endswith("p="):
            return Check("DKIM", "not aligned", f"The key of {name} is revoked: it is empty.", key, name)
    words = f"The key of {domain} is in DNS: a signature of the server would vouch for the From."
    return Check("DKIM", "aligned", words, key, name)


# --- DMARC -----------------------------------------------------------------------------------------------------------


def _dmarc(sender: Sender, spf: Check, passed: bool, dkim: Check, dmarc: DmarcResult) -> Check:
    domain, record = sender.from_domain, dmarc.record.text if dmarc.record else ""
    at = f"_dmarc.{dmarc.found_at or domain}"
    check = Check("DMARC", "aligned", "", record, at, trace=dmarc.trace)
    if dmarc.result == "none":
        return _without_policy(check, domain, dmarc)
    if dmarc.result == "temperror":
        untold = [step["text"] for step in dmarc.trace if "could not be asked for" in step["text"]]
        return replace(check, verdict="could not ask", text=f"The policy of {domain} could not be read: {untold[0]}")
    policy = f"the policy is {dmarc.policy}"
    if (passed and dmarc.spf_aligned) or dkim.verdict == "aligned":
        by = "by SPF" if passed and dmarc.spf_aligned else "by DKIM, if the server signs"
        return replace(check, text=f"DMARC of {domain} would pass {by}; {policy}.")
    if "could not ask" in {spf.verdict, dkim.verdict}:
        words = f"Whether DMARC of {domain} would pass is not known, since not all could be asked; {policy}."
        return replace(check, verdict="could not ask", text=words)
    words = f"DMARC of {domain} would fail unless the server signs for it: {policy}, so {RISK[dmarc.policy or 'none']}."
    return replace(check, verdict="not aligned", text=words)


def _without_policy(check: Check, domain: str, dmarc: DmarcResult) -> Check:
    publish = f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}"
    words = f"Nobody publishes a DMARC policy for {domain}; some large receivers refuse bulk mail without one."
    if dmarc.record is not None:
        words = f"The DMARC record at {check.at} has no valid policy, and receivers pass it over."
    return replace(check, verdict="no record", text=words, publish=publish, publish_at=f"_dmarc.{domain}")
