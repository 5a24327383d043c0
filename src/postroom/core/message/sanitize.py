"""HTML made safe to show, and the text of HTML.

An allow list of tags, attributes and style properties; nothing that runs, submits, embeds or covers the page around it
passes. What software puts into mail to mark quotes (classes, ids, `blockquote type=cite`) is kept. Remote images keep
their address: the page's content security policy decides whether they load.
"""

from __future__ import annotations

import html as entities
import re

import nh3

from postroom.core.message.markup import depth, plain_text

LONGEST_HTML = 5 * 1024 * 1024  # characters that are shown as HTML; longer HTML is shown as its text
DEEPEST = 1000  # open elements; software that writes mail stays below 100
MOST_TAGS = 50_000


def _words(text: str) -> set[str]:
    return set(text.split())


_TAGS = _words(
    "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del"
    " details dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li"
    " main mark menu nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td"
    " tfoot th thead time tr tt u ul var wbr"
)
_GONE_WITH_CONTENT = _words(
    "script style title head noscript iframe frame frameset noframes object embed applet svg math template textarea"
    " select audio video canvas xml"
)
_ATTRIBUTES = {
    "*": {"class", "id", "style", "dir", "lang", "title", "align", "valign", "bgcolor", "width", "height"},
    "a": {"href", "name"},
    "img": {"src", "alt", "border", "hspace", "vspace"},
    "table": {"border", "cellpadding", "cellspacing", "summary", "role"},
    "td": {"colspan", "rowspan", "nowrap", "headers"},
    "th": {"colspan", "rowspan", "nowrap", "headers", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "blockquote": {"type", "cite"},
    "q": {"cite"},
    "hr": {"color", "noshade", "size"},
    "br": {"clear"},
    "time": {"datetime"},
    "details": {"open"},
}
_SIDES = ("top", "right", "bottom", "left")
_STYLES = {
    *_words(
        "background background-color background-image background-position background-repeat background-size"
        " border border-collapse border-color border-radius border-spacing border-style border-width box-"
        " sizing caption-side clear color direction display empty-cells float font font-family font-size font-"
        " style font-variant font-weight height letter-spacing line-height list-style list-style-type margin"
        " max-height max-width min-height min-width overflow overflow-wrap padding table-layout text-align"
        " text-decoration text-indent text-transform unicode-bidi vertical-align white-space width word-break"
        " word-spacing word-wrap"
    ),
    *(f"{box}-{side}" for box in ("border", "margin", "padding") for side in _SIDES),
    *(f"border-{side}-{what}" for side in _SIDES for what in ("color", "style", "width")),
}
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}

OWN_MARK = "pr-quote"
_CLASS = re.compile(r'class="[^"]*"')

_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_GONE_WITH_CONTENT,
    attributes=_ATTRIBUTES,
    url_schemes=_SCHEMES,
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    filter_style_properties=_STYLES,
)


def sanitize(html: str) -> str:
    """Safe HTML with the same words. HTML beyond the limits of size or nesting becomes one block of its text."""
    if not html or html.isspace():
        return ""
    if len(html) > LONGEST_HTML or _too_tangled(html):
        return f"<pre>{entities.escape(text_of(html[:LONGEST_HTML]), quote=False)}</pre>"
    clean = _CLEANER.clean(html).strip()
    return _CLASS.sub(_without_own_marks, clean) if OWN_MARK in clean else clean


def _without_own_marks(match: re.Match[str]) -> str:
    """A sender can't use the class by which our pages hide quoted words."""
    return match[0].replace(OWN_MARK, "")


def _too_tangled(html: str) -> bool:
    """Whether so many elements are open at once, or there are so many, that building a tree would take too long."""
    tags = html.count("<")
    if tags <= DEEPEST:
        return False
    opened = tags - html.count("</")
    return opened > DEEPEST and (opened > MOST_TAGS or depth(html) > DEEPEST)


def text_of(html: str) -> str:
    """Readable text of HTML: a line for each block, no markup, no scripts, white space as a reader sees it."""
    return plain_text(html) if html and not html.isspace() else ""
