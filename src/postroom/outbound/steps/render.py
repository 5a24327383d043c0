"""Step 4: a copy as bytes, the same ones each time: a pure function of the rows of letter, choice and copy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft, DraftFile
from postroom.core.message.render import render_content, render_headers
from postroom.core.sending.reply_to import reply_address, reply_mailbox
from postroom.core.tokens import Purpose, Token, mint
from postroom.core.triage.loops import INSTANCE_HEADER
from postroom.domains.models import TokenKey
from postroom.domains.services import ensure_token_key
from postroom.infra import blobs, secrets
from postroom.infra.instance import instance_id
from postroom.outbound.models import NOT_KEPT, Delivery, Dispatch, Letter, LetterFile
from postroom.outbound.transports.protocol import Copy


@dataclass(slots=True)
class _Sheet:
    """What all copies of a letter by one choice have in common; the content is encoded when the first is rendered."""

    draft: Draft
    files: Sequence[LetterFile]
    content: bytes = b""

    def mime(self, to: tuple[Address, ...], reply_to: tuple[Address, ...]) -> bytes:
        if not self.content:
            attachments = tuple(map(_draft_file, self.files))
            self.content = render_content(replace(self.draft, attachments=attachments))
        return render_headers(replace(self.draft, to=to, reply_to=reply_to)) + self.content


@dataclass(slots=True)
class Press:
    """Prints the copies of a batch. `files` by letter, `keys` those that sign tokens, oldest first. Only copies
    that are `to_send` hold the secrets of their letters: whoever reads them here reads what is kept.
    """

    instance: str
    files: dict[int, list[LetterFile]] = field(default_factory=dict)
    keys: Sequence[TokenKey] = ()
    to_send: bool = False
    _sheets: dict[tuple[int, int], _Sheet] = field(default_factory=dict)

    def copy(self, row: Delivery) -> Copy:
        """The copy as a transport takes it; `mime` needs no database."""
        assert row.dispatch is not None
        sheet, to, reply_to = self._sheet(row), _to(row), self._reply_to(row)
        return Copy(row.pk, self.return_path(row), row.address, partial(sheet.mime, to, reply_to))

    def return_path(self, row: Delivery) -> str:
        """The envelope sender, with this copy's token where the choice allows one."""
        assert row.dispatch is not None
        return self._tagged(row, row.dispatch.return_path, row.dispatch.return_tag, Purpose.RETURN_PATH)

    def _reply_to(self, row: Delivery) -> tuple[Address, ...]:
        assert row.dispatch is not None
        base = row.letter.reply_to
        if not base:
            return ()
        return (reply_mailbox(row.dispatch.from_name, self._tagged(row, base, row.dispatch.reply_tag, Purpose.REPLY)),)

    def _tagged(self, row: Delivery, address: str, separator: str, purpose: Purpose) -> str:
        if not (separator and address):
            return address
        key = self._key(row)
        return reply_address(address, mint(Token(purpose, key.number, row.pk), bytes(key.secret)), separator)

    def _key(self, row: Delivery) -> TokenKey:
        """The key that signed when the copy was queued: rendered again later, the copy has the same token."""
        known = [key for key in self.keys if key.created_at <= row.created_at]
        return known[-1] if known else self.keys[0]

    def _sheet(self, row: Delivery) -> _Sheet:
        assert row.dispatch is not None
        key = (row.letter_id, row.dispatch.pk)
        if key not in self._sheets:
            draft = _draft(row.letter, row.dispatch, self.instance)
            if self.to_send and row.letter.secret:
                draft = _filled(draft, secrets.decrypt(bytes(row.letter.secret)))
            self._sheets[key] = _Sheet(draft, self.files.get(row.letter_id, ()))
        return self._sheets[key]


def press_of(rows: Iterable[Delivery], *, to_send: bool = False) -> Press:
    """A press for these copies, which have their letter and choice: one query for the files, one where tokens are."""
    copies = list(rows)
    choices = [row.dispatch for row in copies if row.dispatch is not None]
    keys: list[TokenKey] = []
    if any(choice.reply_tag or choice.return_tag for choice in choices):
        keys = list(TokenKey.objects.order_by("created_at", "number")) or [ensure_token_key()]
    files: dict[int, list[LetterFile]] = defaultdict(list)
    found = LetterFile.objects.filter(letter__in={row.letter_id for row in copies})
    for file in found.select_related("file__blob").order_by("position"):
        files[file.letter_id].append(file)
    return Press(instance_id(), files, keys, to_send)


def _draft(letter: Letter, choice: Dispatch, instance: str) -> Draft:
    headers = [(INSTANCE_HEADER, instance)]
    if letter.is_automatic:
        headers.append(("Auto-Submitted", "auto-generated"))  # RFC 3834 §5
    return Draft(
        author=Address(choice.from_email, choice.from_name),
        cc=_addresses(letter.cc),
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=letter.message_id,
        date=letter.created_at,
        in_reply_to=(letter.in_reply_to,) if letter.in_reply_to else (),
        references=tuple(letter.references),
        headers=tuple(headers),
    )


def _filled(draft: Draft, secret: str) -> Draft:
    text, html = (one.replace(NOT_KEPT, secret) for one in (draft.text, draft.html))
    return replace(draft, text=text, html=html)


def _to(row: Delivery) -> tuple[Address, ...]:
    """The letter's own To; where it names nobody at all, the recipient of the copy."""
    letter = row.letter
    return _addresses(letter.to) if letter.to or letter.cc else (Address(row.address, row.name),)


def _addresses(pairs: Sequence[Sequence[str]]) -> tuple[Address, ...]:
    return tuple(Address(email, name) for email, name in pairs)


def _draft_file(row: LetterFile) -> DraftFile:
    file = row.file
    return DraftFile(file.name, file.content_type, blobs.read(file.blob), row.content_id)
