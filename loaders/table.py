"""One printed table on one sheet: its blocks, rows and cells, as its layout describes them."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from operator import itemgetter

from loaders.cells import Sheet, whole_address
from loaders.drift import blank_headings, heading_drift, likely_heading, row_drift
from loaders.figures import read_column, read_figure, shown_otherwise
from loaders.layout import Column, Dates, Heading, TableLayout, vocabulary
from loaders.patterns import as_path, find, match, match_path, names_in
from loaders.rows import Block, Figures, Headings, Kind, Said, TableRows, Text, Words
from loaders.text import CellValue, key, plain
from loaders.units import Unit
from loaders.values import NotADateError, NotANumberError, calendar_day, is_dash, number
from quarterdeck.findings import Finding
from quarterdeck.periods import Month, fiscal_year
from quarterdeck.rules import finding
from quarterdeck.settings import Settings

# Which of a cell's numbers a parser takes, where it takes one of several.
_PARTS_READ = {"fraction": 1, "fraction_maximum": 2}
_HEADINGS_REMEMBERED, _WIDEST_REMEMBERED, _LONGEST_HEADINGS = 64, 100, 10_000
"""How many headings of a table are remembered, of how many columns, and of how many characters in all."""


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
    `headed` are the columns that have a heading or stand between such, `heading_cells` the headings that are read.
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
        self.heading_cells: set[str] = set()
        self.heading_rows = heading_rows(layout.heading, sheet)
        self.others: list[TableReader] = []
        self._told: list[tuple[int, Finding]] = []
        self._said_so_far: dict[str, Text] = {}
        self._kinds: dict[Kind, Kind] = {}
        self._vocabularies: dict[str, frozenset[str]] = {}
        self._filled = [(name, spec) for name, spec in layout.columns.items() if spec.filled]

    def rows(self) -> list[TableRows]:
        """The rows of every block that has some; none, with a finding, where the table is not on the sheet."""
        if self.layout.rows_at_band:
            found = [self._band_rows(self.layout.rows_at_band)]
        else:
            found = [block.rows for block in self._all_blocks()]
        found = [rows for rows in found if len(rows)]
        if not found and not self.layout.optional and not self._names_a_missing_column():
            self._find(
                "table-missing",
                f"The table '{self.layout.table}' was not found on the sheet '{self.sheet.name}'.",
                "Keep the headings as they are in the template.",
            )
        if self.layout.ignore_rows:
            self.understood |= self._ignored
        if not self._names_a_missing_column():
            self._check_unique(found)
        # What two columns read from one cell is said once.
        self.findings = list(dict.fromkeys(self.findings))
        return found

    def _names_a_missing_column(self) -> bool:
        return any(found.rule in ("column-missing", "column-renamed") for found in self.findings)

    def _find(self, rule: str, message: str, remedy: str, cell: str | None = None) -> None:
        self.findings.append(finding(rule, message, remedy=remedy, sheet=self.sheet.name, cell=cell))

    def _tell(self, line: int, rule: str, message: str, remedy: str, cell: str) -> None:
        """Find something in a line of the block that is read; it is told after what is found in the lines above."""
        self._told.append((line, finding(rule, message, remedy=remedy, sheet=self.sheet.name, cell=cell)))

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
                    yield self._read(block)
                count += 1
                block = self._open_block(count, index, context)
                self.understood.update(range(index, index + self.layout.heading.rows))
                index += self.layout.heading.rows
                if self.layout.heading.rows:
                    continue
            if block and index in self._starts_of_others and self._starts_another(index, block):
                yield self._read(block)
                block = None
            band = self._band(index, block)
            if band is not None:
                context = self._within(context, *band)
                if block:
                    block.context = self._within(block.context, *band)
                    block.group_starts.add(len(block.lines))
            elif block is not None:
                if self._is_blank(index, block):
                    if not self.layout.blank_rows_inside and not self._goes_on_below(index, block):
                        yield self._read(block)
                        block = None
                elif index not in self._ignored:
                    self.understood.add(index)
                    block.lines.append((index, block.context))
            index += 1
        if block:
            yield self._read(block)

    def _open_block(self, count: int, index: int, context: dict[str, Text]) -> Block | None:
        said = context | self._said_by_titles(index) | self._said_before(index)
        headings = self._headings(index)
        self.headed.update(headings.headed)
        self.heading_cells.update(self.sheet.address(index, column) for column in headings.mapped)
        self.findings.extend(headings.findings)
        if not headings.columns:
            return None
        complete = all(name in headings.columns or spec.optional for name, spec in self.layout.columns.items())
        return Block(count, index, headings, said | headings.context, complete)

    def _said_by_titles(self, index: int) -> dict[str, Text]:
        """What titles above a row say, the last one first; the rows that are asked about come in their order."""
        while self._titles and self._titles[-1][0] < index:
            self._said_so_far |= self._said_at(*self._titles.pop())
        return self._said_so_far

    @cached_property
    def _titles(self) -> list[tuple[int, int, Mapping[str, str]]]:
        """The titles that were not passed yet, from the last one up: where they stand, and their parts."""
        title = self.layout.title
        found = [found for row in self._filled_rows for found in self._first_match(title, row)] if title else []
        return found[::-1]

    def _said_before(self, index: int) -> dict[str, Text]:
        """What the line before a heading says."""
        last = bisect_left(self._filled_rows, index) - 1
        if not self.layout.before_heading or last < 0:
            return {}
        found = next(self._first_match(self.layout.before_heading, self._filled_rows[last]), None)
        return self._said_at(*found) if found else {}

    def _said_at(self, row: int, column: int, parts: Mapping[str, str]) -> dict[str, Text]:
        cell = self.sheet.address(row, column)
        return {name: Text(self._part(name, part, cell), cell) for name, part in parts.items()}

    @cached_property
    def _filled_rows(self) -> list[int]:
        """The rows in which something stands, in their order."""
        return [row for row, texts in enumerate(self.sheet.shown) if any(texts)]

    def _first_match(self, pattern: str, row: int) -> Iterator[tuple[int, int, Mapping[str, str]]]:
        for column, text in enumerate(self.sheet.shown[row]):
            if text and (parts := match(pattern, text)):
                yield row, column, parts
                return

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
        shown = tuple(sheet.text(*cell) for cell in cells)
        values = tuple(sheet.value(*cell) for cell in cells)
        if sum(map(len, shown)) > _LONGEST_HEADINGS:
            return self._read_headings(index)
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
                match(label, text) is not None for label in labels
            )
        return False

    def _within(self, context: dict[str, Text], level: int, said: dict[str, Text]) -> dict[str, Text]:
        """What is said of the rows below a band: what was said before, less the kinds of band within this one."""
        patterns = (pattern for inner in self.layout.bands[level:] for pattern in as_path(inner))
        ended = set().union(*map(names_in, patterns))
        return {name: text for name, text in context.items() if name not in ended} | said

    def _band_rows(self, name: str) -> TableRows:
        lines: list[int] = []
        said_there: list[dict[str, Text]] = []
        context: dict[str, Text] = {}
        for index in range(len(self.sheet.rows)):
            band = self._band(index)
            if band is None:
                continue
            level, said = band
            context = self._within(context, level, said)
            if name in said:
                lines.append(index)
                said_there.append(context)
            elif lines and name in context:
                said_there[-1] = context
        rows = TableRows(lines)
        rows.put_all(said_there)
        return rows

    def _is_blank(self, index: int, block: Block) -> bool:
        texts, mapped, faults = self.sheet.shown[index], block.headings.mapped, self.sheet.faults
        try:
            is_blank = not any(map(texts.__getitem__, mapped))
        except IndexError:
            is_blank = not any(texts[column] for column in mapped if column < len(texts))
        # A cell in error has no value, and is not blank.
        return is_blank and not (faults and any((index, column) in faults for column in mapped))

    @cached_property
    def _starts_of_others(self) -> set[int]:
        return set().union(*(other.heading_rows for other in self.others))

    def _starts_another(self, index: int, block: Block) -> bool:
        """Whether another table starts in a row, under headings in columns of this one."""
        others = (other for other in self.others if index in other.heading_rows)
        return any(not set(block.headings.mapped).isdisjoint(other._headings(index).mapped) for other in others)

    def _goes_on_below(self, index: int, block: Block) -> bool:
        """Whether what follows a blank row is a row of the table, by its figures and not only by its place."""
        following = bisect_left(self._filled_rows, index)
        if following == len(self._filled_rows):
            return False
        below = self._filled_rows[following]
        if below in self._ignored or self._band(below, block) is not None:
            return False
        if any(below in reader.heading_rows for reader in (self, *self.others)) or not self._is_row(below, block):
            return False
        self._tell(
            index,
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

    @cached_property
    def _ignored(self) -> set[int]:
        """The rows that the layout ignores."""
        first = [next(filter(None, texts), "") for texts in self.sheet.shown] if self.layout.ignore_rows else []
        ignored = {
            text for text in set(first) if any(match(each, text) is not None for each in self.layout.ignore_rows)
        }
        return {index for index, text in enumerate(first) if text in ignored}

    # What is in the rows

    def _read(self, block: Block) -> Block:
        """The block, with what its lines say read a column at a time."""
        if block.lines:
            self._read_words(block)
            parts = self._part_rows(block) if self.layout.parts else None
            for name, places in block.headings.figures:
                block.rows.figures[name] = self._figures(block.rows, self.layout.columns[name], places, parts)
            self._roll_up(block)
            self._check_filled(block)
        told, self._told = self._told, []
        self.findings.extend(found for _, found in sorted(told, key=itemgetter(0)))
        return block

    def _read_words(self, block: Block) -> None:
        """Make the block's rows, with their words, their types and months."""
        lines = [line for line, _ in block.lines]
        rows = block.rows = TableRows(lines, block.number)
        rows.put_all([context for _, context in block.lines])
        for name, column in block.headings.words:
            spec = self.layout.columns[name]
            texts = self.sheet.column_shown(column, lines)
            if spec.is_plain or (spec.is_of_scale and self._are_known(texts, spec.vocabulary or "")):
                rows.put(name, _words(texts, self.sheet.own_addresses(lines, column)))
            else:
                self._read_coded(rows, name, column, [bool(text or spec.fill_down) for text in texts])
        # Of several totals that a row may be, the first in the layout says which.
        for total in reversed(self.layout.totals):
            for row, text in enumerate(rows.said(total.column)):
                if text is not None and match(total.label, text) is not None:
                    rows.types[row] = total.type
        rows.months = [day and day[: len("2018-09")] for day in rows.said(self.layout.stands_at)]

    def _read_coded(self, rows: TableRows, name: str, column: int, wanted: list[bool]) -> None:
        """Read words that are not kept as they stand there, in the rows where they are wanted."""
        spec = self.layout.columns[name]
        found: dict[str, list[Text | None]] = {}
        for row, number_of in enumerate(rows.number_of):
            if wanted[row]:
                above = found[name][row - 1] if row and name in found else None
                if row and (above := above or rows.text(name, row - 1)):
                    above = Text(above.value, whole_address(above.cell, rows.number_of[row - 1]))
                for part, text in self._texts(name, spec, number_of - 1, column, above).items():
                    found.setdefault(part, [None] * len(rows))[row] = text
        for part, texts in found.items():
            rows.put(part, Words([text and text.value for text in texts], [text and text.cell for text in texts]))

    def _part_rows(self, block: Block) -> list[tuple[str, int] | None]:
        """Part the rows whose cells hold several figures: of each row, the separator and which part it is."""
        rows = block.rows
        origins: list[int] = []
        fields: list[dict[str, Text]] = []
        found: list[tuple[str, int] | None] = []
        for row in range(len(rows)):
            parts = next((each for each in self.layout.parts if _reads(rows.text(each.column, row), each.label)), None)
            label = parts and rows.text(parts.column, row)
            for position, said in enumerate(parts.fields if parts else [{}]):
                origins.append(row)
                found.append((parts.separator, position) if parts else None)
                fields.append({name: Text(value, label.cell) for name, value in said.items()} if label else {})
        block.group_starts = {bisect_left(origins, start) for start in block.group_starts}
        block.rows = rows.at(origins)
        block.rows.put_all(fields)
        return found

    def _texts(self, name: str, spec: Column, index: int, column: int, above: Text | None) -> dict[str, Text]:
        """What a cell says; one that is blank, where it is filled down, what it is merged with or what stands above."""
        value, cell = self.sheet.value(index, column), self.sheet.own_address(index, column)
        if not plain(value) and spec.fill_down:
            top, left = self.sheet.origin(index, column)
            if (top, left) != (index, column):
                value, cell = self.sheet.value(top, left), self.sheet.address(top, left)
            elif above:
                return {name: above}
        text = plain(value)
        if not text:
            return {}
        if token := spec.token(value):
            return {token_of(name): Text(token, cell)}
        if spec.date:
            return self._date(name, spec.date, value, cell, index, column)
        if spec.split:
            return self._split(spec, value, cell) or {name: Text(text, cell)}
        if spec.words:
            return {name: Text(self._word(spec, text, index, column), cell)}
        if spec.vocabulary and key(text) not in self._known_words(spec.vocabulary):
            self._tell(
                index,
                "word-unmapped",
                f"'{text}' is not a known word of the scale '{spec.vocabulary}'.",
                "Use a word of the status key, or ask the data team to add this one to the scale.",
                self.sheet.address(index, column),
            )
        return {name: Text(text, cell)}

    def _are_known(self, texts: list[str], scale_id: str) -> bool:
        """Whether a scale knows all of these words."""
        return self._known_words(scale_id).issuperset(map(key, {text for text in texts if text}))

    def _known_words(self, scale_id: str) -> frozenset[str]:
        if scale_id not in self._vocabularies:
            self._vocabularies[scale_id] = vocabulary(self.settings.seeds, scale_id)
        return self._vocabularies[scale_id]

    def _date(self, name: str, spec: Dates, value: CellValue, cell: str, index: int, column: int) -> dict[str, Text]:
        try:
            day = calendar_day(value, spec.written, spec.month)
        except NotADateError:
            self._tell(
                index,
                "date-invalid",
                f"'{plain(value)}' stands where a date belongs.",
                f"Type the date as in the template, for example {date(2018, 9, 30).strftime(spec.written)}.",
                self.sheet.address(index, column),
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

    def _word(self, spec: Column, text: str, index: int, column: int) -> str:
        known = {key(word): code for word, code in spec.words.items()}
        code = known.get(key(text))
        if code is None:
            self._tell(
                index,
                "word-unmapped",
                f"'{text}' is not a label of the table '{self.layout.table}'.",
                "Use the template's label, or ask the data team to add this one to the layout.",
                self.sheet.address(index, column),
            )
        return code or text

    def _figures(
        self, rows: TableRows, spec: Column, places: list[tuple[int, Said]], parts: list[tuple[str, int] | None] | None
    ) -> list[Figures]:
        """The figures in the sheet's columns that are of one kind."""
        lines = [number_of - 1 for number_of in rows.number_of]
        units = self._units(rows, spec)
        differ = spec.tokens or parts or spec.decimals == "as typed" or any(unit is not units[0] for unit in units)
        alike = not (differ or self.sheet.formats)
        return [
            (alike and self._read_alike(spec, units[0], lines, *place))
            or self._read_one_by_one(spec, units, lines, *place, parts or [None] * len(lines))
            for place in places
        ]

    def _read_alike(self, spec: Column, unit: Unit | None, lines: list[int], column: int, said: Said) -> Figures | None:
        """A column of figures that are numbers, or blank, and of which nothing is to be said; None for any other."""
        if unit is None:
            return None
        values = self.sheet.column(column, lines)
        figures = read_column(values, unit, above_150_percent=spec.above_150_percent)
        if figures is None:
            return None
        kind = self._kind(spec, unit, said)
        kinds = [figure if figure is None else kind for figure in figures]
        return Figures(figures, self.sheet.own_addresses(lines, column), kinds)

    def _read_one_by_one(
        self,
        spec: Column,
        units: Sequence[Unit | None],
        lines: list[int],
        column: int,
        said: Said,
        parts: list[tuple[str, int] | None],
    ) -> Figures:
        values: list[Decimal | None] = []
        kinds: list[Kind | None] = []
        several: list[int | None] = []
        for line, unit, part, value in zip(lines, units, parts, self.sheet.column(column, lines), strict=True):
            figure, kind, of_several = None, None, None
            if unit and (token := spec.token(value)):
                kind = Kind(unit.unit, unit.scale, 0, said, token)
            elif unit and value != "":
                figure, of_several = self._read_figure(spec, unit, line, column, part)
                kind = None if figure is None else self._kind(spec, unit, said, figure)
            values.append(figure)
            kinds.append(kind)
            several.append(of_several if kind else None)
        return Figures(values, self.sheet.own_addresses(lines, column), kinds, several if any(several) else None)

    def _kind(self, spec: Column, unit: Unit, said: Said, figure: Decimal | None = None) -> Kind:
        scale = -unit.scale if spec.negate else unit.scale
        decimals = spec.decimals
        if decimals == "as typed":
            # A nought has decimals, too.
            decimals = 0 if figure is None else _decimals(figure)
        kind = Kind(unit.unit, scale, decimals, said)
        return self._kinds.setdefault(kind, kind)

    def _read_figure(
        self, spec: Column, unit: Unit, line: int, column: int, part: tuple[str, int] | None
    ) -> tuple[Decimal | None, int | None]:
        """A cell's figure, or the part of it that is meant, and of several which it is."""
        value, of_several = self.sheet.value(line, column), None
        if part and isinstance(value, str) and plain(value):
            value, of_several = _part_of(plain(value), *part)
        # Of a cell with several figures a part is text anyway.
        typed = self.sheet.typed and part is None
        figure, remarks = read_figure(value, unit, typed=typed, above_150_percent=spec.above_150_percent)
        shown = self.sheet.formats.get((line, column))
        if shown and (otherwise := shown_otherwise(value, unit, shown)):
            figure, remarks = None, (otherwise,)
        for remark in remarks:
            self._tell(line, *remark, self.sheet.address(line, column))
        if isinstance(value, str):
            of_several = _PARTS_READ.get(unit.reads, of_several)
        return figure, of_several

    def _units(self, rows: TableRows, spec: Column) -> Sequence[Unit | None]:
        """The unit of each row's figures; none where it has none in this column, or where the layout gives none."""
        hidden = rows.said(spec.blank_where_filled)
        if spec.unit:
            unit = self.units[spec.unit]
            return [unit if text is None else None for text in hidden]
        return [
            self._unit(spec, by, number_of - 1) if text is None else None
            for text, by, number_of in zip(hidden, rows.said(spec.units_by), rows.number_of, strict=True)
        ]

    def _unit(self, spec: Column, by: str | None, index: int) -> Unit | None:
        name = None if by is None else spec.units.get(by, spec.units.get("*"))
        if by is not None and name:
            unit = self.units[name]
            return unit if unit.unit else unit.model_copy(update={"unit": by})
        self._tell(
            index,
            "word-unmapped",
            f"The layout gives no unit for '{by or ''}' in the table '{self.layout.table}'.",
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

    def _roll_up(self, block: Block) -> None:
        """Name for each row the total that sums it."""
        rows, boundary = block.rows, 0
        for total, kind in enumerate(rows.types):
            if total in block.group_starts:
                boundary = total
            if kind not in ("subtotal", "total"):
                continue
            for row in range(boundary if kind == "subtotal" else 0, total):
                counted = rows.types[row] == "detail" or (kind == "total" and rows.types[row] != "aggregate")
                if rows.rolls_up_to[row] is None and counted:
                    rows.rolls_up_to[row] = rows.number_of[total]
            boundary = total + 1

    def _check_filled(self, block: Block) -> None:
        rows = block.rows
        for name, spec in self._filled if block.complete else ():
            words = [rows.said(name), rows.said(token_of(name))]
            if None not in words[0]:
                continue
            figures = [column.kinds for column in rows.figures.get(name, ())]
            column = block.columns[name][0][0]
            for row, kind in enumerate(rows.types):
                is_blank = all(said[row] is None for said in words) and not any(kinds[row] for kinds in figures)
                index = rows.number_of[row] - 1
                if kind == "detail" and is_blank and self._says_nothing(index, column):
                    self._tell(
                        index,
                        "value-required",
                        f"'{' / '.join(filter(None, spec.path)) or name}' is blank in {self.sheet.line(index)}.",
                        "Fill the cell, or clear the others beside it.",
                        self.sheet.address(index, column),
                    )

    def _says_nothing(self, index: int, column: int) -> bool:
        """Whether a cell is blank or a dash: what is in error, or cannot be read, is not."""
        value = self.sheet.value(index, column)
        return (index, column) not in self.sheet.faults and (not plain(value) or is_dash(value))

    def _check_unique(self, found: list[TableRows]) -> None:
        seen: dict[tuple[str | None, ...], int] = {}
        for rows in found if self.layout.unique else ():
            said = [[text and key(text) for text in rows.said(name)] for name in self.layout.unique]
            for row, identity in enumerate(zip(*said, strict=True)):
                if rows.types[row] != "detail" or not any(identity):
                    continue
                number_of = rows.number_of[row]
                if identity in seen:
                    name = next(filter(None, (rows.text(each, row) for each in reversed(self.layout.unique))))
                    self._find(
                        "row-duplicated",
                        f"'{name.value}' is reported twice, in {self.sheet.line(seen[identity] - 1)} and in "
                        f"{self.sheet.line(number_of - 1)}.",
                        "Keep one of the two.",
                        whole_address(name.cell, number_of),
                    )
                seen.setdefault(identity, number_of)


def _words(texts: list[str], cells: list[str]) -> Words:
    """Words where there are some."""
    return Words(
        [text or None for text in texts], [cell if text else None for text, cell in zip(texts, cells, strict=True)]
    )


@cache
def token_of(column: str) -> str:
    """The name beside a column's own that a word in place of its value goes by."""
    return f"{column}_token"


def _decimals(figure: Decimal) -> int:
    return max(0, -int(figure.as_tuple().exponent))


def _part_of(text: str, separator: str, position: int) -> tuple[str, int | None]:
    """One of a cell's several figures and which it is, counted from 1; all of a cell that has but one."""
    pieces = text.split(separator)
    return (pieces[position], position + 1) if len(pieces) > max(position, 1) else (text, None)


def _reads(text: Text | None, label: str) -> bool:
    return text is not None and match(label, text.value) is not None
