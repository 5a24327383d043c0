"""Own words and quoted words of plain text, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.core.message import quote_markers as markers
from postroom.core.message.quote_lines import Mark, find_marks

MOST_SIGNATURE = 12  # lines below `-- `; more is no signature


@dataclass(frozen=True, slots=True)
class Split:
    """`own` is what the writer wrote, `quoted` what it answers and the signature; together they hold every word.

    `inline` means that answers stand between quotes: then no quote is folded. Where the writer wrote nothing, or only
    passes a mail on, everything is `own`, so that there is always something to read.
    """

    own: str
    quoted: str
    inline: bool = False


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines from `start` to before `end`, quoted or not."""

    start: int
    end: int
    mark: Mark


def split_text(text: str) -> Split:
    """The Split of a text body; linear in its length."""
    lines = text.split("\n")
    folded, inline = fold(lines)
    if True not in folded:
        return Split(text.strip(), "", inline)
    return Split(joined(lines, folded, away=False), joined(lines, folded, away=True), inline)


def joined(lines: Sequence[str], folded: Sequence[bool], *, away: bool) -> str:
    """The folded lines, or those that are not, as one text."""
    return "\n".join([line for line, gone in zip(lines, folded, strict=True) if gone is away]).strip()


def fold(lines: Sequence[str], given: Sequence[Mark] | None = None) -> tuple[list[bool], bool]:
    """For each line whether it is quoted, and whether answers stand between quotes.

    `given` says what else is known of the lines, as from the markup of HTML.
    """
    marks, rest = find_marks(lines, given)
    runs = _runs(lines, marks, rest) if any(marks) else [_Run(0, rest, Mark.WORDS)]
    inline = _answered_between(runs)
    folded = [False] * len(lines)
    for place, run in enumerate(runs):
        if run.mark is Mark.WORDS:
            if not inline or place == len(runs) - 1:
                _fold_signature(lines, run, folded)
        elif not inline:
            folded[run.start : run.end] = [True] * (run.end - run.start)
    folded[rest:] = [True] * (len(lines) - rest)
    if all(gone or _blank(line) for line, gone in zip(lines, folded, strict=True)):
        return [False] * len(lines), inline
    return folded, inline


def _runs(lines: Sequence[str], marks: Sequence[Mark], rest: int) -> list[_Run]:
    """The lines before `rest` as alternating runs of words and quotes; blank lines stay with the run before them."""
    runs: list[_Run] = []
    words = mark = Mark.WORDS
    start = 0
    for place in range(rest):
        now = marks[place]
        if now is mark:
            continue
        if now is not words and mark is not words:
            mark = Mark.ATTRIBUTED
        elif now is not words or not _blank(lines[place]):
            if start < place:
                runs.append(_Run(start, place, mark))
            start, mark = place, now
    if start < rest:
        runs.append(_Run(start, rest, mark))
    return [run for run in runs if run.mark is not Mark.WORDS or not all(map(_blank, lines[run.start : run.end]))]


def _blank(line: str) -> bool:
    return not line or line.isspace()


def _answered_between(runs: Sequence[_Run]) -> bool:
    """Whether quotes stand there to be answered: several with words between, or one that no program attributed."""
    quotes = [place for place, run in enumerate(runs) if run.mark is not Mark.WORDS]
    if len(quotes) != 1:
        return len(quotes) > 1
    return runs[quotes[0]].mark is Mark.QUOTE and quotes[0] < len(runs) - 1


def _fold_signature(lines: Sequence[str], run: _Run, folded: list[bool]) -> None:
    """Fold what stands below `-- `, and what a device signed with, at the end of own words.

    A list sets its own signature below the writer's: each may have MOST_SIGNATURE lines.
    """
    end = run.end
    found = 0
    for place in range(run.end - 1, run.start - 1, -1):
        line = lines[place].strip()
        if line == "--":
            end, found = place, 0
        found += bool(line)
        if found > MOST_SIGNATURE:
            break
    while end > run.start:
        line = lines[end - 1].strip()
        if line and not markers.is_device(line):
            break
        end -= 1
    folded[end : run.end] = [True] * (run.end - end)
