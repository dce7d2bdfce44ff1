"""The archive: bytes as they came, under their sha256, and a receipt for every sighting. Nothing is ever changed."""

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from quarterdeck.settings import Settings

_AT_ONCE = 1 << 20
"""Bytes of a file that are copied in one go."""


@dataclass(frozen=True)
class Receipt:
    """One file, received once. The same bytes received again have another receipt and the same `sha256`."""

    receipt_id: str
    organisation_code: str
    feed: str
    reporting_period: str
    file_name: str
    sha256: str
    size_bytes: int
    received_at: str


@dataclass(frozen=True)
class Withdrawal:
    """That a person takes a received file back: who, why, and when (ISO 8601)."""

    by: str
    reason: str
    at: str


class Look(NamedTuple):
    """What a look at a file shows of it: another look that shows the same means that nobody wrote to it meanwhile."""

    inode: int
    size_bytes: int
    modified: int


class StillChangingError(Exception):
    """A file changed while it was copied: whoever sends it has not finished."""


def look(path: Path) -> Look:
    """Look at a file. Raises FileNotFoundError."""
    found = path.stat()
    return Look(found.st_ino, found.st_size, found.st_mtime_ns)


def shown(name: object) -> str:
    """A path or name as text: one that is none in the system's encoding keeps what can be shown of it."""
    return os.fsencode(str(name)).decode("utf-8", "replace")


def store(
    settings: Settings,
    source: Path,
    organisation_code: str,
    feed: str,
    period: str,
    *,
    received_at: datetime | None = None,
    seen: Look | None = None,
) -> Receipt:
    """Keep a file's bytes and write its receipt; the source stays where it is.

    Safe to interrupt: the object is whole or not there, and the receipt is written last. Safe to call from several
    threads: files that are stored side by side share the disk's confirmations. `received_at` is now unless given.

    Raises StillChangingError where the source, once it is copied, is not as it was `seen` (now, unless given): then
    nothing is kept.
    """
    sha256, size = _keep(settings, source, seen or look(source))
    now = received_at or datetime.now(UTC)
    receipt = Receipt(
        f"{now:%Y%m%dT%H%M%S%f}-{sha256[:12]}",
        organisation_code,
        feed,
        period,
        shown(source.name),
        sha256,
        size,
        now.isoformat(timespec="microseconds"),
    )
    path = f"{_folder(settings, feed, period)}/{receipt.receipt_id}.json"
    _write_whole(path, json.dumps(vars(receipt)).encode(), durable=True)
    return receipt


def confirm(settings: Settings, stored: Iterable[Receipt]) -> None:
    """Wait until the names of stored files are on the disk, as their bytes are: only then may the senders' copies go.

    All of them in one go: with the first folder the disk confirms most of what is in the others.
    """
    folders: set[Path] = set()
    for receipt in stored:
        month = Path(_folder(settings, receipt.feed, receipt.reporting_period))
        folders |= {settings.archived(receipt.sha256).parent, month}
    above = {parent for folder in folders for parent in folder.parents if parent.is_relative_to(settings.archive)}
    for folder in sorted(folders | above):
        _confirm_names(folder)


def _confirm_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def receipts(settings: Settings, feed: str, period: str) -> list[Receipt]:
    """Every receipt of a feed and month, oldest first."""
    folder = _folder(settings, feed, period)
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    # What is noted beside a receipt has its name, and an ending more.
    found = [name for name in names if name.endswith(".json") and name.count(".") == 1]
    return [_receipt(f"{folder}/{name}") for name in found]


def receipt_of(settings: Settings, feed: str, period: str, receipt_id: str) -> Receipt:
    """One receipt by its id."""
    return _receipt(f"{_folder(settings, feed, period)}/{receipt_id}.json")


def _receipt(path: str) -> Receipt:
    with open(path, "rb") as stream:
        return Receipt(**json.load(stream))


