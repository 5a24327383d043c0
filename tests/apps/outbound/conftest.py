"""Acme, and nothing that another test has chosen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postroom.outbound.transports.memory import Memory
from tests.support.acme import Acme, make_acme
from tests.support.sending import sent_into_memory


@pytest.fixture
def acme(db: None) -> Acme:
    return make_acme()


@pytest.fixture
def kept(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    """Where the copies go."""
    with sent_into_memory(monkeypatch) as memory:
        yield memory
