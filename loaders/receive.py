"""Landing to archive: what has arrived is kept and receipted before anybody looks inside."""

import json
from collections.abc import Iterator
from pathlib import Path

from loaders.archive import Receipt, loaded_mark, periods_received, receipts, store
from loaders.layout import load_layouts
from loaders.reader_version import layouts_version, reader_version
from quarterdeck.organisations import UnplaceableError, place_of
from quarterdeck.quarantine import quarantine
from quarterdeck.rules import finding
from quarterdeck.settings import Settings

UNPLACED = "unplaced"


def receive(settings: Settings, feed: str, period: str) -> list[list[str]]:
    """Archive what lies in `landing/*/<feed>/<period>/` and say what needs reading.

    Returns receipt ids in batches of at most `settings.batch_files`; none where everything is loaded already. Files
    that no path places are archived and quarantined on the way.
    """
    for path in _landed(settings):
        try:
            place = place_of(settings, path.relative_to(settings.landing))
        except UnplaceableError as error:
            _refuse(settings, path, error)
            continue
        if (place.feed, place.reporting_period) == (feed, period):
            store(settings, path, place.organisation_code, feed, period)
            path.unlink()
    unread = [receipt.receipt_id for receipt in receipts(settings, feed, period) if needs_reading(settings, receipt)]
    size = settings.batch_files
    return [unread[start : start + size] for start in range(0, len(unread), size)]


def due(settings: Settings) -> list[tuple[str, str]]:
    """Every feed and month with a file in landing, or with a receipt that is not loaded as it would be now."""
    found = set()
    for path in _landed(settings):
        try:
            place = place_of(settings, path.relative_to(settings.landing))
        except UnplaceableError as error:
            _refuse(settings, path, error)
            continue
        found.add((place.feed, place.reporting_period))
    for feed, period in periods_received(settings):
        if feed != UNPLACED and any(needs_reading(settings, receipt) for receipt in receipts(settings, feed, period)):
            found.add((feed, period))
    return sorted(found, key=lambda pair: (pair[1], pair[0]))


def needs_reading(settings: Settings, receipt: Receipt) -> bool:
    """Whether a receipt was never loaded, or would be read differently now.

    A new reader, or a change to the layout it was read with, asks for it again; so does a new layout where there was
    none for it, and a build file that is gone.
    """
    mark = loaded_mark(settings, receipt)
    if not settings.warehouse.exists() or not mark.exists():
        return True
    loaded = json.loads(mark.read_text())
    if loaded["reader"] != reader_version(settings):
        return True
    if loaded["layout"] is None:
        return bool(loaded["layouts"] != layouts_version(settings))
    hashes = {found.layout.layout: found.sha256 for found in load_layouts(settings.layouts)}
    return bool(hashes.get(loaded["layout"]) != loaded["layout_sha256"])


def _landed(settings: Settings) -> Iterator[Path]:
    for path in sorted(settings.landing.rglob("*")):
        # Names with a leading dot or '~$' are files that are still being copied, or a spreadsheet's lock.
        if path.is_file() and not path.name.startswith((".", "~$")):
            yield path


def _refuse(settings: Settings, path: Path, error: UnplaceableError) -> None:
    receipt = store(settings, path, "", UNPLACED, "received")
    found = finding(
        "path-unknown",
        f"'{path.relative_to(settings.landing)}' cannot be placed: {error}.",
        remedy="Put the file into landing/<organisation>/<feed>/<YYYY-MM>/ and submit it again.",
    )
    quarantine(settings, f"{UNPLACED}.{receipt.receipt_id}", receipt.file_name, receipt.sha256, [found])
    path.unlink()
