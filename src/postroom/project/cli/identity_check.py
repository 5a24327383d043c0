"""What `postroom doctor` says of the installation's identity: its own database, or a copy that holds its mail."""

from __future__ import annotations

from postroom.infra.config import config
from postroom.project.cli.check import Check


def identity_check() -> Check:
    """Needs Django and a database with current tables."""
    from postroom.infra import instance

    found = instance.examine()
    if found.is_copy:
        do = (
            "Nothing is sent until somebody takes over: `postroom takeover`. If this is another machine of the same"
            f" installation, set POSTROOM_INSTANCE={found.id} instead."
        )
        return Check("identity", False, found.copy, do)
    if found.url_before:
        words = f"people reached it at {found.url_before}, and now at {config().public_url}."
        return Check("identity", False, words, "Mend POSTROOM_PUBLIC_URL, or keep the new one: `postroom takeover`.")
    words = f"installation {found.id}; the database is its own." if found.place else "is written at the next start."
    return Check("identity", True, words)
