"""How far the author of a mail is believed, as people see it: a quiet tick, a chip, or a warning above the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from postroom.conversations.models import Message
from postroom.core.authentication.spoofs import read_marks
from postroom.core.authentication.verdict import Level


@dataclass(frozen=True, slots=True)
class Proof:
    """How far a From is believed: `word` and `icon` in a chip of this `look`, `because` in a sentence. `is_quiet`: a
    sign alone, whose words are for those who ask.
    """

    word: Promise | str
    icon: str
    look: str = ""
    is_quiet: bool = False
    because: str = ""

    @property
    def title(self) -> str:
        """The whole of it in one line."""
        return f"{self.word}: {self.because}" if self.because else str(self.word)


_PROOFS: Mapping[str, tuple[Promise, str, str, bool]] = {
    Level.VERIFIED.value: (_("Verified"), "badge-check", "", True),
    Level.UNVERIFIED.value: (_("Unverified"), "shield-question-mark", "", False),
    Level.UNKNOWN.value: (_("Could not be checked"), "shield-question-mark", "", False),
    Level.FORGED.value: (_("Forged"), "shield-x", "bad", False),
}


def proof_of(level: str, verdict: str) -> Proof | None:
    """What is shown of a verdict; None where nobody asked."""
    known = _PROOFS.get(level)
    return Proof(known[0], known[1], known[2], known[3], verdict) if known else None


@dataclass(frozen=True, slots=True)
class Warned:
    """What a reader must know before the words of a mail, and what to do about it."""

    text: str
    advice: str = ""


def warnings_of(level: str, verdict: str, marks: Sequence[object]) -> tuple[Warned, ...]:
    """That a mail is forged, and what of its From misleads."""
    advice = _("Take it for a stranger's, and do not do what it asks for.")
    forged = (Warned(verdict or str(_("Its author's domain disowns it.")), str(advice)),)
    found = tuple(Warned(mark.text, mark.advice) for mark in read_marks(marks))
    return (*forged, *found) if level == Level.FORGED.value else found


def borrows(standing: str, marks: Sequence[object]) -> bool:
    """Whether a mail goes by the name of one of our people without a proof: then it does not get their avatar."""
    claimed = standing == Message.Standing.CLAIMED_MEMBER.value
    return claimed or any(mark.key == "member-name" for mark in read_marks(marks))
