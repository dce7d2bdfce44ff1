"""A file as sheets of typed cells, whatever its format."""

import csv
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

CellValue = str | float | int | bool | date | datetime | time | timedelta
Address = tuple[int, int]
"""Row and column, both counted from 0."""

CSV_SHEET = "(csv)"
# In the order they are tried: a byte-order mark is dropped, and what is not UTF-8 is what Windows spreadsheets write.
CSV_ENCODINGS = ("utf-8-sig", "cp1252")


class UnreadableFileError(Exception):
    """The bytes are not a workbook or a csv file; the message says so to the sender."""


@dataclass
class Sheet:
    """One sheet: `rows[r][c]` is a cell's value, `""` where it is blank.

    `merged` leads from every cell of a merged range to the range's first cell.
    `typed` is false for csv, where every cell is text and a number as text means nothing.
    """

    name: str
    rows: list[list[CellValue]]
    merged: dict[Address, Address] = field(default_factory=dict)
    visible: bool = True
    typed: bool = True

    def value(self, row: int, column: int) -> CellValue:
        """A cell's own value; `""` outside the sheet."""
        if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]):
            return self.rows[row][column]
        return ""

    def origin(self, row: int, column: int) -> Address:
        """The cell that holds what is seen here: the first of the merged range, else the cell itself."""
        return self.merged.get((row, column), (row, column))


def column_letters(column: int) -> str:
    """A column's name.

    >>> column_letters(0), column_letters(26)
    ('A', 'AA')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def address(row: int, column: int) -> str:
    """A cell's name.

    >>> address(4, 1)
    'B5'
    """
    return f"{column_letters(column)}{row + 1}"


def read_sheets(path: Path, suffix: str) -> list[Sheet]:
    """Every sheet of a workbook or csv file. `suffix` is that of the sender's file name.

    Raises UnreadableFileError for bytes that are neither.
    """
    return [_read_csv(path)] if suffix.lower() == ".csv" else _read_workbook(path)


def _read_workbook(path: Path) -> list[Sheet]:
    try:
        with path.open("rb") as stream:
            workbook = CalamineWorkbook.from_filelike(stream)
            sheets = []
            for metadata in workbook.sheets_metadata:
                sheet = workbook.get_sheet_by_name(metadata.name)
                merged = {
                    (row, column): (top, left)
                    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
                    for row in range(top, bottom + 1)
                    for column in range(left, right + 1)
                }
                visible = metadata.visible == SheetVisibleEnum.Visible
                sheets.append(Sheet(metadata.name, sheet.to_python(skip_empty_area=False), merged, visible))
            return sheets
    except PasswordError as error:
        raise UnreadableFileError("the workbook is protected by a password") from error
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFileError(f"the file is not a workbook that can be opened ({error})") from error


def _read_csv(path: Path) -> Sheet:
    raw = path.read_bytes()
    for encoding in CSV_ENCODINGS:
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UnreadableFileError("the file is neither UTF-8 nor Windows-1252 text")
    if "\0" in text:
        raise UnreadableFileError("the file is named .csv but is not text")
    rows: list[list[CellValue]] = [list(row) for row in csv.reader(text.splitlines(keepends=True))]
    return Sheet(CSV_SHEET, rows, typed=False)
