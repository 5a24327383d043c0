"""Small tags of the design system: icons, times, addresses, plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

import lucide
from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from postroom.web.proofs import Proof, Warned
from postroom.web.trace import Line
from postroom.web.views import Person

register = template.Library()

_LINK = re.compile(r"\b(?:https?://[^\s<>\"'`]{1,2000}|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_TRAILING = ".,;:!?)]}'\""
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, size: int = 18) -> SafeString:
    """A Lucide icon, decoration only: the words beside it say the same."""
    svg = lucide._render_icon(name, size, **{"class": "i", "aria-hidden": "true", "focusable": "false"})  # noqa: SLF001
    return mark_safe(svg)  # noqa: S308 the wheel's own drawing


@register.filter
def when(at: datetime | None, style: str = "") -> SafeString:
    """A time in the reader's zone, as short as it can be said; the whole of it as a tooltip and for machines.

    `day` leaves the hour out where it was another day, `full` leaves nothing out.
    """
    if at is None:
        return SafeString("")
    zone = timezone.get_current_timezone()
    return _shown(get_language() or "", zone, timezone.now().astimezone(zone).date(), at, at.tzinfo, style)


@lru_cache(maxsize=8192)
def _shown(language: str, zone: tzinfo, today: date, at: datetime, own: tzinfo | None, style: str) -> SafeString:
    """Remembered, since a page says hundreds of times and the next page the same ones. `language` is the one in force;
    `own` is the zone of `at`: equal times may differ in it.
    """
    local = timezone.localtime(at, zone)
    words = _said(local, "j M Y, H:i") if style == "full" else _short(local, today, style)
    whole = _said(local, "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(timespec="seconds"), whole, words)


def said_at(at: datetime) -> str:
    """A time to come in the reader's zone, within a sentence: today, tomorrow or a day, and the hour."""
    local, today = timezone.localtime(at), timezone.localtime().date()
    names = {today: gettext("today"), today + timedelta(days=1): gettext("tomorrow")}
    day = names.get(local.date()) or _said(local, "j M" if local.year == today.year else "j M Y")
    return gettext("%(day)s at %(time)s") % {"day": day, "time": _said(local, "H:i")}


@register.filter
def awake(at: datetime) -> str:
    """As `said_at`, in a template."""
    return said_at(at)


def _said(local: datetime, style: str) -> str:
    """A local time in the reader's language, to the minute."""
    return date_format(local.replace(tzinfo=None), style)


def _short(local: datetime, today: date, style: str) -> str:
    clock = _said(local, "H:i")
    days = (today - local.date()) // timedelta(days=1)
    if days == 0:
        return clock
    if days == 1:
        return gettext("Yesterday") if style == "day" else gettext("Yesterday %(time)s") % {"time": clock}
    day = _said(local, "j M" if local.year == today.year else "j M Y")
    return day if style == "day" else f"{day}, {clock}"


@register.filter
def size(number: int) -> str:
    """A number of bytes in words: 812 bytes, 64 kB, 1.8 MB."""
    if number < 1000:
        return ngettext("%(number)d byte", "%(number)d bytes", number) % {"number": number}
    if number < 999_500:
        return gettext("%(number)d kB") % {"number": round(number / 1000)}
    return gettext("%(number).1f MB") % {"number": number / 1_000_000}


@register.filter
def softat(address: str) -> SafeString:
    """An address that may be broken before its @ where the line is short."""
    return SafeString(conditional_escape(address).replace("@", "<wbr>@"))


@register.filter
def paragraphs(text: str) -> SafeString:
    """Plain text as paragraphs, its addresses as links; everything else is escaped."""
    pieces = (piece.strip("\n") for piece in _BLANK_LINES.split(text.replace("\r\n", "\n")))
    return SafeString("".join(f'<p dir="auto">{_linked(piece)}</p>' for piece in pieces if piece.strip()))


