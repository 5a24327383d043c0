"""Where the area stands in the navigation: nowhere among the rest, since the rail has a field for it."""

from __future__ import annotations

from postroom.web.places import Place

PLACES: tuple[Place, ...] = ()
