"""What opening a file may do, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from postroom.core.message.risky import Risk

RISKS: Mapping[str, Promise] = {
    Risk.PROGRAM.value: _("can run a program"),
    Risk.PAGE.value: _("a page that a browser would run"),
    Risk.MACROS.value: _("may hold macros, which run"),
    Risk.DISK.value: _("an image of a disk, which may hold programs"),
    Risk.SHORTCUT.value: _("a shortcut, which starts something else"),
    Risk.DISGUISED.value: _("its name hides what it is"),
}


def risk_in_words(risk: str) -> str:
    """Empty where there is none."""
    return str(RISKS.get(risk, ""))
