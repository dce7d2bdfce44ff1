"""Sheets and a layout in; records of the raw schema and findings out."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import repeat
from typing import Any

from loaders.cells import Address, Sheet, address, whole_address
from loaders.columns import Chunk, RawRow, Rows
from loaders.figures import read_figure, shown_otherwise
from loaders.layout import CellTable, Layout, Record, TableLayout, Unit, units
from loaders.patterns import find, match
from loaders.rows import Number, Row
from loaders.table import TableReader, heading_rows, token_of
from loaders.text import REMEMBERED
from quarterdeck.findings import Finding, Severity
from quarterdeck.periods import Month
from quarterdeck.rules import finding
from quarterdeck.settings import Settings
from quarterdeck.warehouse import record_columns, records

Columns = dict[str, list[Any]]
Where = tuple[tuple[str, str], ...]
"""The fields of a row, each with the cell that says it."""
# These the reader of the batch adds.
_OF_THE_FILE = ("submission_id", "organisation_code", "reporting_period")
_WITHOUT_A_HEADING = "Put the template's heading back above it, or remove the row."
_BELOW_A_BLANK_ROW = "If it belongs to a table above it, remove the blank rows between them. " + _WITHOUT_A_HEADING
_OFFSETS = {"above": (-1, 0), "below": (1, 0), "right": (0, 1)}


@dataclass
class Extraction:
    """What one file holds: rows by record type, and findings. With an error among them the rows are not loaded."""

    rows: dict[str, Rows] = field(default_factory=lambda: defaultdict(Rows))
    findings: list[Finding] = field(default_factory=list)

    @property
    def has_error(self) -> bool:
        """Whether a finding holds the submission."""
        return any(found.severity is Severity.ERROR for found in self.findings)


def extract(layout: Layout, sheets: list[Sheet], period: Month, settings: Settings) -> Extraction:
    """Read every table of the layout."""
    result = Extraction()
    known_units = units()
    placed = [(table, _sheet(table, sheets)) for table in layout.tables]
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
            for record in table.records if found else ():
                chunk = _Records(table, sheet, record).of(found, dated=layout.series)
                result.rows[record.record].chunks.append(chunk)
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
    for row, _ in sheet.faults:
        filled[row] += 1
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
            columns = {column for column, text in enumerate(sheet.shown[index]) if text}
            first = min(columns | {column for row, column in sheet.faults if row == index})
            yield finding(
                "row-unread",
                f"Row {index + 1} of '{sheet.name}' ('{sheet.text(index, first)[:40]}') is under no heading of "
                "the layout; it was not read.",
                remedy=_BELOW_A_BLANK_ROW if min(understood, default=index) < index else _WITHOUT_A_HEADING,
                sheet=sheet.name,
                cell=address(index, first),
            )


def _fault(sheet: Sheet, row: int, column: int, shown: str) -> Finding:
    cell = address(row, column)
    if shown == "=":
        return finding(
            "formula-unsaved",
            f"The formula in {cell} has no saved value that was calculated.",
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


def _sheet(table: TableLayout, sheets: list[Sheet]) -> Sheet | None:
    """The first sheet of the table's name; where several are, the first of them that has its headings."""
    if len(sheets) == 1 and not sheets[0].typed:
        return sheets[0]
    named = [sheet for sheet in sheets if match(table.sheet, sheet.name) is not None]
    has_table = (sheet for sheet in named if _is_on(table, sheet)) if len(named) > 1 else iter(named)
    return next(has_table, named[0] if named else None)


