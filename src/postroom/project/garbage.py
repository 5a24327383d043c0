"""When processes that stay look for garbage."""

from __future__ import annotations

import gc

COLLECT_AFTER = 20_000  # objects: about one page, or one batch of copies


def keep_what_is_loaded() -> None:
    """From now on look for garbage only among what the work leaves. To go through all modules each time made one page
    in twenty wait for 50 ms, and a twentieth of what a copy cost.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)
