"""Where a published figure comes from: the cell it was read from, or the rule and the figures it was computed from.

Everything is told from a version's own marts and manifest, and from the archived files they name.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import duckdb

from publication import store
from publication.contract import PARTITION_KEY
from publication.disclosure import CONFIDENTIAL, WITHHELD, token
from publication.find import Row, find_row
from publication.manifest import Origins, Source, read_origins
from publication.recompute import WORDS, Term, agrees, recompute
from publication.sql import is_numeric, literal, opened, quoted, records
from publication.store import PublicationError
from quarterdeck.settings import Settings

RULES, RULE_CELLS, MULTIPLIERS = "lineage", "lineage_cells", "lineage_multipliers"
"""The marts that say how figures come about."""

CELLS = "cells"
_SEVERAL_CELLS = "the words of these cells, one after the other"
# An address in `cells`, on a sheet of its own or on that of the row; there may be several, between commas.
_ADDRESS = re.compile(r"(?:'(?P<sheet>(?:[^']|'')+)'!)?(?P<cell>[A-Z]+[0-9]+)(?:#(?P<part>[0-9]+))?(?:,|$)")
_AVERAGE, _SEE = "average ", "see "
# Arithmetic that takes one of the rows that an operand comes from.
_ONE_OF_MANY = {"latest": "source.quarter desc limit 1", "earliest": "source.quarter limit 1"}
_ROLES = {"": "add", "-": "subtract", "/": "divide_by"}
_RANGE = re.compile(
    r"^(?P<sign>[-/]?)(?P<column>[A-Z]+)(?P<first>[0-9]+)(?::[A-Z]+(?P<last>[0-9]+))?"
    r"(?:#(?P<part>[0-9]+))?(?:\*(?P<by>[-+.e0-9]+))?$"
)
# What a rule's filter may use.
_FUNCTIONS = (
    r"create temp macro match_key(name) as "
    r"regexp_replace(lower(coalesce(name, '')), '[^\p{L}\p{N}]+', '', 'g')",
    "create temp macro quarter_number(quarter) as "
    "4 * cast(left(quarter, 4) as integer) + cast(right(quarter, 1) as integer)",
)


class UnreadableCellError(Exception):
    """A cell that cannot be read again, in words for the person who traces it."""


@dataclass(frozen=True)
class CellContent:
    """What stands in a cell: its text, and the numbers that it says, in order (`4.73 / 4.93` says two).

    None stands for a part of the text that is no number.
    """

    text: str
    numbers: tuple[Decimal | None, ...] = ()


class CellReader(Protocol):
    """Reads a cell of an archived submission; raises UnreadableCellError."""

    def __call__(self, source: Source, sheet: str, cell: str, unit: str | None) -> CellContent:
        """What stands in `cell` (`B5`) of that sheet, its numbers read as figures of that unit are written."""


@dataclass(frozen=True)
class SourceCell:
    """A cell of a submission, read again, and what it says: `number` x `multiplier` = `value`.

    `problem` says why it could not be read, or what is not recorded about it. One that is `suppressed` is not read.
    """

    submission_id: str
    sheet: str
    cell: str
    file_name: str | None = None
    sha256: str | None = None
    received_at: str | None = None
    holds: str | None = None
    number: Decimal | None = None
    multiplier: Decimal | None = None
    value: Any = None
    problem: str | None = None
    suppressed: bool = False


@dataclass(frozen=True)
class Operand:
    """What goes into a derived figure: another figure, or a cell; `role` as in mart `lineage`."""

    role: str
    figure: "Figure | None" = None
    cell: SourceCell | None = None


@dataclass(frozen=True)
class Figure:
    """A published figure and its origin: a cell, a rule with its operands, or neither, where it is blank.

    `recomputed` is what the cell or the operands come to, `agrees` whether that is the published value; None where
    nothing is computed: words, blanks, cells that cannot be read, and whatever a suppressed figure is part of. One that
    is `suppressed` itself (disclosure control) tells the place of its cell and nothing that stands there.
    """

    mart: str
    key: dict[str, Any]
    column: str
    value: Any
    cell: SourceCell | None = None
    arithmetic: str | None = None
    says: str | None = None
    operands: list[Operand] = field(default_factory=list)
    recomputed: Any = None
    agrees: bool | None = None
    suppressed: bool = False

    @property
    def cells(self) -> Iterator[SourceCell]:
        """Every cell behind the figure."""
        if self.cell:
            yield self.cell
        for operand in self.operands:
            if operand.cell:
                yield operand.cell
            if operand.figure:
                yield from operand.figure.cells

    @property
    def sound(self) -> bool:
        """Whether the figure, and every one behind it, is what its origin comes to."""
        behind = (operand.figure.sound for operand in self.operands if operand.figure)
        return self.agrees is not False and not any(cell.problem for cell in self.cells) and all(behind)


@dataclass(frozen=True)
class Trace:
    """The origin of a row's figures in one version."""

    version: str
    published_at: datetime
    mart: str
    organisation: str | None
    key: dict[str, Any]
    figures: list[Figure]


