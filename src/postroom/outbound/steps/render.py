"""Step 4: a copy as bytes, the same ones each time: a pure function of the rows of letter, choice and copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft, DraftFile
from postroom.core.message.render import render_around, render_content, render_recipients
from postroom.core.sending.international import wire_address
from postroom.core.sending.linked import Linked
from postroom.core.sending.reply_to import reply_address, reply_mailbox
from postroom.core.tokens import Purpose, Token, mint
from postroom.core.triage.loops import INSTANCE_HEADER
from postroom.domains.models import TokenKey
from postroom.domains.services import ensure_token_key
from postroom.infra import blobs, secrets
from postroom.infra.instance import instance_id
from postroom.outbound.models import NOT_KEPT, Delivery, Dispatch, DownloadLink, Letter, LetterFile
from postroom.outbound.steps.fit import files_of
from postroom.outbound.steps.link import linked, links_of, with_links
from postroom.outbound.transports.protocol import Copy


@dataclass(slots=True)
class _Sheet:
    """What all copies of a letter by one choice have in common, which is written when the first is rendered: the lines
    before those of the copy, those after them with the content.
    """

    draft: Draft
    files: Sequence[LetterFile]
    written: tuple[bytes, bytes] | None = None

    def mime(self, to: tuple[Address, ...], reply_to: tuple[Address, ...]) -> bytes:
        if self.written is None:
            attachments = tuple(map(_draft_file, self.files))
            draft = replace(self.draft, attachments=attachments) if attachments else self.draft
            before, after = render_around(draft)
            self.written = before, after + render_content(draft)
        before, after = self.written
        return b"".join((before, render_recipients(reply_to, to), after))


@dataclass(slots=True)
class Press:
    """Prints the copies of a batch. `files` by letter, `keys` those that sign tokens, oldest first, `links` by copy and
    file. Only copies that are `to_send` hold the secrets of their letters and the addresses of their files: whoever
    reads them here reads what is kept.
    """

    instance: str
    files: Mapping[int, Sequence[LetterFile]] = field(default_factory=dict)
    keys: Sequence[TokenKey] = ()
    to_send: bool = False
    links: Mapping[int, Mapping[int, DownloadLink]] = field(default_factory=dict)
    _sheets: dict[tuple[int, int, int], _Sheet] = field(default_factory=dict)

    def copy(self, row: Delivery) -> Copy:
        """The copy as a transport takes it; `mime` needs no database."""
        letter, choice = row.letter, row.dispatch
        assert choice is not None
        sheet, to, reply_to = self._sheet(row, letter, choice), _to(row, letter), self._reply_to(row, letter, choice)
        sender, recipient = wire_address(self.return_path(row)), wire_address(row.address)
        return Copy(row.id, sender, recipient, partial(sheet.mime, to, reply_to))

    def return_path(self, row: Delivery) -> str:
        """The envelope sender, with this copy's token where the choice allows one."""
        choice = row.dispatch
        assert choice is not None
        return self._tagged(row, choice.return_path, choice.return_tag, Purpose.RETURN_PATH)

    def _reply_to(self, row: Delivery, letter: Letter, choice: Dispatch) -> tuple[Address, ...]:
        if not letter.reply_to:
            return ()
        return (reply_mailbox(choice.from_name, self._tagged(row, letter.reply_to, choice.reply_tag, Purpose.REPLY)),)

    def _tagged(self, row: Delivery, address: str, separator: str, purpose: Purpose) -> str:
        if not (separator and address):
            return address
        key = self._key(row)
        return reply_address(address, mint(Token(purpose, key.number, row.id), bytes(key.secret)), separator)

    def _key(self, row: Delivery) -> TokenKey:
        """The key that signed when the copy was queued: rendered again later, the copy has the same token."""
        known = [key for key in self.keys if key.created_at <= row.created_at]
        return known[-1] if known else self.keys[0]

    def _sheet(self, row: Delivery, letter: Letter, choice: Dispatch) -> _Sheet:
        """What the copies of a letter by one choice share; one with links has a sheet of its own."""
        linked = choice.linked or ()
        key = (letter.id, choice.id, row.id if linked else 0)
        if key not in self._sheets:
            files = self.files.get(letter.id, ())
            draft = _draft(letter, choice, self.instance)
            if self.to_send and letter.secret:
                draft = _filled(draft, secrets.decrypt(bytes(letter.secret)))
            if linked:
                draft = with_links(draft, self._links(row, [one for one in files if one.pk in linked]))
            self._sheets[key] = _Sheet(draft, [one for one in files if one.pk not in linked])
        return self._sheets[key]

    def _links(self, row: Delivery, files: Iterable[LetterFile]) -> list[Linked]:
        """The files that this copy names by links; their addresses only where it is to be sent."""
        made = self.links.get(row.pk, {})
        return [linked(one, made.get(one.pk), to_send=self.to_send) for one in files]


def press_of(
    rows: Iterable[Delivery], files: Mapping[int, Sequence[LetterFile]] | None = None, *, to_send: bool = False
) -> Press:
    """A press for these copies, which have their letter and choice: a query for the files, where they are not given,
    one where tokens are, one where files go as links.
    """
    copies = list(rows)
    choices = [row.dispatch for row in copies if row.dispatch is not None]
    keys: list[TokenKey] = []
    if any(choice.reply_tag or choice.return_tag for choice in choices):
        keys = list(TokenKey.objects.order_by("created_at", "number")) or [ensure_token_key()]
    found = files_of(row.letter_id for row in copies) if files is None else files
    return Press(instance_id(), found, keys, to_send, links_of(copies))


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


def _to(row: Delivery, letter: Letter) -> tuple[Address, ...]:
    """The letter's own To; where it names nobody at all, the recipient of the copy."""
    return _addresses(letter.to) if letter.to or letter.cc else (Address(row.address, row.name),)


def _addresses(pairs: Sequence[Sequence[str]]) -> tuple[Address, ...]:
    return tuple(Address(email, name) for email, name in pairs)


def _draft_file(row: LetterFile) -> DraftFile:
    file = row.file
    return DraftFile(file.name, file.content_type, blobs.read(file.blob), row.content_id)
