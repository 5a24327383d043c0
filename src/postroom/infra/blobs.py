"""Blobs: bytes under their SHA-256, small ones in the database, large ones in files that are durable before the row."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import insert
from postroom.infra.models import Blob


class BlobMissing(LookupError):
    """A row names a file that is not there."""


def digest_of(data: bytes) -> str:
    """The name of some bytes."""
    return hashlib.sha256(data).hexdigest()


def path_of(digest: str) -> Path:
    """Where the file of a large blob stands."""
    return config().blob_dir / digest[:2] / digest


def put(contents: Iterable[bytes]) -> list[str]:
    """Within a transaction: keep these bytes and return their digests, in order. Large ones are on the disk, durable,
    when it returns; their rows are part of the transaction.

    The rows come first, so that a sweep which is deleting the same bytes is waited for: afterwards the file is gone and
    written anew. A sweep that comes later finds the row that names them, or makes this transaction fail.

    Raises:
        OSError: where a file cannot be written.

    """
    digests: list[str] = []
    new: dict[str, Blob] = {}
    large: dict[str, bytes] = {}
    at = now()
    for data in contents:
        digest = digest_of(data)
        digests.append(digest)
        if len(data) > config().inline_limit:
            large[digest] = data
        inline = None if digest in large else data
        new[digest] = Blob(digest=digest, size=len(data), data=inline, created_at=at)
    insert((new[digest] for digest in sorted(new)), skip_known=True)  # in one order: nobody waits in a circle
    for digest, data in large.items():
        write_file(path_of(digest), data)
    return digests


def write_file(path: Path, data: bytes) -> None:
    """Write, fsync, rename, fsync the folder: afterwards the file is whole and will be there after a power cut."""
    if path.exists():
        sync_folder(path.parent)  # whoever wrote it may not have come so far yet
        return
    _durable_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _durable_folder(folder: Path) -> None:
    if not folder.is_dir():
        _durable_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(blob: Blob) -> bytes:
    """The bytes of a blob.

    Raises:
        BlobMissing: the file is gone.

    """
    if blob.data is not None:
        return bytes(blob.data)
    try:
        return path_of(blob.digest).read_bytes()
    except FileNotFoundError as error:
        raise _missing(blob) from error


def read_part(blob: Blob, first: int, last: int) -> bytes:
    """The bytes of a blob from `first` up to, and without, `last`.

    Raises:
        BlobMissing: the file is gone.

    """
    if blob.data is not None:
        return bytes(blob.data[first:last])
    try:
        with path_of(blob.digest).open("rb") as handle:
            handle.seek(first)
            return handle.read(last - first)
    except FileNotFoundError as error:
        raise _missing(blob) from error


def _missing(blob: Blob) -> BlobMissing:
    return BlobMissing(f"The file of blob {blob.digest} is missing from {config().blob_dir}.")
