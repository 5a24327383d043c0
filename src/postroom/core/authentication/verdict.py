"""Whether a mail comes from whom its From names: what SPF, DKIM, DMARC and ARC say together, in one sentence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from postroom.core.authentication.arc import ArcResult, Chain, evaluate_arc, read_arc
from postroom.core.authentication.claims import Bodies
from postroom.core.authentication.dkim import Claims, Signature, evaluate_dkim, read_dkim
from postroom.core.authentication.dmarc import DmarcResult, evaluate_dmarc
from postroom.core.authentication.organizations import belongs, organization
from postroom.core.authentication.questions import Asking
from postroom.core.authentication.results import (
    MethodResult,
    Statement,
    domain_in,
    read_statements,
    results,
    trusted_results,
)
from postroom.core.authentication.signed import Signed
from postroom.core.authentication.spf import SpfResult, evaluate_spf
from postroom.core.frozen import frozen
from postroom.core.trace import Step

EMPTY_PATHS = frozenset({"", "<>"})  # of a bounce: then HELO says who sent it (RFC 7208 §2.4)
NO_CHAIN = ArcResult("none")
NO_POLICY = DmarcResult("none")


class Level(StrEnum):
    """How far the From of a mail can be believed."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FORGED = "forged"
    UNKNOWN = "unknown"


@frozen
class Client:
    """Who handed the mail over, as the door noted it: address, HELO and MAIL FROM (empty for a bounce)."""

    ip: str
    helo: str
    mail_from: str


@frozen
class Evidence:
    """What a mail's bytes hold of proofs, read where the mail is read: its signatures, its chain of seals, and what
    servers before us say that they found. `doubt` says why its From can be proved by none of them, empty where it can.
    """

    dkim: Claims = ()
    arc: Chain | ArcResult = NO_CHAIN
    statements: tuple[Statement, ...] = ()
    doubt: str = ""


NOTHING = Evidence()


@frozen
class Verdict:
    """What is believed of a mail's From, by which domain it was vouched for and by what means, why in a sentence.

    `spf`, `dkim`, `dmarc`, `arc` are results as RFC 8601 names them, empty where nobody asked.
    """

    level: Level = Level.UNVERIFIED
    domain: str = ""
    means: str = ""
    because: str = ""
    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    arc: str = ""
    policy: str = ""
    trace: tuple[Step, ...] = ()
    chain: ArcResult = NO_CHAIN

    @property
    def is_sealed(self) -> bool:
        """Whether a forwarder that is trusted could still vouch for it."""
        return self.level is not Level.VERIFIED and self.chain.result == "pass"


def evidence(signed: Signed, froms: Sequence[bytes] | None = None) -> Evidence:
    """The proofs that a mail carries. `froms` are the values of its From fields as the reader of the mail sees them."""
    bodies = Bodies(signed.body)
    return Evidence(read_dkim(signed, bodies), read_arc(signed, bodies), read_statements(signed), _doubt(signed, froms))


def _doubt(signed: Signed, froms: Sequence[bytes] | None) -> str:
    """Why nobody can vouch for the From: a signature covers one field, and somebody may have put another beside it; or
    what the signature covers is not what is read (RFC 5322 §3.6 allows one field only).
    """
    own = [one.value for one in signed.named(b"from")]
    read = own if froms is None else froms
    if max(len(own), len(read)) > 1:
        return f"It has {max(len(own), len(read))} From fields"
    if [one.split() for one in own] != [one.split() for one in read]:
        return "Its From can be read in two ways"
    return ""


@dataclass(slots=True)
class _Found:
    """What was found of one mail. `author` is empty where From names no one domain; then `doubt` says how."""

    author: str
    doubt: str
    is_known: bool  # whether the client is known, so that SPF was asked
    spf: SpfResult | None
    signatures: Sequence[Signature]
    arc: ArcResult
    dmarc: DmarcResult = NO_POLICY

    @property
    def passing(self) -> tuple[str, ...]:
        """Domains whose signature is relied on."""
        return tuple(one.domain for one in self.signatures if one.result == "pass" and not one.testing)

    @property
    def spf_domain(self) -> str:
        """The domain that SPF passed for; that of HELO for a bounce."""
        return self.spf.domain if self.spf is not None and self.spf.result == "pass" else ""

    @property
    def is_unknown(self) -> bool:
        """Whether something could not be asked for."""
        results = {self.spf.result if self.spf else "", self.dmarc.result, *(one.result for one in self.signatures)}
        return "temperror" in results

    @property
    def may_be_genuine(self) -> bool:
        """Whether something could not be asked for that would have vouched for the author, had it held."""
        record = self.dmarc.record
        spf = self.spf.domain if self.spf is not None and self.spf.result == "temperror" else ""
        signed = [one.domain for one in self.signatures if one.result == "temperror"]
        return _fits(spf, self.author, strict=record is not None and record.strict_spf) or any(
            _fits(one, self.author, strict=record is not None and record.strict_dkim) for one in signed
        )


