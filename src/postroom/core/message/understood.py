"""All that can be learnt from a mail's bytes alone: read, sorted, reduced to what the person wrote, made safe to show.

It runs in the worker's process pool, so it and its result are plain values that can be pickled.
"""

from __future__ import annotations

from collections.abc import Sequence

from postroom.core.authentication.signed import read_signed
from postroom.core.authentication.verdict import NOTHING, Evidence, evidence
from postroom.core.frozen import frozen
from postroom.core.message.calendar import Invitation
from postroom.core.message.files import open_files
from postroom.core.message.forwards import Forwarded, find_forward, purpose_of
from postroom.core.message.mail import Attachment, Mail
from postroom.core.message.parse import parse
from postroom.core.message.quotes import Split, may_quote, split_html, split_text
from postroom.core.message.sanitize import sanitize
from postroom.core.triage.classify import classify
from postroom.core.triage.kinds import Kind, Triage


@frozen
class Understood:
    """A mail, its kind, its own words and its quoted words kept apart, and its HTML made safe.

    `split` is of the text drawn from the HTML where its markup sets a quotation apart or the mail has no text body, of
    the text body elsewhere. `html` is sanitised and whole (nothing cut); where quoting was recognised, the element that
    starts it carries the class `pr-quote`. `proofs` is what authenticates the mail, as far as its bytes tell. `files`
    are the mail's attachments as people get them: those within Outlook's envelopes too, each by the type that its
    content tells, with what is risky and what need not be listed. `invitation` is what a calendar file among them says.
    `forwarded` is the mail that this one passes on, whose author may be whom it is about; None where it passes none on.
    """

    mail: Mail
    triage: Triage
    split: Split
    html: str
    proofs: Evidence = NOTHING
    files: tuple[Attachment, ...] = ()
    invitation: Invitation | None = None
    forwarded: Forwarded | None = None

    @property
    def author_domains(self) -> list[str]:
        """The domain of every address in From, each once."""
        return list(dict.fromkeys(one.domain for one in self.mail.authors))


def understand(raw: bytes) -> Understood:
    """Read one mail; total: any bytes give a value, what is wrong is named in `mail.defects`."""
    return understand_all((raw,))[0]


def understand_all(raws: Sequence[bytes]) -> list[Understood]:
    """Read some mails, step by step rather than mail by mail: so a processor keeps the code of a step at hand, and a
    mail costs a quarter less.
    """
    opened = [open_files(parse(raw)) for raw in raws]
    mails = [one.mail for one in opened]
    triages = [classify(mail) for mail in mails]
    proofs = [evidence(read_signed(raw), mail.headers.raw("from")) for raw, mail in zip(raws, mails, strict=True)]
    pages = [sanitize(mail.html) for mail in mails]
    told = [_told_apart(mail, page) for mail, page in zip(mails, pages, strict=True)]
    return [
        Understood(one.mail, triage, split, html, proof, one.files, one.invitation, _forwarded(one.mail, triage, split))
        for one, triage, proof, (html, split) in zip(opened, triages, proofs, told, strict=True)
    ]


def _forwarded(mail: Mail, triage: Triage, split: Split) -> Forwarded | None:
    return find_forward(mail, split.passed_on) if triage.kind is Kind.MESSAGE else None


def _told_apart(mail: Mail, html: str) -> tuple[str, Split]:
    """The sanitised HTML of a mail, marked, and the Split of its words: of those of the HTML where its markup sets a
    quotation apart, since that is what people see and programs mark it better than text; else of the text.
    """
    has_text = bool(mail.text) and not mail.text.isspace()
    purpose = purpose_of(mail, mail.text if has_text else html)
    if not has_text:
        return split_html(html, purpose)
    quotes = may_quote(html)
    if quotes:
        html, split = split_html(html, purpose)
        if split.quoted:
            return html, split
    split = split_text(mail.text, purpose)
    if split.quoted and not quotes:  # the text says the same words: it tells cheaply where looking is of use
        html = split_html(html, purpose)[0]
    return html, split
