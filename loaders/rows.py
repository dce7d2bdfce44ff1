"""What one printed table was read into: its blocks, their rows, and the words and figures of a row."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from loaders.cells import Sheet, column_letters
from quarterdeck.findings import Finding

Said = tuple[tuple[str, str], ...]
"""What a heading keeps, by the names of its parts."""


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
    parts: Said
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


class Headings(NamedTuple):
    """What the headings of a table say: the sheet's columns for each of the layout's, and what each heading keeps.

    Of the layout's columns, `words` has those that hold words, each with its column of the sheet; `figures` those that
    hold numbers, each with its columns and what their headings keep; `mapped` all columns of the sheet that are read.
    `context` is what headings say of every row. Columns that are `without_heading` count from 0; those that are
    `headed` have a heading or stand between such. `findings` are those about the headings.
    """

    columns: dict[str, list[tuple[int, dict[str, str]]]]
    words: list[tuple[str, int]]
    figures: list[tuple[str, list[tuple[int, Said]]]]
    mapped: list[int]
    context: dict[str, Text]
    without_heading: frozenset[int]
    headed: range
    findings: tuple[Finding, ...]


@dataclass
class Block:
    """One occurrence of a table on its sheet: its headings, and its rows.

    `heading_row` counts from 0; `group_starts` are the rows that follow a band. Where the block is not `complete`, a
    column is missing.
    """

    number: int
    heading_row: int
    headings: Headings
    context: dict[str, Text]
    complete: bool
    rows: list[Row] = field(default_factory=list)
    boundary: int = 0
    group_starts: set[int] = field(default_factory=set)

    @property
    def columns(self) -> dict[str, list[tuple[int, dict[str, str]]]]:
        """The sheet's columns for each of the layout's, and what their headings say."""
        return self.headings.columns


def own_texts(sheet: Sheet, row: Row) -> dict[str, Text]:
    """A row's words but those that it has from another row, a band or a title."""
    if not sheet.turned:
        return {name: text for name, text in row.texts.items() if text.cell.isalpha()}
    letters = column_letters(row.number_of - 1)
    return {name: text for name, text in row.texts.items() if text.cell.rstrip("0123456789") == letters}


def first_text(sheet: Sheet, row: Row) -> Text:
    """What stands leftmost in a row; nothing, in column A, where no word does."""
    # Of addresses beside each other, the shorter one, or else the first by its letters or figures, stands first.
    return min(
        own_texts(sheet, row).values(),
        key=lambda text: (len(text.cell), text.cell),
        default=Text("", sheet.own_address(row.number_of - 1, 0)),
    )


def figures_of(row: Row) -> Iterator[tuple[tuple[object, ...], Number]]:
    """A row's figures, each with what tells its column."""
    for name, figures in row.numbers.items():
        for figure in figures:
            yield (name, figure.parts, figure.scale), figure
