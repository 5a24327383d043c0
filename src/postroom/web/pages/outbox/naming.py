"""How the Outbox names the states of copies, what they wait for, and what may be decided about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from postroom.core.delivery.decisions import Verb
from postroom.core.delivery.states import DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.outbound.models import Lane
from postroom.outbound.queue.copy_filter import DUE
from postroom.web.trace import State

_S = DeliveryState
COPIES: Mapping[str, State] = {
    _S.HELD: State(_("Held"), "hand", "warn"),
    _S.QUEUED: State(_("Waiting"), "clock"),
    _S.CLAIMED: State(_("Taken up"), "clock"),
    _S.TRANSMITTING: State(_("On the wire"), "loader"),
    _S.ACCEPTED: State(_("Taken"), "check", "ok"),
    _S.UNKNOWN: State(_("Unknown"), "circle-question-mark", "warn"),
    _S.DELIVERED: State(_("Delivered"), "mail-check", "ok"),
    _S.FAILED: State(_("Failed"), "mail-warning", "bad"),
    _S.BOUNCED: State(_("Returned"), "mail-warning", "bad"),
    _S.COMPLAINED: State(_("Marked as spam"), "flag", "bad"),
    _S.CANCELLED: State(_("Withdrawn"), "ban"),
}
TRYING_AGAIN = State(_("Trying again"), "rotate-cw", "warn")
SCHEDULED = State(_("Scheduled"), "calendar-clock", "plan")
DELAYED = State(_("Delayed"), "clock-alert", "warn")
KEPT_HERE = State(_("Kept here"), "archive")

# The filter of the list: each choice and the states that it stands for.
CHOICES: Mapping[str, tuple[DeliveryState, ...]] = {
    "waiting": (_S.QUEUED, _S.CLAIMED, _S.TRANSMITTING),
    "taken": (_S.ACCEPTED, _S.DELIVERED),
    "failed": (_S.FAILED, _S.BOUNCED, _S.COMPLAINED),
    "unknown": (_S.UNKNOWN,),
    "held": (_S.HELD,),
    "withdrawn": (_S.CANCELLED,),
}

# `core.delivery.waiting.TITLES` in the reader's language.
REASONS: Mapping[str, Promise] = {
    DUE: _("Due now"),
    Reason.TURN: _("Other mail leaves first"),
    Reason.UNDO: _("Can still be undone"),
    Reason.SCHEDULED: _("Scheduled"),
    Reason.SERVER_LIMIT: _("The server's limit is reached"),
    Reason.SENDER_LIMIT: _("The sender domain's limit is reached"),
    Reason.DESTINATION_LIMIT: _("The destination's limit is reached"),
    Reason.COMPANY_LIMIT: _("The company's limit is reached"),
    Reason.SERVER_DOWN: _("The server is down"),
    Reason.PUT_OFF: _("The receiver put it off"),
}
LANES: Mapping[int, Promise] = {
    Lane.INTERACTIVE: pgettext_lazy("lane", "Somebody waits"),
    Lane.NOTIFICATION: pgettext_lazy("lane", "Notifications"),
    Lane.BULK: pgettext_lazy("lane", "Many at once"),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """A verb as pages show it: `label` is the button for `%(count)s` copies, `one` that of a single copy, `help` what
    it does, `said` what is told when a single copy followed.
    """

    verb: Verb
    icon: str
    one: Promise
    label: Promise
    help: Promise
    said: Promise


DECISIONS: Mapping[Verb, Decision] = {
    one.verb: one
    for one in (
        Decision(
            Verb.SEND_AGAIN, "rotate-cw", _("Send again"),
            ngettext_lazy("Send %(count)s copy again", "Send %(count)s copies again", "count"),
            _("What failed, came back or was withdrawn is tried anew. Unknown ones may arrive twice."),
            _("Queued again. It is sent in a moment."),
        ),
        Decision(
            Verb.RELEASE, "send", _("Release"),
            ngettext_lazy("Release %(count)s copy", "Release %(count)s copies", "count"),
            _("What is held leaves as soon as it is its turn."), _("Released. It is sent in a moment."),
        ),
        Decision(
            Verb.SEND_NOW, "send", _("Send now"),
            ngettext_lazy("Send %(count)s copy now", "Send %(count)s copies now", "count"),
            _("Waits no longer for its time or for the next try. Limits still hold."),
            _("It is due now: it leaves as soon as it is its turn."),
        ),
        Decision(
            Verb.SCHEDULE, "calendar-clock", _("Schedule"),
            ngettext_lazy("Schedule %(count)s copy", "Schedule %(count)s copies", "count"),
            _("Leaves at this time and not before."), _("Scheduled."),
        ),
        Decision(
            Verb.CHANGE_SERVER, "server", _("Change server"),
            ngettext_lazy("Change the server of %(count)s copy", "Change the server of %(count)s copies", "count"),
            _("Leaves by this server, if it may send for the company."), _("It leaves by the server that you chose."),
        ),
        Decision(
            Verb.HOLD, "hand", _("Hold"), ngettext_lazy("Hold %(count)s copy", "Hold %(count)s copies", "count"),
            _("Waits until somebody releases it."), _("Held. It is not sent until somebody releases it."),
        ),
        Decision(
            Verb.ARRIVED, "check", _("It arrived"),
            ngettext_lazy("%(count)s copy arrived", "%(count)s copies arrived", "count"),
            _("Closes what is unknown, once somebody has asked the recipient. Nothing is sent."),
            _("Closed: it arrived."),
        ),
        Decision(
            Verb.LOST, "x", _("It did not arrive"),
            ngettext_lazy("%(count)s copy did not arrive", "%(count)s copies did not arrive", "count"),
            _("Closes what is unknown as failed. Nothing is sent."), _("Closed: it did not arrive."),
        ),
        Decision(
            Verb.CANCEL, "ban", _("Withdraw"),
            ngettext_lazy("Withdraw %(count)s copy", "Withdraw %(count)s copies", "count"),
            _("Is not sent. Sending it again is still possible."), _("Withdrawn. It is not sent."),
        ),
    )
}  # fmt: skip
NEEDS_MORE = frozenset({Verb.SCHEDULE, Verb.CHANGE_SERVER})  # a time, a server
