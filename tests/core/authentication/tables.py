"""DNS as a table: `{"acme.example TXT": "…"}`, with None for NODATA and UNKNOWN for what could not be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from postroom.core.authentication.questions import NO_DATA, NO_DOMAIN, Answer, Question

UNKNOWN = Answer("unknown", words="the resolver was silent")
Zone = Mapping[str, str | list[str] | Answer | None]


def table(zone: Zone, asked: list[Question] | None = None) -> Callable[[Question], Answer]:
    """A function that answers from the table and notes what it was asked."""
    names = {key.partition(" ")[0] for key in zone}

    def answer(question: Question) -> Answer:
        if asked is not None:
            asked.append(question)
        said = zone.get(f"{question.name} {question.type}")
        if isinstance(said, Answer):
            return said
        if said is None:
            return NO_DATA if question.name in names else NO_DOMAIN
        values = tuple([said] if isinstance(said, str) else said)
        if question.type == "TXT":
            return Answer("found", texts=tuple(value.encode() for value in values))
        return Answer("found", values)

    return answer
