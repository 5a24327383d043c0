"""`postroom doctor`: looks at everything that an installation needs, and says what to do where something is wrong."""

from __future__ import annotations

from postroom.project.cli.shared import Json, Var


def doctor(as_json: Json = False, var: Var = None) -> int:
    return 0
