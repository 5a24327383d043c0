"""What holds of whatever is made of a mail, however it was made: for property tests and for the soak of understanding.

Each function gives the faults that it found, in words.
"""

from __future__ import annotations

import json
import pickle
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from postroom.core.addresses import Address, normalise
from postroom.core.authentication.organizations import belongs
from postroom.core.authentication.verdict import Level, Verdict
from postroom.core.message.inspect import mail_fields
from postroom.core.message.mail import Attachment, Mail
from postroom.core.message.quotes import Split, split_html
from postroom.core.message.sanitize import sanitize
from postroom.core.message.understood import Understood
from postroom.core.triage.kinds import Automatic, Kind, Triage

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
UNSAFE_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u202a-\u202e\u2066-\u2069]|^\.|^\s|\s$")
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")  # PostgreSQL takes no NUL, UTF-8 no lone surrogates
TAG = re.compile(r"<[^>]*>")
RUNS = frozenset(
    {"script", "style", "iframe", "object", "embed", "form", "input", "base", "meta", "link", "svg", "math"}
)
SCHEMES = ("http:", "https:", "mailto:", "tel:", "cid:")
MOST_RECIPIENTS, MOST_FILES = 1000, 1002
PARSED = 200_000  # characters of HTML that are taken apart once more to look at it
SPF = frozenset({"", "none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"})
DKIM = frozenset({"none", "pass", "fail", "policy", "neutral", "temperror", "permerror"})
OTHERS = frozenset({"none", "pass", "fail", "temperror"})


def of_understood(raw: bytes, understood: Understood) -> list[str]:
    """Of a whole mail: what was read, its kind, its words apart, its HTML; and that another process can have it."""
    mail = understood.mail
    found = [*of_mail(raw, mail), *of_triage(understood.triage), *of_split(_whole(understood), understood.split)]
    found += of_html(understood.html, sanitize(mail.html))
    if pickle.loads(pickle.dumps(understood)) != understood:
        found.append("another process gets something else")
    json.dumps(mail_fields(mail)).encode("ascii")
    return found


def _whole(understood: Understood) -> str:
    """The words that were told apart: those of the text, or those of the HTML where it says what is quoted."""
    mail = understood.mail
    page = split_html(sanitize(mail.html))[1]
    shown = f"{page.own}\n{page.quoted}"
    split = understood.split
    if mail.text.strip() and words(f"{split.own}\n{split.quoted}") != words(shown):
        return mail.text
    return shown


def of_mail(raw: bytes, mail: Mail) -> list[str]:
    """Of what was read: sizes, that it can be kept, and that what is shown on one line is one line."""
    found = [f"{what} has control characters: {text[:80]!r}" for what, text in _lines(mail) if CONTROL.search(text)]
    found += [f"{what} cannot be kept" for what, text in _texts(mail) if UNSTORABLE.search(text)]
    found += [f"{one.email[:80]!r} is not normal" for one in _people(mail) if normalise(one.email) != one.email]
    found += [fault for one in mail.attachments for fault in _of_file(one)]
    if mail.size != len(raw):
        found.append(f"{len(raw)} bytes are said to be {mail.size}")
    if len(mail.attachments) > MOST_FILES:
        found.append(f"{len(mail.attachments)} files")
    if sum(len(one.data) for one in mail.attachments) > len(raw):
        found.append("the files are larger than the mail")
    return found


def _of_file(one: Attachment) -> Iterator[str]:
    if not one.name or UNSAFE_NAME.search(one.name):
        yield f"a file is called {one.name[:80]!r}"
    if CONTROL.search(one.content_id) or CONTROL.search(one.content_type):
        yield f"a file is of type {one.content_type[:80]!r}, id {one.content_id[:80]!r}"


def _people(mail: Mail) -> tuple[Address, ...]:
    sender = (mail.sender,) if mail.sender else ()
    return (*mail.authors, *sender, *mail.reply_to, *mail.to, *mail.cc)


