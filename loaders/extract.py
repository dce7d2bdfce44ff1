"""Sheets and a layout in; records of the raw schema and findings out."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from loaders.cells import Address, Sheet, address, whole_address
from loaders.figures import read_figure
from loaders.layout import CellTable, Column, Layout, Record, TableLayout, Unit, units
from loaders.patterns import find, match
from loaders.rows import Number, Row
from loaders.table import TableReader, heading_rows, token_of
from loaders.text import REMEMBERED
from quarterdeck.findings import Finding, Severity
from quarterdeck.periods import Month
from quarterdeck.rules import finding
from quarterdeck.settings import Settings
from quarterdeck.warehouse import records

RawRow = dict[str, Any]
_OFFSETS = {"above": (-1, 0), "below": (1, 0), "right": (0, 1)}


@dataclass
class Extraction:
    """What one file holds: rows by record type, and findings. With an error among them the rows are not loaded."""

    rows: dict[str, list[RawRow]] = field(default_factory=lambda: defaultdict(list))
    findings: list[Finding] = field(default_factory=list)

    @property
    def has_error(self) -> bool:
        """Whether a finding holds the submission."""
        return any(found.severity is Severity.ERROR for found in self.findings)


def extract(layout: Layout, sheets: list[Sheet], period: Month, settings: Settings) -> Extraction:
    """Read every table of the layout."""
    result = Extraction()
    known_units = units()
    placed = [(table, _sheet(table.sheet, sheets)) for table in layout.tables]
    placed = list(_with_renamed_sheets(placed, sheets, result))
    readers = {
        table.table: TableReader(table, sheet.turn() if table.transposed else sheet, period, known_units, settings)
        for table, sheet in placed
        if sheet is not None and not table.cells
    }
    understood: dict[str, set[int]] = {}
    for table, sheet in placed:
        if sheet is None:
            continue
        rows = understood.setdefault(sheet.name, set())
        if table.cells:
            rows |= _read_cells(table, sheet, known_units, result)
        else:
            reader = readers[table.table]
            reader.others = [
                other
                for other in readers.values()
                if other is not reader and (other.sheet.name, other.sheet.turned) == (sheet.name, table.transposed)
            ]
            found = reader.rows()
            result.findings.extend(_of_other_months(layout, table, sheet, found, period))
            for row in found:
                dated = {"reporting_period": row.month} if layout.series else {}
                for record in table.records:
                    result.rows[record.record].extend(raw | dated for raw in _records(table, sheet, row, record))
            result.findings.extend(reader.findings)
            rows |= reader.headed if table.transposed else reader.understood
    missing = {table.sheet for table, sheet in placed if sheet is None and not table.optional}
    result.findings.extend(_missing_sheet(name, sheets) for name in sorted(missing))
    for sheet in sheets:
        result.findings.extend(_unread(sheet, understood.get(sheet.name)))
    return result


def _with_renamed_sheets(
    placed: list[tuple[TableLayout, Sheet | None]], sheets: list[Sheet], result: Extraction
) -> Iterator[tuple[TableLayout, Sheet | None]]:
    """The tables with their sheets; one whose sheet has another name now is found by the headings on it."""
    taken = {sheet.name for _, sheet in placed if sheet is not None}
    found: dict[str, Sheet] = {}
    for name in dict.fromkeys(table.sheet for table, sheet in placed if sheet is None and not table.optional):
        tables = [table for table, _ in placed if table.sheet == name and not table.optional]
        like = [sheet for sheet in sheets if sheet.name not in taken and all(_is_on(table, sheet) for table in tables)]
        if len(like) == 1:
            found[name] = like[0]
            taken.add(like[0].name)
            result.findings.append(
                finding(
                    "sheet-renamed",
                    f"The sheet '{like[0].name}' was read as '{name}': it has the headings of that sheet.",
                    remedy=f"Name the sheet '{name}', as in the template.",
                    sheet=like[0].name,
                )
            )
    for table, sheet in placed:
        yield table, sheet or found.get(table.sheet)


def _is_on(table: TableLayout, sheet: Sheet) -> bool:
    """Whether the sheet has what the table is known by."""
    if table.cells:
        return all(_find_label(sheet, spec) is not None for spec in table.cells)
    return bool(heading_rows(table.heading, sheet.turn() if table.transposed else sheet))


def _of_other_months(
    layout: Layout, table: TableLayout, sheet: Sheet, rows: list[Row], period: Month
) -> Iterator[Finding]:
    """What tells that a file was sent for another month than its rows are of; a series ends with its month."""
    if not table.stands_at or not rows:
        return
    months = Counter(row.month for row in rows if row.month)
    latest = max(months, default="")
    strays = {latest} if layout.series else set(months)
    for month in sorted(strays - {str(period), ""}):
        first = next(row for row in rows if row.month == month)
        number = f"{months[month]} rows" if months[month] > 1 else "One row"
        yield finding(
            "period-unexpected",
            f"{number} of '{table.table}' stand at {month}, and the file was sent for {period}.",
            remedy="Send it for the month it is about, or correct the dates.",
            sheet=sheet.name,
            cell=whole_address(first.texts[table.stands_at].cell, first.number_of),
        )


def _missing_sheet(name: str, sheets: list[Sheet]) -> Finding:
    return finding(
        "sheet-missing",
        f"The workbook has no sheet '{name}'; it has {', '.join(sheet.name for sheet in sheets)}.",
        remedy="Add the sheet from the template, or give it back its name.",
        sheet=name,
    )


def _unread(sheet: Sheet, understood: set[int] | None) -> Iterator[Finding]:
    filled = [sum(map(bool, texts)) for texts in sheet.shown]
    if understood is None:
        if any(filled):
            yield finding(
                "sheet-unexpected",
                f"The sheet '{sheet.name}' is not in the layout; it was not read.",
                remedy="Ask the data team to add it to the layout, or remove it.",
                sheet=sheet.name,
            )
        return
    for (row, column), shown in sorted(sheet.faults.items()):
        if row in understood:
            yield _fault(sheet, row, column, shown)
    for index, count in enumerate(filled):
        # A lone cell is a title or a note; two beside each other are a row of something.
        if count > 1 and index not in understood:
            first = next(column for column, text in enumerate(sheet.shown[index]) if text)
            yield finding(
                "row-unread",
                f"Row {index + 1} of '{sheet.name}' ('{sheet.shown[index][first][:40]}') is under no heading of "
                "the layout; it was not read.",
                remedy="Put the template's heading back above it, or remove the row.",
                sheet=sheet.name,
                cell=address(index, first),
            )


def _fault(sheet: Sheet, row: int, column: int, shown: str) -> Finding:
    cell = address(row, column)
    if shown == "=":
        return finding(
            "formula-unsaved",
            f"The formula in {cell} has no saved value.",
            remedy="Open the workbook, let it calculate, save it, and send it again.",
            sheet=sheet.name,
            cell=cell,
        )
    return finding(
        "cell-error",
        f"{cell} shows {shown}.",
        remedy="Mend the formula, or type the figure.",
        sheet=sheet.name,
        cell=cell,
    )


def _sheet(pattern: str, sheets: list[Sheet]) -> Sheet | None:
    if len(sheets) == 1 and not sheets[0].typed:
        return sheets[0]
    return next((sheet for sheet in sheets if match(pattern, sheet.name) is not None), None)


def _records(table: TableLayout, sheet: Sheet, row: Row, record: Record) -> Iterator[RawRow]:
    if record.details_only and row.type != "detail":
        return
    if record.where_filled and record.where_filled not in row.texts:
        return
    if record.where_blank and record.where_blank in row.texts:
        return
    said, cells = _said(table, sheet, row, record)
    if not record.values:
        yield said | {"cells": _as_json(tuple(cells.items()))}
        return
    fields = records()[record.record]
    for name in record.values:
        for figure in row.numbers.get(name, ()):
            own = _parts(table.columns[name], row, figure)
            own = {part: value for part, value in own.items() if part in fields and part not in record.set}
            raw, where = said | own, cells.copy()
            for part in own:
                where.pop(part, None)
            _put_quantity(raw, where, "value", figure)
            raw["cells"] = _as_json(tuple(where.items()))
            yield raw


def _parts(column: Column, row: Row, figure: Number) -> dict[str, str]:
    """What the heading says of a figure, and the fields that the layout makes of it."""
    parts = dict(figure.parts)
    if not column.dimensions:
        return parts
    shown = {part: text.value for part, text in row.texts.items()} | parts
    return parts | {name: template.format_map(shown) for name, template in column.dimensions.items()}


def _said(table: TableLayout, sheet: Sheet, row: Row, record: Record) -> tuple[RawRow, dict[str, str]]:
    """What a row says of every record made of it, and the cells that say it."""
    raw = _provenance(table, sheet, row.number_of, row.block, row.type, row.rolls_up_to)
    cells: dict[str, str] = {}
    texts = row.texts
    for name, kind, columns in record.sources:
        if kind == "quantity":
            _put_quantity(raw, cells, name, next(iter(row.numbers.get(columns[0], ())), None))
        elif name in record.set:
            raw[name] = record.set[name]
        else:
            text = texts.get(columns[0])
            if text is None and len(columns) > 1:
                text = next((texts[column] for column in columns if column in texts), None)
            raw[name] = text.value if text else None
            if kind == "date":
                token = texts.get(token_of(columns[0]))
                raw[token_of(name)] = token.value if token else None
                text = text or token
            if text:
                cells[name] = text.cell
    return raw, cells


@lru_cache(REMEMBERED)
def _as_json(cells: tuple[tuple[str, str], ...]) -> str:
    # The same for all rows of a table but those that share a cell with others.
    return json.dumps(dict(cells), separators=(",", ":"))


def _put_quantity(raw: RawRow, cells: dict[str, str], name: str, figure: Number | None) -> None:
    unit, scale, decimals, token = _beside_quantity(name)
    if figure is None:
        raw[name] = raw[unit] = raw[scale] = raw[decimals] = raw[token] = None
    else:
        raw[name], raw[unit], raw[scale] = figure.value, figure.unit, figure.scale
        raw[decimals], raw[token] = figure.decimals, figure.token
        cells[name] = figure.cell
        if figure.part:
            cells[f"{name}_part"] = str(figure.part)


@cache
def _beside_quantity(name: str) -> tuple[str, str, str, str]:
    return f"{name}_unit", f"{name}_scale", f"{name}_decimals", token_of(name)


def _provenance(
    table: TableLayout, sheet: Sheet, row: int, block: int, row_type: str, rolls_up_to: int | None
) -> RawRow:
    return {
        "table_name": table.table,
        "sheet": sheet.name,
        "block": block,
        "source_row": row,
        "row_type": row_type,
        "rolls_up_to_row": rolls_up_to,
    }


def _read_cells(table: TableLayout, sheet: Sheet, known_units: dict[str, Unit], result: Extraction) -> set[int]:
    record = table.records[0]
    understood: set[int] = set()
    for spec in table.cells:
        label = _find_label(sheet, spec)
        if label is None:
            result.findings.append(
                finding(
                    "table-missing",
                    f"The label '{spec.label}' was not found on the sheet '{sheet.name}'.",
                    remedy="Keep the labels as they are in the template.",
                    sheet=sheet.name,
                )
            )
            continue
        row, column = _beside(sheet, label, spec.value)
        understood |= {label[0], row}
        unit = known_units[spec.unit]
        value, remarks = read_figure(
            sheet.value(row, column), unit, typed=sheet.typed, above_150_percent=spec.above_150_percent
        )
        result.findings.extend(
            finding(rule, message, remedy=remedy, sheet=sheet.name, cell=address(row, column))
            for rule, message, remedy in remarks
        )
        raw = _provenance(table, sheet, row + 1, 1, "detail", None)
        cells: dict[str, str] = {}
        for name, kind in records()[record.record].items():
            if kind != "quantity":
                raw[name] = spec.set.get(name)
            if kind == "date":
                raw[token_of(name)] = None
        if spec.description and "description" in raw:
            beside = _beside(sheet, label, spec.description)
            understood.add(beside[0])
            raw["description"] = sheet.text(*beside) or None
            cells["description"] = address(*beside)
        shown = None
        if value is not None:
            shown = Number(value, unit.unit, unit.scale, spec.decimals, address(row, column), ())
        _put_quantity(raw, cells, "value", shown)
        raw["cells"] = _as_json(tuple(cells.items()))
        result.rows[record.record].append(raw)
    return understood


def _find_label(sheet: Sheet, spec: CellTable) -> Address | None:
    return next((cell for cell, _ in find(spec.label, sheet)), None)


def _beside(sheet: Sheet, label: Address, where: str) -> Address:
    down, right = _OFFSETS[where]
    return sheet.origin(label[0] + down, label[1] + right)
