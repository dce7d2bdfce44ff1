"""Batches to the raw schema, in one transaction: rows, submissions and findings, or nothing."""

import json
import shutil
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loaders.archive import Receipt, mark_loaded
from loaders.numbering import Numbering, Submission
from loaders.read import UNRECOGNISED
from loaders.reader_version import layouts_version, reader_version
from quarterdeck.findings import Finding, Severity
from quarterdeck.periods import Month
from quarterdeck.quarantine import quarantine, release
from quarterdeck.rules import catalogue
from quarterdeck.settings import Settings
from quarterdeck.warehouse import (
    FINDINGS,
    SUBMISSIONS,
    TEXT,
    connect,
    insert_rows,
    prepare,
    record_columns,
    records,
    unnested,
)

if TYPE_CHECKING:
    import duckdb

_LONGEST_LINE = 1 << 30
"""Bytes of one line of a batch's file of rows."""


@dataclass
class LoadResult:
    """What a load did: ids of `accepted` and `held` submissions; `unchanged` counts files that were loaded already."""

    accepted: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    unchanged: int = 0

    @property
    def changed(self) -> bool:
        """Whether the raw schema is different now."""
        return bool(self.accepted or self.held)


def load_batches(settings: Settings, folders: list[str]) -> LoadResult:
    """Write what `read_batch` left in these folders into the raw schema. Hold the writer's slot.

    Submissions are numbered here, in the order their files were received. A submission that was loaded before is
    replaced by itself; bytes that equal the latest submission of their return and month change nothing, nor does a
    month that a series repeats as it was.
    """
    prepare(settings)
    paths = [Path(folder) for folder in folders]
    submissions = sorted(
        (
            Submission(Receipt(**read["receipt"]), read)
            for path in paths
            for read in json.loads((path / "submissions.json").read_text())
        ),
        key=_receipt_id,
    )
    with connect(settings) as connection:
        connection.begin()
        numbering = Numbering.of(connection, {submission.reporting_period for submission in submissions})
        for _, parts in groupby(submissions, key=_receipt_id):
            numbering.number(list(parts))
        numbered = [submission for submission in submissions if submission.submission_id]
        if numbered:
            _forget(connection, numbered)
            _register(connection, numbered)
            _copy_rows(connection, paths, numbered)
        connection.commit()
    _finish(settings, submissions)
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
    held = [submission.read["held"] for submission in numbered]
    ids = [str(submission.submission_id) for submission in numbered]
    return LoadResult(
        [each for each, is_held in zip(ids, held, strict=True) if not is_held],
        [each for each, is_held in zip(ids, held, strict=True) if is_held],
        len(submissions) - len(numbered),
    )


def _receipt_id(submission: Submission) -> str:
    return submission.receipt.receipt_id


def _forget(connection: "duckdb.DuckDBPyConnection", submissions: list[Submission]) -> None:
    """Take out what was loaded of these files before: they may have been read as another return, or as none."""
    stale = connection.execute(
        "select submission_id from raw.submissions where list_contains(?, receipt_id)",
        [[submission.receipt.receipt_id for submission in submissions]],
    ).fetchall()
    for table in ("submissions", "findings", "arithmetic_checks", *records()) if stale else ():
        connection.execute(
            f"delete from raw.{table} where list_contains(?, submission_id)", [[each for (each,) in stale]]
        )


def _register(connection: "duckdb.DuckDBPyConnection", submissions: list[Submission]) -> None:
    insert_rows(connection, "raw.submissions", SUBMISSIONS, map(_submission_row, submissions))
    findings = (_finding_row(submission, found) for submission in submissions for found in submission.read["findings"])
    insert_rows(connection, "raw.findings", FINDINGS, findings)
    # Where the right file has come, an earlier one of the feed that nobody could recognise holds nothing any more.
    recognised = [asdict(each.receipt) for each in submissions if each.read["return_id"] != UNRECOGNISED]
    columns = ("organisation_code", "feed", "reporting_period", "received_at")
    _create_temporary(connection, "recognised", columns, recognised)
    connection.execute(
        "update raw.submissions as earlier set status = 'superseded' from recognised as later"
        " where earlier.return_id = ? and earlier.organisation_code = later.organisation_code"
        " and earlier.feed = later.feed and earlier.reporting_period = later.reporting_period"
        " and earlier.received_at < later.received_at",
        [UNRECOGNISED],
    )


