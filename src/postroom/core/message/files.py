"""Attachments as people get them: Outlook's envelopes opened, types by content, risks named, an invitation read.

Archives stay shut: whatever is compressed is never inflated, so that no mail can grow when it is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from postroom.core.encoded_words import without_controls
from postroom.core.frozen import frozen
from postroom.core.message.attachments import extension_of, made_name, misleads, safe_name
from postroom.core.message.bodies import SHOWN, with_places
from postroom.core.message.calendar import MOST_BYTES, Invitation, is_calendar, read_invitation
from postroom.core.message.content_types import content_type_of
from postroom.core.message.envelope_words import Words
from postroom.core.message.mail import Attachment, Mail
from postroom.core.message.parts import known_type
from postroom.core.message.risky import risk_of
from postroom.core.message.tnef import TnefFile, is_tnef, read_tnef

MOST_ENVELOPES = 10  # of one mail that are opened
MOST_CALENDARS = 10  # files of one mail that are looked at for an invitation
LONGEST_TYPE, LONGEST_ID = 200, 998  # characters that a file of an envelope may claim
UNKNOWN = "application/octet-stream"


class Aside(StrEnum):
    """Why a file does not stand in the list of a message's files, though it is kept and can be had."""

    LISTED = ""
    ENVELOPE = "envelope"  # its content is listed instead
    CALENDAR = "calendar"  # its card is shown instead
    SHOWN = SHOWN  # a text that stands in the body
    LOGO = "logo"  # the same small picture came before with mails of the same sender


@frozen
class Opened:
    """A mail with the words of its envelopes, and its files."""

    mail: Mail
    files: tuple[Attachment, ...] = ()
    invitation: Invitation | None = None


def open_files(mail: Mail) -> Opened:
    """What the attachments hold. Total: what cannot be opened stays a file, and `mail.defects` says why."""
    if not mail.attachments:
        return Opened(mail)
    mail, files = _without_envelopes(mail)
    files = [_known(file) for file in files]
    invitation, files = _invited(files)
    return Opened(mail, tuple(files), invitation)


def _without_envelopes(mail: Mail) -> tuple[Mail, list[Attachment]]:
    """The files, each envelope followed by what was in it, and the mail with what its envelopes say besides."""
    files: list[Attachment] = []
    defects: list[str] = []
    words: Words | None = None
    opened = 0
    for file in mail.attachments:
        if not is_tnef(file.data) or file.untouched or opened == MOST_ENVELOPES:
            files.append(file)
            continue
        opened += 1
        envelope = read_tnef(file.data)
        words = words or Words(mail)
        whole = words.add(envelope)
        if words.are_none and envelope.formatted:
            defects.append(f"{file.name}: its words are formatted text, which is not shown")
        defects += [f"{file.name}: {broken}" for broken in envelope.defects]
        files.append(replace(file, aside=Aside.ENVELOPE) if whole and not envelope.defects else file)
        files += _unpacked(envelope.files)
    if words is None:
        return mail, files
    mail = replace(words.told(), defects=(*mail.defects, *defects))
    return mail, with_places(files, mail.html)


def _unpacked(inner: Sequence[TnefFile]) -> Iterator[Attachment]:
    for number, file in enumerate(inner, 1):
        safe = safe_name(file.name)
        content_type = known_type(file.content_type.partition(";")[0].strip()[:LONGEST_TYPE], UNKNOWN)
        yield Attachment(
            name=safe or made_name(content_type_of(content_type, file.data), number),
            content_type=content_type,
            data=file.data,
            content_id="".join(without_controls(file.content_id).split())[:LONGEST_ID],
            inline=False,
            named=bool(safe),
            misleading=misleads(file.name),
        )


def _known(file: Attachment) -> Attachment:
    """A file by the type that its content tells, and by what it may do."""
    if file.untouched:
        return file
    name = file.name if file.named else ""
    content_type = content_type_of(file.content_type, file.data, name)
    risk = risk_of(name, content_type, file.data, misleading=file.misleading)
    if content_type != file.content_type and not file.named:
        file = replace(file, name=f"{file.name.rpartition('.')[0]}{extension_of(content_type)}")
    if content_type == file.content_type and not risk:
        return file
    return replace(file, content_type=content_type, risk=risk)


def _invited(files: list[Attachment]) -> tuple[Invitation | None, list[Attachment]]:
    """The first invitation, whose files give way to its card: mostly there is one as a part and once more as a file."""
    places = [place for place, file in enumerate(files) if not file.untouched and is_calendar(file.data)]
    for place in places[:MOST_CALENDARS]:
        invitation = read_invitation(files[place].data)
        if invitation is not None:
            said = _without_blanks(files[place].data)
            same = {at for at in places if at == place or _without_blanks(files[at].data) == said}
            return invitation, [
                replace(file, aside=Aside.CALENDAR) if at in same else file for at, file in enumerate(files)
            ]
    return None, files


def _without_blanks(data: bytes) -> bytes:
    """What a calendar file says, as a hash: copies differ in line ends and blanks."""
    return hashlib.sha256(data[:MOST_BYTES].translate(None, b" \t\r\n\v\f")).digest()
