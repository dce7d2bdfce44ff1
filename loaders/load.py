"""Batches to the raw schema, in one transaction: rows, submissions and findings, or nothing."""

import json
import logging
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loaders.archive import Receipt, mark_loaded, withdrawal_of
from loaders.names import file_key
from loaders.numbering import Numbering, Submission
from loaders.read import PLACES, ROWS
from loaders.reader_version import layouts_version, reader_version
from loaders.together import note_sent_together
from quarterdeck.events import tell
from quarterdeck.findings import Finding, Severity
from quarterdeck.periods import Month
from quarterdeck.quarantine import folders, quarantine, release
from quarterdeck.rules import catalogue
from quarterdeck.runs import noted
from quarterdeck.settings import Settings
from quarterdeck.standing import ACCEPTED, HELD, WITHDRAWN, note_releases, supersede
from quarterdeck.warehouse import (
    FINDINGS,
    INTEGER,
    SUBMISSIONS,
    TEXT,
    Columns,
    insert_rows,
    prepared,
    record_columns,
    records,
    tune,
    warehouse_id,
)

if TYPE_CHECKING:
    import duckdb

_LONGEST_LINE = 1 << 24
"""Bytes of one line of a batch's file of rows, unless one is longer."""


log = logging.getLogger(__name__)


class LoadError(RuntimeError):
    """What was read is not what would be loaded; nothing is."""


@dataclass
class LoadResult:
    """What a load did: ids of `accepted`, `held` and `withdrawn` submissions.

    `unchanged` counts files that were loaded already; `months` are those that the others were sent for.
    """

    accepted: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    unchanged: int = 0
    months: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the raw schema is different now."""
        return bool(self.accepted or self.held or self.withdrawn)


@noted("load")
def load_batches(settings: Settings, folders: list[str]) -> LoadResult:
    """Write what `read_batch` left in these folders into the raw schema. Hold the writer's slot.

    Submissions are numbered here, in the order their files were received. A submission that was loaded before is
    replaced by itself; bytes that equal the latest submission of their return and month change nothing, nor does a
    month that a series repeats as it was.

    Raises LoadError where the rows that arrive are not those that were read; then nothing is loaded.
    """
    paths = [Path(folder) for folder in folders]
    submissions = sorted((submission for path in paths for submission in _read(settings, path)), key=_receipt_id)
    note_sent_together(submissions)
    left: dict[str, str] = {}
    with prepared(settings) as connection:
        tune(connection, len(submissions))
        connection.begin()
        numbering = Numbering.of(connection, {submission.reporting_period for submission in submissions})
        for _, parts in groupby(submissions, key=_receipt_id):
            numbering.number(list(parts))
        numbered = [submission for submission in submissions if submission.submission_id]
        if numbered:
            left = _forget(connection, numbered)
            _register(connection, numbered)
            _copy_rows(connection, paths, numbered)
            _compare_counts(connection, numbered)
            supersede(connection)
        connection.commit()
        _finish(settings, submissions, left)
        note_releases(settings, connection)
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
    ids: dict[str, list[str]] = {status: [] for status in (ACCEPTED, HELD, WITHDRAWN)}
    for submission in numbered:
        ids[_status(submission)].append(str(submission.submission_id))
        tell(
            __name__,
            "submission loaded",
            submission_id=submission.submission_id,
            receipt_id=submission.receipt.receipt_id,
            status=_status(submission),
        )
    result = LoadResult(
        ids[ACCEPTED],
        ids[HELD],
        ids[WITHDRAWN],
        len(submissions) - len(numbered),
        sorted({submission.receipt.reporting_period for submission in numbered}),
    )
    log.info(
        "%d submissions: %d accepted, %d held, %d withdrawn, %d known before",
        len(submissions),
        *map(len, ids.values()),
        result.unchanged,
    )
    return result


def _read(settings: Settings, folder: Path) -> Iterator[Submission]:
    for read in json.loads((folder / "submissions.json").read_text()):
        receipt = Receipt(**read["receipt"])
        yield Submission(receipt, read, withdrawal_of(settings, receipt))


def _status(submission: Submission) -> str:
    if submission.withdrawal:
        return WITHDRAWN
    return HELD if submission.read["held"] else ACCEPTED


def _receipt_id(submission: Submission) -> str:
    return submission.receipt.receipt_id


def _forget(connection: "duckdb.DuckDBPyConnection", submissions: list[Submission]) -> dict[str, str]:
    """Take out what was loaded of these files before: they may have been read as another return, or as none.

    Returns the submissions that are no more, each with the one that its file is now.
    """
    stale = connection.execute(
        "select submission_id, receipt_id from raw.submissions where list_contains(?, receipt_id)",
        [[submission.receipt.receipt_id for submission in submissions]],
    ).fetchall()
    for table in ("submissions", "findings", "arithmetic_checks", *records()) if stale else ():
        connection.execute(
            f"delete from raw.{table} where list_contains(?, submission_id)", [[each for each, _ in stale]]
        )
    now = {_receipt_id(submission): str(submission.submission_id) for submission in submissions}
    there = {submission.submission_id for submission in submissions}
    return {each: now[receipt_id] for each, receipt_id in stale if each not in there}


def _register(connection: "duckdb.DuckDBPyConnection", submissions: list[Submission]) -> None:
    insert_rows(connection, "raw.submissions", SUBMISSIONS, map(_submission_row, submissions))
    findings = (_finding_row(submission, found) for submission in submissions for found in submission.read["findings"])
    insert_rows(connection, "raw.findings", FINDINGS, findings)


def _submission_row(submission: Submission) -> dict[str, Any]:
    receipt, read, withdrawal = submission.receipt, submission.read, submission.withdrawal
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
        "file_key": file_key(receipt.file_name),
        "size_bytes": receipt.size_bytes,
        "received_at": receipt.received_at,
        "layout": read["layout"],
        "layout_sha256": read["layout_sha256"],
        "status": _status(submission),
        "released_by": withdrawal.by if withdrawal else None,
        "released_at": withdrawal.at if withdrawal else None,
        "release_reason": withdrawal.reason if withdrawal else None,
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
        files = [file for path in paths if (file := path / f"{record}.jsonl").exists()]
        if files:
            columns = record_columns(record)
            rest = ", ".join(f"rows.{column}" for column in columns if column != "submission_id")
            lists = ", ".join(f"unnest({_listed(name, kind)}) as {name}" for name, kind in columns.items())
            connection.execute(
                f"insert into raw.{record} by name select numbered.submission_id, {rest}"
                f" from (select {lists} from read_json(?, columns = ?, format = 'newline_delimited',"
                f" maximum_object_size = {_longest_line(files)})) as rows"
                " join numbered on rows.submission_id = numbered.receipt_id and rows.reporting_period = numbered.month",
                [list(map(str, files)), _kinds_of_line(columns)],
            )


def _listed(name: str, kind: str) -> str:
    """SQL of a column's values in a line: one that stands there alone is that of all rows."""
    listed = f"list_resize({name}, {ROWS}, {name}[1])"
    return f'coalesce(list_select({name}, "{name}{PLACES}"), {listed})' if kind == TEXT else listed


