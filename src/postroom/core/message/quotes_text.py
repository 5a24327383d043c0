"""Own words and quoted words of plain text, line by line."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.core.frozen import frozen
from postroom.core.message.endings import Says, mark_ending
from postroom.core.message.pointers import points_below
from postroom.core.message.quote_lines import Mark, Purpose, find_marks

MOST_HEAD = 40  # lines of what is passed on that are handed out, so that its author can be read
LONGEST_HEAD = 400  # characters of each


@frozen
class Split:
    """`own` is what the writer wrote, `quoted` what is folded away: what it answers, the signature, disclaimers.

    Together they hold every word. `inline` means that answers stand between quotes: then no quote is folded. Where the
    writer wrote nothing, everything is `own`, so that there is always something to read. A mail that is passed on is
    `own`, too; `passed_on` is its first lines, None where nothing is passed on. `signature` and `disclaimer` are those
    words of `quoted` that are such.
    """

    own: str
    quoted: str
    inline: bool = False
    signature: str = ""
    disclaimer: str = ""
    passed_on: tuple[str, ...] | None = None


@frozen
class Folding:
    """What each line says, whether answers stand between quotes, and at which line another mail is passed on."""

    says: list[Says]
    inline: bool = False
    passed_on: int | None = None


@frozen
class _Run:
    """Lines from `start` to before `end`, quoted or not."""

    start: int
    end: int
    mark: Mark


def split_text(text: str, purpose: Purpose = Purpose.UNKNOWN) -> Split:
    """The Split of a text body; linear in its length. `purpose` is what the header of the mail says."""
    lines = text.split("\n")
    folding = fold(lines, purpose=purpose)
    if not any(folding.says):
        return Split(text.strip(), "", folding.inline, passed_on=head_of(lines, folding.passed_on))
    return split_of(lines, folding)


def split_of(lines: Sequence[str], folding: Folding) -> Split:
    """The Split of folded lines."""
    says = folding.says
    return Split(
        own=_joined([line for line, kind in zip(lines, says, strict=True) if not kind]),
        quoted=_joined([line for line, kind in zip(lines, says, strict=True) if kind]),
        inline=folding.inline,
        signature=_said(Says.SIGNATURE, lines, says) if Says.SIGNATURE in says else "",
        disclaimer=_said(Says.DISCLAIMER, lines, says) if Says.DISCLAIMER in says else "",
        passed_on=head_of(lines, folding.passed_on),
    )


def _said(wanted: Says, lines: Sequence[str], says: Sequence[Says]) -> str:
    return _joined([line for line, kind in zip(lines, says, strict=True) if kind is wanted])


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip()


def head_of(lines: Sequence[str], passed_on: int | None) -> tuple[str, ...] | None:
    """The first lines of what is passed on."""
    if passed_on is None:
        return None
    return tuple(line[:LONGEST_HEAD] for line in lines[passed_on : passed_on + MOST_HEAD])


def fold(
    lines: Sequence[str],
    given: Sequence[Mark] | None = None,
    signed: Sequence[int] = (),
    *,
    purpose: Purpose = Purpose.UNKNOWN,
) -> Folding:
    """What each line says. `given` and `signed` are what else is known, as from the markup of HTML: a mark for each
    line, and the lines of a signature. `purpose` is what the header of the mail says.
    """
    marks = find_marks(lines, given, purpose)
    end = min(marks.rest, marks.passed_on)
    says = [Says.OWN] * len(lines)
    runs = _runs(lines, marks.lines, end) if any(marks.lines) else [_Run(0, end, Mark.WORDS)]
    inline = _answered_between(_with_words(lines, runs, frozenset(signed), says))
    for run in runs if inline else ():
        if run is not runs[-1]:  # only what ends the mail is no answer for sure
            says[run.start : run.end] = [Says.OWN] * (run.end - run.start)
    for run in () if inline else runs:
        if run.mark is not Mark.WORDS:
            says[run.start : run.end] = [Says.QUOTE] * (run.end - run.start)
    answered = marks.rest < len(lines) and points_below(" ".join(lines[:end]))
    if not answered:
        says[marks.rest :] = [Says.QUOTE] * (len(lines) - marks.rest)
    passed_on = marks.passed_on if marks.passed_on < len(lines) else None
    return Folding(with_something_own(lines, says), inline or answered, passed_on)


def with_something_own(lines: Sequence[str], says: list[Says]) -> list[Says]:
    """The same, or nothing folded where nothing but blank lines would be left."""
    for line, kind in zip(lines, says, strict=True):
        if not kind and not _blank(line):
            return says
    return [Says.OWN] * len(says)


def _with_words(lines: Sequence[str], runs: Sequence[_Run], signed: frozenset[int], says: list[Says]) -> Sequence[_Run]:
    """Mark what ends each run of words; give the runs without a last one in which no words are left."""
    end = 0
    for run in runs:
        end = run.end
        if run.mark is Mark.WORDS:
            end = mark_ending(lines, run.start, run.end, says, signed)
    return runs[:-1] if len(runs) > 1 and end == runs[-1].start else runs


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