@register.filter
def naming(text: str, names: Sequence[str]) -> SafeString:
    """As `paragraphs`, with these names marked wherever they stand behind an @."""
    if not names:
        return paragraphs(text)
    any_of = "|".join(re.escape(name) for name in sorted(set(names), key=len, reverse=True))
    named = re.compile(rf"(?<![\w@.])(@(?:{any_of}))(?!\w)", re.IGNORECASE)
    pieces = (piece.strip("\n") for piece in _BLANK_LINES.split(text.replace("\r\n", "\n")))
    return SafeString("".join(f'<p dir="auto">{_marked(piece, named)}</p>' for piece in pieces if piece.strip()))


def _marked(text: str, named: re.Pattern[str]) -> str:
    """Every other part is a name, as `split` gives them."""
    parts = named.split(text)
    return "".join(
        f'<mark class="at">{escape(part)}</mark>' if number % 2 else _linked(part) for number, part in enumerate(parts)
    )


def _linked(text: str) -> str:
    out: list[str] = []
    place = 0
    for match in _LINK.finditer(text):
        target = match[0].rstrip(_TRAILING)
        out.append(escape(text[place : match.start()]))
        out.append(_anchor(target))
        place = match.start() + len(target)
    out.append(escape(text[place:]))
    return "".join(out)


def _anchor(target: str) -> str:
    if target.startswith("http"):
        return f'<a href="{escape(target)}" target="_blank" rel="noopener noreferrer nofollow">{escape(target)}</a>'
    return f'<a href="mailto:{escape(target)}">{escape(target)}</a>'


@register.filter
def lines(text: str) -> int:
    """How many lines have something on them."""
    return sum(1 for line in text.splitlines() if line.strip())


@register.filter
def extension(name: str) -> str:
    """The three or four letters that people know a kind of file by."""
    _, dot, ending = name.rpartition(".")
    return ending.upper()[:4] if dot and ending.isalnum() else gettext("FILE")


@register.simple_tag
def steps(trace: Sequence[Line], label: str) -> SafeString:
    """The lines of a trace as a list."""
    if not trace:
        return SafeString("")
    items = format_html_join("", "<li><b>{}</b><span>{}</span></li>", ((line.step, line.text) for line in trace))
    return format_html('<ol class="trace" aria-label="{}">{}</ol>', label, items)


@register.simple_tag
def proved(proof: Proof | None, kind: str = "") -> SafeString:
    """How far the author of a mail is believed: a sign whose words are for those who ask, or a chip; in a list (`kind`
    is row) a chip only where it is a warning.
    """
    if proof is None:
        return SafeString("")
    if proof.is_quiet or (kind == "row" and not proof.look):
        return format_html(
            '<span class="proved" title="{}">{}<span class="vh">{}</span></span>',
            proof.title,
            icon(proof.icon, 15),
            proof.title,
        )
    because = format_html('<span class="vh">: {}</span>', proof.because) if proof.because else ""
    look = f"tag {proof.look}".rstrip()
    chip = '<span class="{}" title="{}">{}{}{}</span>'
    return format_html(chip, look, proof.because, icon(proof.icon, 14), proof.word, because)


@register.simple_tag
def warned(warnings: Sequence[Warned]) -> SafeString:
    """What a reader must know before they read."""
    if not warnings:
        return SafeString("")
    lines = format_html_join("", "<p><b>{}</b> {}</p>", ((one.text, one.advice) for one in warnings))
    label = gettext("Warning")
    return format_html(
        '<div class="misleads" role="note" aria-label="{}">{}<div>{}</div></div>',
        label,
        icon("shield-alert", 18),
        lines,
    )


@register.simple_tag
@lru_cache(maxsize=4096)
def avatar(person: Person, kind: str = "") -> SafeString:
    """A round mark of a person; `kind` is how large: nothing or sm."""
    if person.masked:
        look = f"av nobody {kind}".rstrip()
        return format_html('<span class="{}" aria-hidden="true">{}</span>', look, icon("user-round-x", 14))
    look = f"av h{person.hue} {kind}".rstrip()
    return format_html('<span class="{}" aria-hidden="true">{}</span>', look, person.initials)