def _kinds_of_line(columns: Columns) -> Columns:
    places = {f"{name}{PLACES}": f"{INTEGER}[]" for name, kind in columns.items() if kind == TEXT}
    return {name: f"{kind}[]" for name, kind in columns.items()} | places | {ROWS: INTEGER}


def _longest_line(files: list[Path]) -> int:
    """How many bytes a line may have, twice as many of which DuckDB sets aside."""
    longest = _LONGEST_LINE
    for file in files:
        with file.open("rb") as lines:
            longest = max(longest, max((len(line) + 1 for line in lines), default=0))
    return longest


def _compare_counts(connection: "duckdb.DuckDBPyConnection", submissions: list[Submission]) -> None:
    """See that every submission has as many rows in the tables as were read from its file."""
    counted = " union all ".join(f"select submission_id from raw.{record}" for record in records())
    arrived = dict(
        connection.execute(
            f"select submission_id, count(*) from ({counted})"
            " where submission_id in (select submission_id from numbered) group by submission_id"
        ).fetchall()
    )
    wrong = [
        f"{each.submission_id} ('{each.receipt.file_name}'): {each.read['rows']} read, {there} arrived"
        for each in submissions
        if (there := arrived.get(each.submission_id, 0)) != each.read["rows"]
    ]
    if wrong:
        raise LoadError(f"Nothing is loaded, for rows were lost or doubled on the way: {'; '.join(wrong)}.")


def _create_temporary(
    connection: "duckdb.DuckDBPyConnection", name: str, columns: tuple[str, ...], rows: list[dict[str, Any]]
) -> None:
    """A temporary table of words."""
    connection.execute(f"create or replace temp table {name} ({', '.join(f'{column} {TEXT}' for column in columns)})")
    insert_rows(connection, name, dict.fromkeys(columns, TEXT), rows)


def _finish(settings: Settings, submissions: list[Submission], left: dict[str, str]) -> None:
    reader, layouts, warehouse = reader_version(settings), layouts_version(settings), warehouse_id(settings)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    submissions_of: dict[str, list[str]] = defaultdict(list)
    for submission in submissions:
        if submission.submission_id:
            submissions_of[_receipt_id(submission)].append(submission.submission_id)
    in_quarantine = set(folders(settings))
    for earlier, later in left.items():
        release(settings, earlier, by=later, at=now, reason=f"The file is read as {later} now.")
    for submission in submissions:
        receipt, read, submission_id = submission.receipt, submission.read, submission.submission_id
        if submission_id and read["held"]:
            found = [Finding(**each | {"severity": Severity(each["severity"])}) for each in read["findings"]]
            quarantine(settings, submission_id, receipt.file_name, receipt.sha256, found)
        elif submission_id in in_quarantine and _status(submission) == ACCEPTED:
            release(settings, submission_id, by=submission_id, at=now, reason="The file is accepted now.")
        if submission.reporting_period != receipt.reporting_period:
            continue  # An earlier month of a series: the file's mark is written with the month that it was sent for.
        mark = {
            "warehouse": warehouse,
            "reader": reader,
            "layout": read["layout"],
            "layout_sha256": read["layout_sha256"],
            "layouts": layouts,
            "submissions": submissions_of[receipt.receipt_id],
            "withdrawn": submission.withdrawal is not None,
        }
        mark_loaded(settings, receipt, mark)