class _Records:
    """Makes the rows of the raw schema that the rows of one table on one sheet become, a column at a time."""

    def __init__(self, table: TableLayout, sheet: Sheet, record: Record) -> None:
        self.table, self.record = table, record
        self.same = _same(table, sheet, record.record, record.set)
        self.fields = records()[record.record].keys() - record.set.keys()
        self.sources = [source for source in record.sources if source[1] == "quantity" or source[0] not in record.set]
        self.said_by_headings: dict[tuple[object, ...], tuple[RawRow, tuple[str, ...]]] = {}

    def of(self, rows: list[Row], *, dated: bool) -> Chunk:
        """What these rows become; where they are `dated`, each has its own month."""
        rows = [row for row in rows if self._is_one(row)]
        each, cells = self._said(rows)
        if dated:
            each["reporting_period"] = [row.month for row in rows]
        wheres = _wheres(cells, len(rows))
        if not self.record.values:
            each["cells"] = list(map(_as_json, wheres))
            return Chunk(len(rows), self.same, each)
        return self._figures(rows, each, wheres)

    def _is_one(self, row: Row) -> bool:
        """Whether a row becomes a record at all."""
        record = self.record
        if record.details_only and row.type != "detail":
            return False
        if record.where_filled and record.where_filled not in row.texts:
            return False
        return not (record.where_blank and record.where_blank in row.texts)

    def _figures(self, rows: list[Row], said: Columns, wheres: list[Where]) -> Chunk:
        """The rows once for each of their figures, with what is said of that."""
        found = [
            (number, figure, *self._beside(name, row, figure))
            for number, row in enumerate(rows)
            for name in self.record.values
            for figure in row.numbers.get(name, ())
        ]
        numbers = [number for number, *_ in found]
        owns = [own for _, _, own, _ in found]
        each = {name: list(map(values.__getitem__, numbers)) for name, values in said.items()}
        for name in {name: None for own in {id(own): own for own in owns}.values() for name in own}:
            others = each.get(name) or repeat(None, len(found))
            each[name] = [own.get(name, other) for own, other in zip(owns, others, strict=True)]
        each["value"] = [figure.value for _, figure, _, _ in found]
        each["cells"] = cells = []
        known: dict[tuple[object, ...], str] = {}
        for number, figure, _, names in found:
            # Rows that say the same in the same columns share one tuple.
            place = (id(wheres[number]), names, figure.cell, figure.part)
            if place not in known:
                known[place] = _with_value(wheres[number], names, figure.cell, figure.part)
            cells.append(known[place])
        return Chunk(len(found), self.same, each)

    def _said(self, rows: list[Row]) -> tuple[Columns, dict[str, list[str | None]]]:
        """What rows say of every record made of them, and the cells that say it."""
        each: Columns = {
            "block": [row.block for row in rows],
            "source_row": [row.number_of for row in rows],
            "row_type": [row.type for row in rows],
            "rolls_up_to_row": [row.rolls_up_to for row in rows],
        }
        cells: dict[str, list[str | None]] = {}
        for name, kind, columns in self.sources:
            if kind == "quantity":
                figures = [(row.numbers.get(columns[0]) or (None,))[0] for row in rows]
                if any(figures):
                    _put_quantities(each, name, figures)
                    cells[name] = [figure.cell if figure else None for figure in figures]
                    cells[f"{name}_part"] = [str(figure.part) if figure and figure.part else None for figure in figures]
                continue
            texts = [row.texts.get(columns[0]) for row in rows]
            for column in columns[1:]:
                texts = [text or row.texts.get(column) for text, row in zip(texts, rows, strict=True)]
            if kind == "date":
                tokens = [row.texts.get(token_of(columns[0])) for row in rows]
                each[token_of(name)] = [token.value if token else None for token in tokens]
                places = [text or token for text, token in zip(texts, tokens, strict=True)]
            else:
                places = texts
            if any(places):
                each[name] = [text.value if text else None for text in texts]
                cells[name] = [place.cell if place else None for place in places]
        return each, cells

    def _beside(self, name: str, row: Row, figure: Number) -> tuple[RawRow, tuple[str, ...]]:
        """What is said of a figure beside its value: its unit and the like, and the fields named last.

        These are what its heading says, and what the layout makes of that and of the words of the row.
        """
        # What a heading keeps is one tuple for all figures under it.
        same = (name, figure.unit, figure.scale, figure.decimals, figure.token, id(figure.parts))
        if same in self.said_by_headings:
            return self.said_by_headings[same]
        dimensions, parts = self.table.columns[name].dimensions, dict(figure.parts)
        if dimensions:
            shown = {part: text.value for part, text in row.texts.items()} | parts
            parts |= {part: template.format_map(shown) for part, template in dimensions.items()}
        own: RawRow = {part: value for part, value in parts.items() if part in self.fields}
        names = tuple(own)
        _put_quantity(own, "value", figure)
        if not any("{" in template for template in dimensions.values()):
            self.said_by_headings[same] = own, names
        return own, names


def _same(table: TableLayout, sheet: Sheet, record: str, said: dict[str, str]) -> RawRow:
    """What all rows of a table say alike: every column of the raw schema, blank where they do not."""
    words = {name: said[name] for name, kind in records()[record].items() if kind != "quantity" and name in said}
    blank = dict.fromkeys(column for column in record_columns(record) if column not in _OF_THE_FILE)
    return blank | {"table_name": table.table, "sheet": sheet.name} | words


