"""From the 250 to the eye: how long until an answer stands in an open browser while a hundred mails a second come in.

A whole installation with the demo's company; every mail tells its followers, by mail or in the inbox, as in life.
"""

from __future__ import annotations

import json
import smtplib
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from bench.figures import Wrong, say
from bench.installation import NotThere
from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.render import render
from postroom.project.demo.company import PASSWORD
from tests.support.chromium import running_chromium
from tests.support.require import find
from tests.support.supervised import House, house, wait_for

SALES = "sales@acme.example"
RATE = 100  # mails a second
PAGES = 3
ANSWERS = 18  # on each page: below the loop limit of a sender
PAUSE = 1.5  # seconds between two answers on the same page: one that follows at once waits for the page's next look
WATCH = """
() => {
  window.seen = {};
  const look = () => {
    for (const found of document.body.innerText.matchAll(/live answer (\\d+)/g)) window.seen[found[1]] ??= Date.now();
  };
  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}
"""


def run(rate: int = RATE) -> dict[str, Any]:
    """Milliseconds from the 250 to the open page: median, 95th percentile and worst.

    Raises:
        NotThere: there is no Chromium on this machine.

    """
    program = find("chromium")
    if program is None:
        raise NotThere("Chromium is not installed: apt-get install chromium")
    with (
        tempfile.TemporaryDirectory(prefix="postroom-live-") as folder,
        house(Path(folder), "") as here,
        running_chromium(program) as browser,
    ):
        here.start("demo")
        pages = [_open(here, browser, number) for number in range(PAGES)]
        load = _Load(here.smtp_port, rate)
        load.start()
        try:
            said = _answer(here)
        finally:
            sent = load.stop()
        time.sleep(3.0)
        waits = [wait for page, times in zip(pages, said, strict=True) for wait in _waits(page, times)]
    waits.sort()
    figures = {
        "mails_a_second": round(sent, 1),
        "answers": len(waits),
        "median_ms": waits[len(waits) // 2],
        "p95_ms": waits[len(waits) * 95 // 100],
        "max_ms": waits[-1],
    }
    say(f"live: {json.dumps(figures)}")
    return figures


def _first_id(number: int) -> str:
    return f"live.{number}@customer{number}.example"


def _writer(number: int) -> Address:
    return Address(f"wanda@customer{number}.example", "Wanda Customer")


def _mail(author: Address, subject: str, text: str, message_id: str, *refers: str) -> bytes:
    return render(
        Draft(
            author=author,
            to=(Address(SALES),),
            subject=subject,
            text=text,
            message_id=message_id,
            in_reply_to=refers,
            references=refers,
        )
    )


def _open(here: House, browser: Browser, number: int) -> Page:
    """A new lead, and a page that shows it to somebody who is signed in."""
    subject = f"Live page {number}"
    with smtplib.SMTP("127.0.0.1", here.smtp_port) as door:
        author = _writer(number)
        door.sendmail(author.email, [SALES], _mail(author, subject, "A question.", _first_id(number)))
    page = browser.new_context(base_url=f"http://127.0.0.1:{here.web_port}").new_page()
    page.goto("/sign-in")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))

    def found() -> bool:
        page.goto("/leads")
        return page.get_by_role("link", name=subject).count() > 0

    wait_for(found, "the lead")
    page.get_by_role("link", name=subject).first.click()
    page.wait_for_timeout(1500)  # the stream of news opens by itself
    page.evaluate(WATCH)
    return page


def _answer(here: House) -> list[dict[int, float]]:
    """Answers on every page in turn; for each page when the 250 of each came, in milliseconds since the epoch."""
    said: list[dict[int, float]] = [{} for _ in range(PAGES)]
    with smtplib.SMTP("127.0.0.1", here.smtp_port) as door:
        for turn in range(ANSWERS):
            for number in range(PAGES):
                author, answer = _writer(number), turn * PAGES + number
                raw = _mail(
                    author,
                    f"Re: Live page {number}",
                    f"live answer {answer}",
                    f"answer.{answer}@customer{number}.example",
                    _first_id(number),
                )
                door.sendmail(author.email, [SALES], raw)
                said[number][answer] = time.time() * 1000
                time.sleep(PAUSE / PAGES)
    return said


def _waits(page: Page, said: dict[int, float]) -> list[int]:
    seen = {int(number): at for number, at in page.evaluate("() => window.seen").items()}
    if missing := said.keys() - seen.keys():
        raise Wrong(f"answers {sorted(missing)} never came to the page; it shows {page.inner_text('body')[:2000]}")
    return [round(seen[number] - at) for number, at in said.items()]


class _Load:
    """New mail at a steady rate, from a new sender each, until stopped."""

    def __init__(self, port: int, rate: int) -> None:
        self._port, self._rate = port, rate
        self._stopping = threading.Event()
        self._sent, self._seconds = 0, 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> float:
        """End it; the mails a second that were taken."""
        self._stopping.set()
        self._thread.join(30.0)
        return self._sent / self._seconds if self._seconds else 0.0

    def _run(self) -> None:
        began = time.monotonic()
        with smtplib.SMTP("127.0.0.1", self._port) as door:
            while not self._stopping.is_set():
                author = Address(f"load.{self._sent}@crowd.example", "Somebody else")
                text = "Could you send us an offer for twelve vans?\n" * 100
                door.sendmail(
                    author.email,
                    [SALES],
                    _mail(author, f"Load {self._sent}", text, f"load.{self._sent}@crowd.example"),
                )
                self._sent += 1
                ahead = self._sent / self._rate - (time.monotonic() - began)
                if ahead > 0:
                    time.sleep(ahead)
        self._seconds = time.monotonic() - began