def received_as(settings: Settings, submission_id: str) -> Receipt | None:
    """The receipt of the file that a submission is, or is a month of; None where no file was loaded as it."""
    for feed, period in periods_received(settings):
        for receipt in receipts(settings, feed, period):
            mark = loaded_mark(settings, receipt)
            if mark and submission_id in mark.get("submissions", ()):
                return receipt
    return None


def periods_received(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every feed and month that has a receipt."""
    for folder in sorted((settings.archive / "receipts").glob("*/*")):
        yield folder.parent.name, folder.name


def mark_loaded(settings: Settings, receipt: Receipt, mark: dict[str, Any]) -> None:
    """Note beside a receipt by which reader and layout it was last loaded.

    A note that a power cut takes away makes its file be read again, so nothing waits for the disk.
    """
    _write_whole(_mark_file(settings, receipt), json.dumps(mark).encode(), durable=False)


def loaded_mark(settings: Settings, receipt: Receipt) -> dict[str, Any] | None:
    """What `mark_loaded` noted; None where it noted nothing."""
    try:
        with open(_mark_file(settings, receipt), "rb") as stream:
            return dict(json.load(stream))
    except (FileNotFoundError, ValueError):
        return None


def withdraw(settings: Settings, receipt: Receipt, withdrawal: Withdrawal) -> None:
    """Note beside a receipt, for good, that the file is taken back."""
    path = _withdrawal_file(settings, receipt)
    _write_whole(path, json.dumps(vars(withdrawal)).encode(), durable=True)
    _confirm_names(Path(path).parent)


def withdrawal_of(settings: Settings, receipt: Receipt) -> Withdrawal | None:
    """What `withdraw` noted; None where nobody took the file back."""
    try:
        with open(_withdrawal_file(settings, receipt), "rb") as stream:
            return Withdrawal(**json.load(stream))
    except FileNotFoundError:
        return None


# A month has thousands of these files: their names are put together as text, which is faster than as paths.


def _withdrawal_file(settings: Settings, receipt: Receipt) -> str:
    return f"{_folder(settings, receipt.feed, receipt.reporting_period)}/{receipt.receipt_id}.withdrawn.json"


def _mark_file(settings: Settings, receipt: Receipt) -> str:
    return f"{_folder(settings, receipt.feed, receipt.reporting_period)}/{receipt.receipt_id}.loaded.json"


def _folder(settings: Settings, feed: str, period: str) -> str:
    return f"{settings.archive}/receipts/{feed}/{period}"


def _write_whole(path: str, content: bytes, *, durable: bool) -> None:
    """Write a file so that a reader finds all of it or nothing; a durable one is found after a power cut as well."""
    folder, name = os.path.split(path)
    partial = f"{folder}/.{name}.{os.getpid()}.{threading.get_ident()}"
    with _created(partial) as stream:
        stream.write(content)
        stream.flush()
        if durable:
            os.fsync(stream.fileno())
    os.replace(partial, path)


def _created(path: str) -> BinaryIO:
    """A new file for writing, in a folder that is made where it is missing."""
    try:
        return open(path, "wb")
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return open(path, "wb")


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _keep(settings: Settings, source: Path, seen: Look) -> tuple[str, int]:
    """Copy a file to where its hash says; the hash and the size are those of the copy."""
    partial = f"{settings.archive}/objects/.{uuid.uuid4().hex}"
    try:
        with _created(partial) as copy:
            sha256, size = _copy(source, copy)
            if look(source) != seen:
                raise StillChangingError(source)
            kept = str(settings.archived(sha256))
            if not os.path.exists(kept):
                os.fchmod(copy.fileno(), 0o444)
                os.fsync(copy.fileno())
                os.makedirs(os.path.dirname(kept), exist_ok=True)
                os.replace(partial, kept)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial)
    return sha256, size


def _copy(source: Path, copy: BinaryIO) -> tuple[str, int]:
    """Copy a file's bytes; their hash, and how many they are."""
    digest, size = hashlib.sha256(), 0
    with open(source, "rb", buffering=0) as original:
        while some := original.read(_AT_ONCE):
            digest.update(some)
            size += len(some)
            copy.write(some)
    copy.flush()
    return digest.hexdigest(), size
