"""Sheets and layouts in a few lines, for tests of the reader."""

from typing import Any

from loaders.cells import Address, Sheet
from loaders.extract import Extraction, extract
from loaders.layout import Layout
from quarterdeck.periods import Month
from quarterdeck.settings import Settings


def sheet(*rows: list[Any], name: str = "Report", merged: list[tuple[Address, Address]] = ()) -> Sheet:
    """A sheet of these rows; `merged` gives first and last cell of each merged range, counted from 0."""
    ranges = {
        (row, column): first
        for first, last in merged
        for row in range(first[0], last[0] + 1)
        for column in range(first[1], last[1] + 1)
    }
    return Sheet(name, [list(row) for row in rows], ranges)


def layout_of(table: dict[str, Any]) -> Layout:
    """A layout of one table."""
    return Layout(
        layout="test",
        title="A test",
        organisation="X",
        feed="highlight_report",
        return_id="test",
        recognised_by=["Report"],
        tables=[{"table": "t", "sheet": "Report"} | table],
    )


def read(table: dict[str, Any] | Layout, *sheets: Sheet, period: str = "2018-09") -> Extraction:
    """Read sheets with a layout, or with one of one table."""
    layout = table if isinstance(table, Layout) else layout_of(table)
    return extract(layout, list(sheets), Month.parse(period), Settings())


def rules(result: Extraction) -> list[tuple[str, str | None]]:
    """Rule and cell of every finding."""
    return [(found.rule, found.cell) for found in result.findings]
