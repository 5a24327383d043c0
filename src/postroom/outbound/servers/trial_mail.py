"""A mail by one server to whoever asks for it: through the queue like any other, so that it proves the whole way."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from postroom.core.addresses import Address
from postroom.core.errors import PostroomError
from postroom.core.message_ids import mint
from postroom.core.sending.layout import plain_to_html
from postroom.directory.models import User
from postroom.domains.models import AliasDomain
from postroom.infra.clock import now
from postroom.outbound.models import Delivery, OutgoingServer
from postroom.outbound.servers.trial import own_company, sender_of
from postroom.outbound.services import Lane, NewLetter, Recipient, queue


class CannotSend(PostroomError):
    """No test mail can go by this server; the words say why."""


def send_trial_mail(*, user: User, row: OutgoingServer) -> int:
    """Queue a mail to `user` that is forced to go by this server; returns the id of its delivery.

    Raises:
        CannotSend: the server is archived, or somebody else's own; or there is no company to write for.

    """
    if not row.is_active:
        raise CannotSend(_("An archived server sends nothing. Restore it first."))
    if row.owner_id and row.owner_id != user.pk:
        raise CannotSend(_("A personal server sends the mail of its owner only: they can send themselves a test mail."))
    company = row.company_id or own_company(user)
    if not company:
        raise CannotSend(_("You belong to no company in whose name a mail could be written."))
    sender = sender_of(user, company, row.from_filter, trusted=row.trusted_relay)
    with transaction.atomic():
        ((pk,),) = queue([(_letter(user, row, company, sender), [Recipient(user.email, user.name)])], Lane.INTERACTIVE)
    return pk


def trial_mail(user: User, row: OutgoingServer, delivery_id: int) -> Delivery | None:
    """A test mail that `user` had sent to themselves by this server."""
    found = Delivery.objects.filter(pk=delivery_id, letter__forced_server=row.pk, address=user.email, letter__about="")
    return found.select_related("letter", "dispatch").first()


def _letter(user: User, row: OutgoingServer, company: int, sender: Address) -> NewLetter:
    domain = AliasDomain.objects.filter(company_domains__company=company).order_by("priority", "pk").first()
    text = _(
        "This mail left by the outgoing server %(server)s at %(time)s UTC, because %(who)s asked for a test.\n\n"
        "That you read it proves that the server takes and forwards our mail. Look at its headers to see what your"
        " own mail server says of it: SPF, DKIM and DMARC."
    ) % {"server": row.name, "time": f"{now():%Y-%m-%d %H:%M}", "who": user.name}
    return NewLetter(
        company=company,
        domain=domain.pk if domain else None,
        about="",
        author=sender,
        author_user=user.pk,
        to=(),
        cc=(),
        reply_to="",
        subject=_("Test of the outgoing server %(server)s") % {"server": row.name},
        html=plain_to_html(text),
        text=text,
        message_id=mint(sender.email.rpartition("@")[2], secrets.token_bytes(15)),
        in_reply_to="",
        references=(),
        is_automatic=True,
        forced_server=row.pk,
    )
