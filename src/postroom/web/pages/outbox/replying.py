"""The form of “Reply as recipient”: who may, in whose place, and to which address such a reply goes."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from postroom.core.message.mail import Mail
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.facts import behind_listener, recipients
from postroom.outbound.models import Delivery
from postroom.web.as_recipient import listens_here


@dataclass(frozen=True, slots=True)
class Reply:
    """The form. `to` is where replies go, `because` says why none may be sent from here; `plain` is the address without
    its tag, empty where it has none. `token` and `references` are the options, `error` what is wrong.
    """

    pk: int = 0
    may: bool = False
    because: str = ""
    writer: str = ""
    to: str = ""
    plain: str = ""
    text: str = ""
    token: bool = True
    references: bool = True
    error: str = ""


def reply_of(user: User, row: Delivery, mail: Mail | None) -> Reply:
    """Whether `user` may reply to a copy in its recipient's place, and where that goes."""
    if mail is None or row.company_id not in companies(user, Permission.OUTBOUND_MANAGE):
        return Reply()
    to = next((one.email for one in (*mail.reply_to, *mail.authors)), "")
    if not to:
        return Reply()
    if not listens_here():
        words = _("The SMTP listener here can be reached from outside: reply with a real mail program instead.")
        return Reply(because=words, to=to)
    known = recipients([to])[to]
    if not behind_listener(known):
        words = _("Replies go to %(address)s, and mail for that address does not come in through the listener here.")
        return Reply(because=words % {"address": to}, to=to)
    if row.dispatch is None or not row.dispatch.is_kept_here:
        return Reply(because=_("This copy is not kept here: only its recipient can answer it."), to=to)
    return Reply(row.pk, may=True, writer=row.address, to=to, plain=known.base if known.tag else "")
