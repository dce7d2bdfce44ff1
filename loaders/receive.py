"""Landing to archive: what has arrived is kept and receipted before anybody looks inside."""

import logging
import os
import stat
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from loaders.archive import (
    Look,
    Receipt,
    StillChangingError,
    confirm,
    loaded_mark,
    look,
    mark_loaded,
    periods_received,
    receipts,
    sha256_of,
    shown,
    store,
    withdrawal_of,
)
from loaders.layout import load_layouts
from loaders.reader_version import layouts_version, reader_version
from quarterdeck.organisations import Place, UnplaceableError, place_of
from quarterdeck.quarantine import quarantine
from quarterdeck.rules import finding
from quarterdeck.settings import Settings
from quarterdeck.warehouse import warehouse_id

UNPLACED = "unplaced"
_AT_ONCE = 16
"""Files that are archived side by side: most of the time goes into waiting for the disk to confirm."""

log = logging.getLogger(__name__)


def due(settings: Settings) -> list[tuple[str, str]]:
    """Every feed and month with a file in landing, or with a receipt that is not loaded as it would be now.

    Files whose bytes are known and loaded make nothing due, nor do those that no path places. Changes nothing.
    """
    ledger = _Ledger(settings)
    found = {_month_of(file.place) for file in _landed(settings) if file.place and not ledger.knows(file)}
    for feed, period in periods_received(settings):
        if feed != UNPLACED and any(ledger.needs_reading(receipt) for receipt in receipts(settings, feed, period)):
            found.add((feed, period))
    return sorted(found, key=lambda pair: (pair[1], pair[0]))


def sweep(settings: Settings) -> None:
    """Take from landing what no run is due for: known bytes, which get their receipt, and files that no path places."""
    ledger = _Ledger(settings)
    _take(ledger, [file for file in _landed(settings) if file.place is None or ledger.knows(file)])


def receive(settings: Settings, feed: str, period: str) -> list[list[str]]:
    """Archive what lies in `landing/*/<feed>/<period>/` and say what needs reading.

    Returns receipt ids in batches of at most `settings.batch_files`; none where everything is loaded already. Files
    that no path places are archived and quarantined on the way; files that are still being written stay where they are.
    """
    ledger = _Ledger(settings)
    _take(ledger, [file for file in _landed(settings) if file.place is None or _month_of(file.place) == (feed, period)])
    return _unread(ledger, feed, period)


def receive_due(settings: Settings) -> list[dict[str, Any]]:
    """Receive every feed and month with something new, and take what `sweep` takes, which is taken first.

    What was loaded stays as it was read, also where its layout has changed since: reading it again is for somebody to
    decide. Returns the batches as `read_batch` wants them: `feed`, `period` and `receipt_ids` each.
    """
    ledger = _Ledger(settings, leaves_loaded=True)
    _take(ledger, sorted(_landed(settings), key=lambda file: file.place is not None and not ledger.knows(file)))
    return [
        {"feed": feed, "period": period, "receipt_ids": batch}
        for feed, period in sorted(periods_received(settings), key=lambda pair: (pair[1], pair[0]))
        if feed != UNPLACED
        for batch in _unread(ledger, feed, period)
    ]


def waiting(settings: Settings) -> list[str]:
    """What lies in landing: paths below it. After a run, what was still being written, or has come since.

    With what no run can take, each with the reason in brackets.
    """
    return [
        f"{shown(path.relative_to(settings.landing))}{f' ({obstacle})' if obstacle else ''}"
        for path, obstacle in _found(settings)
    ]


@dataclass(frozen=True)
class _File:
    """A landed file as it was first seen; `place` is None where its path places it nowhere, for `reason`."""

    path: Path
    seen: Look
    place: Place | None
    reason: str = ""


