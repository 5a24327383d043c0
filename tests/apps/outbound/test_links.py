"""Links that only their reader may use: in the mail that leaves, and nowhere that anybody here looks."""

from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path

import pytest
from django.conf import settings

from postroom.directory.models import User
from postroom.directory.users import invited
from postroom.infra import secrets
from postroom.outbound import inviting
from postroom.outbound.models import NOT_KEPT, Delivery, Letter
from postroom.outbound.selectors import rendered
from postroom.outbound.servers import services as servers
from postroom.outbound.services import send_due
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Outcome, Result
from tests.api.calls import caller
from tests.support.acme import Acme

REFUSED = Outcome(Result.REFUSED, "rcpt", 550, "5.1.1", "550 5.1.1 No such user")


@pytest.fixture
def sent(acme: Acme) -> inviting.Sent:
    return inviting.send_link(user=acme.admin, person_id=acme.amara.pk)


def _text(mime: bytes) -> str:
    """Every part as it reads, whichever way it is encoded."""
    whole = mime.decode("ascii")
    parts = [b64decode(one).decode() for one in re.findall(r"(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/=]+", whole)]
    return "\n".join([whole.replace("=\r\n", "").replace("=3D", "="), *parts])


def _secret(sent: inviting.Sent) -> str:
    return sent.url.rpartition("/")[2]


def test_the_mail_has_the_link_and_the_copy_that_is_shown_has_not(
    acme: Acme, kept: Memory, sent: inviting.Sent
) -> None:
    secret, row = _secret(sent), Delivery.objects.select_related("letter").get()
    assert sent.mailed
    before = rendered(row)
    assert send_due() == 1
    (copy,) = kept.copies
    assert secret in _text(copy.mime)
    assert NOT_KEPT not in _text(copy.mime)
    shown = rendered(Delivery.objects.select_related("letter", "dispatch").get())
    for words in (before, shown):
        assert secret not in _text(words)
        assert NOT_KEPT in _text(words)
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where there is none
    answer = caller(acme.admin).get(f"/outbound/{row.pk}")
    assert answer.status_code == 200
    assert secret not in answer.content.decode()
    assert isinstance(invited(secret), User)


def test_what_is_kept_of_a_link_is_encrypted_and_forgotten_once_it_is_accepted(
    kept: Memory, sent: inviting.Sent
) -> None:
    letter = Letter.objects.get()
    assert _secret(sent) not in letter.text + letter.html
    assert letter.secret is not None
    assert _secret(sent).encode() not in bytes(letter.secret)
    assert servers.renew_secrets() == 1
    letter.refresh_from_db()
    assert secrets.decrypt(bytes(letter.secret)) == _secret(sent)
    kept.answer(Delivery.objects.get().address, REFUSED)
    send_due()
    assert Letter.objects.get().secret is not None
    Delivery.objects.update(state="queued", due=letter.created_at, settled_at=None)
    send_due()
    assert Letter.objects.get().secret is None