def trace(
    settings: Settings, read: CellReader, mart: str, key: str, column: str = "", version: str = store.CURRENT
) -> Trace:
    """Trace a figure of a published mart, or every figure of the row where no column is named.

    `key` is read as `find_row` says; `version` is `v00003`, `3` or `current`; `read` reads cells of the archived
    files. Raises PublicationError where there is no such version, mart, row or traced column, or more than one row.
    """
    name = store.resolve(settings, version)
    manifest = read_origins(settings, name)
    if mart not in manifest.marts:
        raise PublicationError(f"{name} has no mart '{mart}'. It has {', '.join(sorted(manifest.marts))}.")
    content = manifest.marts[mart]
    if column and column not in content.columns:
        raise PublicationError(f"{mart} has no column '{column}'. It has {', '.join(content.columns)}.")
    with opened(settings.published / name / store.MARTS_FILE) as connection:
        connection.execute("set TimeZone = 'UTC'")
        row = find_row(connection, mart, content, key)
        tracer = Tracer(connection, manifest, read)
        traced = tracer.traced_columns(mart, row)
        if column and column not in traced:
            raise PublicationError(
                f"{column} of {mart} is neither read from a cell nor computed by a rule of {RULES}. "
                f"Of this row can be traced: {', '.join(traced) or 'nothing'}."
            )
        figures_of_row = [
            name for name in traced if name not in content.key and (row[name] is not None or _is_suppressed(row, name))
        ]
        wanted = [column] if column else figures_of_row
        figures = [tracer.figure(mart, row, name) for name in wanted]
    return Trace(name, manifest.created_at, mart, row.get("organisation"), _key(manifest, mart, row), figures)