def _submission_row(submission: Submission) -> dict[str, Any]:
    receipt, read = submission.receipt, submission.read
    return {
        "submission_id": submission.submission_id,
        "organisation_code": receipt.organisation_code,
        "feed": receipt.feed,
        "return_id": read["return_id"],
        "reporting_period": submission.reporting_period,
        "sequence": submission.sequence,
        "restates": submission.restates,
        "receipt_id": receipt.receipt_id,
        "sha256": receipt.sha256,
        "content_sha256": read["content_sha256"],
        "file_name": receipt.file_name,
        "size_bytes": receipt.size_bytes,
        "received_at": receipt.received_at,
        "layout": read["layout"],
        "layout_sha256": read["layout_sha256"],
        "status": "held" if read["held"] else "accepted",
        "rows_loaded": read["rows"],
    }


def _finding_row(submission: Submission, found: dict[str, Any]) -> dict[str, Any]:
    receipt = submission.receipt
    return found | {
        "stage": "load",
        "submission_id": submission.submission_id,
        "organisation_code": receipt.organisation_code,
        "quarter": str(Month.parse(submission.reporting_period).quarter),
        "dimension": catalogue()[found["rule"]].dimension,
        "file_name": receipt.file_name,
    }


def _copy_rows(connection: "duckdb.DuckDBPyConnection", paths: list[Path], submissions: list[Submission]) -> None:
    numbered = [
        {"receipt_id": _receipt_id(each), "month": each.reporting_period, "submission_id": each.submission_id}
        for each in submissions
    ]
    _create_temporary(connection, "numbered", ("receipt_id", "month", "submission_id"), numbered)
    for record in records():
        files = [str(file) for path in paths if (file := path / f"{record}.jsonl").exists()]
        if files:
            columns = record_columns(record)
            rest = ", ".join(f"rows.{column}" for column in columns if column != "submission_id")
            connection.execute(
                f"insert into raw.{record} by name select numbered.submission_id, {rest}"
                f" from (select {unnested(columns)} from read_json(?, columns = ?, format = 'newline_delimited',"
                f" maximum_object_size = {_LONGEST_LINE})) as rows"
                " join numbered on rows.submission_id = numbered.receipt_id and rows.reporting_period = numbered.month",
                [files, {name: f"{kind}[]" for name, kind in columns.items()}],
            )


def _create_temporary(
    connection: "duckdb.DuckDBPyConnection", name: str, columns: tuple[str, ...], rows: list[dict[str, Any]]
) -> None:
    """A temporary table of words."""
    connection.execute(f"create or replace temp table {name} ({', '.join(f'{column} {TEXT}' for column in columns)})")
    insert_rows(connection, name, dict.fromkeys(columns, TEXT), rows)


def _finish(settings: Settings, submissions: list[Submission]) -> None:
    reader, layouts = reader_version(settings), layouts_version(settings)
    for submission in submissions:
        receipt, read = submission.receipt, submission.read
        if submission.submission_id and read["held"]:
            found = [Finding(**each | {"severity": Severity(each["severity"])}) for each in read["findings"]]
            quarantine(settings, submission.submission_id, receipt.file_name, receipt.sha256, found)
        elif submission.submission_id:
            release(settings, submission.submission_id)
        if submission.reporting_period != receipt.reporting_period:
            continue  # An earlier month of a series: the file's mark is written with the month that it was sent for.
        mark = {
            "reader": reader,
            "layout": read["layout"],
            "layout_sha256": read["layout_sha256"],
            "layouts": layouts,
            "submission_id": submission.submission_id,
        }
        mark_loaded(settings, receipt, mark)