class _Ledger:
    """What is loaded already: as it would be loaded now, or however it was where the ledger leaves that alone."""

    def __init__(self, settings: Settings, *, leaves_loaded: bool = False) -> None:
        self.settings = settings
        self._leaves_loaded = leaves_loaded
        self._latest: dict[tuple[str, str], dict[str, dict[str, dict[str, Any]]]] = {}

    def needs_reading(self, receipt: Receipt) -> bool:
        """Whether a receipt was never loaded into this build file, or would be loaded differently now.

        A new reader, or a change to the layout it was read with, asks for it again; so does a new layout where there
        was none for it, and a person who takes it back.
        """
        return self._mark(receipt) is None

    def as_loaded(self, sha256: str, place: Place) -> dict[str, Any] | None:
        """How the latest file of some return was loaded, where it is these bytes; None where they are new.

        A file that nobody recognised is no return's latest one.
        """
        return self._latest_at(place).get(sha256)

    def knows(self, file: _File) -> bool:
        """Whether a landed file has the bytes of the latest file of some return."""
        latest = self._latest_at(file.place) if file.place else {}
        try:
            return bool(latest) and sha256_of(file.path) in latest
        except FileNotFoundError:
            # Somebody else took it meanwhile.
            return True

    def _latest_at(self, place: Place) -> dict[str, dict[str, Any]]:
        month = _month_of(place)
        if month not in self._latest:
            self._latest[month] = self._latest_of(*month)
        return self._latest[month].get(place.organisation_code, {})

    def _latest_of(self, feed: str, period: str) -> dict[str, dict[str, dict[str, Any]]]:
        """The marks of the latest file of every return, by organisation and hash."""
        latest: dict[tuple[str, str], tuple[Receipt, dict[str, Any]]] = {}
        for receipt in receipts(self.settings, feed, period):
            mark = self._mark(receipt)
            if mark is not None and mark["layout"] is not None and not mark["withdrawn"]:
                latest[receipt.organisation_code, str(mark["layout"])] = (receipt, mark)
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for receipt, mark in latest.values():
            found.setdefault(receipt.organisation_code, {})[receipt.sha256] = mark
        return found

    def _mark(self, receipt: Receipt) -> dict[str, Any] | None:
        """How a receipt was loaded; None where it would be loaded differently now."""
        mark = loaded_mark(self.settings, receipt) if self._warehouse else None
        if mark is None or mark["warehouse"] != self._warehouse:
            return None
        if mark["withdrawn"] != (withdrawal_of(self.settings, receipt) is not None):
            return None
        if mark["layout"] is not None and self._leaves_loaded:
            return mark
        if mark["reader"] != self._reader:
            return None
        if mark["layout"] is None:
            return mark if mark["layouts"] == self._layouts else None
        return mark if self._hashes.get(mark["layout"]) == mark["layout_sha256"] else None

    @cached_property
    def _warehouse(self) -> str | None:
        return warehouse_id(self.settings)

    @cached_property
    def _reader(self) -> str:
        return reader_version(self.settings)

    @cached_property
    def _layouts(self) -> str:
        return layouts_version(self.settings)

    @cached_property
    def _hashes(self) -> dict[str, str]:
        return {found.layout.layout: found.sha256 for found in load_layouts(self.settings.layouts)}


def _month_of(place: Place) -> tuple[str, str]:
    return place.feed, place.reporting_period


def _unread(ledger: _Ledger, feed: str, period: str) -> list[list[str]]:
    """The receipts of a feed and month that need reading, in batches."""
    settings = ledger.settings
    unread = [receipt.receipt_id for receipt in receipts(settings, feed, period) if ledger.needs_reading(receipt)]
    size = settings.batch_files
    batches = [unread[start : start + size] for start in range(0, len(unread), size)]
    log.info("%s %s: %d files to read, in %d batches", feed, period, len(unread), len(batches))
    return batches


def _landed(settings: Settings) -> Iterator[_File]:
    """Every landed file that can be taken, with what its path says it is."""
    for path, obstacle in _found(settings):
        if obstacle:
            log.info("'%s' stays in landing: %s", shown(path), obstacle)
            continue
        with suppress(FileNotFoundError):
            seen = look(path)
            try:
                yield _File(path, seen, place_of(settings, path.relative_to(settings.landing)))
            except UnplaceableError as error:
                yield _File(path, seen, None, shown(error))


