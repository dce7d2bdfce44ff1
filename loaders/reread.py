"""Archived files that a backfill reads again, and the copy of the data root that its dry run works in."""

import shutil
from typing import Any

from loaders.archive import Receipt, loaded_mark, periods_received, receipts
from loaders.receive import UNPLACED
from quarterdeck.backfills import Request
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, records

Batch = dict[str, Any]
"""What `read_batch` wants: `feed`, `period`, `receipt_ids`."""


def chosen(settings: Settings, request: Request) -> list[Receipt]:
    """The receipts of the range: files of its months, and files of later months that hold one of its months too.

    Opens the build file: hold the writer's slot.
    """
    holding = _holding(settings, request)
    return [
        receipt
        for feed, period in periods_received(settings)
        if feed != UNPLACED and request.feed in (None, feed)
        for receipt in receipts(settings, feed, period)
        if receipt.receipt_id in holding or request.covers(receipt.organisation_code, feed, period)
        if request.read_with(*_last_read_with(settings, receipt))
    ]


def batches(settings: Settings, chosen: list[Receipt]) -> list[Batch]:
    """The receipts a feed and month at a time, at most `settings.batch_files` in each batch."""
    months: dict[tuple[str, str], list[str]] = {}
    for receipt in chosen:
        months.setdefault((receipt.feed, receipt.reporting_period), []).append(receipt.receipt_id)
    size = settings.batch_files
    return [
        {"feed": feed, "period": period, "receipt_ids": ids[start : start + size]}
        for (feed, period), ids in months.items()
        for start in range(0, len(ids), size)
    ]


def standing(settings: Settings, receipt_ids: list[str]) -> dict[str, dict[str, Any]]:
    """How the submissions of these receipts stand, by their id: what they were read with, and a hash of their rows.

    Opens the build file: hold the writer's slot.
    """
    if not settings.warehouse.exists():
        return {}
    with connect(settings, read_only=True) as connection:
        found = connection.execute(
            "select submission_id, receipt_id, organisation_code, feed, reporting_period, file_name, status, layout,"
            " layout_sha256, rows_loaded from raw.submissions where list_contains(?, receipt_id) order by all",
            [receipt_ids],
        )
        names = [column[0] for column in found.description]
        submissions = {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}
        hashes = dict.fromkeys(submissions, 0)
        for record in records():
            for submission_id, rows in connection.execute(
                f"select submission_id, sum(hash(rows, ?)) from raw.{record} as rows"
                " where list_contains(?, submission_id) group by all",
                [record, list(submissions)],
            ).fetchall():
                hashes[submission_id] += int(rows)
    return {name: each | {"rows_hash": f"{hashes[name]:x}"} for name, each in submissions.items()}


def copy_for_dry_run(settings: Settings, scratch: Settings, chosen: list[Receipt]) -> None:
    """Make the data root of a dry run anew: a copy of what it works on, and a link to the archived bytes.

    It works on the build file, these receipts and what people approved. Nobody may write to the build file meanwhile:
    hold the writer's slot.
    """
    shutil.rmtree(scratch.home, ignore_errors=True)
    scratch.archive.mkdir(parents=True)
    (scratch.archive / "objects").symlink_to(settings.archive / "objects")
    for receipt in chosen:
        folder = scratch.archive / "receipts" / receipt.feed / receipt.reporting_period
        folder.mkdir(parents=True, exist_ok=True)
        for path in (settings.archive / "receipts" / receipt.feed / receipt.reporting_period).glob(
            f"{receipt.receipt_id}.*"
        ):
            shutil.copyfile(path, folder / path.name)
    # Without them, what somebody let pass would be judged as if nobody had.
    if settings.approvals.is_dir():
        shutil.copytree(settings.approvals, scratch.approvals)
    scratch.warehouse.parent.mkdir(parents=True)
    # What was written last may still stand in the log beside the file.
    for path in settings.warehouse.parent.glob(f"{settings.warehouse.name}*"):
        # Beside it may be the folder of what a large build put on disk.
        if path.is_file():
            shutil.copyfile(path, scratch.warehouse.parent / path.name)


def _holding(settings: Settings, request: Request) -> set[str]:
    """The receipts of whose file some month of the range was loaded."""
    if not settings.warehouse.exists():
        return set()
    with connect(settings, read_only=True) as connection:
        found = connection.execute(
            "select receipt_id, organisation_code, feed, reporting_period from raw.submissions"
        ).fetchall()
    return {receipt_id for receipt_id, *place in found if request.covers(*place)}


def _last_read_with(settings: Settings, receipt: Receipt) -> tuple[str | None, str | None]:
    mark = loaded_mark(settings, receipt) or {}
    return mark.get("layout"), mark.get("layout_sha256")
