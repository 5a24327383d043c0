"""Templates, style sheets and tags: icons that exist, small words of time and size, text that stays text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.template import loader
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation

from postroom.core.delivery.states import ArrivalState
from postroom.web.context import shell
from postroom.web.pages.records.content import eml_name
from postroom.web.pages.records.thread import Acts, MessageShown
from postroom.web.places import all_places
from postroom.web.templatetags import ui
from postroom.web.templatetags.spine import message_head, message_menu, who_heard
from postroom.web.trace import STATES, state_of, trace_of
from postroom.web.views import Person

ROOT = Path(ui.__file__).parents[1]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "postroom").glob("*.css"))


def _named(template: Path) -> str:
    return str(template.relative_to(ROOT / "templates"))


@pytest.mark.parametrize("template", TEMPLATES, ids=_named)
def test_templates_compile(template: Path) -> None:
    loader.get_template(_named(template))
    assert not re.search(r"hx-vals|js:", template.read_text(encoding="utf-8")), "htmx would have to evaluate these"


def test_states_and_places_have_icons_and_words() -> None:
    assert set(STATES) == set(ArrivalState)
    for state in (*STATES.values(), state_of("unheard-of")):
        assert "<svg" in ui.icon(state.icon, 14)
        assert str(state.word)
    for place in all_places():
        assert "<svg" in ui.icon(place.icon, 18)


@pytest.mark.parametrize("sheet", STYLES, ids=lambda path: path.name)
def test_style_sheets_stay_in_their_layers_and_ask_for_nothing_outside(sheet: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "http" not in text
    assert "url(" not in text
    outside, depth = "", 0
    for char in text:
        depth += (char == "{") - (char == "}")
        outside += char if depth == 0 and char != "}" else ""
    assert depth == 0
    assert not re.sub(r"@layer [\w, ]+;?", "", outside).strip()


@pytest.mark.parametrize(
    ("ago", "style", "words"),
    [
        (timedelta(minutes=5), "", "11:55"),
        (timedelta(hours=20), "", "Yesterday 16:00"),
        (timedelta(hours=20), "day", "Yesterday"),
        (timedelta(days=3), "", "7 Jun, 12:00"),
        (timedelta(days=3), "day", "7 Jun"),
        (timedelta(days=300), "", "14 Aug 2025, 12:00"),
        (timedelta(days=300), "day", "14 Aug 2025"),
        (timedelta(minutes=5), "full", "10 Jun 2026, 11:55"),
    ],
)
def test_when(monkeypatch: pytest.MonkeyPatch, ago: timedelta, style: str, words: str) -> None:
    now = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    with timezone.override("UTC"), translation.override("en"):
        said = ui.when(now - ago, style)
    assert f">{words}</time>" in said
    assert f'datetime="{(now - ago).isoformat()}"' in said


def test_no_time_says_nothing() -> None:
    assert ui.when(None) == ""


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 bytes"), (1, "1 byte"), (812, "812 bytes"), (64_000, "64 kB"), (999_499, "999 kB"), (1_800_000, "1.8 MB")],
)
def test_size(number: int, words: str) -> None:
    assert ui.size(number) == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n\nb", '<p dir="auto">a</p><p dir="auto">b</p>'),
        ("\n\n \n", ""),
        ("a & <b>", '<p dir="auto">a &amp; &lt;b&gt;</p>'),
        ("(see http://x.example/y).", '(see <a href="http://x.example/y" target="_blank"'),
        ("javascript:alert(1)", '<p dir="auto">javascript:alert(1)</p>'),
        ('https://x.example/"onclick="a', 'href="https://x.example/"'),
    ],
)
def test_paragraphs(text: str, shown: str) -> None:
    assert shown in ui.paragraphs(text)
    assert "onclick=" not in ui.paragraphs(text).replace("&quot;", "").replace("onclick=a", "")


def test_paragraphs_of_hostile_text_stay_linear() -> None:
    for text in ("a@" * 50_000, "http://" * 15_000, "\n \n" * 30_000, "x" * 100_000, "a.b" * 30_000):
        assert isinstance(ui.paragraphs(text), str)


@pytest.mark.parametrize(
    ("name", "email", "initials"),
    [("Hanna Sjöberg", "h@x", "HS"), ("", "hanna@x.example", "H"), ("Inköp", "", "I"), ("", "", "?"), ("***", "", "?"),
     ("Jean Luc Picard", "", "JP")],
)  # fmt: skip
def test_people(name: str, email: str, initials: str) -> None:
    person = Person(name, email)
    assert person.initials == initials
    assert person.hue == Person(name, email).hue


def test_traces_in_words() -> None:
    assert [(line.step, line.text) for line in trace_of([{"step": "loop_guard", "text": "x"}, {}])] == [
        ("Loop guard", "x"),
        ("", ""),
    ]
    said = trace_of([{"step": "from", "text": "x"}, {"step": "choice", "text": "y"}], said="y")
    assert [line.text for line in said] == ["x"], "what stands above is not said twice"


@pytest.mark.parametrize(
    ("subject", "name"),
    [("Re: Vans/42", "Re-Vans-42-7.eml"), ("", "mail-7.eml"), ("../../etc", "etc-7.eml"), ("Grüße", "Grüße-7.eml")],
)
def test_names_of_downloads(subject: str, name: str) -> None:
    assert eml_name(subject, 7) == name


@pytest.mark.parametrize(("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('"><script>', ""), ("", "")])
def test_the_theme_is_one_of_ours(cookie: str, theme: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie
    assert shell(request)["theme"] == theme


@pytest.mark.django_db
def test_errors_have_the_same_look() -> None:
    client = Client(raise_request_exception=False)
    page = client.get("/nowhere")
    assert page.status_code == 404
    assert b"Nothing is here" in page.content
    for code in ("400", "403", "403_csrf", "500"):
        assert "Postroom" in loader.render_to_string(f"{code}.html")


def _shown(**fields: Any) -> MessageShown:
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    return MessageShown(**{"id": 12, "kind": "in", "author": Person('A%(id)s "<b>'), "at": at, **fields})


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        (Acts(), {"Show original"}),
        (Acts(reply=True), {"Reply to all", "Show original"}),
        (Acts(reply=True, forward=True), {"Forward", "Reply to all"}),
        (Acts(change=True), {"Edit note", "Delete note"}),
    ],
)
def test_a_menu_from_a_stencil_is_the_template_s(acts: Acts, expected: set[str]) -> None:
    for shown in (_shown(acts=acts), _shown(acts=acts, id=13, author=Person("B"), source="/s?a&b", download="/d")):
        plain = loader.render_to_string("web/records/menu.html", {"m": shown, "csrf_token": "token%s"})
        assert message_menu(shown, "token%s") == plain
        assert all(word in plain for word in expected)


def test_what_waits_until_somebody_opens_it_is_the_template_s() -> None:
    for shown in (_shown(heard_more=True), _shown(heard_more=True, id=7, author=Person("", "b@x.example"))):
        where = reverse("message-heard", args=[shown.id])
        given = {"id": shown.id, "who": shown.author.shown, "where": where}
        assert who_heard(shown) == loader.render_to_string("web/records/why.html", given)


def test_a_head_escapes_what_others_wrote() -> None:
    head = message_head(_shown(to=('"><script>',), claim="<i>", doubt="x", automatic="<u>"), "t")
    assert not re.search(r"<script>|<b>A|<b><b>|<i>|<u>", head.replace("<b>A%(id)s &quot;", ""))
    assert "A%(id)s &quot;&lt;b&gt;" in head
    assert "&quot;&gt;&lt;script&gt;" in head
    assert 'class="msg in claim"' in head
