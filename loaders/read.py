"""Archive to batch: the files of a batch are parsed in a process of their own, without the warehouse."""

import hashlib
import json
import logging
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from loaders.apart import AFTER_ITEMS, Begin, run_apart
from loaders.archive import Receipt, receipt_of
from loaders.cells import Sheet, TooLargeFileError, UnreadableFileError
from loaders.columns import RawRow, Rows
from loaders.extract import Extraction, extract
from loaders.form import form_findings
from loaders.formats import read_workbook
from loaders.layout import LoadedLayout, load_layouts, recognise
from loaders.stated import stated_findings
from loaders.timeliness import expected_returns, timeliness_findings
from loaders.units import units
from quarterdeck.findings import Finding, Severity
from quarterdeck.organisations import Place, organisation_names
from quarterdeck.periods import Month
from quarterdeck.rules import catalogue, finding
from quarterdeck.settings import Settings
from quarterdeck.standing import UNRECOGNISED
from quarterdeck.warehouse import records

_UNTIL_RELEASED = (
    "Until then it holds its quarter: send the right file under the same name, or have this one taken back with "
    "`quarterdeck withdraw` and the id of its submission."
)
# Where in its file a row stands, which a later file of the same series may change without restating anything.
_POSITION = {"sheet", "block", "source_row", "rolls_up_to_row", "cells"}
_ALIKE = 100
"""How many findings of one rule on one sheet are listed; of more than these only the number is said."""
_ROWS_A_LINE = 1_000
ROWS = "rows_of_line"
"""In a line of a batch's file of rows, how many rows it holds."""
PLACES = "#"
"""Behind a column's name there, which of the values listed each row has, counted from 1."""
_MANY_ROWS, _FEW_TEXTS = 50, 0.5
"""Texts are listed once where so many rows have so few, as a part of the rows."""

log = logging.getLogger(__name__)


def read_batch(settings: Settings, feed: str, period: str, receipt_ids: list[str]) -> str:
    """Parse the files of these receipts into a folder below `work/`, and return the folder's path.

    The folder holds `submissions.json` (a receipt, its layout and its findings each) and a file `<record>.jsonl` a
    record type: on every line one object from column to values, of `rows_of_line` rows that carry their receipt's id.
    Of a column in which all rows have one value it stands there once; one that is blank throughout is left out. Texts
    that come again are listed once, and `<column>#` says which of them each row has. A file that cannot be read, or
    that ends the process that reads it, costs the others nothing. The folder is this call's own: two runs that read the
    same files do not meet.
    """
    started, received = time.monotonic(), [receipt_of(settings, feed, period, each) for each in receipt_ids]
    batches = settings.work / "batches"
    batches.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{feed}.{period}.", dir=batches))
    _prepare(settings)
    held = run_apart(partial(_read_into, settings, folder, received))
    seconds = time.monotonic() - started
    log.info("%s %s: %d files read in %.1f s, %d of them held", feed, period, len(received), seconds, held)
    return str(folder)


def _prepare(settings: Settings) -> None:
    """Read what is declared, once, before processes are forked that all need it."""
    load_layouts(settings.layouts)
    units()
    catalogue()
    records()
    organisation_names(settings.seeds)
    expected_returns(settings.seeds)


