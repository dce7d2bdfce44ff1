"""What one printed table was read into: its blocks, their rows, and the words and figures of a row."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from loaders.cells import Sheet, column_letters, column_number


class Text(NamedTuple):
    """A word or label, with the cell it stands in: column letters where that is the row's own, else a whole address."""

    value: str
    cell: str


class Number(NamedTuple):
    """A figure as it stands in its cell, how it is scaled, and what its heading says of it.

    Where a `token` stands in its place the value is blank. Of a cell that says several numbers, this is number `part`,
    counted from 1.
    """

    value: Decimal | None
    unit: str
    scale: int
    decimals: int
    cell: str
    parts: tuple[tuple[str, str], ...]
    token: str | None = None
    part: int | None = None


@dataclass
class Row:
    """One source row of a table. `number_of` counts from 1, as spreadsheets do; `month` is the one it is dated to."""

    number_of: int
    block: int
    type: str = "detail"
    rolls_up_to: int | None = None
    month: str | None = None
    texts: dict[str, Text] = field(default_factory=dict)
    numbers: dict[str, list[Number]] = field(default_factory=dict)


@dataclass
class Block:
    """One occurrence of a table on its sheet: the sheet's columns for each of the layout's, and its rows.

    `heading_row` and the columns `without_heading` count from 0; `group_starts` are the rows that follow a band.
    """

    number: int
    heading_row: int
    columns: dict[str, list[tuple[int, dict[str, str]]]]
    context: dict[str, Text]
    rows: list[Row] = field(default_factory=list)
    boundary: int = 0
    group_starts: set[int] = field(default_factory=set)
    without_heading: set[int] = field(default_factory=set)


def own_texts(sheet: Sheet, row: Row) -> dict[str, Text]:
    """A row's words but those that it has from another row, a band or a title."""
    if not sheet.turned:
        return {name: text for name, text in row.texts.items() if text.cell.isalpha()}
    letters = column_letters(row.number_of - 1)
    return {name: text for name, text in row.texts.items() if text.cell.rstrip("0123456789") == letters}


def first_text(sheet: Sheet, row: Row) -> Text:
    """What stands leftmost in a row; nothing, in column A, where no word does."""

    def place(text: Text) -> int:
        return int(text.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) if sheet.turned else column_number(text.cell)

    return min(own_texts(sheet, row).values(), key=place, default=Text("", sheet.own_address(row.number_of - 1, 0)))


def figures_of(row: Row) -> Iterator[tuple[tuple[object, ...], Number]]:
    """A row's figures, each with what tells its column."""
    for name, figures in row.numbers.items():
        for figure in figures:
            yield (name, figure.parts, figure.scale), figure
