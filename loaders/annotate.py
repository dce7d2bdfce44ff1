"""A sender's own workbook given back with what was found in it: cells marked, and a sheet that lists the findings."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loaders.apart import AFTER_ITEMS, Begin, run_apart
from loaders.cells import UnreadableFileError
from loaders.cells import Workbook as ReadWorkbook
from loaders.formats import read_workbook
from loaders.text import CellValue
from quarterdeck.findings import Finding, Severity

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

FINDINGS_SHEET = "Findings"
AUTHOR = "Quarterdeck"
_COLOURS = {Severity.ERROR: "FFC7CE", Severity.WARNING: "FFEB9C", Severity.INFO: "DDEBF7"}
_HEADINGS = ("Severity", "Sheet", "Cell", "What was found", "How to mend it", "Who can mend it", "Rule")
_WIDTHS = (10, 22, 10, 70, 60, 16, 22)
_LONGEST_TEXT, _LONGEST_NAME = 32_767, 31
_NOT_IN_NAMES = re.compile(r"[\\/?*\[\]:\x00-\x1f]")
_PLACE = re.compile(r"(?P<from_column>[A-Z]*)(?P<from_row>[0-9]*)(?::(?P<to_column>[A-Z]*)(?P<to_row>[0-9]*))?")


def annotate(source: Path, file_name: str, findings: Sequence[Finding], target: Path) -> None:
    """Write `target`, an .xlsx file: the workbook `source` with the cells of the findings marked, and their list.

    A csv file becomes a workbook. Of a file that cannot be read, or not within limits, only the list is written; of
    formulas that fetch from elsewhere only their text. Charts, pictures and macros are not kept. No text is ever
    written as a formula.
    """
    run_apart(partial(_annotate, source, file_name, findings, target))


def _annotate(
    source: Path,
    file_name: str,
    findings: Sequence[Finding],
    target: Path,
    set_aside: Mapping[int, str],
    begin: Begin,
) -> None:
    begin(0)
    workbook, names = (_empty(), {}) if 0 in set_aside else _opened(source, file_name)
    for (sheet, cell), found in _by_cell(findings).items():
        if sheet in names:
            _mark(workbook[names[sheet]], cell, found)
    begin(AFTER_ITEMS)
    _list(workbook, findings, names)
    workbook.save(target)


def _by_cell(findings: Sequence[Finding]) -> dict[tuple[str, str], list[Finding]]:
    placed: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for found in findings:
        if found.sheet and found.cell:
            placed[found.sheet, found.cell].append(found)
    return placed


# The workbook


def _empty() -> "Workbook":
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    return workbook


def _opened(source: Path, file_name: str) -> tuple["Workbook", dict[str, str]]:
    """The workbook, and what its sheets are called in it by their own names."""
    suffix = Path(file_name).suffix.lower()
    try:
        read = read_workbook(source, suffix)
    except UnreadableFileError:
        return _empty(), {}
    if suffix in (".xlsx", ".xlsm"):
        try:
            return _own(source, read)
        except Exception:  # what one library reads another may not; the values are at hand
            pass
    return _copied(read)


def _own(source: Path, read: ReadWorkbook) -> tuple["Workbook", dict[str, str]]:
    from openpyxl import load_workbook

    with source.open("rb") as stream:
        workbook = load_workbook(stream, keep_links=False)
    for sheet in read.sheets:
        for row, column in sheet.links:
            cell = workbook[sheet.name].cell(row + 1, column + 1)
            _write(cell, str(cell.value))
    return workbook, {sheet.title: sheet.title for sheet in workbook.worksheets}


def _copied(read: ReadWorkbook) -> tuple["Workbook", dict[str, str]]:
    """The values alone, in a new workbook."""
    workbook = _empty()
    names: dict[str, str] = {}
    for sheet in read.sheets:
        title = _NOT_IN_NAMES.sub("_", sheet.name)[:_LONGEST_NAME] or "Sheet"
        # The library numbers a name that is there already.
        target = workbook.create_sheet(title)
        names[sheet.name] = target.title
        for row, values in enumerate(sheet.rows, 1):
            for column, value in enumerate(values, 1):
                if value != "":
                    _write(target.cell(row, column), value)
    return workbook, names


def _write(cell: "Cell", value: CellValue) -> None:
    """Write a value; a text as a text, whatever it starts with."""
    if not isinstance(value, str):
        cell.value = value
        return
    cell.value = _legal(value)
    if cell.data_type == "f" or value.startswith(("=", "+", "-", "@")):
        cell.data_type = "s"
        cell.quotePrefix = True


def _legal(text: str) -> str:
    """Text without the control characters that no workbook may hold, and no longer than a cell."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    legal: str = ILLEGAL_CHARACTERS_RE.sub("", text)
    return legal[:_LONGEST_TEXT]


