"""The letters by which a message is told: one for each audience and language, a copy of it for each person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from postroom.conversations.composing import new_id
from postroom.conversations.models import Attachment, Message
from postroom.conversations.posting import carriable
from postroom.conversations.reasons import MACHINES
from postroom.conversations.suggestions import MOST
from postroom.conversations.ways import WayBack
from postroom.core.addresses import Address
from postroom.core.message.files import Aside
from postroom.core.sending.layout import Doubt, LayoutFacts, Why, letter_html, letter_text, plain_to_html
from postroom.core.sending.recipients import CHOSEN, MENTIONED, Person, Told
from postroom.domains.models import CompanyDomain
from postroom.infra.config import config
from postroom.outbound.models import Lane
from postroom.outbound.services import NewLetter, Recipient, queue

if TYPE_CHECKING:
    from postroom.conversations.notify import Posted

ANSWERED = "wrote the note that this answers"
WHY = {MENTIONED: Why.MENTIONED, CHOSEN: Why.CHOSEN, ANSWERED: Why.ANSWERED}  # else because they follow
Files = tuple[tuple[int, str], ...]
DOUBTS = frozenset(map(str, Doubt))
Queued = tuple[NewLetter, list[Recipient], Lane]


@dataclass(slots=True)
class Mailing:
    """A message and the people who hear of it by mail. `deliveries` are the ids of their copies, by address, once they
    are queued; `message_id` is what all copies carry: that of a message written here, a new one for a mail that is sent
    on.
    """

    posted: Posted
    way: WayBack
    people: Sequence[Told]
    message_id: str = ""
    deliveries: dict[str, int] = field(default_factory=dict)

    @property
    def written_here(self) -> bool:
        return self.posted.message.user_id is not None


def queue_all(mailings: Sequence[Mailing]) -> None:
    """Within a transaction: queue the letters of these messages and fill in what became of them; a fixed number of
    statements.
    """
    wanted = [mailing for mailing in mailings if mailing.people]
    if not wanted:
        return
    files, own = _files(wanted), _own_domains(wanted)
    letters: list[tuple[Mailing, Queued]] = []
    for mailing in wanted:
        message = mailing.posted.message
        mailing.message_id = message.message_id if mailing.written_here else new_id(mailing.way.host)
        letters += [
            (mailing, one) for one in _letters(mailing, _author(message, mailing.way, own), files.get(message.pk, ()))
        ]
    queued = queue([(letter, to) for _, (letter, to, _) in letters], [lane for _, (_, _, lane) in letters])
    for (mailing, (_, to, _)), ids in zip(letters, queued, strict=True):
        mailing.deliveries.update(zip((one.address for one in to), ids, strict=True))


def _files(mailings: Sequence[Mailing]) -> dict[int, Files]:
    """The files of each message, of an envelope what was in it; those go inline that the body names."""
    bodies = {mailing.posted.message.pk: mailing.posted.body_html for mailing in mailings}
    rows = Attachment.objects.filter(message__in=bodies).exclude(aside=Aside.ENVELOPE).order_by("message", "position")
    found: dict[int, Files] = {}
    for message, file, content_id in rows.values_list("message_id", "file_id", "content_id"):
        shown = bool(content_id) and carriable(content_id) and f"cid:{content_id}" in bodies[message]
        found[message] = (*found.get(message, ()), (file, content_id if shown else ""))
    return found


def _letters(mailing: Mailing, author: Address, files: Files) -> Iterator[Queued]:
    """One for each language, and of our own people for each reason to get it, which their copy tells."""
    references, named = _references(mailing), _named(mailing)
    groups: dict[tuple[bool, str, Why], list[Person]] = {}
    for told in mailing.people:
        person = told.person
        why = WHY.get(told.because, Why.FOLLOWS) if person.user else Why.FOLLOWS
        groups.setdefault((person.user != 0, person.language, why), []).append(person)
    for (ours, language, why), people in groups.items():
        letter = _letter(
            mailing, author, _layout(mailing, language, why, ours=ours), ((), ()) if ours else named, references, files
        )
        own_lane = Lane.INTERACTIVE if mailing.written_here and not ours else Lane.NOTIFICATION
        lane = own_lane if mailing.posted.lane is None else mailing.posted.lane
        yield letter, [Recipient(person.email, person.name) for person in people], lane


def _letter(
    mailing: Mailing,
    author: Address,
    layout: LayoutFacts,
    named: tuple[tuple[Address, ...], tuple[Address, ...]],
    references: tuple[str, ...],
    files: Files,
) -> NewLetter:
    """Without To and Cc each copy names its own recipient."""
    message, record = mailing.posted.message, mailing.posted.thread.record
    return NewLetter(
        company=message.company_id,
        domain=mailing.way.domain,
        about=record.ref,
        author=author,
        author_user=message.user_id,
        to=named[0],
        cc=named[1],
        reply_to=mailing.way.address,
        subject=message.subject or record.title,
        html=letter_html(layout),
        text=letter_text(layout),
        message_id=mailing.message_id,
        in_reply_to=references[-1] if references else "",
        references=references,
        files=files,
        is_automatic=message.automatic in MACHINES,
        forced_server=mailing.posted.server,
        wait=mailing.posted.wait,
    )


def _own_domains(mailings: Sequence[Mailing]) -> frozenset[tuple[int, str]]:
    """Companies of mails that came, with the names of their domains."""
    companies = {mailing.posted.message.company_id for mailing in mailings if not mailing.written_here}
    if not companies:
        return frozenset()
    rows = CompanyDomain.objects.filter(company__in=companies)
    return frozenset(rows.values_list("company_id", "domain__name"))


def _author(message: Message, way: WayBack, own: frozenset[tuple[int, str]]) -> Address:
    """Without an address where a server of ours would vouch for it and nothing proves that it is theirs: a forged From
    would reach our own people as a proved one.
    """
    claims = (message.company_id, message.author_email.rpartition("@")[2]) in own
    believed = message.user_id is not None or message.standing == Message.Standing.MEMBER
    if message.standing in DOUBTS or (claims and not believed):
        return Address("", message.author_name or message.author_email.rpartition("@")[0])
    return Address(message.author_email or way.address, message.author_name)


def _layout(mailing: Mailing, language: str, why: Why, *, ours: bool) -> LayoutFacts:
    posted, message, record = mailing.posted, mailing.posted.message, mailing.posted.thread.record
    return LayoutFacts(
        body_html=posted.body_html or plain_to_html(posted.body_text),
        body_text=posted.body_text,
        member=ours,
        author=message.author_name or message.author_email,
        number=record.number,
        title=record.title,
        url=f"{config().public_url.rstrip('/')}/{record.type}s/{record.pk}",
        why=why,
        note=message.visibility == Message.Visibility.INTERNAL,
        doubt=Doubt(message.standing) if message.standing in DOUBTS else Doubt.NONE,
        signature=message.user.signature if message.user else "",
        language=language,
    )


def _named(mailing: Mailing) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """To and Cc of the copies that go outside: everybody outside who gets one, so that an answer to all reaches all;
    nobody where they are too many.
    """
    outside = {told.person.email: told.person for told in mailing.people if not told.person.user}
    if len(outside) > MOST:
        return (), ()
    posted = mailing.posted
    to = [one for one in posted.to if one.email in outside]
    cc = [one for one in posted.cc if one.email in outside]
    for email in {one.email for one in (*to, *cc)}:
        del outside[email]
    others = [Address(person.email, person.name) for person in outside.values()]
    return (tuple(to), (*cc, *others)) if to else ((*others,), tuple(cc))


def _references(mailing: Mailing) -> tuple[str, ...]:
    """The thread's as they stood before the message; of a mail that is sent on, with its own id."""
    known, own = list(mailing.posted.thread.references), mailing.posted.message.message_id
    if own in known:
        known = known[: known.index(own) + (not mailing.written_here)]
    elif not mailing.posted.in_time:  # else no mail names it before it leaves
        return tuple(known) if mailing.written_here or not carriable(own) else (*known, own)
    after = mailing.posted.after
    return tuple(known) if after not in known else (*(one for one in known if one != after), after)
