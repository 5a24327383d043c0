"""Files that go as links: the list of them in the text and the HTML of a copy, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from types import MappingProxyType

from postroom.core.sending.fitting import size_words


@dataclass(frozen=True, slots=True)
class Linked:
    """A file that a copy names with its address; `size` in bytes, `until` the last day on which it is there."""

    name: str
    size: int
    url: str
    until: date | None = None


# Of each language: what stands above the list, and until when. Days stand as in ISO 8601, which everybody reads.
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "en": ("Files to download", "until {day}"),
    "de": ("Dateien zum Herunterladen", "bis {day}"),
    "fr": ("Fichiers à télécharger", "jusqu’au {day}"),  # noqa: RUF001
    "es": ("Archivos para descargar", "hasta el {day}"),
    "it": ("File da scaricare", "fino al {day}"),
    "pt": ("Ficheiros para transferir", "até {day}"),
    "nl": ("Bestanden om te downloaden", "tot en met {day}"),
    "sv": ("Filer att hämta", "till och med {day}"),
    "pl": ("Pliki do pobrania", "do {day}"),
    "cs": ("Soubory ke stažení", "do {day}"),
    "da": ("Filer til hentning", "til og med {day}"),
    "fi": ("Ladattavat tiedostot", "{day} asti"),
})  # fmt: skip
_LANGUAGE = re.compile(r'<html[^>]{0,200}\slang="([A-Za-z-]{1,20})"', re.IGNORECASE)
_END = re.compile(r"</body\s*>", re.IGNORECASE)
_SIGNATURE = "\n-- \n"  # RFC 3676 §4.3: what follows is often folded away

_BOX = "margin:18px 0 6px;padding:10px 14px;border:1px solid #85969a;border-radius:6px"
_ROW = "margin:6px 0 0"
_QUIET = "color:#6b7b81;font-size:12px"
NO_NAME = "file"


def language_of(html: str) -> str:
    """The language that an HTML says it is written in; `en` where it says none."""
    found = _LANGUAGE.search(html[:2000])
    return found[1] if found else "en"


def with_links_text(text: str, links: Sequence[Linked], language: str = "en") -> str:
    """The text with the list under it, above a signature."""
    if not links:
        return text
    title, until = _words(language)
    listed = "\n\n".join([f"{title}:", *(f"{_line(one, until)}\n{one.url}" for one in links)])
    body, dashes, signature = text.rpartition(_SIGNATURE)
    above, below = (body, dashes + signature) if dashes else (text, "")
    return f"{above.rstrip()}\n\n{listed}\n".lstrip("\n") + below


def with_links_html(html: str, links: Sequence[Linked], language: str = "en") -> str:
    """The HTML with the list at its end; HTML that is empty stays so, since the text then stands alone."""
    if not links or not html:
        return html
    title, until = _words(language)
    rows = "".join(f'<p style="{_ROW}">{_link(one, until)}</p>' for one in links)
    box = f'<div style="{_BOX}"><b>{escape(title)}</b>{rows}</div>'
    ends = list(_END.finditer(html))
    at = ends[-1].start() if ends else len(html)
    return html[:at] + box + html[at:]


def _words(language: str) -> tuple[str, str]:
    return _WORDS.get(language) or _WORDS.get(language.partition("-")[0].lower(), _WORDS["en"])


def _line(one: Linked, until: str) -> str:
    return f"{_name(one)} ({_facts(one, until)})"


def _link(one: Linked, until: str) -> str:
    name, facts = escape(_name(one)), escape(_facts(one, until))
    return f'<a href="{escape(one.url)}">{name}</a> <span style="{_QUIET}">{facts}</span>'


def _name(one: Linked) -> str:
    """On one line: with line breaks in it, it could write lines of its own into the text."""
    return " ".join(one.name.split())[:200] or NO_NAME


def _facts(one: Linked, until: str) -> str:
    day = f", {until.format(day=one.until.isoformat())}" if one.until else ""
    return size_words(one.size) + day
