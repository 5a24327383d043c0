"""Which installation this is, and whether the database is its own or a copy of another one's.

An id stands in the database and outside of it, in `var/instance` or POSTROOM_INSTANCE, and the database knows where it
lives. A dump that was restored, a folder that was copied, a backup that is older than what ran here: each differs in
one of these, and is a copy until somebody takes over. The name of the machine plays no part.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.db import transaction

from postroom.infra.config import config, replace_file
from postroom.infra.database import base
from postroom.infra.models import Parameter

KEY = "instance.id"
PLACE = "instance.place"
URL = "instance.url"
FORMER = "instance.former"  # ids that this installation had before it was taken over, by commas
BEAT = "instance.beat"  # counts up here and outside: a database that counts less is older than what ran here
COPY = "instance.copy"  # what was noticed of a copy, and up to which row it holds what others may have sent
KEYS = frozenset({KEY, PLACE, URL, FORMER, BEAT, COPY})
AGAIN_SECONDS = 5.0  # for so long an answer holds
FILE = "instance"


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known outside the database: the id, empty where there is none, and how far it had counted."""

    id: str = ""
    beat: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """`copy` says why the database is a copy, empty where it is this installation's own. `noticed` is the mark that was
    set when that was noticed: see `note_copy`. `url_before` is set where people reached it by another address.
    """

    id: str = ""
    place: str = ""
    copy: str = ""
    noticed: int | None = None
    url_before: str = ""

    @property
    def is_copy(self) -> bool:
        return bool(self.copy)


@dataclass(slots=True)
class _Cache:
    read_at: float = 0.0
    standing: Standing | None = None


_cache = _Cache()


@cache
def instance_id() -> str:
    """The id that this installation writes into everything it sends; made at the first call."""
    row, _ = Parameter.objects.get_or_create(key=KEY, defaults={"value": config().instance or _new_id()})
    return row.value


@cache
def own_ids() -> frozenset[str]:
    """The id of this installation, and those that it had before."""
    row = Parameter.objects.filter(key=FORMER).first()
    return frozenset({instance_id(), *(row.value.split(",") if row else ())}) - {""}


def standing() -> Standing:
    """Whether the database is our own, at most five seconds old; four queries where it has to be asked."""
    if _cache.standing is None or time.monotonic() - _cache.read_at > AGAIN_SECONDS:
        before, _cache.standing = _cache.standing, examine()
        _cache.read_at = time.monotonic()
        if before is not None and before.id != _cache.standing.id:
            _forget_ids()
    return _cache.standing


def forget() -> None:
    """Ask anew the next time."""
    _cache.standing = None
    _forget_ids()


def assume(standing: Standing) -> None:
    """Take this for the answer until `forget`, without asking."""
    _cache.standing, _cache.read_at = standing, float("inf")


def _forget_ids() -> None:
    instance_id.cache_clear()
    own_ids.cache_clear()


def examine() -> Standing:
    """Whether the database is our own, asked now. What is outside is read first: it never runs ahead."""
    outside = _outside()
    rows = _rows()
    if not rows.get(KEY) or not rows.get(PLACE):  # new, or of a version that did not ask: the next start writes it
        return Standing(rows.get(KEY, ""))
    here = base.place()
    found = Standing(rows[KEY], here, copy=_difference(rows, outside, here))
    if found.is_copy:
        return Standing(found.id, here, found.copy, noticed=_noticed(rows, outside, here))
    before = rows.get(URL, "")
    return Standing(found.id, here, url_before=before if before != config().public_url else "")


def _difference(rows: Mapping[str, str], outside: Outside, here: str) -> str:
    where = "POSTROOM_INSTANCE" if config().instance else str(config().var / FILE)
    if not outside.id:
        return f"The database belongs to an installation of which {config().var} knows nothing ({where} is not there)."
    if outside.id != rows[KEY]:
        return f"The database belongs to another installation than {where} names."
    if here != rows[PLACE]:
        return "The database is not where it was: it was copied, or restored from a dump."
    if int(rows.get(BEAT, "0")) < outside.beat:
        return "The database is older than what ran here last: it was restored from a backup."
    return ""


def ensure() -> Standing:
    """At a start: give a new database its identity; of one that has it, say what it is."""
    if all(_rows().get(name) for name in (KEY, PLACE)):
        return examine()
    try:
        with transaction.atomic():
            _keep({KEY: instance_id(), PLACE: base.place(), URL: config().public_url, BEAT: "0"})
            # Before the commit: whoever is cut off in between begins anew, instead of finding a copy.
            _write_outside(Outside(instance_id()))
    finally:
        forget()
    return examine()


def beat() -> str:
    """Count on, in the database and then outside; nothing where it is a copy. For once a minute."""
    if examine().is_copy:
        return "This is a copy: it waits until somebody takes over."
    with transaction.atomic():
        row = Parameter.objects.select_for_update().filter(key=BEAT).first()
        count = int(row.value if row else "0") + 1
        _keep({BEAT: str(count)})
        Parameter.objects.filter(key=COPY).delete()
    _write_outside(Outside(config().instance or instance_id(), count))
    return ""


def note_copy(mark: int) -> None:
    """Keep how far the rows go that came with the copy: greater numbers were written here. The first note counts, until
    it is another copy.
    """
    outside, here, rows = _outside(), base.place(), _rows()
    if _noticed(rows, outside, here) is None:
        _keep({COPY: f"{_signature(outside, here)} {mark}"})
        forget()


def take_over(*, remember: bool) -> None:
    """Within a transaction: make the database this installation's own, under an id of its own where the configuration
    names none. With `remember`, mail under the former id still counts as sent by us. `settle_outside` is to follow
    once this is committed.
    """
    rows = _rows()
    before, own = rows.get(KEY, ""), config().instance or _new_id()
    former = [one for one in rows.get(FORMER, "").split(",") if one] + [before] * (remember and before != own)
    _keep({KEY: own, PLACE: base.place(), URL: config().public_url, BEAT: "0", FORMER: ",".join(former)})
    Parameter.objects.filter(key=COPY).delete()


def settle_outside() -> None:
    """Write what the database says now outside of it: the last step of taking over."""
    forget()
    _write_outside(Outside(instance_id()))
    forget()


def keep_url() -> None:
    """People reach it by the configured address from now on."""
    _keep({URL: config().public_url})
    forget()


def _noticed(rows: Mapping[str, str], outside: Outside, here: str) -> int | None:
    signature, _, mark = rows.get(COPY, "").rpartition(" ")
    return int(mark) if signature == _signature(outside, here) and mark else None


def _signature(outside: Outside, here: str) -> str:
    return f"{here} {outside.id or '-'} {outside.beat}"


def _new_id() -> str:
    return secrets.token_hex(8)


def _rows() -> dict[str, str]:
    return dict(Parameter.objects.filter(key__in=KEYS).values_list("key", "value"))


def _keep(values: Mapping[str, str]) -> None:
    for key, value in values.items():
        Parameter.objects.update_or_create(key=key, defaults={"value": value})


def _outside() -> Outside:
    """The configured id stands above the file; the file's count holds for the id that it names."""
    path = config().var / FILE
    try:
        words = path.read_text(encoding="ascii").split()
    except (FileNotFoundError, UnicodeDecodeError):
        words = []
    kept = Outside(words[0], int(words[1])) if len(words) > 1 and words[1].isdigit() else Outside()
    named = config().instance
    return kept if not named or kept.id == named else Outside(named)


def _write_outside(outside: Outside) -> None:
    replace_file(config().var / FILE, f"{outside.id} {outside.beat}\n")
