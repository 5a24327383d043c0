"""Templates keep to the content policy, are marked for translation, and name icons that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import lucide
import pytest

from tests.house import source

ICON = re.compile(r"""{%\s*icon\s+["']([^"']+)["']""")
REFUSED = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=|<style[\s>]", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>|javascript:", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=|\shx-on[:=-]", re.IGNORECASE),
    "an address of another host": re.compile(r"<(?:script|link|img|iframe)[^>]*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
}
NOT_WORDS = re.compile(
    r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}"
    r"|{%\s*comment\b.*?{%\s*endcomment\s*%}"
    r"|<style\b.*?</style>|{#.*?#}|{%.*?%}|{{.*?}}|<!--.*?-->|<svg\b.*?</svg>|<(?:kbd|code)\b[^>]*>[^<]*</(?:kbd|code)>|&#?\w+;",
    re.DOTALL,
)
TAG = re.compile(r"<[^>]*>", re.DOTALL)
SPOKEN = re.compile(r"""\b(?:title|alt|placeholder|aria-label|aria-description)\s*=\s*["']([^"']*)["']""")
WORD = re.compile(r"[^\W\d_]{2,}")
SAME_EVERYWHERE = {"Postroom", "kB", "MB", "SMTP", "LMTP", "IMAP", "HELO", "TLS"}  # names, the same in every language


def icons() -> set[str]:
    """The names of all icons that the wheel holds."""
    with ZipFile(Path(lucide.__file__).parent / "lucide.zip") as archive:
        return {name.removesuffix(".svg") for name in archive.namelist()}


def icons_in_code(module: source.Module) -> Iterator[str]:
    """Constants given as `icon`: class attributes, annotated ones and keyword arguments."""
    for node in ast.walk(module.tree):
        match node:
            case (
                ast.keyword(arg="icon", value=ast.Constant(value=str(name)))
                | ast.Assign(targets=[ast.Name(id="icon")], value=ast.Constant(value=str(name)))
                | ast.AnnAssign(target=ast.Name(id="icon"), value=ast.Constant(value=str(name)))
            ) if name:
                yield name


def untranslated(template: str) -> list[str]:
    """Words that people would read and no translator would see."""
    bare = NOT_WORDS.sub(" ", template)
    spoken = " ".join(SPOKEN.findall(bare))
    words = WORD.findall(TAG.sub(" ", bare)) + WORD.findall(spoken)
    return [word for word in words if word not in SAME_EVERYWHERE]


EXEMPT = {
    "web/templates/web/records/body.html": "a mail in a sealed frame, whose own policy allows styles and no script",
}


def _name(path: Path) -> str:
    return str(path.relative_to(source.PACKAGE))


@pytest.mark.parametrize("path", source.templates(), ids=_name)
def test_a_template_keeps_to_the_content_policy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = [f"{what}: {hit[0][:80]}" for what, pattern in REFUSED.items() if (hit := pattern.search(text))]
    assert bool(found) == (_name(path) in EXEMPT), f"without a reason, or a reason outlived: {found}"


@pytest.mark.parametrize("path", source.templates(), ids=_name)
def test_a_template_is_marked_for_translation(path: Path) -> None:
    assert not untranslated(path.read_text(encoding="utf-8"))


def test_every_icon_exists() -> None:
    wanted = {(name, _name(path)) for path in source.templates() for name in ICON.findall(path.read_text())}
    wanted |= {(name, module.name) for module in source.product() for name in icons_in_code(module)}
    known = icons()
    assert not sorted(pair for pair in wanted if pair[0] not in known)


def test_what_the_checks_see() -> None:
    assert len(icons()) > 1000
    assert "send" in icons()
    assert untranslated("<p>Send</p>") == ["Send"]
    assert untranslated('<img alt="A cat">') == ["cat"]
    assert not untranslated('{% translate "Send" %} <b class="big">{{ name }}</b> {# why #} Postroom')
    assert list(icons_in_code(source.Module("x.py", "class A:\n    icon = 'no-such'\n"))) == ["no-such"]
    assert REFUSED["an inline style"].search('<p class="x" style="color: red">')
    assert REFUSED["an inline script"].search("<script>go()</script>")
    assert not REFUSED["an inline script"].search('<script src="/static/app.js" defer></script>')
    assert REFUSED["an event attribute"].search('<a href="x" onclick="go()">')
