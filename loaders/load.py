"""Batches to the raw schema, in one transaction: rows, submissions and findings, or nothing."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loaders.archive import Receipt, loaded_mark, write_whole
from loaders.read import UNRECOGNISED
from loaders.reader_version import layouts_version, reader_version
from quarterdeck.findings import Finding, Severity
from quarterdeck.periods import Month
from quarterdeck.quarantine import quarantine, release
from quarterdeck.rules import catalogue
from quarterdeck.settings import Settings
from quarterdeck.warehouse import FINDINGS, SUBMISSIONS, connect, prepare, record_columns, records

if TYPE_CHECKING:
    import duckdb


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


@dataclass
class _Submission:
    """A file that was read, on its way to becoming a submission."""

    receipt: Receipt
    read: dict[str, Any]
    submission_id: str | None = None
    sequence: int = 0
    restates: str | None = None

    @property
    def findings(self) -> list[Finding]:
        return [Finding(**found | {"severity": Severity(found["severity"])}) for found in self.read["findings"]]


def load_batches(settings: Settings, folders: list[str]) -> LoadResult:
    """Write what `read_batch` left in these folders into the raw schema. Hold the writer's slot.

    Submissions are numbered here, in the order their files were received. A submission that was loaded before is
    replaced by itself; bytes that equal the latest submission of their return and month change nothing.
    """
    prepare(settings)
    paths = [Path(folder) for folder in folders]
    submissions = sorted(
        (
            _Submission(Receipt(**read["receipt"]), read)
            for path in paths
            for read in json.loads((path / "submissions.json").read_text())
        ),
        key=lambda submission: submission.receipt.receipt_id,
    )
    result = LoadResult()
    with connect(settings) as connection:
        connection.begin()
        for submission in submissions:
            _number(connection, submission)
            if submission.submission_id is None:
                result.unchanged += 1
            else:
                _register(connection, submission)
                (result.held if submission.read["held"] else result.accepted).append(submission.submission_id)
        _copy_rows(connection, paths, submissions)
        connection.commit()
    for submission in submissions:
        _finish(settings, submission)
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
    return result


def _number(connection: "duckdb.DuckDBPyConnection", submission: _Submission) -> None:
    receipt, return_id = submission.receipt, submission.read["return_id"]
    same_return = [receipt.organisation_code, return_id, receipt.reporting_period]
    known = connection.execute(
        "select submission_id, sequence, receipt_id, sha256 from raw.submissions "
        "where organisation_code = ? and return_id = ? and reporting_period = ? order by sequence",
        same_return,
    ).fetchall()
    for position, (submission_id, sequence, receipt_id, _) in enumerate(known):
        if receipt_id == receipt.receipt_id:
            submission.submission_id, submission.sequence = submission_id, sequence
            submission.restates = known[position - 1][0] if position else None
            return
    # Files that nobody recognised are no series of one return: the same bytes at any time before are the same file.
    same = known if return_id == UNRECOGNISED else known[-1:]
    if any(sha256 == receipt.sha256 for *_, sha256 in same):
        return
    submission.sequence = known[-1][1] + 1 if known else 1
    submission.submission_id = ".".join([*same_return, str(submission.sequence)])
    submission.restates = known[-1][0] if known else None


def _register(connection: "duckdb.DuckDBPyConnection", submission: _Submission) -> None:
    receipt, read = submission.receipt, submission.read
    # A file that was read before may have been read as another return, or as none.
    stale = connection.execute(
        "select submission_id from raw.submissions where receipt_id = ?", [receipt.receipt_id]
    ).fetchall()
    for (submission_id,) in {*stale, (submission.submission_id,)}:
        for table in ("submissions", "findings", "arithmetic_checks", *records()):
            connection.execute(f"delete from raw.{table} where submission_id = ?", [submission_id])
    row = {
        "submission_id": submission.submission_id,
        "organisation_code": receipt.organisation_code,
        "feed": receipt.feed,
        "return_id": read["return_id"],
        "reporting_period": receipt.reporting_period,
        "sequence": submission.sequence,
        "restates": submission.restates,
        "receipt_id": receipt.receipt_id,
        "sha256": receipt.sha256,
        "file_name": receipt.file_name,
        "size_bytes": receipt.size_bytes,
        "received_at": receipt.received_at,
        "layout": read["layout"],
        "layout_sha256": read["layout_sha256"],
        "status": "held" if read["held"] else "accepted",
        "rows_loaded": read["rows"],
    }
    _insert(connection, "submissions", SUBMISSIONS, [row])
    _insert(connection, "findings", FINDINGS, [_finding_row(submission, found) for found in submission.findings])
    if read["return_id"] != UNRECOGNISED:
        # The right file has come: an earlier one of the feed that nobody could recognise holds nothing any more.
        connection.execute(
            "update raw.submissions set status = 'superseded' where organisation_code = ? and feed = ? "
            "and reporting_period = ? and return_id = ? and received_at < ?",
            [receipt.organisation_code, receipt.feed, receipt.reporting_period, UNRECOGNISED, receipt.received_at],
        )


def _finding_row(submission: _Submission, found: Finding) -> dict[str, Any]:
    receipt = submission.receipt
    return {
        "stage": "load",
        "submission_id": submission.submission_id,
        "organisation_code": receipt.organisation_code,
        "quarter": str(Month.parse(receipt.reporting_period).quarter),
        "severity": found.severity.value,
        "responsibility": found.responsibility,
        "dimension": catalogue()[found.rule].dimension,
        "rule": found.rule,
        "file_name": receipt.file_name,
        "sheet": found.sheet,
        "cell": found.cell,
        "message": found.message,
        "remedy": found.remedy,
    }


def _insert(
    connection: "duckdb.DuckDBPyConnection", table: str, columns: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    if rows:
        marks = ", ".join("?" for _ in columns)
        connection.executemany(
            f"insert into raw.{table} ({', '.join(columns)}) values ({marks})",
            [[row[column] for column in columns] for row in rows],
        )


def _copy_rows(connection: "duckdb.DuckDBPyConnection", paths: list[Path], submissions: list[_Submission]) -> None:
    numbered = [
        (submission.receipt.receipt_id, submission.submission_id)
        for submission in submissions
        if submission.submission_id
    ]
    if not numbered:
        return
    connection.execute("create or replace temp table numbered (receipt_id text, submission_id text)")
    connection.executemany("insert into numbered values (?, ?)", numbered)
    for record in records():
        files = [str(path / f"{record}.parquet") for path in paths if (path / f"{record}.parquet").exists()]
        if files:
            rest = ", ".join(f"rows.{column}" for column in record_columns(record) if column != "submission_id")
            connection.execute(
                f"insert into raw.{record} by name select numbered.submission_id, {rest} "
                "from read_parquet(?) as rows join numbered on rows.submission_id = numbered.receipt_id",
                [files],
            )


def _finish(settings: Settings, submission: _Submission) -> None:
    receipt, read = submission.receipt, submission.read
    if submission.submission_id and read["held"]:
        quarantine(settings, submission.submission_id, receipt.file_name, receipt.sha256, submission.findings)
    elif submission.submission_id:
        release(settings, submission.submission_id)
    mark = {
        "reader": reader_version(settings),
        "layout": read["layout"],
        "layout_sha256": read["layout_sha256"],
        "layouts": layouts_version(settings),
        "submission_id": submission.submission_id,
    }
    write_whole(loaded_mark(settings, receipt), json.dumps(mark).encode())
