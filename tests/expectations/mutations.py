"""Single errors of twelve kinds, seeded into submissions that are good: what a slip of the hand does to a sheet."""

import copy
import csv
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from loaders.cells import Address, Sheet, Workbook, address, column_number
from loaders.text import CellValue
from quarterdeck.settings import Settings
from quarterdeck.warehouse import records

STATUSES = {"status", "status_previous"}
# What the sender prints for one time and for the time before, side by side.
PAIRS = {"status": "status_previous"}


@dataclass(frozen=True)
class Cell:
    """A cell that something is loaded from: which file, where it stands, and what of which record it says."""

    file: str
    sheet: str
    at: Address
    record: str
    field: str
    row: dict[str, Any]

    @property
    def is_number(self) -> bool:
        """Whether it is a figure."""
        return records()[self.record].get(self.field) == "quantity"

    @property
    def is_total(self) -> bool:
        """Whether it stands in a totals row or column."""
        in_total_column = "total" in (self.row.get("savings_year"), self.row.get("fiscal_year"))
        return self.row["row_type"] in ("subtotal", "total") or in_total_column


@dataclass(frozen=True, eq=False)
class Mutation:
    """One error: its kind, its cell, and the values of cells after it; `rows` moves whole rows instead."""

    kind: str
    cell: Cell
    values: tuple[tuple[Address, CellValue], ...] = ()
    rows: int = 0

    def apply(self, workbook: Workbook) -> Workbook:
        """The workbook with the error in it."""
        spoiled = copy.deepcopy(workbook)
        sheet = next(sheet for sheet in spoiled.sheets if sheet.name == self.cell.sheet)
        if self.rows:
            _move_rows(sheet, self.cell.at[0], self.rows)
        for (row, column), value in self.values:
            sheet.rows[row][column] = value
        return spoiled

    def __str__(self) -> str:
        after = ", ".join(f"{address(*at)} = {value!r}" for at, value in self.values)
        where = f"{self.cell.file}, {self.cell.sheet}, {address(*self.cell.at)} ({self.cell.record}.{self.cell.field})"
        return f"{self.kind}: {where} {after}".rstrip()


def cells_of(file: str, workbook: Workbook, loaded: dict[str, list[dict[str, Any]]]) -> Iterator[Cell]:
    """Every cell of a workbook that a figure or a status is loaded from; of a merged range, its first."""
    sheets = {sheet.name: sheet for sheet in workbook.sheets}
    for record, rows in loaded.items():
        for row in rows:
            cells = json.loads(row["cells"]) if isinstance(row["cells"], str) else row["cells"]
            for field, where in cells.items():
                if row.get(field) is None or not (field in STATUSES or records()[record].get(field) == "quantity"):
                    continue
                found = re.fullmatch(r"([A-Z]+)([0-9]*)", where)
                if found:
                    at = (int(found[2] or row["source_row"]) - 1, column_number(found[1]))
                    if sheets[row["sheet"]].origin(*at) == at:
                        yield Cell(file, row["sheet"], at, record, field, row)


def mutations(workbooks: dict[str, Workbook], cells: list[Cell], per_kind: dict[str, int], seed: int) -> list[Mutation]:
    """So many errors of each kind, each in another place; every cell that something is loaded from is as likely."""
    chance, drawn, used = random.Random(seed), [], set[tuple[str, str, Address]]()
    for kind, wanted in per_kind.items():
        made = 0
        for _ in range(5_000):
            if made == wanted:
                break
            cell = chance.choice(cells)
            sheet = next(each for each in workbooks[cell.file].sheets if each.name == cell.sheet)
            mutation = KINDS[kind](kind, cell, sheet, chance, cells)
            place = (cell.file, cell.sheet, cell.at)
            if mutation and place not in used:
                used.add(place)
                drawn.append(mutation)
                made += 1
        assert made == wanted, f"only {made} places for {kind}"
    return drawn


Maker = Callable[[str, Cell, Sheet, random.Random, list[Cell]], Mutation | None]


def _number(change: Callable[[float, random.Random], float | None]) -> Maker:
    """An error that makes another number of a number."""

    def make(kind: str, cell: Cell, sheet: Sheet, chance: random.Random, cells: list[Cell]) -> Mutation | None:
        value = sheet.value(*cell.at)
        number = _as_number(value) if cell.is_number else None
        if not number:
            return None
        changed = change(number, chance)
        if changed is None or changed == number:
            return None
        return Mutation(kind, cell, ((cell.at, _as_written(changed, value)),))

    return make


def _as_number(value: CellValue) -> float | None:
    if isinstance(value, str) and re.fullmatch(r"-?[\d,]*\.?\d+", value):
        return float(value.replace(",", ""))
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _as_written(number: float, like: CellValue) -> CellValue:
    """The number as its sheet writes numbers: text in a csv file."""
    number = round(number, 10)
    return f"{number:.10g}" if isinstance(like, str) else number


def _transpose(number: float, chance: random.Random) -> float | None:
    digits = f"{abs(number):.10g}"
    if "e" in digits:
        return None
    places = [n for n in range(len(digits) - 1) if (digits[n : n + 2]).isdigit() and digits[n] != digits[n + 1]]
    if not places:
        return None
    n = chance.choice(places)
    swapped = digits[:n] + digits[n + 1] + digits[n] + digits[n + 2 :]
    return float(swapped) * (-1 if number < 0 else 1)