def _lines(mail: Mail) -> Iterator[tuple[str, str]]:
    yield "the subject", mail.subject
    for one in _people(mail):
        yield "an address", one.email
        yield "a name", one.name
    for one_id in (mail.message_id, *mail.in_reply_to, *mail.references):
        yield "an id", one_id
    for defect in mail.defects:
        yield "a defect", defect
    yield "the content type", mail.content_type
    yield "the type of report", mail.report_type


def _texts(mail: Mail) -> Iterator[tuple[str, str]]:
    yield "the text", mail.text
    yield "the HTML", mail.html
    yield "the plain part", mail.plain_part


def of_triage(triage: Triage) -> list[str]:
    """Of a kind: a reason on one line, recipients that are addresses."""
    found = [] if triage.because.strip() else ["no reason is given for its kind"]
    said = [triage.because, triage.original_message_id]
    for one in triage.recipients:
        said += (one.status, one.action, one.smtp, one.reason)
        if not one.address or normalise(one.address) != one.address:
            found.append(f"a recipient is called {one.address[:80]!r}")
    found += [f"triage says {text[:80]!r}" for text in said if CONTROL.search(text)]
    if triage.kind not in Kind or triage.automatic not in Automatic or len(triage.recipients) > MOST_RECIPIENTS:
        found.append(f"{triage.kind}, {triage.automatic}, {len(triage.recipients)} recipients")
    return found


def of_split(whole: str, split: Split) -> list[str]:
    """Of words told apart: none is lost, none is made, and something is left to read."""
    found = []
    if words(split.own) + words(split.quoted) != words(whole):
        lost, made = words(whole) - words(split.own) - words(split.quoted), words(split.own) + words(split.quoted)
        found.append(f"lost {list(lost)[:5]}, made {list(made - words(whole))[:5]}")
    if bool(split.own) != bool(whole.strip()):
        found.append(f"own is {split.own[:40]!r} of {whole[:40]!r}")
    return found


def words(text: str) -> Counter[str]:
    return Counter(text.split())


def of_html(shown: str, clean: str) -> list[str]:
    """Of HTML that is shown: marking changed no words, and nothing in it runs, submits, loads or leads elsewhere."""
    found = ["marking changed the words"] if TAG.sub("", shown) != TAG.sub("", clean) else []
    if len(shown) <= PARSED:
        reader = _Reader()
        reader.feed(shown)
        reader.close()
        found += reader.faults
    return found


class _Reader(HTMLParser):
    """Tags and attributes as another reader of HTML sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        if tag in RUNS:
            self.faults.append(f"<{tag}> is shown")
        for name, value in attrs:
            leads = name in ("href", "src", "action", "background") and str(value or "").strip()
            if name.startswith("on") or name in ("srcdoc", "formaction"):
                self.faults.append(f"<{tag} {name}> is shown")
            elif leads and not str(value).strip().lower().startswith(SCHEMES):
                self.faults.append(f"<{tag} {name}> leads to {str(value)[:80]!r}")


def of_verdict(verdict: Verdict, authors: Iterable[str], *, ours: bool = True) -> list[str]:
    """Of a verdict: a reason on one line, results by their names where they are `ours`; who is verified is vouched for
    by his own organisation.
    """
    found = [] if verdict.because.strip() else ["no reason is given for the verdict"]
    domains = set(authors)
    if verdict.level is Level.VERIFIED and not (
        len(domains) == 1 and verdict.means and belongs(verdict.domain, next(iter(domains)))
    ):
        found.append(f"{verdict.domain} ({verdict.means}) vouches for {sorted(domains)[:3]}")
    known = verdict.spf in SPF and verdict.dkim in DKIM and {verdict.dmarc, verdict.arc} <= OTHERS
    if ours and not known:
        found.append(f"spf {verdict.spf}, dkim {verdict.dkim}, dmarc {verdict.dmarc}, arc {verdict.arc}")
    said = [verdict.because, verdict.domain, *(step["text"] for step in verdict.trace)]
    found += [f"the verdict says {text[:80]!r}" for text in said if CONTROL.search(text)]
    if not verdict.trace or not all(step["text"].strip() for step in verdict.trace):
        found.append("a step of the verdict says nothing")
    return found
