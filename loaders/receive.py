"""Landing to archive: what has arrived is kept and receipted before anybody looks inside."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from loaders.archive import Receipt, loaded_mark, mark_loaded, periods_received, receipts, sha256_of, store
from loaders.layout import load_layouts
from loaders.reader_version import layouts_version, reader_version
from quarterdeck.organisations import Place, UnplaceableError, place_of
from quarterdeck.quarantine import quarantine
from quarterdeck.rules import finding
from quarterdeck.settings import Settings

UNPLACED = "unplaced"
_AT_ONCE = 16
"""Files that are archived side by side: most of the time goes into waiting for the disk to confirm."""


def receive(settings: Settings, feed: str, period: str) -> list[list[str]]:
    """Archive what lies in `landing/*/<feed>/<period>/` and say what needs reading.

    Returns receipt ids in batches of at most `settings.batch_files`; none where everything is loaded already. Files
    that no path places are archived and quarantined on the way.
    """
    ledger = _Ledger(settings)
    _take(ledger, [(path, place) for path, place in _placed(settings) if _month_of(place) == (feed, period)])
    unread = [receipt.receipt_id for receipt in receipts(settings, feed, period) if ledger.needs_reading(receipt)]
    size = settings.batch_files
    return [unread[start : start + size] for start in range(0, len(unread), size)]


def due(settings: Settings) -> list[tuple[str, str]]:
    """Every feed and month with a file in landing, or with a receipt that is not loaded as it would be now.

    Files whose bytes are known and loaded make nothing due: they are receipted here, which is all there is to do.
    """
    ledger = _Ledger(settings)
    known, found = [], set()
    for path, place in _placed(settings):
        if ledger.as_loaded(sha256_of(path), place) is None:
            found.add(_month_of(place))
        else:
            known.append((path, place))
    _take(ledger, known)
    for feed, period in periods_received(settings):
        if feed != UNPLACED and any(ledger.needs_reading(receipt) for receipt in receipts(settings, feed, period)):
            found.add((feed, period))
    return sorted(found, key=lambda pair: (pair[1], pair[0]))


class _Ledger:
    """What is loaded already, as it would be loaded now."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._latest: dict[tuple[str, str], dict[str, dict[str, dict[str, Any]]]] = {}

    def needs_reading(self, receipt: Receipt) -> bool:
        """Whether a receipt was never loaded, or would be read differently now.

        A new reader, or a change to the layout it was read with, asks for it again; so does a new layout where there
        was none for it, and a build file that is gone.
        """
        return self._mark(receipt) is None

    def as_loaded(self, sha256: str, place: Place) -> dict[str, Any] | None:
        """How the latest file of some return was loaded, where it is these bytes; None where they are new."""
        month = _month_of(place)
        if month not in self._latest:
            self._latest[month] = self._latest_of(*month)
        return self._latest[month].get(place.organisation_code, {}).get(sha256)

    def _latest_of(self, feed: str, period: str) -> dict[str, dict[str, dict[str, Any]]]:
        """The marks of the latest file of every return, by organisation and hash."""
        latest: dict[tuple[str, str], tuple[Receipt, dict[str, Any]]] = {}
        for receipt in receipts(self.settings, feed, period):
            mark = self._mark(receipt)
            if mark is not None:
                latest[receipt.organisation_code, str(mark["layout"])] = (receipt, mark)
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for receipt, mark in latest.values():
            found.setdefault(receipt.organisation_code, {})[receipt.sha256] = mark
        return found

    def _mark(self, receipt: Receipt) -> dict[str, Any] | None:
        """How a receipt was loaded; None where it would be loaded differently now."""
        mark = loaded_mark(self.settings, receipt) if self._has_warehouse else None
        if mark is None or mark["reader"] != self._reader:
            return None
        if mark["layout"] is None:
            return mark if mark["layouts"] == self._layouts else None
        return mark if self._hashes.get(mark["layout"]) == mark["layout_sha256"] else None

    @cached_property
    def _has_warehouse(self) -> bool:
        return self.settings.warehouse.exists()

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


def _placed(settings: Settings) -> Iterator[tuple[Path, Place]]:
    """Every landed file with what its path says it is; one that no path places goes to quarantine."""
    for path in sorted(settings.landing.rglob("*")):
        # Names with a leading dot or '~$' are files that are still being copied, or a spreadsheet's lock.
        if not path.is_file() or path.name.startswith((".", "~$")):
            continue
        try:
            yield path, place_of(settings, path.relative_to(settings.landing))
        except UnplaceableError as error:
            _refuse(settings, path, error)


def _take(ledger: _Ledger, placed: list[tuple[Path, Place]]) -> None:
    """Archive landed files; where the same bytes are loaded already, say so beside the receipt."""
    now = datetime.now(UTC)

    def archived(number: int, path: Path, place: Place) -> Receipt:
        # Receipts are read in the order of their times, which is to be that of the names.
        received_at = now + timedelta(microseconds=number)
        return store(ledger.settings, path, place.organisation_code, *_month_of(place), received_at)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        kept = [threads.submit(archived, number, *landed) for number, landed in enumerate(placed)]
    for (path, place), receipt in zip(placed, (each.result() for each in kept), strict=True):
        mark = ledger.as_loaded(receipt.sha256, place)
        if mark is not None:
            mark_loaded(ledger.settings, receipt, mark | {"submission_id": None})
        path.unlink()


def _refuse(settings: Settings, path: Path, error: UnplaceableError) -> None:
    receipt = store(settings, path, "", UNPLACED, "received")
    found = finding(
        "path-unknown",
        f"'{path.relative_to(settings.landing)}' cannot be placed: {error}.",
        remedy="Put the file into landing/<organisation>/<feed>/<YYYY-MM>/ and submit it again.",
    )
    quarantine(settings, f"{UNPLACED}.{receipt.receipt_id}", receipt.file_name, receipt.sha256, [found])
    path.unlink()
