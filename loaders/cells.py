"""Workbooks of sheets of typed cells, whatever the format of the file they came from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal, TypeVar

from loaders.number_formats import NumberFormat
from loaders.text import CellValue, compared, shown

T = TypeVar("T")
Address = tuple[int, int]
"""Row and column, both counted from 0."""
_LARGEST_INDEXED = 100_000
"""Cells of a sheet whose texts are kept beside it, ready for comparison."""


class UnreadableFileError(Exception):
    """The file is refused; the message says to the sender why.

    `rule` is the rule of the catalogue that it breaks: it cannot be opened, or opening it is not safe.
    """

    rule = "file-unreadable"
    remedy = "Open it, save it as .xlsx or .csv without a password, and send it again."


class UnsafeFileError(UnreadableFileError):
    """The file holds what no spreadsheet program writes, and what could harm a program that reads it."""

    rule = "file-unsafe"
    remedy = "Copy the figures into a new workbook made from the template, and send that."


class UnknownErrorError(UnreadableFileError):
    """A cell shows an error of one program alone, which makes the whole sheet illegible to others."""

    remedy = "Mend the formula of that cell, or type its figure or nothing, and send the file again."


class TooLargeFileError(UnreadableFileError):
    """Reading the file would take more memory or time than a return may."""

    rule = "file-too-large"
    remedy = "Send the filled template alone; ask the data team where a return needs to be this large."


@dataclass(frozen=True)
class CsvDialect:
    """How a csv file is written: `delimiter` and `line_endings` are the characters themselves.

    A file that does not end its last line may have been cut off there.
    """

    encoding: str
    delimiter: str
    line_endings: tuple[str, ...]
    ends_its_last_line: bool = True

    @property
    def is_usual(self) -> bool:
        """Whether it is what most programs write: UTF-8, commas, one kind of line ending."""
        usual = (self.encoding, self.delimiter) == ("UTF-8", ",") and self.line_endings in (("\r\n",), ("\n",), ())
        return usual and self.ends_its_last_line


@dataclass
class Marks:
    """What is to be known of a sheet beside its values.

    `faults` are cells whose value is not there: the error they show, or `=` for a formula that was never calculated.
    `links` are formulas that fetch from another file or program. Hidden rows and columns are counted from 0.
    `formats` are those of cells that show another figure than they hold: a percentage, thousands, another currency.
    """

    faults: dict[Address, str] = field(default_factory=dict)
    links: dict[Address, str] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    formats: dict[Address, NumberFormat] = field(default_factory=dict)
    merged: list[tuple[Address, Address]] | None = None


@dataclass
class Sheet:
    """One sheet: `rows[r][c]` is a cell's value, `""` where it is blank.

    `merged` leads from every cell of a merged range to the range's first cell.
    `faults`, `links`, `formats` and the hidden rows and columns are those of `Marks`.
    `typed` is false for csv, where every cell is text and a number as text means nothing.
    A `turned` sheet is one seen with its rows as columns; its `address` and the like name the cells as they stand.
    """

    name: str
    rows: list[list[CellValue]]
    merged: dict[Address, Address] = field(default_factory=dict)
    faults: dict[Address, str] = field(default_factory=dict)
    visible: bool = True
    typed: bool = True
    links: dict[Address, str] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    formats: dict[Address, NumberFormat] = field(default_factory=dict)
    dialect: CsvDialect | None = None
    turned: bool = False

    @cached_property
    def shown(self) -> list[list[str]]:
        """Every cell as text, as `plain` makes it."""
        return [list(map(shown.__getitem__, row)) for row in self.rows]

    def cells_saying(self, wanted: str) -> list[Address]:
        """The cells whose text, made ready for comparison as by `key`, is this one; row by row."""
        return self._cells_of({wanted} if self._texts is None else self._texts & {wanted})

    def cells_containing(self, wanted: str) -> list[Address]:
        """The cells in whose text, made ready for comparison, this one stands; row by row."""
        if self._texts is None:
            return self._cells_of({text for texts in self._compared() for text in texts if wanted in text})
        return self._cells_of({text for text in self._texts if wanted in text})

    def _cells_of(self, wanted: set[str]) -> list[Address]:
        wanted.discard("")
        return [
            (row, column)
            for row, texts in enumerate(self._compared() if wanted else ())
            if not wanted.isdisjoint(texts)
            for column, text in enumerate(texts)
            if text in wanted
        ]

    @cached_property
    def _texts(self) -> set[str] | None:
        """Every text that is there, ready for comparison; None for a large sheet, which would be in memory twice."""
        return None if self._kept is None else set().union(*self._kept)

    @cached_property
    def _kept(self) -> list[list[str]] | None:
        return None if self.width * len(self.rows) > _LARGEST_INDEXED else list(self._compare())

    def _compared(self) -> Iterable[list[str]]:
        """Every cell's text, ready for comparison."""
        return self._compare() if self._kept is None else self._kept

    def _compare(self) -> Iterator[list[str]]:
        return (list(map(compared.__getitem__, texts)) for texts in self.shown)

    @cached_property
    def width(self) -> int:
        """How many columns the longest row has."""
        return max(map(len, self.rows), default=0)

    @cached_property
    def merged_rows(self) -> set[int]:
        """The rows that merged cells stand in."""
        return {row for row, _ in self.merged}

    def turn(self) -> "Sheet":
        """The same sheet with its rows as columns; of its marks only those of merged cells and formats."""
        return Sheet(
            self.name,
            [[self.value(row, column) for row in range(len(self.rows))] for column in range(self.width)],
            {cell[::-1]: first[::-1] for cell, first in self.merged.items()},
            typed=self.typed,
            formats={cell[::-1]: shown for cell, shown in self.formats.items()},
            turned=not self.turned,
        )

    def address(self, row: int, column: int) -> str:
        """A cell's name, as its sender sees it."""
        return address(column, row) if self.turned else address(row, column)

    def own_address(self, row: int, column: int) -> str:
        """What a cell is called beside its row's number: its column's letters; its whole name on a turned sheet."""
        return self.address(row, column) if self.turned else column_letters(column)

    def column(self, column: int, rows: list[int]) -> list[CellValue]:
        """A column's values in these rows; `""` outside the sheet."""
        return _column(self.rows, column, rows)

    def column_shown(self, column: int, rows: list[int]) -> list[str]:
        """A column's texts in these rows; `""` outside the sheet."""
        return _column(self.shown, column, rows)

    def own_addresses(self, rows: list[int], column: int) -> list[str]:
        """What the cells of a column are called beside their rows' numbers, as by `own_address`."""
        if self.turned:
            return [self.address(row, column) for row in rows]
        return [column_letters(column)] * len(rows)

    def lines(self, first: int, last: int | None = None) -> str:
        """The name of a run of rows: `5:6`, or `E:F` where they are columns of the sheet."""
        last = first if last is None else last
        return f"{column_letters(first)}:{column_letters(last)}" if self.turned else f"{first + 1}:{last + 1}"

    def line(self, row: int) -> str:
        """A row in words: `row 5`, or `column E` where it is one of the sheet."""
        return f"column {column_letters(row)}" if self.turned else f"row {row + 1}"

    def value(self, row: int, column: int) -> CellValue:
        """A cell's own value; `""` outside the sheet."""
        if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]):
            return self.rows[row][column]
        return ""

    def text(self, row: int, column: int) -> str:
        """A cell's own value as text; `""` outside the sheet."""
        if 0 <= row < len(self.shown) and 0 <= column < len(self.shown[row]):
            return self.shown[row][column]
        return ""

    def origin(self, row: int, column: int) -> Address:
        """The cell that holds what is seen here: the first of the merged range, else the cell itself."""
        return self.merged.get((row, column), (row, column))


@dataclass
class Workbook:
    """A file's sheets, in their order, and whether parts of it are kept elsewhere (`links_out`)."""

    sheets: list[Sheet]
    links_out: bool = False


def _column(cells: list[list[T]], column: int, rows: list[int]) -> list[T | Literal[""]]:
    try:
        return [cells[row][column] for row in rows]
    except IndexError:
        # Rows of csv files need not be equally long.
        return [values[column] if column < len(values) else "" for values in map(cells.__getitem__, rows)]


@cache
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


def column_number(letters: str) -> int:
    """A column counted from 0, from its name.

    >>> column_number("A"), column_number("AA")
    (0, 26)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def whole_address(cell: str, row_number: int) -> str:
    """A cell's name from what it is called beside its row's number: column letters, or the name already.

    >>> whole_address("B", 5), whole_address("A3", 5)
    ('B5', 'A3')
    """
    return cell if cell[-1].isdigit() else f"{cell}{row_number}"


def address(row: int, column: int) -> str:
    """A cell's name.

    >>> address(4, 1)
    'B5'
    """
    return f"{column_letters(column)}{row + 1}"