def _of_total(change: Callable[[float, random.Random], float | None]) -> Maker:
    make = _number(change)
    return lambda kind, cell, *rest: make(kind, cell, *rest) if cell.is_total else None


def _row(rows: int) -> Maker:
    def make(kind: str, cell: Cell, sheet: Sheet, chance: random.Random, cells: list[Cell]) -> Mutation | None:
        merged = any(cell.at[0] in (at[0], origin[0]) for at, origin in sheet.merged.items())
        return Mutation(kind, cell, rows=rows) if cell.row["row_type"] == "detail" and not merged else None

    return make


def _blank(kind: str, cell: Cell, sheet: Sheet, chance: random.Random, cells: list[Cell]) -> Mutation | None:
    # A nought that is left out is no error: blank and nothing are told alike.
    return Mutation(kind, cell, ((cell.at, ""),)) if _as_number(sheet.value(*cell.at)) != 0 else None


def _status(kind: str, cell: Cell, sheet: Sheet, chance: random.Random, cells: list[Cell]) -> Mutation | None:
    """Another status of the same scale, in words that the sender uses; another word for the same status is no error."""
    if cell.field not in STATUSES:
        return None
    scale = cell.row["scale_id"]
    meant = {word.lower(): status for one, word, status in _vocabulary() if one == scale}
    used = {str(each.row[each.field]) for each in cells if each.field in STATUSES and each.row["scale_id"] == scale}
    here = meant.get(str(cell.row[cell.field]).lower())
    words = sorted(word for word in used if meant.get(word.lower(), here) != here)
    return Mutation(kind, cell, ((cell.at, chance.choice(words)),)) if words else None


@cache
def _vocabulary() -> list[tuple[str, str, str]]:
    """Scale, word and the status it means."""
    with (Settings().seeds / "delivery_statuses.csv").open(newline="", encoding="utf-8") as stream:
        return [(row["scale_id"], row["word"], row["status"]) for row in csv.DictReader(stream)]


def _swap(kind: str, cell: Cell, sheet: Sheet, chance: random.Random, cells: list[Cell]) -> Mutation | None:
    """This time's value in the place of the one before, and the other way round."""
    others = [each for each in cells if _is_before(each, cell)]
    for other in others:
        here, there = sheet.value(*cell.at), sheet.value(*other.at)
        if here != there:
            return Mutation(kind, cell, ((cell.at, there), (other.at, here)))
    return None


def _copy(kind: str, cell: Cell, sheet: Sheet, chance: random.Random, cells: list[Cell]) -> Mutation | None:
    """The month (or quarter, or year) before, copied into this one."""
    for other in cells:
        if other.is_number and _is_before(other, cell) and sheet.value(*other.at) != sheet.value(*cell.at):
            return Mutation(kind, cell, ((cell.at, sheet.value(*other.at)),))
    return None


def _is_before(other: Cell, cell: Cell) -> bool:
    """Whether a cell says of the time before what the other says of this one."""
    if (other.file, other.sheet, other.record) != (cell.file, cell.sheet, cell.record):
        return False
    if other.row is cell.row or other.at[0] == cell.at[0] and other.field != cell.field:
        return PAIRS.get(cell.field) == other.field and other.at[0] == cell.at[0]
    times = ("month", "fiscal_quarter", "savings_year", "fiscal_year", "period")
    time = next((name for name in times if cell.row.get(name) and other.row.get(name)), None)
    same_row = other.at[0] == cell.at[0] and other.at[1] == cell.at[1] - 1 and other.field == cell.field
    if time:
        return same_row and other.row[time] < cell.row[time]
    establishment = (other.row.get("measure"), cell.row.get("measure")) == ("previous_fte", "new_fte")
    return establishment and other.row.get("service") == cell.row.get("service")


KINDS: dict[str, Maker] = {
    "digits transposed": _number(_transpose),
    "sign flipped": _number(lambda number, chance: -number),
    "factor of 1000": _number(lambda number, chance: number * chance.choice((1000, 0.001))),
    "decimal point shifted": _number(lambda number, chance: number * chance.choice((10, 0.1))),
    "row duplicated": _row(1),
    "row deleted": _row(-1),
    "cell blanked": _blank,
    "status swapped": _status,
    "previous and current swapped": _swap,
    "wrong month copied": _copy,
    "total overwritten": _of_total(lambda number, chance: number + chance.choice((-1, 1)) * max(1, round(number / 7))),
    "text in a number": lambda kind, cell, sheet, chance, cells: (
        Mutation(kind, cell, ((cell.at, chance.choice(("tbc", "see note", "n/a", "12O"))),)) if cell.is_number else None
    ),
}


def _move_rows(sheet: Sheet, row: int, by: int) -> None:
    """Copy a row below itself (1) or take it out (-1); what is known of the cells below moves along."""

    def moved(at: Address) -> Address:
        return (at[0] + by, at[1]) if at[0] > row else at

    if by > 0:
        sheet.rows.insert(row + 1, list(sheet.rows[row]))
    else:
        del sheet.rows[row]
    sheet.merged = {moved(at): moved(origin) for at, origin in sheet.merged.items()}
    sheet.faults = {moved(at): fault for at, fault in sheet.faults.items()}
    sheet.links = {moved(at): link for at, link in sheet.links.items()}
    sheet.hidden_rows = frozenset(moved((hidden, 0))[0] for hidden in sheet.hidden_rows)
