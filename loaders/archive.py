"""The archive: bytes as they came, under their sha256, and a receipt for every sighting. Nothing is ever changed."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from quarterdeck.settings import Settings


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


def store(settings: Settings, source: Path, organisation_code: str, feed: str, period: str) -> Receipt:
    """Keep a file's bytes and write its receipt; the source stays where it is.

    Safe to interrupt: the object is whole or not there, and the receipt is written last.
    """
    sha256, size = _keep(settings, source)
    now = datetime.now(UTC)
    receipt = Receipt(
        f"{now:%Y%m%dT%H%M%S%f}-{sha256[:12]}",
        organisation_code,
        feed,
        period,
        source.name,
        sha256,
        size,
        now.isoformat(timespec="microseconds"),
    )
    write_whole(_folder(settings, feed, period) / f"{receipt.receipt_id}.json", json.dumps(asdict(receipt)).encode())
    return receipt


def receipts(settings: Settings, feed: str, period: str) -> list[Receipt]:
    """Every receipt of a feed and month, oldest first."""
    folder = _folder(settings, feed, period)
    found = sorted(path for path in folder.glob("*.json") if not path.name.endswith(".loaded.json"))
    return [Receipt(**json.loads(path.read_text())) for path in found]


def periods_received(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every feed and month that has a receipt."""
    for folder in sorted((settings.archive / "receipts").glob("*/*")):
        yield folder.parent.name, folder.name


def loaded_mark(settings: Settings, receipt: Receipt) -> Path:
    """The note beside a receipt that says by which reader and layout it was last loaded."""
    return _folder(settings, receipt.feed, receipt.reporting_period) / f"{receipt.receipt_id}.loaded.json"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a power cut, finds all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)


def _folder(settings: Settings, feed: str, period: str) -> Path:
    return settings.archive / "receipts" / feed / period


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _keep(settings: Settings, source: Path) -> tuple[str, int]:
    sha256 = sha256_of(source)
    kept = settings.archived(sha256)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_name(f".{sha256}.{os.getpid()}")
        shutil.copyfile(source, partial)
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.chmod(0o444)
        partial.replace(kept)
    return sha256, source.stat().st_size
