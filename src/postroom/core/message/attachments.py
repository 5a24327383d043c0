"""Names of attachments: what the sender wrote, made safe to show and to save under."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 200  # characters; file systems take 255 bytes

_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff]"
)
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PATH = re.compile(r"[/\\]")
_LEADS_AWAY = re.compile(r"\s*(?:[/\\~]|\.\.|[A-Za-z]:)|.*[/\\]\.\.[/\\]", re.DOTALL)
_EXTENSIONS = {
    "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "text/csv": ".csv", "text/vcard": ".vcf",
    "text/x-vcard": ".vcf", "text/rfc822-headers": ".txt", "text/x-amp-html": ".html", "text/richtext": ".rtx",
    "text/enriched": ".txt", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png", "image/gif": ".gif",
    "image/webp": ".webp", "image/bmp": ".bmp", "image/tiff": ".tiff", "image/svg+xml": ".svg",
    "application/pdf": ".pdf", "application/zip": ".zip", "application/json": ".json", "application/xml": ".xml",
    "application/msword": ".doc", "application/rtf": ".rtf", "application/ms-tnef": ".tnef", "application/gzip": ".gz",
    "application/pkcs7-mime": ".p7m", "application/pkcs7-signature": ".p7s", "application/pgp-signature": ".asc",
    "application/pgp-encrypted": ".asc", "application/pgp-keys": ".asc", "application/ics": ".ics",
    "message/rfc822": ".eml", "message/global": ".eml", "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt", "message/feedback-report": ".txt", "message/partial": ".eml",
    "message/external-body": ".txt", "audio/mpeg": ".mp3", "audio/wav": ".wav", "video/mp4": ".mp4",
}  # fmt: skip


def misleads(name: str) -> bool:
    """Whether characters in a name make it read otherwise than a system does: direction, or a gap before its end."""
    return (not name.isascii() and _DIRECTION.search(name) is not None) or " " * 10 in name


def safe_name(name: str) -> str:
    """A name without path, control or direction characters, without leading dots; empty where nothing is left."""
    if "/" in name or "\\" in name:
        name = _PATH.split(name)[-1] if _LEADS_AWAY.match(name) else _PATH.sub("_", name)
    if not name.isascii() or not name.isprintable():
        name = unicodedata.normalize("NFC", _UNSAFE.sub("", name))
        name = _PATH.sub("_", name)
    return _shortened(name.strip().lstrip(". ").rstrip())


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension) <= 10:
        return stem[: LONGEST_NAME - len(extension) - 1].rstrip() + dot + extension
    return name[:LONGEST_NAME].rstrip()


def made_name(content_type: str, number: int) -> str:
    """A name for the part with this number (from 1) that has none of its own."""
    if content_type.startswith("message/"):
        stem = "message"
    elif content_type.startswith("image/"):
        stem = "image"
    else:
        stem = "part"
    return f"{stem}-{number}{extension_of(content_type)}"


def extension_of(content_type: str) -> str:
    """The ending that a made-up name gets, with its dot."""
    return _EXTENSIONS.get(content_type, ".bin")
