"""What stands beside the tables of a sheet, in their rows but apart from them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from loaders.cells import Address, Sheet, address
from loaders.text import CellValue
from loaders.values import NotANumberError, number
from quarterdeck.findings import Finding
from quarterdeck.rules import finding


class Taken(NamedTuple):
    """The rows that a table has, and the columns that its headings span, counted from 0."""

    table: str
    rows: set[int]
    columns: set[int]


def beside_tables(sheet: Sheet, tables: Sequence[Taken]) -> Iterator[Finding]:
    """Cells in the rows of tables that look like a table too: several side by side, and figures among them.

    A lone cell, and words alone, are a note or a key.
    """
    if all(len(taken.columns) >= sheet.width for taken in tables):
        return
    columns = [(taken, _with_neighbours(sheet, taken)) for taken in tables]
    apart: list[Address] = []
    for row in sorted(set().union(*(taken.rows for taken in tables))):
        own = set().union(*(known for taken, known in columns if row in taken.rows))
        apart += [(row, column) for column, text in enumerate(sheet.shown[row]) if text and column not in own]
    for cells in _blocks(apart):
        rows = [row for row, _ in cells]
        if len(set(rows)) < len(rows) and any(is_figure(sheet.value(*cell)) for cell in cells):
            first, last = min(column for _, column in cells), max(column for _, column in cells)
            table = next(taken.table for taken in tables if rows[0] in taken.rows)
            yield finding(
                "cell-unexpected",
                f"What stands in {address(rows[0], first)}:{address(rows[-1], last)}, beside the table '{table}', is "
                "in no table of the layout; it was not read.",
                remedy="Ask the data team to add it to the layout, or move it to a sheet of its own.",
                sheet=sheet.name,
                cell=address(*cells[0]),
            )


def _with_neighbours(sheet: Sheet, taken: Taken) -> set[int]:
    """A table's columns, and those next to them as far as there is no gap, of which the table itself tells."""
    rows = [sheet.shown[row] for row in taken.rows]
    filled = {column for texts in rows for column, text in enumerate(texts) if text}
    first, last = min(taken.columns, default=0), max(taken.columns, default=-1)
    while first - 1 in filled:
        first -= 1
    while last + 1 in filled:
        last += 1
    return set(range(first, last + 1))


def _blocks(cells: list[Address]) -> Iterator[list[Address]]:
    """Cells by runs of rows that follow each other."""
    starts = [0, *(at for at, (one, other) in enumerate(pairwise(cells), 1) if other[0] > one[0] + 1), len(cells)]
    yield from (cells[start:end] for start, end in pairwise(starts) if end > start)


def is_figure(value: CellValue) -> bool:
    """Whether a cell holds a number, or a text that says one."""
    for reads in ("number", "percent", "money"):
        try:
            return number(value, reads) is not None
        except NotANumberError:
            continue
    return False