def _read_into(
    settings: Settings, folder: Path, receipts: list[Receipt], set_aside: Mapping[int, str], begin: Begin
) -> int:
    """Fill the folder, from the beginning where an earlier process did not come to the end; how many files are held."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    described, held = [], 0
    with _BatchFiles(folder) as files:
        for number, receipt in enumerate(receipts):
            if number in set_aside:
                loaded, result = None, _refused(receipt.file_name, TooLargeFileError(set_aside[number]))
            else:
                begin(number)
                place = Place(receipt.organisation_code, receipt.feed, receipt.reporting_period)
                loaded, result = read_file(settings, settings.archived(receipt.sha256), receipt.file_name, place)
            if loaded is None:
                result.findings = [_with_release(found) for found in result.findings]
            return_id = loaded.layout.return_id if loaded else UNRECOGNISED
            result.findings.extend(timeliness_findings(settings, receipt, return_id))
            described.extend(_describe(receipt, loaded, result))
            held += result.has_error
            if not result.has_error:
                for record, found in result.rows.items():
                    files.add(record, found, _identity(receipt))
    begin(AFTER_ITEMS)
    (folder / "submissions.json").write_text(json.dumps(described))
    return held


def _with_release(found: Finding) -> Finding:
    """A finding of a file that no layout describes, and what ends its holding the quarter."""
    if found.severity is not Severity.ERROR:
        return found
    return replace(found, remedy=f"{found.remedy} {_UNTIL_RELEASED}".strip())


def read_file(
    settings: Settings, path: Path, file_name: str, place: Place, layout: LoadedLayout | None = None
) -> tuple[LoadedLayout | None, Extraction]:
    """Read one file with the layout that describes it, or with the one given.

    Whatever is wrong with the file is a finding, never an exception; where it asks for too much memory, MemoryError.
    """
    loaded, month = layout, Month.parse(place.reporting_period)
    try:
        workbook = read_workbook(path, Path(file_name).suffix)
        of_form = list(form_findings(workbook))
        loaded = layout or recognise(settings, place.organisation_code, place.feed, month, workbook.sheets)
        mistaken = None if layout else _of_another_place(settings, place, loaded, workbook.sheets)
        if mistaken is not None:
            loaded, result = None, Extraction(findings=[mistaken])
        elif loaded is None:
            result = Extraction(findings=[_unknown(settings, file_name, place, workbook.sheets)])
        else:
            result = extract(loaded.layout, workbook.sheets, month, settings)
            of_form.extend(stated_findings(loaded.layout, workbook.sheets, place, settings))
        result.findings = list(_at_most(of_form + result.findings))
    except UnreadableFileError as error:
        result = _refused(file_name, error)
    except MemoryError:
        raise
    except Exception as error:  # a file must never cost its batch anything, whatever is wrong with it
        result = Extraction(
            findings=[
                finding(
                    "reader-failed",
                    f"Reading '{file_name}' failed ({type(error).__name__}: {error}).",
                    remedy="The data team looks into it; the file is kept.",
                )
            ]
        )
    return loaded, result


def _refused(file_name: str, error: UnreadableFileError) -> Extraction:
    return Extraction(findings=[finding(error.rule, f"'{file_name}' was not read: {error}.", remedy=error.remedy)])


def _unknown(settings: Settings, file_name: str, place: Place, sheets: list[Sheet]) -> Finding:
    for other in load_layouts(settings.layouts):
        theirs = other.layout
        is_ours = theirs.organisation in ("*", place.organisation_code) and theirs.feed == place.feed
        if is_ours and theirs.recognised_in(sheets) == len(theirs.recognised_by):
            valid = (("from", theirs.valid_from), ("to", theirs.valid_to))
            when = " ".join(f"{word} {month}" for word, month in valid if month)
            return finding(
                "layout-unknown",
                f"'{file_name}' is written in the template '{theirs.title}', which is for returns {when}; it was sent "
                f"for {place.reporting_period}.",
                remedy="Check which month it is of, and use the template of that month.",
            )
    return finding(
        "layout-unknown",
        f"No layout of this organisation's {place.feed} describes '{file_name}'.",
        remedy="Check that the right file was sent; if it is a new template, the data team adds a layout.",
    )


def _of_another_place(
    settings: Settings, place: Place, loaded: LoadedLayout | None, sheets: list[Sheet]
) -> Finding | None:
    """What is to be said of a file that has all marks of another organisation's or feed's template, and not its own."""

    def has_all_marks(layout: LoadedLayout) -> bool:
        return layout.layout.recognised_in(sheets) == len(layout.layout.recognised_by)

    if loaded and has_all_marks(loaded):
        return None
    for other in load_layouts(settings.layouts):
        theirs = other.layout
        is_ours = theirs.organisation in ("*", place.organisation_code)
        if (is_ours and theirs.feed == place.feed) or not has_all_marks(other):
            continue
        if is_ours:
            return finding(
                "feed-mismatch",
                f"The file is '{theirs.title}', a return of {theirs.feed}; it was sent as {place.feed}.",
                remedy=f"Send it as {theirs.feed}.",
            )
        return finding(
            "organisation-mismatch",
            f"The file is '{theirs.title}', the template of {theirs.organisation}; it was sent for "
            f"{place.organisation_code}.",
            remedy="Send it for the organisation whose figures it holds, or use the template of your own.",
        )
    return None


def _at_most(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, less those of a kind that there are too many of to be read."""
    counts: Counter[tuple[str, str | None]] = Counter()
    last: dict[tuple[str, str | None], Finding] = {}
    for found in findings:
        kind = (found.rule, found.sheet)
        counts[kind] += 1
        last[kind] = found
        if counts[kind] <= _ALIKE:
            yield found
    for kind, count in counts.items():
        if count > _ALIKE:
            yield finding(
                last[kind].rule,
                f"And {count - _ALIKE:,} more like the {_ALIKE} listed.",
                remedy=last[kind].remedy,
                sheet=last[kind].sheet,
            )


