"""A trace in words: steps as pages, rows and the API hold them."""

from __future__ import annotations

Step = dict[str, str]
"""One line of a trace: `step` names what was looked at, `text` says what came of it, in a sentence."""
