"""Sheets and a layout in; records of the raw schema and findings out."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain, compress
from operator import attrgetter
from typing import Any, TypeVar

from loaders.beside import Taken, beside_tables
from loaders.cells import Address, Sheet, address, whole_address
from loaders.columns import Chunk, RawRow, Rows
from loaders.figures import read_figure, shown_otherwise
from loaders.layout import CellTable, Layout, Record, TableLayout
from loaders.patterns import find, match
from loaders.rows import Figures, Kind, TableRows, Text, Words
from loaders.table import TableReader, heading_rows, token_of
from loaders.text import REMEMBERED
from loaders.units import Unit, units
from quarterdeck.findings import Finding, Severity
from quarterdeck.periods import Month
from quarterdeck.rules import finding
from quarterdeck.settings import Settings
from quarterdeck.warehouse import record_columns, records

T = TypeVar("T")
Said = dict[str, list[Any]]
"""What rows say in turn, by the columns of the raw schema."""
Where = tuple[tuple[str, str], ...]
"""The fields of a row, each with the cell that says it."""
# These the reader of the batch adds.
_OF_THE_FILE = ("submission_id", "organisation_code", "reporting_period")
_BESIDE = tuple(map(attrgetter, ("unit", "scale", "decimals", "token")))
_WITHOUT_A_HEADING = "Put the template's heading back above it, or remove the row."
_BELOW_A_BLANK_ROW = "If it belongs to a table above it, remove the blank rows between them. " + _WITHOUT_A_HEADING
_OFFSETS = {"above": (-1, 0), "below": (1, 0), "right": (0, 1)}


@dataclass
class Extraction:
    """What one file holds: rows by record type, and findings. With an error among them the rows are not loaded.

    `months` are those that a series has rows of, whether they report anything or not.
    """

    rows: dict[str, Rows] = field(default_factory=lambda: defaultdict(Rows))
    findings: list[Finding] = field(default_factory=list)
    months: set[str] = field(default_factory=set)

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
    taken: dict[int, list[Taken]] = {}
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
            result.months.update(month for rows_found in found for month in rows_found.months if month)
            for record in table.records if found else ():
                of_record = _Records(table, sheet, record)
                chunks = [of_record.of(rows, dated=layout.series) for rows in found]
                result.rows[record.record].chunks.extend(chunks)
            result.findings.extend(reader.findings)
            if layout.series:
                result.findings.extend(_undated(reader, found))
            rows |= reader.headed if table.transposed else reader.understood
            taken.setdefault(id(sheet), []).append(_taken(reader, found))
    result.findings = list(_unless_read(result.findings, readers.values()))
    missing = {table.sheet for table, sheet in placed if sheet is None and not table.optional}
    result.findings.extend(_missing_sheet(name, sheets) for name in sorted(missing))
    # Of what stands around single cells and bands, no row is a table's own.
    mixed = {id(sheet) for table, sheet in placed if sheet and (table.cells or table.rows_at_band)}
    for sheet in sheets:
        result.findings.extend(_unread(sheet, understood.get(sheet.name)))
        if id(sheet) in taken.keys() - mixed:
            result.findings.extend(beside_tables(sheet, taken[id(sheet)]))
    return result


def _unless_read(findings: list[Finding], readers: Iterable[TableReader]) -> Iterator[Finding]:
    """The findings, less those about columns that one table does not know and another one, beside it, has read."""
    read = {(reader.sheet.name, cell) for reader in readers for cell in reader.heading_cells}
    return (told for told in findings if told.rule != "column-unexpected" or (told.sheet, told.cell) not in read)


def _taken(reader: TableReader, found: list[TableRows]) -> Taken:
    """The rows and columns of the sheet that a table takes up."""
    name, lines = reader.layout.table, {number - 1 for rows in found for number in rows.number_of}
    if not reader.sheet.turned:
        return Taken(name, lines, reader.headed)
    columns = lines | reader.heading_rows
    return Taken(name, reader.headed, set(range(min(columns, default=0), max(columns, default=-1) + 1)))


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
    layout: Layout, table: TableLayout, sheet: Sheet, found: list[TableRows], period: Month
) -> Iterator[Finding]:
    """What tells that a file was sent for another month than its rows are of; a series ends with its month."""
    months = Counter(month for rows in found for month in rows.months if month)
    latest = max(months, default="")
    strays = {latest} if layout.series else set(months)
    for month in sorted(strays - {str(period), ""}):
        rows = next(rows for rows in found if month in rows.months)
        first = rows.months.index(month)
        day = rows.text(table.stands_at, first)
        several = months[month] > 1
        which = f"{months[month]} rows of '{table.table}' stand" if several else f"A row of '{table.table}' stands"
        yield finding(
            "period-unexpected",
            f"{which} at {month}, and the file was sent for {period}.",
            remedy="Send it for the month it is about, or correct the dates.",
            sheet=sheet.name,
            cell=day and whole_address(day.cell, rows.number_of[first]),
        )


def _undated(reader: TableReader, found: list[TableRows]) -> Iterator[Finding]:
    """Rows of a series that do not say which month they are of, and of which nothing was said yet."""
    if any(told.rule in ("date-invalid", "value-required") for told in reader.findings):
        return
    for number in (rows.number_of[row] for rows in found for row, month in enumerate(rows.months) if not month):
        yield finding(
            "value-required",
            f"There is no date in {reader.sheet.line(number - 1)}; which month it is of cannot be known.",
            remedy="Fill in the date.",
            sheet=reader.sheet.name,
            cell=reader.sheet.lines(number - 1),
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

    def of(self, rows: TableRows, *, dated: bool) -> Chunk:
        """What these rows become; where they are `dated`, each has its own month."""
        rows = self._records(rows)
        if not len(rows):
            return Chunk(0, self.same, {})
        each, cells = self._said(rows)
        if dated:
            each["reporting_period"] = list(rows.months)
        wheres = _wheres(cells, len(rows))
        if not self.record.values:
            each["cells"] = _once_each(_as_json, wheres)
            return Chunk(len(rows), self.same, each)
        return self._figures(rows, each, wheres)

    def _records(self, rows: TableRows) -> TableRows:
        """The rows that become records at all."""
        record, kept = self.record, list(range(len(rows)))
        if record.details_only:
            kept = [row for row in kept if rows.types[row] == "detail"]
        if record.where_filled:
            filled = rows.said(record.where_filled)
            kept = [row for row in kept if filled[row] is not None]
        if record.where_blank:
            filled = rows.said(record.where_blank)
            kept = [row for row in kept if filled[row] is None]
        return rows.at(kept)

    def _figures(self, rows: TableRows, said: Said, wheres: list[Where]) -> Chunk:
        """The rows once for each of their figures, with what is said of that."""
        columns = [(name, column) for name in self.record.values for column in rows.figures.get(name, ())]
        if not columns:
            return Chunk(0, self.same, {})
        is_there = _row_by_row([column.kinds for _, column in columns])
        count = len(is_there) - is_there.count(None)
        same: RawRow = {}
        each: Said = {}
        own = [self._of_figures(name, column, rows, wheres) for name, column in columns]
        blank = [None] * len(rows)
        for name in dict.fromkeys(chain(said, *own)):
            values = [of_column.get(name) or said.get(name) or blank for of_column in own]
            if all(_are_all(column, values[0][0]) for column in {id(column): column for column in values}.values()):
                same[name] = values[0][0]
            else:
                flat = _row_by_row(values)
                each[name] = flat if count == len(flat) else list(compress(flat, is_there))
        return Chunk(count, self.same | same, each)

    def _of_figures(self, name: str, figures: Figures, rows: TableRows, wheres: list[Where]) -> Said:
        """What is said of a column's figures beside what is said of their rows, a list of all rows a field.

        It is their value with its unit and the like, what their heading says, and what the layout makes of that and of
        the words of the row.
        """
        dimensions = self.table.columns[name].dimensions
        if any("{" in template for template in dimensions.values()):
            own = [kind and self._own(kind, dimensions, rows.texts_of(row)) for row, kind in enumerate(figures.kinds)]
        else:
            own = _once_each(lambda kind: kind and self._own(kind, dimensions, {}), figures.kinds)
        fields = tuple(next(filter(None, own), {}))
        said: Said = {field: [each and each[field] for each in own] for field in fields}
        _put_quantity(said, "value", figures)
        if figures.parts is None and _are_all(figures.cells, figures.cells[0]):
            said["cells"] = _once_each(lambda where: _with_value(where, fields, figures.cells[0], None), wheres)
        else:
            parts = figures.parts or [None] * len(wheres)
            said["cells"] = [
                _with_value(where, fields, cell, part)
                for where, cell, part in zip(wheres, figures.cells, parts, strict=True)
            ]
        return said

    def _own(self, kind: Kind, dimensions: dict[str, str], words: dict[str, Text]) -> RawRow:
        """The fields of a figure that its heading says, and the layout."""
        parts = dict(kind.parts)
        shown = {part: text.value for part, text in words.items()} | parts
        parts |= {part: template.format_map(shown) for part, template in dimensions.items()}
        return {part: value for part, value in parts.items() if part in self.fields}

    def _said(self, rows: TableRows) -> tuple[Said, dict[str, list[str | None]]]:
        """What rows say of every record made of them, and the cells that say it."""
        each: Said = {
            "block": rows.blocks,
            "source_row": rows.number_of,
            "row_type": rows.types,
            "rolls_up_to_row": rows.rolls_up_to,
        }
        blank: list[Any] = [None] * len(rows)
        cells: dict[str, list[str | None]] = {}
        for name, kind, columns in self.sources:
            if kind == "quantity":
                figures = _first_of(rows.figures.get(columns[0], []))
                if figures and any(figures.kinds):
                    _put_quantity(each, name, figures)
                    cells[name] = [
                        cell if kind else None for cell, kind in zip(figures.cells, figures.kinds, strict=True)
                    ]
                    cells[f"{name}_part"] = [str(part) if part else None for part in figures.parts or blank]
                continue
            words = Words(blank, blank)
            for column in reversed(columns):
                words = rows.texts[column].over(words) if column in rows.texts else words
            places = words.cells
            if kind == "date":
                tokens = rows.texts.get(token_of(columns[0])) or Words(blank, blank)
                each[token_of(name)] = tokens.values
                places = [cell or token for cell, token in zip(places, tokens.cells, strict=True)]
            if any(places):
                each[name], cells[name] = words.values, places
        return each, cells


def _same(table: TableLayout, sheet: Sheet, record: str, said: dict[str, str]) -> RawRow:
    """What all rows of a table say alike: every column of the raw schema, blank where they do not."""
    words = {name: said[name] for name, kind in records()[record].items() if kind != "quantity" and name in said}
    blank = dict.fromkeys(column for column in record_columns(record) if column not in _OF_THE_FILE)
    return blank | {"table_name": table.table, "sheet": sheet.name} | words


def _wheres(cells: dict[str, list[str | None]], count: int) -> list[Where]:
    """The cells that each of so many rows has, by what they say; rows that have the same share one object."""
    if all(_are_all(places, places[0]) for places in cells.values()):
        return [tuple((name, places[0]) for name, places in cells.items() if places[0])] * count
    seen: dict[tuple[str | None, ...], Where] = {}
    rows = list(zip(*cells.values(), strict=True))
    for row in set(rows):
        seen[row] = tuple((name, cell) for name, cell in zip(cells, row, strict=True) if cell)
    return [seen[row] for row in rows]


def _once_each(function: Callable[[T], Any], values: list[T]) -> list[Any]:
    """What a function makes of values, asked once for each object among them."""
    if values[0] is values[-1] and _are_all(values, values[0]):
        return [function(values[0])] * len(values)
    made = {number: function(value) for number, value in {id(value): value for value in values}.items()}
    return list(map(made.__getitem__, map(id, values)))


def _are_all(values: list[Any], value: Any) -> bool:
    return values.count(value) == len(values)


def _row_by_row(columns: list[list[Any]]) -> list[Any]:
    """What stands in columns beside each other, from row to row."""
    return list(chain.from_iterable(zip(*columns, strict=True)))


def _first_of(columns: list[Figures]) -> Figures | None:
    """Of each row the first figure that stands in these columns."""
    if len(columns) < 2:
        return columns[0] if columns else None
    found = [
        next((column for column in columns if column.kinds[row]), columns[0]) for row in range(len(columns[0].kinds))
    ]
    return Figures(
        [column.values[row] for row, column in enumerate(found)],
        [column.cells[row] for row, column in enumerate(found)],
        [column.kinds[row] for row, column in enumerate(found)],
        [column.parts[row] if column.parts else None for row, column in enumerate(found)],
    )


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


def _put_quantity(said: Said, name: str, figures: Figures) -> None:
    said[name] = figures.values
    for beside, of_kind in zip(_beside_quantity(name), _BESIDE, strict=True):
        if figures.kind:
            said[beside] = [of_kind(figures.kind)] * len(figures.kinds)
        else:
            said[beside] = [kind and of_kind(kind) for kind in figures.kinds]


@cache
def _beside_quantity(name: str) -> tuple[str, str, str, str]:
    """The columns beside a quantity's own, in the order of `_BESIDE`."""
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
        shown = sheet.formats.get((row, column))
        if shown and (otherwise := shown_otherwise(sheet.value(row, column), unit, shown)):
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
            said: Said = {}
            _put_quantity(said, "value", Figures([value], [""], [Kind(unit.unit, unit.scale, spec.decimals)]))
            raw |= {name: values[0] for name, values in said.items()}
            cells["value"] = address(row, column)
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