def authenticate(proofs: Evidence, authors: Sequence[str], client: Client | None, now: int) -> Asking[Verdict]:
    """The verdict of our own evaluation. `authors` are the domains of all From addresses as A-labels, `client` is None
    where nobody knows it: then SPF is not asked, and that DMARC fails means nothing. `now` in seconds since 1970.
    """
    spf = (yield from evaluate_spf(client.ip, client.mail_from, client.helo, now=now)) if client else None
    signatures = yield from evaluate_dkim(proofs.dkim, now)
    arc = yield from evaluate_arc(proofs.arc, now)
    author, doubt = _author(proofs, authors)
    found = _Found(author, doubt, client is not None, spf, signatures, arc)
    if author and (client or found.passing):
        found.dmarc = yield from evaluate_dmarc(author, found.spf_domain, found.passing)
    return _judged(found)


def _author(proofs: Evidence, authors: Sequence[str]) -> tuple[str, str]:
    """The one domain that can be vouched for, or why there is none."""
    if proofs.doubt or len(set(authors)) != 1 or not authors[0]:
        several = "From names several domains" if len(set(authors)) > 1 else "From names no address"
        return "", f"{proofs.doubt or several}: nobody can vouch for that."
    return authors[0], ""


def _judged(found: _Found) -> Verdict:
    level, domain, means, because = _believed(found)
    return Verdict(
        level=level,
        domain=domain,
        means=means,
        because=because,
        spf=found.spf.result if found.spf else "",
        dkim=_summary(found.signatures),
        dmarc=found.dmarc.result,
        arc=found.arc.result,
        policy=found.dmarc.policy,
        trace=_trace(found, level, because),
        chain=found.arc,
    )


def _believed(found: _Found) -> tuple[Level, str, str, str]:
    author, dmarc = found.author, found.dmarc
    if not author:
        return Level.UNVERIFIED, "", "", found.doubt
    if vouching := _vouchers(found):
        domain, means = vouching[0]
        because = f"{domain} signed it." if means == "dkim" else f"It came from a server of {domain}."
        return Level.VERIFIED, domain, means, because
    disowned = found.is_known and dmarc.result == "fail" and dmarc.policy in ("reject", "quarantine")
    if disowned and not found.may_be_genuine:
        asked = "refuse" if dmarc.policy == "reject" else "distrust"
        because = f"{author} asks to {asked} mail like this one, for which none of its servers and keys vouches."
        return Level.FORGED, author, "dmarc", because
    if found.is_unknown:
        return Level.UNKNOWN, author, "", f"DNS could not be asked whether {author} sent it."
    return Level.UNVERIFIED, author, "", f"Nothing proves that {author} sent it."


def _fits(domain: str, author: str, *, strict: bool) -> bool:
    """Whether a domain may vouch for the author's: that very one where it is to be strict, else its organisation."""
    return domain == author if strict else belongs(domain, author)


def _vouchers(found: _Found) -> list[tuple[str, str]]:
    """Domains that vouch for the author's, signatures first. Where the author's domain publishes how strictly, that
    decides; a domain that publishes nothing is vouched for by its own organisation, and one that could not be asked
    how strictly by itself alone.
    """
    author, dmarc, spf = found.author, found.dmarc, found.spf_domain
    if dmarc.result in ("pass", "fail"):
        named = [(domain, "dkim") for domain in found.passing if domain in dmarc.dkim_aligned]
        return named + ([(spf, "spf")] if dmarc.spf_aligned else [])
    strict = dmarc.result == "temperror"
    named = [(domain, "dkim") for domain in found.passing if _fits(domain, author, strict=strict)]
    return named + ([(spf, "spf")] if _fits(spf, author, strict=strict) else [])


def _summary(signatures: Sequence[Signature]) -> str:
    """The best of the results, `none` without a signature."""
    found = {one.result for one in signatures}
    order = ("pass", "temperror", "policy", "fail", "neutral", "permerror")
    return next((one for one in order if one in found), "none")


