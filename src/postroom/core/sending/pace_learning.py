"""What a server's "too fast" teaches: a rate a minute, halved by each throttle, back by a tenth each clean minute.

The rate climbs to the ceiling, which is what was taken within the minute before the throttle, and stays there. Only
after an hour without a throttle it tries more, and after two, four… hours where the ceiling proved true. Where nothing
is taken at all any more, as when the mails of a day are used up, one copy asks after a minute, then after two, four…
and at last each hour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FLOOR = 1.0  # a minute
LEAST_CEILING = 10.0  # a minute, at the first throttle: a few mails tell little of what a server takes
TENTH = 0.1
PATIENCE = 60  # minutes at the ceiling before more is tried
LONGEST_PATIENCE = 24 * 60
LONGEST_REST = 60  # minutes between two that ask
FORGET = 7 * 24 * 60  # minutes without a throttle, after which nothing is held any more
NEAR = 0.15  # two ceilings that differ by less are the same
KEPT = 5  # pieces of evidence
LONGEST_WORDS = 240
BURST = 1.0 / 60.0  # minutes: who began sooner after a throttle could not know of it


@dataclass(frozen=True, slots=True)
class Said:
    """What a server said, and to how many copies of the same burst."""

    code: int = 0
    enhanced: str = ""
    words: str = ""
    replies: int = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why the rate was lowered: what was said when, how many had been taken within the minute before, the new rate."""

    at: float
    said: Said
    accepted: int
    rate: float


@dataclass(frozen=True, slots=True)
class Learnt:
    """A rate a minute that was learnt. `at` is the last throttle, `grown_at` up to when clean minutes are counted,
    `misses` how many throttles came in a row without anything taken between them; nothing leaves before `closed_until`.
    `proofs` counts how often the same ceiling was met.
    """

    rate: float
    ceiling: float
    at: float
    grown_at: float
    misses: int = 0
    closed_until: float = 0.0
    proofs: int = 0
    evidence: tuple[Evidence, ...] = ()

    @property
    def limit(self) -> int:
        """Copies a minute."""
        return max(int(FLOOR), int(self.rate))


def throttled(known: Learnt | None, now: float, began: float, accepted: int, said: Said, minute: float) -> Learnt:
    """What is known after a throttle. `began`: when the copy left that was told so; `accepted`: how many were taken
    within the minute before. A reply to what began before the last throttle belongs to the same burst.
    """
    if known and began <= known.at + BURST * minute:
        return _of_one_burst(known, accepted, said)
    base = known.rate if known else max(accepted, LEAST_CEILING)
    rate = max(FLOOR, base / 2)
    misses = known.misses + 1 if known and (known.misses or not accepted) else 0
    tells = accepted >= base / 2  # fewer than that: it is not the minute's limit that was met
    least = 0.0 if known else LEAST_CEILING
    ceiling = max(least, float(accepted)) if tells and accepted else known.ceiling if known else least
    same = known is not None and tells and abs(ceiling - known.ceiling) <= NEAR * known.ceiling
    proofs = known.proofs + int(same) if known and (same or not tells) else 0
    evidence = (known.evidence if known else ()) + (Evidence(now, _short(said), accepted, rate),)
    closed = now + rest(misses, minute) if misses else 0.0
    return Learnt(rate, max(ceiling, FLOOR), now, now, misses, closed, proofs, evidence[-KEPT:])


def _of_one_burst(known: Learnt, accepted: int, said: Said) -> Learnt:
    """The rate stays, unless more is known now of what had been taken before the first throttle of all."""
    if not known.evidence:
        return known
    last = known.evidence[-1]
    more = max(accepted, last.accepted)
    rate = max(known.rate, more / 2) if len(known.evidence) == 1 and known.at == last.at else known.rate
    counted = replace(last.said, replies=last.said.replies + said.replies)
    evidence = (*known.evidence[:-1], replace(last, said=counted, accepted=more, rate=rate))
    ceiling = max(known.ceiling, float(more)) if more > last.accepted else known.ceiling
    return replace(known, rate=rate, ceiling=ceiling, evidence=evidence)


def _short(said: Said) -> Said:
    return replace(said, words=said.words[:LONGEST_WORDS])


def rest(misses: int, minute: float) -> float:
    """Seconds until one copy may ask again, after so many throttles without anything taken between them."""
    return float(minute * min(LONGEST_REST, 2 ** min(max(misses - 1, 0), 10)))


def took(known: Learnt, now: float) -> Learnt:
    """After the copy that asked was taken: clean minutes count from now on."""
    return replace(known, misses=0, closed_until=0.0, grown_at=now) if known.misses else known


def clean(known: Learnt, now: float, minute: float, *, wanted: bool) -> Learnt | None:
    """What holds now, after whole minutes without a throttle; never a lower rate than before. `wanted`: more waits than
    may leave, without which nothing above the ceiling is tried. None: it is so long ago that nothing is held any more.
    """
    if now - known.at >= FORGET * minute:
        return None
    steps = int((now - known.grown_at) // minute)
    if known.misses or steps < 1:
        return known
    rate = known.rate
    if rate < known.ceiling:
        rate = min(known.ceiling, rate + steps * TENTH * known.ceiling)
    elif wanted and now - known.at >= minute * patience(known.proofs):
        rate += max(1.0, TENTH * rate)
    return replace(known, rate=rate, grown_at=known.grown_at + steps * minute)


def patience(proofs: int) -> float:
    """Minutes without a throttle before more than the ceiling is tried."""
    return float(min(LONGEST_PATIENCE, PATIENCE * 2 ** min(max(proofs, 0), 10)))
