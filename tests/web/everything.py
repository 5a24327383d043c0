"""Fills the database of a site under test with one of everything: `python -m tests.web.everything`."""

from __future__ import annotations

import json

import django

django.setup()

from tests.support.populated import come_and_gone, populate  # noqa: E402 the models are known only now


def fill() -> dict[str, int]:
    """The number of each thing, by its kind. The administrator runs the installation, too."""
    filled = populate()
    user = filled.users["administrator"]
    user.is_operator = True
    user.save()
    come_and_gone(filled.things)
    return dict(filled.things)


if __name__ == "__main__":
    print(json.dumps(fill()))
