"""One printed table on one sheet: its blocks, rows and cells, as its layout describes them."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache

from loaders.cells import Sheet, whole_address
from loaders.drift import blank_headings, heading_drift, likely_heading, row_drift
from loaders.figures import read_figure, shown_otherwise, stored_figures
from loaders.layout import Column, Dates, Heading, TableLayout, Unit, vocabulary
from loaders.patterns import as_path, find, match, match_path, names_in
from loaders.rows import Block, Headings, Number, Row, Said, Text
from loaders.text import CellValue, key, plain
from loaders.values import NotADateError, NotANumberError, calendar_day, is_dash, number
from quarterdeck.findings import Finding
from quarterdeck.periods import Month, fiscal_year
from quarterdeck.rules import finding
from quarterdeck.settings import Settings

# Which of a cell's numbers a parser takes, where it takes one of several.
_PARTS_READ = {"fraction": 1, "fraction_maximum": 2}
_HEADINGS_REMEMBERED, _WIDEST_REMEMBERED = 64, 100
"""How many headings of a table are remembered, and of how many columns: they are the same in file after file."""


def heading_rows(heading: Heading, sheet: Sheet) -> set[int]:
    """The rows, counted from 0, in which a table with such a heading starts."""

    def rows_with(pattern: str) -> set[int]:
        return {row for (row, _), _ in find(pattern, sheet)}

    if heading.above is not None:
        return {row - heading.rows for row in rows_with(heading.above) if row >= heading.rows}
    if not heading.contains:
        return set()
    first, *rest = heading.contains
    starts = rows_with(first)
    for label in rest if starts else ():
        rows = rows_with(label)
        starts = {start for start in starts if rows.intersection(range(start, start + max(heading.rows, 1)))}
    return starts


class TableReader:
    """Reads one table; what it cannot accept is in `findings`, in words for the sender.

    `understood` are the rows, counted from 0, that are headings or rows of the table, or that the layout ignores;
    `headed` are the columns that have a heading or stand between such.
    `heading_rows` are the rows in which the table starts; `others` are the readers of the sheet's other tables: where
    one of them starts, this one has ended.
    """

    def __init__(
        self, layout: TableLayout, sheet: Sheet, period: Month, units: dict[str, Unit], settings: Settings
    ) -> None:
        """Prepare to read `layout` on `sheet`, for a submission of `period`."""
        self.layout, self.sheet, self.period, self.units, self.settings = layout, sheet, period, units, settings
        self.findings: list[Finding] = []
        self.understood: set[int] = set()
        self.headed: set[int] = set()
        self.heading_rows = heading_rows(layout.heading, sheet)
        self.others: list[TableReader] = []
        self._vocabularies: dict[str, frozenset[str]] = {}
        self._filled = [(name, spec) for name, spec in layout.columns.items() if spec.filled]

    def rows(self) -> list[Row]:
        """Every row of every block; empty, with a finding, where the table is not on the sheet."""
        if self.layout.rows_at_band:
            found = self._band_rows(self.layout.rows_at_band)
        else:
            found = [row for block in self._all_blocks() for row in block.rows]
        if not found and not self.layout.optional and not self._names_a_missing_column():
            self._find(
                "table-missing",
                f"The table '{self.layout.table}' was not found on the sheet '{self.sheet.name}'.",
                "Keep the headings as they are in the template.",
            )
        if self.layout.ignore_rows:
            self.understood.update(index for index in range(len(self.sheet.rows)) if self._is_ignored(index))
        if not self._names_a_missing_column():
            self._check_unique(found)
        # What two columns read from one cell is said once.
        self.findings = list(dict.fromkeys(self.findings))
        return found

    def _names_a_missing_column(self) -> bool:
        return any(found.rule in ("column-missing", "column-renamed") for found in self.findings)

    def _find(self, rule: str, message: str, remedy: str, cell: str | None = None) -> None:
        self.findings.append(finding(rule, message, remedy=remedy, sheet=self.sheet.name, cell=cell))

    # Where the table is

    def _all_blocks(self) -> list[Block]:
        if not self.heading_rows and self.layout.heading.contains:
            likely = likely_heading(self.layout, self.sheet, self._paths)
            self.heading_rows = set() if likely is None else {likely}
        blocks = list(self._blocks())
        for block in blocks:
            self.findings.extend(blank_headings(self.layout, self.sheet, block))
            # What could be said of the rows of any other block follows from what is missing.
            if block.complete:
                self.findings.extend(row_drift(self.layout, self.sheet, block))
        return blocks

    def _blocks(self) -> Iterator[Block]:
        context: dict[str, Text] = {}
        block: Block | None = None
        count = 0
        index = 0
        while index < len(self.sheet.rows):
            if index in self.heading_rows:
                if block:
                    yield block
                count += 1
                block = self._open_block(count, index, context)
                self.understood.update(range(index, index + self.layout.heading.rows))
                index += self.layout.heading.rows
                if self.layout.heading.rows:
                    continue
            band = self._band(index, block)
            if band is not None:
                context = self._within(context, *band)
                if block:
                    block.context = self._within(block.context, *band)
                    block.boundary = len(block.rows)
                    block.group_starts.add(block.boundary)
            elif block is not None:
                if self._is_blank(index, block):
                    if not self.layout.blank_rows_inside and not self._goes_on_below(index, block):
                        yield block
                        block = None
                elif not self._is_ignored(index):
                    self.understood.add(index)
                    self._add_rows(block, index)
            index += 1
        if block:
            yield block

    def _open_block(self, count: int, index: int, context: dict[str, Text]) -> Block | None:
        said = dict(context)
        for pattern, row in self._lines_above(index):
            for column, text in enumerate(self.sheet.shown[row]):
                parts = match(pattern, text) if text else None
                if parts:
                    cell = self.sheet.address(row, column)
                    said |= {name: Text(self._part(name, part, cell), cell) for name, part in parts.items()}
                    break
        headings = self._headings(index)
        self.headed.update(headings.headed)
        self.findings.extend(headings.findings)
        if not headings.columns:
            return None
        complete = all(name in headings.columns or spec.optional for name, spec in self.layout.columns.items())
        return Block(count, index, headings, said | headings.context, complete)

    def _lines_above(self, index: int) -> Iterator[tuple[str, int]]:
        if self.layout.title:
            yield from ((self.layout.title, row) for row in range(index))
        if self.layout.before_heading:
            filled = [row for row in range(index) if any(self.sheet.shown[row])]
            if filled:
                yield self.layout.before_heading, filled[-1]

    def _path(self, index: int, column: int) -> tuple[str, ...]:
        path = []
        for row in range(index, index + self.layout.heading.rows):
            top, left = self.sheet.origin(row, column)
            # A heading merged downwards counts once, in its first row.
            if top == row or (top < index and row == index):
                text = self.sheet.text(top, left)
                if text:
                    path.append(text)
        return tuple(path)

    def _paths(self, index: int) -> list[tuple[str, ...]]:
        return [self._path(index, column) for column in range(self.sheet.width)]

    def _headings(self, index: int) -> Headings:
        """What the headings in a row, and in those below it that belong to it, say: once for all that are the same."""
        sheet, remembered = self.sheet, self.layout.headings
        if sheet.turned or sheet.width > _WIDEST_REMEMBERED:
            return self._read_headings(index)
        rows = range(index, index + self.layout.heading.rows)
        cells = tuple(sheet.origin(row, column) for row in rows for column in range(sheet.width))
        shown, values = (tuple(of(*cell) for cell in cells) for of in (sheet.text, sheet.value))
        seen = (sheet.name, index, sheet.width, self.period, cells, shown, values)
        if seen not in remembered:
            if len(remembered) >= _HEADINGS_REMEMBERED:
                remembered.clear()
            remembered[seen] = self._read_headings(index)
        return remembered[seen]

    def _read_headings(self, index: int) -> Headings:
        paths = dict(enumerate(self._paths(index)))
        headed = [column for column, path in paths.items() if path]
        columns: dict[str, list[tuple[int, dict[str, str]]]] = {}
        context: dict[str, Text] = {}
        found_so_far, self.findings = self.findings, []
        for name, spec in self.layout.columns.items():
            found: list[tuple[int, dict[str, str]]] = []
            repeats = any("{" in part for part in spec.path) and spec.is_number
            for column, path in list(paths.items()):
                parts = match_path(spec.path, path)
                if parts is not None:
                    cell = self.sheet.address(index, column)
                    kept = {part: self._part(part, text, cell) for part, text in parts.items()}
                    found.append((column, kept))
                    if not spec.is_number:
                        context |= {part: Text(text, cell) for part, text in kept.items()}
                    if not spec.shared:
                        del paths[column]
                    if not repeats:
                        break
            if found:
                columns[name] = found
        without_heading = frozenset(column for column, path in paths.items() if not path or self._is_half(path))
        unread = {
            column: path
            for column, path in paths.items()
            # Where headings run down the side, so do titles; a title has nothing beside it.
            if column not in without_heading and not (self.sheet.turned and self._is_alone(index, column))
        }
        self.findings.extend(heading_drift(self.layout, self.sheet, index, columns, unread))
        findings, self.findings = tuple(self.findings), found_so_far
        span = range(min(headed, default=0), max(headed, default=-1) + 1)
        numbers = {name for name in columns if self.layout.columns[name].is_number}
        return Headings(
            columns,
            [(name, found[0][0]) for name, found in columns.items() if name not in numbers],
            [
                (name, [(column, tuple(said.items())) for column, said in columns[name]])
                for name in columns
                if name in numbers
            ],
            sorted({column for found in columns.values() for column, _ in found}),
            context,
            without_heading,
            span,
            findings,
        )

    def _is_alone(self, index: int, column: int) -> bool:
        beyond = range(index + self.layout.heading.rows, len(self.sheet.rows))
        return not any(self.sheet.text(row, column) for row in beyond)

    def _is_half(self, path: tuple[str, ...]) -> bool:
        """Whether only the upper of a column's headings stand there."""
        return any(
            len(path) < len(spec.path) and match_path(spec.path[: len(path)], path) is not None
            for spec in self.layout.columns.values()
        )

    # What a row is

    def _band(self, index: int, block: Block | None = None) -> tuple[int, dict[str, Text]] | None:
        """Which kind of band a row is, outermost 0, and what it says; None where it is none."""
        if not self.layout.bands:
            return None
        filled = [column for column, text in enumerate(self.sheet.shown[index]) if text]
        if len(filled) != 1 or (block and self._has_label(index, block)):
            return None
        column = filled[0]
        for level, patterns in enumerate(self.layout.bands):
            for pattern in as_path(patterns):
                parts = match(pattern, self.sheet.shown[index][column])
                if parts is not None:
                    return level, {name: Text(part, self.sheet.address(index, column)) for name, part in parts.items()}
        return None

    def _has_label(self, index: int, block: Block) -> bool:
        """Whether a row's lone cell is a label that the table has: a row without figures is no band."""
        for name, column in block.headings.words:
            text, spec = self.sheet.text(index, column), self.layout.columns[name]
            if not text:
                continue
            labels = [total.label for total in self.layout.totals if total.column == name]
            return any(key(word) == key(text) for word in spec.words) or any(
                _reads(Text(text, ""), each) for each in labels
            )
        return False

    def _within(self, context: dict[str, Text], level: int, said: dict[str, Text]) -> dict[str, Text]:
        """What is said of the rows below a band: what was said before, less the kinds of band within this one."""
        patterns = (pattern for inner in self.layout.bands[level:] for pattern in as_path(inner))
        ended = set().union(*map(names_in, patterns))
        return {name: text for name, text in context.items() if name not in ended} | said

    def _band_rows(self, name: str) -> list[Row]:
        rows: list[Row] = []
        context: dict[str, Text] = {}
        for index in range(len(self.sheet.rows)):
            band = self._band(index)
            if band is None:
                continue
            level, said = band
            context = self._within(context, level, said)
            if name in said:
                rows.append(Row(index + 1, 1, texts=context))
            elif rows and name in context:
                rows[-1].texts = context
        return rows

    def _is_blank(self, index: int, block: Block) -> bool:
        texts, faults = self.sheet.shown[index], self.sheet.faults
        width = len(texts)
        if any(texts[column] for column in block.headings.mapped if column < width):
            return False
        # A cell in error has no value, and is not blank.
        return not (faults and any((index, column) in faults for column in block.headings.mapped))

    def _goes_on_below(self, index: int, block: Block) -> bool:
        """Whether what follows a blank row is a row of the table, by its figures and not only by its place."""
        below = next((row for row in range(index, len(self.sheet.rows)) if any(self.sheet.shown[row])), None)
        if below is None or self._is_ignored(below) or self._band(below, block) is not None:
            return False
        if any(below in reader.heading_rows for reader in (self, *self.others)) or not self._is_row(below, block):
            return False
        self._find(
            "blank-row",
            f"There is nothing in {self.sheet.line(index)}; the table '{self.layout.table}' was read on beyond it.",
            "Nothing needs to be done.",
            self.sheet.lines(index),
        )
        return True

    def _is_row(self, index: int, block: Block) -> bool:
        """Whether a row has figures where the table has them, and its key cells are filled."""
        figures = 0
        for name, found in block.columns.items():
            spec = self.layout.columns[name]
            values = [self.sheet.value(index, column) for column, _ in found]
            if spec.filled and not plain(values[0]):
                return False
            if spec.is_number:
                if not all(self._could_be_figure(spec, value) for value in values):
                    return False
                figures += sum(bool(plain(value)) for value in values)
        return figures > 0

    def _could_be_figure(self, spec: Column, value: CellValue) -> bool:
        if spec.token(value) or is_dash(value):
            return True
        parsers = {self.units[unit].reads for unit in (spec.unit, *spec.units.values()) if unit}
        for reads in parsers:
            try:
                number(value, reads)
                return True
            except NotANumberError:
                continue
        return False

    def _is_ignored(self, index: int) -> bool:
        if not self.layout.ignore_rows:
            return False
        first = next(filter(None, self.sheet.shown[index]), "")
        return any(match(pattern, first) is not None for pattern in self.layout.ignore_rows)

    # What is in a row

    def _add_rows(self, block: Block, index: int) -> None:
        texts, shown = dict(block.context), self.sheet.shown[index]
        for name, column in block.headings.words:
            spec, text = self.layout.columns[name], shown[column] if column < len(shown) else ""
            if text and spec.is_plain:
                texts[name] = Text(text, self.sheet.own_address(index, column))
            elif text or spec.fill_down:
                texts |= self._texts(block, name, spec, index, column)
        row_type = next(
            (total.type for total in self.layout.totals if _reads(texts.get(total.column), total.label)), "detail"
        )
        for fields, part in self._parts_of(texts):
            row = Row(
                index + 1, block.number, row_type, month=self._month(texts), texts=texts | fields if fields else texts
            )
            for name, places in block.headings.figures:
                spec = self.layout.columns[name]
                if not (spec.blank_where_filled and spec.blank_where_filled in texts):
                    row.numbers[name] = self._numbers(row, spec, index, places, part)
            self._roll_up(block, row)
            block.rows.append(row)
            self._check_filled(block, row, index)

    def _month(self, texts: dict[str, Text]) -> str | None:
        day = texts.get(self.layout.stands_at or "")
        return day.value[: len("2018-09")] if day else None

    def _parts_of(self, texts: dict[str, Text]) -> Iterator[tuple[dict[str, Text], tuple[str, int] | None]]:
        for parts in self.layout.parts:
            if _reads(texts.get(parts.column), parts.label):
                cell = texts[parts.column].cell
                for position, fields in enumerate(parts.fields):
                    yield {name: Text(value, cell) for name, value in fields.items()}, (parts.separator, position)
                return
        yield {}, None

    def _texts(self, block: Block, name: str, spec: Column, index: int, column: int) -> dict[str, Text]:
        value, cell = self.sheet.value(index, column), self.sheet.own_address(index, column)
        if not plain(value) and spec.fill_down:
            top, left = self.sheet.origin(index, column)
            if (top, left) != (index, column):
                value, cell = self.sheet.value(top, left), self.sheet.address(top, left)
            elif block.rows and name in block.rows[-1].texts:
                previous = block.rows[-1]
                carried = previous.texts[name]
                return {name: Text(carried.value, whole_address(carried.cell, previous.number_of))}
        text = plain(value)
        if not text:
            return {}
        if token := spec.token(value):
            return {token_of(name): Text(token, cell)}
        if spec.date:
            return self._date(name, spec.date, value, cell, self.sheet.address(index, column))
        if spec.split:
            return self._split(spec, value, cell) or {name: Text(text, cell)}
        if spec.words:
            return {name: Text(self._word(spec, text, self.sheet.address(index, column)), cell)}
        if spec.vocabulary and key(text) not in self._known_words(spec.vocabulary):
            self._find(
                "word-unmapped",
                f"'{text}' is not a known word of the scale '{spec.vocabulary}'.",
                "Use a word of the status key, or ask the data team to add this one to the scale.",
                self.sheet.address(index, column),
            )
        return {name: Text(text, cell)}

    def _known_words(self, scale_id: str) -> frozenset[str]:
        if scale_id not in self._vocabularies:
            self._vocabularies[scale_id] = vocabulary(self.settings.seeds, scale_id)
        return self._vocabularies[scale_id]

    def _date(self, name: str, spec: Dates, value: CellValue, cell: str, where: str) -> dict[str, Text]:
        try:
            day = calendar_day(value, spec.written, spec.month)
        except NotADateError:
            self._find(
                "date-invalid",
                f"'{plain(value)}' stands where a date belongs.",
                f"Type the date as in the template, for example {date(2018, 9, 30).strftime(spec.written)}.",
                where,
            )
            return {}
        shown = day.isoformat() if spec.kept == "day" else day.isoformat()[: len("2018-09")]
        return {name: Text(shown, cell)}

    def _split(self, spec: Column, value: CellValue, cell: str) -> dict[str, Text]:
        lines = "\n".join(plain(line) for line in str(value).splitlines())
        found = re.match(spec.split or "", lines, re.DOTALL)
        if not found:
            return {}
        texts = {}
        for part, captured in found.groupdict().items():
            kept = captured or ""
            for mark in spec.drop:
                kept = kept.replace(mark, "")
            if plain(kept):
                texts[part] = Text(plain(kept), cell)
        return texts

    def _word(self, spec: Column, text: str, cell: str) -> str:
        known = {key(word): code for word, code in spec.words.items()}
        code = known.get(key(text))
        if code is None:
            self._find(
                "word-unmapped",
                f"'{text}' is not a label of the table '{self.layout.table}'.",
                "Use the template's label, or ask the data team to add this one to the layout.",
                cell,
            )
        return code or text

    def _numbers(
        self, row: Row, spec: Column, index: int, found: list[tuple[int, Said]], part: tuple[str, int] | None
    ) -> list[Number]:
        unit = self._unit(row, spec, index)
        numbers: list[Number] = []
        if unit is None:
            return numbers
        sheet, tokens, above = self.sheet, spec.tokens, spec.above_150_percent
        scale, decimals = -unit.scale if spec.negate else unit.scale, spec.decimals
        # Of a cell with several figures a part is text anyway.
        typed, values = sheet.typed and part is None, sheet.rows[index]
        stored, moved = stored_figures(unit.reads, above), sheet.moved
        for column, said in found:
            value, of_several = values[column] if column < len(values) else "", None
            if value == "" and not tokens:
                continue
            if tokens and (token := spec.token(value)):
                cell = sheet.own_address(index, column)
                numbers.append(Number(None, unit.unit, unit.scale, 0, cell, said, token))
                continue
            if part and isinstance(value, str) and plain(value):
                pieces = plain(value).split(part[0])
                if len(pieces) > max(part[1], 1):
                    value, of_several = pieces[part[1]], part[1] + 1
                else:
                    value = plain(value)
            if isinstance(value, float):
                figure, remarks = stored[value]
            else:
                figure, remarks = read_figure(value, unit, typed=typed, above_150_percent=above)
            places = moved.get((index, column)) if moved else None
            if places and (otherwise := shown_otherwise(value, unit, places)):
                figure, remarks = None, (otherwise,)
            for remark in remarks:
                self._find(*remark, sheet.address(index, column))
            if figure is not None:
                if isinstance(value, str):
                    of_several = _PARTS_READ.get(unit.reads, of_several)
                kept = _decimals(figure) if decimals == "as typed" else decimals
                cell = sheet.own_address(index, column)
                numbers.append(Number(figure, unit.unit, scale, kept, cell, said, None, of_several))
        return numbers

    def _unit(self, row: Row, spec: Column, index: int) -> Unit | None:
        if spec.unit:
            return self.units[spec.unit]
        by = row.texts.get(spec.units_by or "")
        name = spec.units.get(by.value, spec.units.get("*")) if by else None
        if by and name:
            unit = self.units[name]
            return unit if unit.unit else unit.model_copy(update={"unit": by.value})
        self._find(
            "word-unmapped",
            f"The layout gives no unit for '{by.value if by else ''}' in the table '{self.layout.table}'.",
            "Ask the data team to add the unit of this row to the layout.",
            self.sheet.address(index, 0),
        )
        return None

    def _part(self, name: str, text: str, cell: str) -> str:
        try:
            if name in ("fiscal_year", "savings_year"):
                return fiscal_year(text)
            if name == "month" and text[0].isdigit():
                return text[: len("2018-09")]
            if name == "month":
                return str(self.period.latest_named(text))
        except ValueError as error:
            self._find("year-invalid", f"{error}.", "Write the heading as in the template.", cell)
        return text

    # What rows are to each other

    def _roll_up(self, block: Block, row: Row) -> None:
        if row.type in ("detail", "aggregate"):
            return
        start = block.boundary if row.type == "subtotal" else 0
        for other in block.rows[start:]:
            counted = other.type != "aggregate" and (row.type == "total" or other.type == "detail")
            if other.rolls_up_to is None and counted:
                other.rolls_up_to = row.number_of
        block.boundary = len(block.rows) + 1

    def _check_filled(self, block: Block, row: Row, index: int) -> None:
        if row.type != "detail" or not self._filled or not block.complete:
            return
        for name, spec in self._filled:
            column = block.columns[name][0][0]
            value = self.sheet.value(index, column)
            # What is in error, or cannot be read, is not blank as well.
            if (index, column) in self.sheet.faults or (plain(value) and not is_dash(value)):
                continue
            if name not in row.texts and token_of(name) not in row.texts and not row.numbers.get(name):
                self._find(
                    "value-required",
                    f"'{' / '.join(filter(None, spec.path)) or name}' is blank in {self.sheet.line(index)}.",
                    "Fill the cell, or clear the others beside it.",
                    self.sheet.address(index, column),
                )

    def _check_unique(self, rows: list[Row]) -> None:
        if not self.layout.unique:
            return
        seen: dict[tuple[str, ...], int] = {}
        for row in rows:
            identity = tuple(key(row.texts[name].value) if name in row.texts else "" for name in self.layout.unique)
            if row.type != "detail" or not any(identity):
                continue
            if identity in seen:
                name = next(row.texts[name] for name in reversed(self.layout.unique) if name in row.texts)
                self._find(
                    "row-duplicated",
                    f"'{name.value}' is reported twice, in {self.sheet.line(seen[identity] - 1)} and in "
                    f"{self.sheet.line(row.number_of - 1)}.",
                    "Keep one of the two.",
                    whole_address(name.cell, row.number_of),
                )
            seen.setdefault(identity, row.number_of)


@cache
def token_of(column: str) -> str:
    """The name beside a column's own that a word in place of its value goes by."""
    return f"{column}_token"


def _decimals(figure: Decimal) -> int:
    return max(0, -int(figure.as_tuple().exponent))


def _reads(text: Text | None, label: str) -> bool:
    return text is not None and match(label, text.value) is not None