class Tracer:
    """Follows figures of one version back to cells; `connection` has its marts open."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, manifest: Origins, read: CellReader) -> None:
        self._connection = connection
        self._manifest = manifest
        self._read = read
        self._multipliers: dict[str, list[Row]] = {}
        self._rules: dict[tuple[str, str], list[Row]] = {}
        self._hidden = self._hidden_cells()
        for statement in _FUNCTIONS:
            connection.execute(statement)
        for rule in self._rows_of(RULES, "true", "order by mart, column_name, operand"):
            self._rules.setdefault((rule["mart"], rule["column_name"]), []).append(rule)

    def traced_columns(self, mart: str, row: Row) -> list[str]:
        """The columns of a row that come from a cell or a rule, and the numbers that are blank."""
        cells = _cells(row)
        columns = self._manifest.marts[mart].columns
        return [
            name
            for name, value in row.items()
            if name in cells or (mart, name) in self._rules or (value is None and is_numeric(columns[name]))
        ]

    def figure(self, mart: str, row: Row, column: str) -> Figure:
        """One column of a row, with its origin."""
        key, value = _key(self._manifest, mart, row), row[column]
        address = _cells(row).get(column)
        if _is_suppressed(row, column):
            cell = self._cell(row["submission_id"], row["sheet"], address) if address else None
            return Figure(mart, key, column, value, cell, suppressed=True)
        if address:
            return self._from_cell(mart, key, column, row, address)
        rules = self._rules.get((mart, column))
        if not rules:
            return Figure(mart, key, column, value)
        arithmetic = rules[0]["arithmetic"]
        if arithmetic == CELLS:
            arithmetic, operands, terms = self._listed_cells(mart, row, column)
        else:
            operands, terms = self._operands(mart, row, rules)
        recomputed, agreed = None, None
        unread = any(each.cell and (each.cell.problem or each.cell.suppressed) for each in operands)
        unread = unread or any(each.figure and each.figure.suppressed for each in operands)
        if arithmetic not in (WORDS, CELLS) and not unread:
            recomputed = recompute(arithmetic, terms)
            agreed = agrees(value, recomputed, self._manifest.marts[mart].columns[column])
        return Figure(mart, key, column, value, None, arithmetic, rules[0]["says"], operands, recomputed, agreed)

    def _from_cell(self, mart: str, key: dict[str, Any], column: str, row: Row, address: str) -> Figure:
        places = [
            ((found["sheet"] or row["sheet"]).replace("''", "'"), found["cell"], found["part"])
            for found in _ADDRESS.finditer(address)
        ]
        submission_id, value, kind = row["submission_id"], row[column], self._manifest.marts[mart].columns[column]
        if len(places) > 1:
            cells = [Operand("from", cell=self._cell(submission_id, *place[:2])) for place in places]
            return Figure(mart, key, column, value, None, WORDS, _SEVERAL_CELLS, cells)
        if not places:
            problem = f"'{address}' is no address of a cell"
            return Figure(mart, key, column, value, SourceCell(submission_id, row["sheet"], address, problem=problem))
        ((sheet, name, part),) = places
        if value is None or not is_numeric(kind):
            cell = self._cell(submission_id, sheet, name)
            # A word of a vocabulary stands for what is printed; anything else is printed as it is published.
            as_printed = value is not None and cell.holds is not None and _words(str(value)) in _words(cell.holds)
            return Figure(mart, key, column, value, cell, agrees=as_printed or None)
        cell = self._number(submission_id, sheet, name, int(part) if part else None)
        agreed = None if cell.problem else agrees(value, cell.value, kind)
        return Figure(mart, key, column, value, cell, recomputed=cell.value, agrees=agreed)

    def _operands(self, mart: str, row: Row, rules: list[Row]) -> tuple[list[Operand], list[Term]]:
        operands, terms = [], []
        for rule in rules:
            source_mart, column = rule["source_mart"], rule["source_column"]
            source_rows = self._source_rows(mart, row, rule)
            for source_row in source_rows:
                operands.append(Operand(rule["role"], self.figure(source_mart, source_row, column)))
                terms.append(Term(rule["role"], source_row[column], rule["blank_is_zero"]))
            if not source_rows and rule["arithmetic"] in ("difference", "percent", "rating"):
                terms.append(Term(rule["role"], None, rule["blank_is_zero"]))
        return operands, terms

    def _source_rows(self, mart: str, row: Row, rule: Row) -> list[Row]:
        """The rows that an operand comes from: those that share the join keys and pass the filter."""
        if not rule["join_keys"]:
            return [row]
        key = self._manifest.marts[mart].key
        this = " and ".join(f"{quoted(name)} is not distinct from {_sql_value(row[name])}" for name in key)
        conditions = [
            f"source.{quoted(name)} is not distinct from figure.{quoted(name)}"
            for name in rule["join_keys"].split(", ")
        ]
        conditions += [f"({rule['source_filter']})"] if rule["source_filter"] else []
        query = f"""
            select source.*
            from main.{quoted(rule["source_mart"])} as source
            cross join (select * from main.{quoted(mart)} where {this}) as figure
            where {" and ".join(conditions)}
            order by {_ONE_OF_MANY.get(rule["arithmetic"], "all")}
        """
        return records(self._connection, query)

    def _listed_cells(self, mart: str, row: Row, column: str) -> tuple[str, list[Operand], list[Term]]:
        """The arithmetic, cells and terms of a figure whose cells stand in `lineage_cells`."""
        names = [name for name in self._manifest.marts[mart].key if name not in PARTITION_KEY]
        pairs = ", ".join(f"{literal(name)}, {_sql_value(row[name])}" for name in names)
        where = " and ".join(f"{name} = {literal(row[name])}" for name in PARTITION_KEY)
        lines = self._rows_of(
            RULE_CELLS,
            f"{where} and mart = {literal(mart)} and key = cast(json_object({pairs}) as varchar)",
            "order by submission_id, sheet",
        )
        listed = [(line, _cells(line)[column]) for line in lines if column in _cells(line)]
        if not listed:
            return CELLS, [], []
        seen = any(cells.startswith(_SEE) for _, cells in listed)
        places = [(line["submission_id"], line["sheet"], place) for line, cells in listed for place in _places(cells)]
        operands = [
            Operand(
                place.role,
                cell=self._cell(submission_id, sheet, place.cell)
                if seen
                else self._number(submission_id, sheet, place.cell, place.part, place.by),
            )
            for submission_id, sheet, place in places
        ]
        roles = {operand.role for operand in operands}
        averaged = any(cells.startswith(_AVERAGE) for _, cells in listed)
        arithmetic = (
            WORDS if seen
            else "percent" if "divide_by" in roles
            else "difference" if "subtract" in roles
            else "average" if averaged
            else "same" if len(places) == 1
            else "sum"
        )  # fmt: skip
        # Where every cell is blank, the sum is 0: that is how a check reads them.
        terms = [Term(operand.role, operand.cell.value) for operand in operands if operand.cell]
        return arithmetic, operands, terms or [Term("add", Decimal(0))]

    def _cell(self, submission_id: str, sheet: str, cell: str) -> SourceCell:
        """A cell, read again: its words."""
        return self._read_again(submission_id, sheet, cell)[0]

    def _number(
        self, submission_id: str, sheet: str, cell: str, part: int | None = None, by: Decimal | None = None
    ) -> SourceCell:
        """A cell, read again: its number, times what is recorded of it.

        `part` is which of several numbers counts, `by` what the number is multiplied with, where that is not what all
        numbers of its column are. Neither is ever guessed from the figure that is published.
        """
        readings = self._readings(submission_id, sheet, cell)
        units = {row["unit"] for row in readings}
        multipliers = {by} if by is not None else {row["multiplier"] for row in readings}
        found, numbers = self._read_again(submission_id, sheet, cell, units.pop() if len(units) == 1 else None)
        if found.problem or not found.holds:
            return found
        problem, number = _which(numbers, part)
        if len(multipliers) != 1:
            problem = "its multiplier is not recorded"
            if multipliers:
                problem = "not proved: which of its column's multipliers is its own is not recorded"
        if problem or number is None:
            return replace(found, value=None, problem=problem)
        (multiplier,) = multipliers
        return replace(found, number=number, multiplier=multiplier, value=number * multiplier)

    def _read_again(
        self, submission_id: str, sheet: str, cell: str, unit: str | None = None
    ) -> tuple[SourceCell, tuple[Decimal | None, ...]]:
        source = self._manifest.source(submission_id)
        if source is None:
            return SourceCell(submission_id, sheet, cell, problem="the version does not know this submission"), ()
        known = (submission_id, sheet, cell, source.file_name, source.sha256, source.received_at)
        if (submission_id, sheet, cell) in self._hidden:
            return SourceCell(*known, suppressed=True), ()
        try:
            content = self._read(source, sheet, cell, unit)
        except UnreadableCellError as error:
            return SourceCell(*known, problem=str(error)), ()
        return SourceCell(*known, content.text, value=content.text or None), content.numbers

    def _readings(self, submission_id: str, sheet: str, cell: str) -> list[Row]:
        """What is recorded of how a cell's number was read: unit and multiplier, of its column or of its own."""
        if submission_id not in self._multipliers:
            where = f"submission_id = {literal(submission_id)}"
            self._multipliers[submission_id] = self._rows_of(MULTIPLIERS, where, "order by multiplier")
        return [
            row
            for row in self._multipliers[submission_id]
            if row["sheet"] == sheet and any(_covers(place, cell) for place in row["sheet_columns"].split(", "))
        ]

    def _hidden_cells(self) -> set[tuple[str, str, str]]:
        """Submission, sheet and cell of every figure that the version suppresses: no trace shows what stands there."""
        found: set[tuple[str, str, str]] = set()
        for mart, content in self._manifest.marts.items():
            if not {"submission_id", "sheet", "cells"} <= content.columns.keys():
                continue
            for column in content.columns:
                if token(column) in content.columns:
                    rows = self._rows_of(mart, f"{quoted(token(column))} = {literal(CONFIDENTIAL)}", "")
                    found |= {
                        (row["submission_id"], (match["sheet"] or row["sheet"]).replace("''", "'"), match["cell"])
                        for row in rows
                        for match in _ADDRESS.finditer(_cells(row).get(column, ""))
                    }
        return found

    def _rows_of(self, mart: str, where: str, order: str) -> list[Row]:
        """Rows of a mart; none where the version is older than the mart."""
        if mart not in self._manifest.marts:
            return []
        return records(self._connection, f"select * from main.{quoted(mart)} where {where} {order}")