def _describe(receipt: Receipt, loaded: LoadedLayout | None, result: Extraction) -> list[dict[str, object]]:
    """What is to be known of each submission in a file: one, or one a month where the file is a series."""
    whole: dict[str, object] = {
        "receipt": vars(receipt),
        "reporting_period": receipt.reporting_period,
        "return_id": loaded.layout.return_id if loaded else UNRECOGNISED,
        "layout": loaded.layout.layout if loaded else None,
        "layout_sha256": loaded.sha256 if loaded else None,
        "held": result.has_error,
        "rows": 0 if result.has_error else sum(len(found) for found in result.rows.values()),
        "content_sha256": None,
        "findings": [vars(found) for found in result.findings],
    }
    if result.has_error or not (loaded and loaded.layout.series):
        return [whole]
    # A month that the file has and reports nothing on is one that it takes back.
    months: dict[str, list[RawRow]] = {month: [] for month in (*result.months, receipt.reporting_period)}
    for found in result.rows.values():
        for row in found:
            months[row["reporting_period"]].append(row)
    return [
        whole
        | {"reporting_period": month, "rows": len(found), "content_sha256": _content_sha256(found)}
        # What was found in the file is said once, of the month that it was sent for.
        | ({} if month == receipt.reporting_period else {"findings": []})
        for month, found in sorted(months.items())
    ]


def _content_sha256(rows: list[RawRow]) -> str:
    """The hash of what rows say, wherever in the file they say it."""
    said = ({name: value for name, value in row.items() if name not in _POSITION} for row in rows)
    lines = sorted(json.dumps(row, sort_keys=True, default=str) for row in said)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _identity(receipt: Receipt) -> RawRow:
    return {
        # The receipt's id stands here until the loader, who alone sees the earlier ones, numbers the submission.
        "submission_id": receipt.receipt_id,
        "organisation_code": receipt.organisation_code,
        "reporting_period": receipt.reporting_period,
    }


class _BatchFiles:
    """The files of a batch's rows, written as they come, so that only one file's rows are in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open: dict[str, BinaryIO] = {}

    def __enter__(self) -> "_BatchFiles":
        return self

    def __exit__(self, *error: object) -> None:
        for stream in self.open.values():
            stream.close()

    def add(self, record: str, rows: Rows, identity: RawRow) -> None:
        """Write rows of one record type, with what is the same in all of them; a series' rows know their month."""
        if rows and record not in self.open:
            self.open[record] = (self.folder / f"{record}.jsonl").open("wb")
        for chunk in rows.chunks:
            for start in range(0, chunk.count, _ROWS_A_LINE):
                some = slice(start, start + _ROWS_A_LINE)
                line: dict[str, Any] = {ROWS: min(_ROWS_A_LINE, chunk.count - start)}
                for name, value in (identity | chunk.same).items():
                    if value is not None and name not in chunk.each:
                        line[name] = [value]
                for name, each in chunk.each.items():
                    _put(line, name, each[some])
                self.open[record].write(msgspec.json.encode(line))
                self.open[record].write(b"\n")


def _put(line: dict[str, Any], name: str, values: list[Any]) -> None:
    """Put a column's values into a line: one for all that are alike, and a few that come again with their places."""
    if values.count(values[0]) == len(values):
        if values[0] is not None:
            line[name] = values[:1]
        return
    is_text = len(values) >= _MANY_ROWS and any(isinstance(value, str) for value in (values[0], values[-1]))
    places = {value: place for place, value in enumerate(dict.fromkeys(values), 1)} if is_text else {}
    if 0 < len(places) <= len(values) * _FEW_TEXTS:
        line[name], line[f"{name}{PLACES}"] = list(places), list(map(places.__getitem__, values))
    else:
        line[name] = values
