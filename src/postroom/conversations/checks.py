"""What a message, a note and their people have to be: each function gives the value back as it will be kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from postroom.conversations import hearers
from postroom.conversations.access import may_write
from postroom.conversations.composing import Upload
from postroom.conversations.suggestions import MOST, of_ours
from postroom.core.addresses import Address, normalise, valid
from postroom.core.encoded_words import without_controls
from postroom.core.errors import PostroomError
from postroom.directory.models import User
from postroom.records.models import Record
from postroom.records.selectors import record_by_id

LONGEST_BODY = 256 * 1024  # bytes in UTF-8
LARGEST_FILE = 20 * 1024 * 1024  # bytes of one file
LARGEST_FILES = 25 * 1024 * 1024  # bytes, all files of a message together
LONGEST_LINE = 500  # characters of a subject
LONGEST_NAME = 200  # characters of a recipient's name
MOST_MENTIONS = 500  # as many as a message written on a page is searched for


class CannotPost(PostroomError):
    """Something of a conversation that cannot be as asked; the words say why and what to do."""


def writable(user: User, record_id: int) -> Record:
    """A record in whose conversation `user` may write.

    Raises:
        CannotPost: it isn't there for them, or they may only read it.

    """
    record = record_by_id(user, record_id)
    if record is None:
        raise CannotPost(f"There is no record {record_id}.")
    if not may_write(user, record.company_id):
        raise CannotPost(f"{user.name} may read {record.number}, but not write in it.")
    return record


def checked_body(body: str, uploads: Sequence[Upload], *, bare: bool = False) -> str:
    """The text with lines as we keep them. `bare`: it may be empty, since something else goes along.

    Raises:
        CannotPost: there is nothing in it and no file either, or too much.

    """
    text = body.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode().strip("\n")
    if not text.strip() and not uploads and not bare:
        raise CannotPost("There is nothing to send: write something, or attach a file.")
    if len(text.encode()) > LONGEST_BODY:
        raise CannotPost(f"The text is too long: it may have {LONGEST_BODY // 1024} kB. Attach it as a file.")
    return text


def checked_uploads(uploads: Sequence[Upload], carried: int = 0) -> Sequence[Upload]:
    """Given how many bytes of files go along besides.

    Raises:
        CannotPost: one is too large, or all together are.

    """
    for upload in uploads:
        if len(upload.data) > LARGEST_FILE:
            most = LARGEST_FILE // 1024 // 1024
            raise CannotPost(f"{one_line(upload.name)} is too large: a file may have {most} MB.")
    if sum(len(upload.data) for upload in uploads) + carried > LARGEST_FILES:
        raise CannotPost(f"The files are too large: together they may have {LARGEST_FILES // 1024 // 1024} MB.")
    return uploads


def checked_people(to: Iterable[Address], cc: Iterable[Address]) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """The recipients outside, normalised and each once: those of To, those of Cc.

    Raises:
        CannotPost: one is no address or an address of ours, or there are too many.

    """
    named = {one.email: one for one in map(_checked, to)}
    copied = {one.email: one for one in map(_checked, cc) if one.email not in named}
    if len(named) + len(copied) > MOST:
        raise CannotPost(f"That are {len(named) + len(copied)} recipients: one message may have {MOST}.")
    for email in sorted(of_ours([*named, *copied])):
        raise CannotPost(f"{email} is an address of ours: name people, their conversation is here already.")
    return tuple(named.values()), tuple(copied.values())


def _checked(address: Address) -> Address:
    if not valid(address.email):
        raise CannotPost(f"{address.email[:100]!r} is not a mail address.")
    return Address(normalise(address.email), one_line(address.name)[:LONGEST_NAME])


def one_line(text: str) -> str:
    """A subject or a name as every header and every database takes it."""
    return " ".join(without_controls(text.encode("utf-8", "replace").decode()).split())[:LONGEST_LINE]


def checked_mentions(company: int, contacts: Sequence[int]) -> tuple[int, ...]:
    """Contacts of our own people, each once.

    Raises:
        CannotPost: one is not, or there are too many.

    """
    if len(contacts) > MOST_MENTIONS:
        raise CannotPost(f"That are {len(contacts)} mentions: one message may have {MOST_MENTIONS}.")
    known = hearers.contacts(set(contacts))
    for contact in contacts:
        if contact not in known or known[contact].company != company or not known[contact].user:
            raise CannotPost("Only our own people can be mentioned.")
    return tuple(dict.fromkeys(contacts))
