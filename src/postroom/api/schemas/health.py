"""The health of the installation."""

from __future__ import annotations

from ninja import Schema


class Health(Schema):
    """Whether the installation works, and what is wrong where it does not."""

    healthy: bool
    issues: list[str]
