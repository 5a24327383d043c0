"""Letters and copies are written as rows of values: every column has its value."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import models

from postroom.outbound.models import Delivery, Letter
from postroom.outbound.steps.expand import COPY, LETTER


@pytest.mark.parametrize(("model", "names"), [(Letter, LETTER), (Delivery, COPY)])
def test_no_column_is_forgotten(model: type[models.Model], names: Sequence[str]) -> None:
    assert list(names) == [field.name for field in model._meta.concrete_fields if not field.primary_key]
