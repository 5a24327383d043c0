"""The page of a record: its facts, its conversation, and hostile mail that stays harmless."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from postroom.core.message.sanitize import sanitize
from postroom.web.pages.records.content import FRAME_POLICY, with_images
from tests.support import factory
from tests.web.conftest import PNG, World

pytestmark = pytest.mark.django_db


def _page(client: Client, world: World, **headers: str) -> str:
    client.force_login(world.admin)
    return client.get(f"/leads/{world.lead.pk}", headers=headers).content.decode()


def test_facts(client: Client, world: World) -> None:
    contact = factory.contact(world.acme, "Sofie Maes", "sofie@maes.example", organisation="Maes NV", phone="+32 2 1")
    world.lead.contact = contact
    world.lead.save()
    factory.follower(world.lead, factory.contact(world.acme, "Priya Nair"))
    page = _page(client, world)
    desk = world.lead.desk
    assert desk is not None
    assert desk.alias is not None
    for words in ("Sofie Maes", "Maes NV", "+32 2 1", 'href="mailto:sofie@maes.example"', desk.name,
                  "Nobody yet", desk.alias.address, "Priya Nair", "Hanna Sjöberg", world.lead.number,
                  'aria-current="step"'):  # fmt: skip
        assert words in page
    assert "<dt>Company</dt>" not in page, "only those who see several need to know which"


def test_who_wrote_and_how_far_to_believe_it(client: Client, world: World) -> None:
    factory.message(world.lead, "pay", author_name="Amara", standing="claimed-member")
    factory.message(world.lead, "hi", standing="outsider", automatic="auto")
    page = _page(client, world)
    assert "Unverified: says it is one of us" in page
    assert "Unverified outsider" in page
    assert "Automatic" in page


def test_times_are_the_readers(client: Client, world: World) -> None:
    world.message.received_at = datetime(2020, 7, 1, 22, 30, tzinfo=UTC)
    world.message.save()
    world.admin.time_zone = "Asia/Tokyo"
    world.admin.save()
    assert "2 Jul 2020, 07:30" in _page(client, world)


def test_unknown_zones_and_languages_are_passed_over(client: Client, world: World) -> None:
    world.admin.time_zone, world.admin.language = "Mars/Olympus", "../../etc"
    world.admin.save()
    assert '<html lang="en"' in _page(client, world)


def test_dates_are_in_the_readers_language(client: Client, world: World) -> None:
    world.message.received_at = datetime(2020, 5, 1, 12, 0, tzinfo=UTC)
    world.message.save()
    world.admin.language = "de"
    world.admin.save()
    page = _page(client, world)
    assert '<html lang="de"' in page
    assert "1 Mai 2020" in page


def test_plain_text_is_escaped_and_linked(client: Client, world: World) -> None:
    text = 'See <script>alert(1)</script> https://x.example/a?b=1&c="2 (or me@x.example).\n\nSecond\n> not cut'
    factory.message(world.lead, text, quoted_text="> older\n> words")
    page = _page(client, world)
    assert "<script>alert" not in page
    assert 'href="https://x.example/a?b=1&amp;c="' in page
    assert 'href="mailto:me@x.example"' in page
    assert "&gt; not cut" in page
    assert "2 quoted lines" in page


def test_a_very_long_mail_is_shown_in_part_and_linked_whole(client: Client, world: World) -> None:
    long = factory.message(world.lead, "x" * 150_000)
    page = _page(client, world)
    assert page.count("x" * 100_000) == 1
    assert "x" * 100_001 not in page
    response = client.get(f"/messages/{long.pk}/text")
    assert len(response.content) == 150_000
    assert response.headers["Content-Type"].startswith("text/plain")
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_wire_line_files_and_defects(client: Client, world: World) -> None:
    message = factory.message(world.lead, "x", cc=[["boss@x.example", "Boss"]], defects=["No Date", "Odd <charset>"])
    factory.attachment(message, "nested.eml", b"z" * 2500, "message/rfc822", untouched=True)
    page = _page(client, world)
    assert "Boss &lt;boss<wbr>@x.example&gt;" in page
    assert "not taken apart" in page
    assert "2 kB" in page
    assert "No Date; Odd &lt;charset&gt;" in page


def test_why_here_is_for_all_and_the_source_for_administrators(client: Client, world: World) -> None:
    client.force_login(world.member)
    member = client.get(f"/leads/{world.lead.pk}").content.decode()
    admin = _page(client, world)
    for page in (member, admin):
        assert "Why here?" in page
        assert "is the alias of Nordics" in page
        assert "Loop guard" in page
    assert f"/arrivals/{world.arrival.pk}" not in member
    assert f'href="/arrivals/{world.arrival.pk}"' in admin
    assert f'href="/arrivals/{world.arrival.pk}/source"' in admin
    assert f'href="/arrivals/{world.arrival.pk}/download"' in admin


def test_news_brings_only_what_is_newer(client: Client, world: World) -> None:
    newer = factory.message(world.lead, "brand new")
    client.force_login(world.member)
    address = f"/leads/{world.lead.pk}"
    headers = {"HX-Request": "true", "HX-Target": "thread"}
    response = client.get(f"{address}?after={world.html.pk}", headers=headers)
    assert re.findall(r'data-id="(\d+)"', response.content.decode()) == [str(newer.pk)]
    answer = client.get(f"{address}?after={newer.pk}", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    facts = client.get(address, headers={"HX-Request": "true", "HX-Target": "facts"}).content.decode()
    assert "<html" not in facts
    assert "Nordics" in facts


def test_long_conversations_go_on_by_key(client: Client, world: World) -> None:
    for number in range(55):
        factory.message(world.lead, f"numbered {number}")
    page = _page(client, world)
    assert page.count("data-id=") == 30
    link = re.search(r'href="(\?before=\d+)"', page)
    assert link
    older = client.get(f"/leads/{world.lead.pk}{link[1]}").content.decode()
    assert older.count("data-id=") == 27


HOSTILE = (
    '<p onclick="alert(1)">Hi<script>alert(2)</script><img src=x onerror=alert(3)><iframe src="/"></iframe>'
    '<form action="https://evil.example"><input></form><a href="javascript:alert(4)">x</a>'
    '<img src="https://tracker.example/p.gif" alt="logo"><img src="cid:a@b" alt="photo"><img src="cid:none" alt="">'
    '<style>body{background:url(https://evil.example)}</style><base href="https://evil.example">'
)


def test_html_is_served_as_a_page_of_its_own(client: Client, world: World) -> None:
    message = factory.message(world.lead, "", html=sanitize(HOSTILE))
    image = factory.attachment(message, "photo.png", PNG, "image/png", content_id="a@b", inline=True)
    page = _page(client, world)
    assert f'src="/messages/{message.pk}/body"' in page
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in page
    assert "tracker.example" not in page
    assert "Remote images are not shown" in page
    assert "photo.png" not in page, "an image that the body shows is not listed again"

    response = client.get(f"/messages/{message.pk}/body")
    body = response.content.decode()
    assert response.headers["Content-Security-Policy"] == FRAME_POLICY
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    for gone in ("alert", "tracker.example", "evil.example", "<form", "<iframe", "cid:"):
        assert gone not in body
    assert f'src="/attachments/{image.pk}/photo.png?inline=1"' in body
    assert '<span class="pr-image">logo</span>' in body


def test_quoted_html_is_folded_until_asked_for(client: Client, world: World) -> None:
    message = factory.message(world.lead, "", html='<p>new</p><div class="pr-quote">old</div>')
    assert "Show everything" in _page(client, world)
    folded = client.get(f"/messages/{message.pk}/body").content.decode()
    whole = client.get(f"/messages/{message.pk}/body?all=1").content.decode()
    assert ".pr-quote{display:none" in folded
    assert ".pr-quote{display:none" not in whole


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ('<img src="https://x.example/a.png">', ""),
        ('<img alt="a" src="//x.example/a.png">', '<span class="pr-image">a</span>'),
        ('<img src="data:image/svg+xml,x" alt="b">', '<span class="pr-image">b</span>'),
        ('<img alt="> <b>&quot;" src="cid:gone">', '<span class="pr-image">&gt; &lt;b&gt;&quot;</span>'),
        ('<img src="cid:a%40b" alt="c">', '<img src="/attachments/1/p.png?inline=1" alt="c">'),
        ('<IMG SRC="CID:a@b">', '<IMG src="/attachments/1/p.png?inline=1">'),
        ("<p>no image</p>", "<p>no image</p>"),
    ],
)
def test_images_of_a_body(world: World, tag: str, shown: str) -> None:
    image = factory.attachment(world.html, "p.png", PNG, "image/png", content_id="a@b")
    body = with_images(tag, {"a@b": image})
    assert body == shown.replace("/1/", f"/{image.pk}/")


def test_images_of_other_types_do_not_show(world: World) -> None:
    image = factory.attachment(world.html, "p.svg", b"<svg/>", "image/svg+xml", content_id="a@b")
    assert "src" not in with_images('<img src="cid:a@b">', {"a@b": image})


@pytest.mark.parametrize(
    ("type", "cid", "asked", "served", "disposition"),
    [
        ("application/pdf", "", "", "application/pdf", "attachment"),
        ("text/html", "", "", "application/octet-stream", "attachment"),
        ("image/svg+xml", "a@b", "?inline=1", "application/octet-stream", "attachment"),
        ("application/x-msdownload", "", "", "application/octet-stream", "attachment"),
        ("IMAGE/PNG", "a@b", "?inline=1", "image/png", "inline"),
        ("image/png", "a@b", "", "image/png", "attachment"),
        ("image/png", "", "?inline=1", "image/png", "attachment"),
        ("application/pdf", "a@b", "?inline=1", "application/pdf", "attachment"),
    ],
)
def test_files_are_saved_not_shown(
    client: Client, world: World, type: str, cid: str, asked: str, served: str, disposition: str
) -> None:
    file = factory.attachment(world.message, 'Grüße\n".x', b"bytes", type, content_id=cid)
    client.force_login(world.member)
    response = client.get(f"/attachments/{file.pk}/any{asked}")
    assert response.content == b"bytes"
    assert response.headers["Content-Type"] == served
    assert response.headers["Content-Disposition"].startswith(disposition)
    assert "\n" not in response.headers["Content-Disposition"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("sandbox")


def test_a_file_whose_bytes_are_gone_says_so(client: Client, world: World) -> None:
    blob = world.file.file.blob
    type(blob).objects.filter(pk=blob.pk).update(data=None)
    client.force_login(world.member)
    response = client.get(f"/attachments/{world.file.pk}/x")
    assert response.status_code == 410
    assert b"not stored here any more" in response.content