def _key(manifest: Origins, mart: str, row: Row) -> dict[str, Any]:
    return {name: row[name] for name in manifest.marts[mart].key}


def _cells(row: Row) -> dict[str, str]:
    cells: dict[str, str] = json.loads(row.get("cells") or "{}")
    return cells


def _is_suppressed(row: Row, column: str) -> bool:
    """Whether disclosure control hides that column of the row, or withholds it with a check that would tell another."""
    return row[column] is None and (row.get(token(column)) == CONFIDENTIAL or row.get("note") == WITHHELD)


@dataclass(frozen=True)
class _Place:
    """A cell of a list in `lineage_cells`: what it does there, which of its numbers counts, and what multiplies it."""

    role: str
    cell: str
    part: int | None
    by: Decimal | None


def _places(cells: str) -> list[_Place]:
    """Every cell of a list in `lineage_cells`.

    >>> [(place.role, place.cell, place.part, place.by) for place in _places("B5:B6, -E2#1*1000")]
    [('add', 'B5', None, None), ('add', 'B6', None, None), ('subtract', 'E2', 1, Decimal('1000'))]
    """
    listed = cells.removeprefix(_AVERAGE).removeprefix(_SEE).split(", ")
    found = [match for part in listed if (match := _RANGE.match(part))]
    return [
        _Place(
            _ROLES[match["sign"]],
            f"{match['column']}{number}",
            int(match["part"]) if match["part"] else None,
            Decimal(match["by"]) if match["by"] else None,
        )
        for match in found
        for number in range(int(match["first"]), int(match["last"] or match["first"]) + 1)
    ]