def _wheres(cells: dict[str, list[str | None]], count: int) -> list[Where]:
    """The cells that each of so many rows has, by what they say."""
    seen: dict[tuple[str | None, ...], Where] = {}
    rows = list(zip(*cells.values(), strict=True)) if cells else [()] * count
    for row in set(rows):
        seen[row] = tuple((name, cell) for name, cell in zip(cells, row, strict=True) if cell)
    return [seen[row] for row in rows]


@lru_cache(REMEMBERED)
def _as_json(cells: Where) -> str:
    # The same for all rows of a table but those that share a cell with others.
    return json.dumps(dict(cells), separators=(",", ":"))


def _with_value(cells: Where, said: tuple[str, ...], cell: str, part: int | None) -> str:
    """The cells of a row's figure: those of the row, but for what the figure itself says, and its own."""
    kept = {name: place for name, place in cells if name not in said} | {"value": cell}
    if part:
        kept["value_part"] = str(part)
    return _as_json(tuple(kept.items()))


def _put_quantities(each: Columns, name: str, figures: list[Number | None]) -> None:
    unit, scale, decimals, token = _beside_quantity(name)
    each[name] = [figure and figure.value for figure in figures]
    each[unit] = [figure and figure.unit for figure in figures]
    each[scale] = [figure and figure.scale for figure in figures]
    each[decimals] = [figure and figure.decimals for figure in figures]
    each[token] = [figure and figure.token for figure in figures]


def _put_quantity(raw: RawRow, name: str, figure: Number) -> None:
    unit, scale, decimals, token = _beside_quantity(name)
    raw[name], raw[unit], raw[scale] = figure.value, figure.unit, figure.scale
    raw[decimals], raw[token] = figure.decimals, figure.token


@cache
def _beside_quantity(name: str) -> tuple[str, str, str, str]:
    return f"{name}_unit", f"{name}_scale", f"{name}_decimals", token_of(name)


def _read_cells(table: TableLayout, sheet: Sheet, known_units: dict[str, Unit], result: Extraction) -> set[int]:
    record = table.records[0]
    understood: set[int] = set()
    made: list[RawRow] = []
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
        result.findings.extend(_said_otherwise(sheet, spec, label, sheet.text(row, column)))
        understood |= {label[0], row}
        unit = known_units[spec.unit]
        value, remarks = read_figure(
            sheet.value(row, column), unit, typed=sheet.typed, above_150_percent=spec.above_150_percent
        )
        places = sheet.moved.get((row, column))
        if places and (otherwise := shown_otherwise(sheet.value(row, column), unit, places)):
            value, remarks = None, (otherwise,)
        result.findings.extend(
            finding(rule, message, remedy=remedy, sheet=sheet.name, cell=address(row, column))
            for rule, message, remedy in remarks
        )
        raw = _same(table, sheet, record.record, spec.set) | {"block": 1, "source_row": row + 1, "row_type": "detail"}
        cells: dict[str, str] = {}
        if spec.description and "description" in raw:
            beside = _beside(sheet, label, spec.description)
            understood.add(beside[0])
            raw["description"] = sheet.text(*beside) or None
            cells["description"] = address(*beside)
        if value is not None:
            figure = Number(value, unit.unit, unit.scale, spec.decimals, address(row, column), ())
            _put_quantity(raw, "value", figure)
            cells["value"] = figure.cell
        raw["cells"] = _as_json(tuple(cells.items()))
        made.append(raw)
    if made:
        chunk = Chunk(len(made), {}, {name: [raw[name] for raw in made] for name in made[0]})
        result.rows[record.record].chunks.append(chunk)
    return understood


def _said_otherwise(sheet: Sheet, spec: CellTable, label: Address, said: str) -> Iterator[Finding]:
    """Where a label stands again, and something else beside it."""
    for other, _ in find(spec.label, sheet):
        if other != label and sheet.text(*_beside(sheet, other, spec.value)) not in ("", said):
            yield finding(
                "row-duplicated",
                f"'{sheet.text(*other)}' is reported twice, in {address(*label)} and in {address(*other)}.",
                remedy="Keep one of the two.",
                sheet=sheet.name,
                cell=address(*other),
            )


def _find_label(sheet: Sheet, spec: CellTable) -> Address | None:
    return next((cell for cell, _ in find(spec.label, sheet)), None)


def _beside(sheet: Sheet, label: Address, where: str) -> Address:
    down, right = _OFFSETS[where]
    return sheet.origin(label[0] + down, label[1] + right)
