"""Landing to archive: what has arrived is kept and receipted before anybody looks inside."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loaders.archive import Receipt, loaded_mark, periods_received, receipts, sha256_of, store, write_whole
from loaders.layout import load_layouts
from loaders.reader_version import layouts_version, reader_version
from quarterdeck.organisations import Place, UnplaceableError, place_of
from quarterdeck.quarantine import quarantine
from quarterdeck.rules import finding
from quarterdeck.settings import Settings

UNPLACED = "unplaced"


def receive(settings: Settings, feed: str, period: str) -> list[list[str]]:
    """Archive what lies in `landing/*/<feed>/<period>/` and say what needs reading.

    Returns receipt ids in batches of at most `settings.batch_files`; none where everything is loaded already. Files
    that no path places are archived and quarantined on the way.
    """
    for path, place in _placed(settings):
        if (place.feed, place.reporting_period) == (feed, period):
            _take(settings, path, place)
    unread = [receipt.receipt_id for receipt in receipts(settings, feed, period) if needs_reading(settings, receipt)]
    size = settings.batch_files
    return [unread[start : start + size] for start in range(0, len(unread), size)]


def due(settings: Settings) -> list[tuple[str, str]]:
    """Every feed and month with a file in landing, or with a receipt that is not loaded as it would be now.

    Files whose bytes are known and loaded make nothing due: they are receipted here, which is all there is to do.
    """
    found = set()
    for path, place in _placed(settings):
        if _as_loaded(settings, sha256_of(path), place) is None:
            found.add((place.feed, place.reporting_period))
        else:
            _take(settings, path, place)
    for feed, period in periods_received(settings):
        if feed != UNPLACED and any(needs_reading(settings, receipt) for receipt in receipts(settings, feed, period)):
            found.add((feed, period))
    return sorted(found, key=lambda pair: (pair[1], pair[0]))


def needs_reading(settings: Settings, receipt: Receipt) -> bool:
    """Whether a receipt was never loaded, or would be read differently now.

    A new reader, or a change to the layout it was read with, asks for it again; so does a new layout where there was
    none for it, and a build file that is gone.
    """
    if not settings.warehouse.exists() or not loaded_mark(settings, receipt).exists():
        return True
    loaded = _mark(settings, receipt)
    if loaded["reader"] != reader_version(settings):
        return True
    if loaded["layout"] is None:
        return bool(loaded["layouts"] != layouts_version(settings))
    hashes = {found.layout.layout: found.sha256 for found in load_layouts(settings.layouts)}
    return bool(hashes.get(loaded["layout"]) != loaded["layout_sha256"])


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


def _take(settings: Settings, path: Path, place: Place) -> None:
    """Archive a landed file; where the same bytes are loaded already, say so beside its receipt."""
    mark = _as_loaded(settings, sha256_of(path), place)
    receipt = store(settings, path, place.organisation_code, place.feed, place.reporting_period)
    if mark is not None:
        write_whole(loaded_mark(settings, receipt), json.dumps(mark | {"submission_id": None}).encode())
    path.unlink()


def _as_loaded(settings: Settings, sha256: str, place: Place) -> dict[str, Any] | None:
    """How the latest file of some return was loaded, where it is these bytes; None where they are new."""
    latest: dict[str, Receipt] = {}
    for receipt in receipts(settings, place.feed, place.reporting_period):
        if receipt.organisation_code == place.organisation_code and not needs_reading(settings, receipt):
            latest[str(_mark(settings, receipt)["layout"])] = receipt
    same = next((receipt for receipt in latest.values() if receipt.sha256 == sha256), None)
    return _mark(settings, same) if same else None


def _mark(settings: Settings, receipt: Receipt) -> dict[str, Any]:
    return dict(json.loads(loaded_mark(settings, receipt).read_text()))


def _refuse(settings: Settings, path: Path, error: UnplaceableError) -> None:
    receipt = store(settings, path, "", UNPLACED, "received")
    found = finding(
        "path-unknown",
        f"'{path.relative_to(settings.landing)}' cannot be placed: {error}.",
        remedy="Put the file into landing/<organisation>/<feed>/<YYYY-MM>/ and submit it again.",
    )
    quarantine(settings, f"{UNPLACED}.{receipt.receipt_id}", receipt.file_name, receipt.sha256, [found])
    path.unlink()
