"""What people say about themselves: name, signature, language, clock, how they wish to hear of messages."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from django.db import transaction

from postroom.core.edits import Edit, edited
from postroom.directory.models import Contact, User
from postroom.directory.services import CannotDo
from postroom.infra.search.index import mark

LONGEST_NAME, LONGEST_SIGNATURE = 120, 4000
FIELDS = ("name", "signature", "notify_by", "language", "time_zone", "single_keys", "undo_seconds")
UNDO_SECONDS = (0, 5, 10, 20, 30)  # for which one may choose to be able to undo; None: as the installation says

# The languages in which mail of ours is worded, by their own names.
LANGUAGES: Mapping[str, str] = {
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fi": "Suomi",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "sv": "Svenska",
}


class CannotSave(CannotDo):
    """A profile that cannot be kept; `problems` says for each field what is wrong and what to do."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as somebody enters it; `signature` is plain text."""

    name: str
    signature: str = ""
    notify_by: str = User.NotifyBy.MAIL.value
    language: str = "en"
    time_zone: str = "UTC"
    single_keys: bool = True
    undo_seconds: int | None = None


def profile_of(user: User) -> Profile:
    """The profile of a user as it is."""
    return Profile(
        user.name, user.signature, user.notify_by, user.language, user.time_zone, user.single_keys, user.undo_seconds
    )


@cache
def time_zones() -> tuple[str, ...]:
    """The time zones that a person may live in, by name; without old names and fixed offsets."""
    names = zoneinfo.available_timezones()
    return ("UTC", *sorted(name for name in names if "/" in name and not name.startswith(("Etc/", "SystemV/"))))


def update_profile(*, user: User, profile: Edit[Profile]) -> None:
    """Keep a profile; the contacts that stand for the user get their new name.

    Raises:
        CannotSave: what is wrong, by field.

    """
    with transaction.atomic():
        known = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        tidy = _tidy(edited(profile_of(known), profile))
        if problems := dict(_problems(known, tidy)):
            raise CannotSave(problems)
        for name in FIELDS:
            setattr(user, name, getattr(tidy, name))
        user.save(update_fields=FIELDS)
        renamed = Contact.objects.filter(user=user).exclude(name=user.name)
        mark({"contact": renamed.values_list("pk", flat=True)})
        renamed.update(name=user.name)


def _tidy(profile: Profile) -> Profile:
    lines = profile.signature.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Profile(
        " ".join(profile.name.split()),
        "\n".join(line.rstrip() for line in lines).strip("\n"),
        profile.notify_by,
        profile.language,
        profile.time_zone,
        profile.single_keys,
        profile.undo_seconds,
    )


def _problems(user: User, profile: Profile) -> Iterator[tuple[str, str]]:
    if not profile.name:
        yield "name", "Enter your name as others should read it."
    elif len(profile.name) > LONGEST_NAME or not profile.name.isprintable():
        yield "name", f"A name has {LONGEST_NAME} characters at most, and no control characters."
    if len(profile.signature) > LONGEST_SIGNATURE or "\0" in profile.signature:
        yield "signature", f"A signature has {LONGEST_SIGNATURE:,} characters at most."
    if profile.notify_by not in User.NotifyBy.values:
        yield "notify_by", "Choose by mail or in the inbox."
    if profile.language not in {*LANGUAGES, user.language}:
        yield "language", "Choose a language of the list."
    if profile.undo_seconds not in {None, *UNDO_SECONDS}:
        yield "undo_seconds", "Choose 0, 5, 10, 20 or 30 seconds, or what the installation says."
    if profile.time_zone not in {*time_zones(), user.time_zone}:
        yield "time_zone", "Choose a time zone of the list."