def _trace(found: _Found, level: Level, because: str) -> tuple[Step, ...]:
    steps: list[Step] = list(found.spf.trace[-1:]) if found.spf else []
    steps += [{"step": "dkim", "text": f"{one.words.removesuffix('.')} ({one.result})."} for one in found.signatures]
    steps += found.dmarc.trace
    if found.arc.result != "none":
        steps.append({"step": "arc", "text": found.arc.words})
    return (*steps, _step(level, because))


def _step(level: Level, because: str) -> Step:
    """The last step of a trace: what is believed, and why."""
    return {"step": "verdict", "text": f"{level.value}: {because}"}


def from_trusted(
    proofs: Evidence, authors: Sequence[str], authserv_id: str, *, own_received: int = 0
) -> Verdict | None:
    """The verdict of one server before us that is trusted; None where it left none. `own_received` topmost Received
    fields are our own.
    """
    found = trusted_results(proofs.statements, authserv_id, own_received=own_received)
    if not found:
        return None
    spf, dkim, dmarc, arc = (_best(found, name) for name in ("spf", "dkim", "dmarc", "arc"))
    author, doubt = _author(proofs, authors)
    if doubt:
        level, domain, means, because = Level.UNVERIFIED, "", "", doubt
    else:
        level, domain, means, because = _trusted(author, found, authserv_id)
    trace = tuple({"step": one.method, "text": f"{authserv_id} says {one.method}={one.result}."} for one in found)
    return Verdict(level, domain, means, because, spf, dkim, dmarc, arc, trace=(*trace, _step(level, because)))


def by_seal(verdict: Verdict, forwarders: Collection[str]) -> Verdict:
    """The verdict, where the last forwarder that sealed the mail is trusted and found that the From holds. A seal that
    does not cover From says nothing of it: it may have been another one.
    """
    sealer = verdict.chain.sealers[-1] if verdict.is_sealed else ""
    if sealer not in forwarders or not verdict.domain or not verdict.chain.covers_from:
        return verdict
    found = results(verdict.chain.results[-1].partition(";")[2])
    level, domain, means, because = _trusted(verdict.domain, found[1] if found else (), sealer)
    if level is not Level.VERIFIED:
        return verdict
    because = f"{because.removesuffix('.')}, before it forwarded the mail."
    steps = (*verdict.trace[:-1], _step(level, because))
    return replace(verdict, level=level, domain=domain, means=f"arc {means}", because=because, trace=steps)


def _best(found: Sequence[MethodResult], method: str) -> str:
    values = [one.result for one in found if one.method == method]
    return "pass" if "pass" in values else next(iter(values), "")


def _trusted(author: str, found: Sequence[MethodResult], authserv_id: str) -> tuple[Level, str, str, str]:
    """What is believed by the word of this server. DMARC comes first: it knows how strictly the domain wants it. That
    it fails means little where the domain asks for nothing, as with mail that came by a list.
    """
    failed = [one for one in found if one.method == "dmarc" and one.result == "fail"]
    if any(_policy(one, author) in ("quarantine", "reject") for one in failed):
        return Level.FORGED, author, "dmarc", f"{authserv_id} found that it does not come from {author}."
    for one in () if failed else found:
        domain = _vouching(one)
        if one.result == "pass" and belongs(domain, author):
            return Level.VERIFIED, domain, one.method, f"{authserv_id} found that {domain} sent it ({one.method})."
    return Level.UNVERIFIED, author, "", f"{authserv_id} found nothing that proves the From."


def _policy(one: MethodResult, author: str) -> str:
    """What a server says that the author's domain asks for where DMARC fails: a property, the comment that most servers
    write, or what Exchange Online says that it did (`oreject`: it would have, and was told not to). Empty where it does
    not say.
    """
    own = ("policy.dmarc", "policy.published-domain-policy", "policy.p", "action")
    below = ("policy.published-subdomain-policy", "policy.sp") if organization(author) not in ("", author) else ()
    said = next((one.properties[name] for name in (*below, *own) if name in one.properties), "")
    return said.removeprefix("o")


def _vouching(one: MethodResult) -> str:
    names = {
        "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",), "dmarc": ("header.from",),
        "auth": ("smtp.auth", "smtp.mailfrom"),
    }  # fmt: skip
    if one.method == "spf" and one.properties.get("smtp.mailfrom") in EMPTY_PATHS:
        return domain_in(one.properties.get("smtp.helo", ""))
    return domain_in(next((one.properties[name] for name in names.get(one.method, ()) if name in one.properties), ""))