# The marks


def _mark(sheet: "Worksheet", place: str, findings: Sequence[Finding]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    worst = min((found.severity for found in findings), key=list(Severity).index)
    said = "\n\n".join(f"{found.severity.upper()}: {found.message}\n{found.remedy}".strip() for found in findings)
    for number, cell in enumerate(_cells(sheet, place)):
        cell.fill = PatternFill("solid", fgColor=_COLOURS[worst])
        if number == 0:
            before = f"{cell.comment.text}\n\n" if cell.comment else ""
            cell.comment = Comment(_legal(f"{before}{said}"), AUTHOR, height=140, width=360)


def _cells(sheet: "Worksheet", place: str) -> Iterator[Any]:
    """Cells of an address, of rows (`5:6`) or columns (`B:C`) as far as the sheet goes; the first of merged ones."""
    from openpyxl.cell.cell import MergedCell
    from openpyxl.utils import column_index_from_string

    found = _PLACE.fullmatch(place)
    if not found:
        return

    def column(name: str | None, otherwise: int) -> int:
        return column_index_from_string(name) if name else otherwise

    first_row, first_column = int(found["from_row"] or 1), column(found["from_column"], 1)
    if ":" in place:
        last_row = min(int(found["to_row"] or sheet.max_row), max(sheet.max_row, first_row))
        last_column = min(column(found["to_column"], sheet.max_column), max(sheet.max_column, first_column))
    else:
        last_row, last_column = first_row, first_column
    for row in range(first_row, last_row + 1):
        for number in range(first_column, last_column + 1):
            cell = sheet.cell(row, number)
            if not isinstance(cell, MergedCell):
                yield cell
            elif ":" not in place:
                yield sheet.cell(*_first_of_merged(sheet, cell.coordinate))


def _first_of_merged(sheet: "Worksheet", coordinate: str) -> tuple[int, int]:
    return next((each.min_row, each.min_col) for each in sheet.merged_cells.ranges if coordinate in each)


# The list


def _list(workbook: "Workbook", findings: Sequence[Finding], names: Mapping[str, str]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.hyperlink import Hyperlink

    sheet = workbook.create_sheet(FINDINGS_SHEET, 0)
    for column, (heading, width) in enumerate(zip(_HEADINGS, _WIDTHS, strict=True), 1):
        sheet.cell(1, column, heading).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = width
    for row, found in enumerate(findings, 2):
        said = (
            found.severity.value,
            found.sheet or "",
            found.cell or "",
            found.message,
            found.remedy,
            found.responsibility,
            found.rule,
        )
        for column, text in enumerate(said, 1):
            cell = sheet.cell(row, column)
            _write(cell, text)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor=_COLOURS[found.severity])
        if found.sheet and found.cell and found.sheet in names:
            target = names[found.sheet].replace("'", "''")
            sheet.cell(row, 3).hyperlink = Hyperlink(ref=f"C{row}", location=f"'{target}'!{found.cell}")
    if not findings:
        sheet.cell(2, 4, "Nothing was found.")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(_HEADINGS))}{max(2, len(findings) + 1)}"
    workbook.active = 0
    for other in workbook.worksheets:
        other.sheet_view.tabSelected = other is sheet
