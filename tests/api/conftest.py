"""What tests of the API share."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from postroom.records.models import Record
from tests.api.calls import Caller, caller
from tests.support import factory
from tests.support.acme import Acme, make_acme


@pytest.fixture(autouse=True, scope="session")
def static_folder() -> None:
    """WhiteNoise warns where there is none."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def acme() -> Acme:
    return make_acme()


@pytest.fixture
def record(acme: Acme) -> Record:
    """A lead of a customer, in whose conversation nothing was said."""
    hanna = factory.contact(acme.company, "Hanna Sjöberg", "hanna@customer.example")
    return factory.record(acme.sales, "Vans", contact=hanna)


@pytest.fixture
def amara(acme: Acme) -> Caller:
    """A member of it, by a token of hers."""
    return caller(acme.amara)
