"""The list of filters that there are: every file of `inbound/filters` but the protocol is one."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from postroom.core.errors import PostroomError
from postroom.inbound import filters as folder
from postroom.inbound.filters.protocol import Filter
from postroom.infra.logs import logger

log = logger(__name__)
_NOT_ONE = {"protocol"}


@cache
def filters() -> dict[str, Filter]:
    """Every filter by its key, in the order of their file names; a file that cannot be loaded is none."""
    found: dict[str, Filter] = {}
    for module in pkgutil.iter_modules(folder.__path__):
        if module.name in _NOT_ONE:
            continue
        try:
            one: Filter = import_module(f"{folder.__name__}.{module.name}").FILTER
        except Exception as error:
            log.exception("a filter cannot be loaded", file=module.name, exc_info=error)
            continue
        if one.key in found:
            raise PostroomError(f"Two filters have the key {one.key!r}.")
        found[one.key] = one
    return found


def asked() -> list[Filter]:
    """The filters that this installation wants asked. One that cannot tell is asked: what is wrong stands in the trace
    then.
    """
    return [one for one in filters().values() if _is_on(one)]


def _is_on(one: Filter) -> bool:
    try:
        return one.is_on()
    except Exception as error:
        log.exception("a filter cannot tell whether it is on", filter=one.key, exc_info=error)
        return True
