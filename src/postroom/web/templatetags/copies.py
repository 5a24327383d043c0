"""The lines of copies, in Python: a page shows hundreds of them, and a template takes five times as long for each."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from postroom.web.pages.records.strips import CopyLine, Strip
from postroom.web.stencils import written
from postroom.web.templatetags.ui import icon, when

register = template.Library()


@register.simple_tag
def copy_lines(lines: Sequence[CopyLine], token: str = "") -> SafeString:
    """Items of a list: who gets each copy, how far it is and what the reader may do. `token` goes into forms."""
    details = gettext("Every try, and why this server")
    outside = next((line.key for line in lines if line.key and not line.ours), "")
    why = format_html(' <span class="why-sender">{}</span>', gettext("Why this sender?")) if outside else ""
    return SafeString("".join(_line(line, details, token, why if line.key == outside else "") for line in lines))


@register.simple_tag
def copies(strip: Strip, token: str = "", oob: bool = False) -> SafeString:
    """The strip under a message; `oob` puts it where the page has the one before."""
    if not strip.lines and not strip.told and not strip.going:
        return written("web/records/copies.html", [({"message": strip.message, "mark": strip.mark}, {"oob": oob})])
    values = {
        "message": strip.message,
        "mark": strip.mark,
        "lines": copy_lines(strip.lines, token),
        "folded": strip.folded_words if strip.folded else "",
        "where": reverse("message-copies", args=[strip.message]) if strip.folded else "",
        "told": ", ".join(strip.told),
        "going": _going(strip, token),
    }
    return written("web/records/copies.html", [(values, {"oob": oob})])


def _going(strip: Strip, token: str) -> SafeString | str:
    """What can still be done about a message that has not left."""
    if strip.going is None:
        return ""
    return render_to_string("web/records/going.html", {"one": strip.going, "csrf_token": token})


def _line(line: CopyLine, details: str, token: str, why: str) -> SafeString:
    """It opens into every try, where the copy is a mail; the first one says so, by `why`."""
    look = f"copy {line.state.tone}".rstrip()
    if not line.key:
        return format_html('<li class="{}"><span class="flat">{}</span></li>', look, _words(line))
    return format_html(
        '<li class="{4}"><details id="c{0}"><summary>{1}</summary><div class="copy-more later" id="cd{0}" hx-get="{2}"'
        ' hx-trigger="toggle from:closest details once" hx-target="#cd{0}"><a href="{2}" data-later>{3}</a></div>'
        "</details>{5}</li>",
        line.key,
        _words(line, why),
        line.url,
        details,
        look,
        _acts(line, token) if line.again or line.cancel else "",
    )


def _words(line: CopyLine, why: str = "") -> SafeString:
    return format_html(
        '{}<span><b title="{}">{}</b> · {}{}{}{}{}{}{}</span>',
        icon(line.state.icon, 15),
        line.email,
        line.shown,
        f"{gettext('by mail,')} " if line.ours and line.by_mail else "",
        line.state.word,
        format_html(" {} {}", gettext("at"), when(line.due)) if line.due else "",
        format_html(': <span class="wire">{}</span>', line.said) if line.said else "",
        format_html(' · {} <span class="mono">{}</span>', gettext("as"), line.sent_as) if line.sent_as else "",
        f" · {_linked(line.links)}" if line.links else "",
        why,
    )


def _linked(count: int) -> str:
    return ngettext("%(count)d file as a link", "%(count)d files as links", count) % {"count": count}


def _acts(line: CopyLine, token: str) -> SafeString:
    return render_to_string("web/records/copy_acts.html", {"line": line, "csrf_token": token})