def _covers(place: str, cell: str) -> bool:
    """Whether a place of `lineage_multipliers` (`B`, `B5` or `B5:B9`) takes in a cell.

    >>> [_covers(place, "E7") for place in ("E", "E5:E9", "E14", "EE")]
    [True, True, False, False]
    """
    letters = cell.rstrip("0123456789")
    first, _, last = place.partition(":")
    column = first.rstrip("0123456789")
    if letters != column or first == column:
        return first == letters
    row = int(cell.removeprefix(letters))
    return int(first.removeprefix(column)) <= row <= int((last or first).removeprefix(column))


def _which(numbers: tuple[Decimal | None, ...], part: int | None) -> tuple[str | None, Decimal | None]:
    """The number of a cell that counts, or why that cannot be told."""
    said = [number for number in numbers if number is not None]
    if part is None and len(said) > 1:
        return "not proved: it holds several numbers, and which one counts is not recorded", None
    if part is None:
        return (None, said[0]) if said else ("no number stands in it", None)
    number = numbers[part - 1] if part <= len(numbers) else None
    return (None, number) if number is not None else (f"it has no number {part}", None)


def _words(text: str) -> str:
    return "".join(text.split()).lower()


def _sql_value(value: Any) -> str:
    return "null" if value is None else literal(str(value))