def _found(settings: Settings) -> Iterator[tuple[Path, str]]:
    """What lies in landing, in order, and what keeps it from being taken; that is blank for a file that nothing does.

    One file that nobody may read must not keep all others from being taken.
    """
    closed: list[OSError] = []
    for folder, inner, names in os.walk(settings.landing, onerror=closed.append):
        inner.sort()
        fixed = not os.access(folder, os.W_OK | os.X_OK)
        for name in sorted([*names, *(each for each in inner if os.path.islink(os.path.join(folder, each)))]):
            # Names with a leading dot or '~$' are files that are still being copied, or a spreadsheet's lock.
            if not name.startswith((".", "~$")):
                path = Path(folder, name)
                yield path, "the user who runs this may not write to its folder" if fixed else _obstacle(path)
    for error in closed:
        # That there is no landing folder yet keeps nothing from being taken.
        if not isinstance(error, FileNotFoundError):
            yield Path(error.filename), "the user who runs this may not read the folder"


def _obstacle(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except OSError:
        # What is no link was there a moment ago: somebody else took it.
        return "a link to something that is not there" if path.is_symlink() else ""
    if stat.S_ISDIR(mode):
        return "a link to a folder, which is not followed: mount the folder here, or put its files here"
    if not stat.S_ISREG(mode):
        return "neither a file nor a folder"
    return "" if os.access(path, os.R_OK) else "the user who runs this may not read it"


def _take(ledger: _Ledger, files: list[_File]) -> None:
    """Archive landed files; where the same bytes are loaded already, say so beside the receipt."""
    _let_settle(ledger.settings, files)
    now = datetime.now(UTC)

    def archived(number: int, file: _File) -> Receipt | None:
        # Receipts are read in the order of their times, which is to be that of the names.
        return _archive(ledger.settings, file, now + timedelta(microseconds=number))

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        archiving = [threads.submit(archived, number, file) for number, file in enumerate(files)]
    kept = [each.result() for each in archiving]
    confirm(ledger.settings, filter(None, kept))
    for file, receipt in zip(files, kept, strict=True):
        if receipt is None:
            continue
        if file.place is None:
            _refuse(ledger.settings, file, receipt)
        elif (mark := ledger.as_loaded(receipt.sha256, file.place)) is not None:
            mark_loaded(ledger.settings, receipt, mark | {"submissions": []})
        with suppress(FileNotFoundError):
            # What was written after the copy was made is another file, which is taken at the next look.
            if look(file.path) == file.seen:
                file.path.unlink()


def _let_settle(settings: Settings, files: Iterable[_File]) -> None:
    """Wait where a file was written to so lately that whoever writes may not have finished."""
    settled_by = (time.time() - settings.settle_seconds) * 1e9
    young = [file for file in files if file.seen.modified > settled_by]
    if young:
        log.info("%d files were written just now; waiting %g s", len(young), settings.settle_seconds)
        time.sleep(settings.settle_seconds)


def _archive(settings: Settings, file: _File, received_at: datetime) -> Receipt | None:
    """Keep one file; None where it is still being written, or where somebody else took it."""
    place = file.place or Place("", UNPLACED, "received")
    whose = (place.organisation_code, *_month_of(place))
    try:
        return store(settings, file.path, *whose, received_at=received_at, seen=file.seen)
    except StillChangingError:
        log.warning("'%s' is still being written; it stays in landing until it is whole", shown(file.path))
    except FileNotFoundError:
        log.info("'%s' was taken by another run", shown(file.path))
    return None


def _refuse(settings: Settings, file: _File, receipt: Receipt) -> None:
    found = finding(
        "path-unknown",
        f"'{shown(file.path.relative_to(settings.landing))}' cannot be placed: {file.reason}.",
        remedy="Put the file into landing/<organisation>/<feed>/<YYYY-MM>/ and submit it again.",
    )
    quarantine(settings, f"{UNPLACED}.{receipt.receipt_id}", receipt.file_name, receipt.sha256, [found])
