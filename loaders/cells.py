"""Sheets of typed cells, whatever the format of the file they came from."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

CellValue = str | float | int | bool | date | datetime | time | timedelta
Address = tuple[int, int]
"""Row and column, both counted from 0."""


class UnreadableFileError(Exception):
    """The bytes are not a workbook or a csv file; the message says so to the sender."""


@dataclass
class Sheet:
    """One sheet: `rows[r][c]` is a cell's value, `""` where it is blank.

    `merged` leads from every cell of a merged range to the range's first cell.
    `faults` are cells whose value is not there: the error they show, or `=` for a formula that was never calculated.
    `typed` is false for csv, where every cell is text and a number as text means nothing.
    """

    name: str
    rows: list[list[CellValue]]
    merged: dict[Address, Address] = field(default_factory=dict)
    faults: dict[Address, str] = field(default_factory=dict)
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
