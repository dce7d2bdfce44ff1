"""A first draft of a layout, from a workbook that nobody has described yet.

What the draft says of headings, units and totals is read off the sheets; what figures mean, and which record type they
become, is a guess that a person checks.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from loaders.apart import Begin, run_apart
from loaders.beside import is_figure
from loaders.cells import Sheet, TooLargeFileError, Workbook, address
from loaders.formats import read_workbook
from loaders.number_formats import PLAIN
from loaders.patterns import PARTS, TOKEN
from loaders.text import CellValue, key, plain
from loaders.values import NotADateError, NotANumberError, calendar_day, number
from quarterdeck.periods import stated_months

Draft = dict[str, Any]
"""A layout as the YAML file holds it."""

_MOST = 0.6
"""The share of a column's filled cells that are figures, for the column to hold figures."""
_LONGEST_HEADING = 200
_YEAR = re.compile(rf"\b{PARTS['fiscal_year']}\b", re.IGNORECASE)
_MONTH = re.compile(rf"\b{PARTS['month']}\b", re.IGNORECASE)
_QUARTER = re.compile(rf"\b{PARTS['quarter']}\b", re.IGNORECASE)
_UNIT_WORDS = re.compile(r"\(?£\s*'?(?:0{3}|k|m|million)?\)?'?s?\b|[()%]", re.IGNORECASE)
_PERIOD = re.compile(
    rf"(?:\b{PARTS['month']}(?:\s+20\d\d)?\s*(?:-|–|to)\s*)?(?:\d{{1,2}}\s+)?\b{PARTS['month']}\.?\s+20\d\d"
    rf"|(?:quarter|q)\s*[1-4]\D{{1,6}}{PARTS['fiscal_year']}|\b\d{{1,2}}/\d{{1,2}}/20\d\d\b",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"\btotals?\b", re.IGNORECASE)
_UNITS = (
    (re.compile(r"£\s*'?(?:0{3}|k\b)", re.IGNORECASE), "gbp_thousand"),
    (re.compile(r"£\s*(?:m\b|million)", re.IGNORECASE), "gbp_million"),
    (re.compile(r"£"), "gbp"),
    (re.compile(r"\bfte\b", re.IGNORECASE), "fte"),
    (re.compile(r"\bdays?\b", re.IGNORECASE), "days"),
)
_PERCENT = re.compile(r"%|\bper ?cent|\brate\b", re.IGNORECASE)
_DAY_FIRST = "%d/%m/%Y"
_STATUS = re.compile(r"\b(?:status|rag|rating)\b", re.IGNORECASE)
# Words of headings that say which quantity of a project a column holds.
_OF_A_PROJECT = {"net_at_risk": "net", "delivered_alternatively": "alternativ", "at_risk": "risk", "target": "target"}


@dataclass
class _Column:
    """One column under its headings, top one first, and the filled cells below them."""

    number: int
    path: tuple[str, ...]
    cells: list[CellValue]
    percentages: bool = False
    name: str = ""

    @property
    def heading(self) -> str:
        return " ".join(self.path)


@dataclass
class _Table:
    """One table as it was found: headings in rows `top` to `top + rows - 1`, then data up to `end`."""

    sheet: Sheet
    top: int
    rows: int
    end: int
    columns: list[_Column] = field(default_factory=list)


def infer_file(path: Path, name: str, title: str, organisation: str, feed: str) -> Draft:
    """Draft a layout of a file, in a process of its own.

    Raises UnreadableFileError, also for a file that takes too long, and ValueError where there is no table.
    """
    return run_apart(partial(_infer_file, path, name, title, organisation, feed))


def _infer_file(
    path: Path, name: str, title: str, organisation: str, feed: str, set_aside: Mapping[int, str], begin: Begin
) -> Draft:
    if 0 in set_aside:
        raise TooLargeFileError(set_aside[0])
    begin(0)
    return infer(read_workbook(path, path.suffix), name, title, organisation, feed)


def infer(workbook: Workbook, name: str, title: str, organisation: str, feed: str) -> Draft:
    """Draft a layout of every table that the workbook's sheets have; ValueError where there is none."""
    tables = [table for sheet in workbook.sheets for table in _tables(sheet)]
    if not tables:
        raise ValueError("no table was found: no row of headings has rows of cells below it")
    drafts: dict[str, Draft] = {}
    names: set[str] = set()
    for table in tables:
        drawn = _table_draft(table, feed)
        # Tables on one sheet and under the same headings are blocks of one.
        which = repr([drawn["sheet"], *(column["header"] for column in drawn["columns"].values())])
        if which in drafts:
            drafts[which]["heading"]["at"] += drawn["heading"]["at"]
            continue
        drawn["table"] = _free(drawn["table"], names)
        names.add(drawn["table"])
        drafts[which] = drawn
    draft: Draft = {
        "layout": name,
        "title": title,
        "organisation": organisation,
        "feed": feed,
        "return_id": name,
        "recognised_by": _marks(workbook, tables),
    }
    if states := list(dict.fromkeys(_statements(tables))):
        draft["states"] = states
    return draft | {"tables": list(drafts.values())}


# Where tables are


def _tables(sheet: Sheet) -> Iterator[_Table]:
    index = 0
    while index < len(sheet.rows):
        rows = _heading_rows(sheet, index)
        if not rows:
            index += 1
            continue
        end = index + rows
        while end < len(sheet.rows) and _filled(sheet, end):
            end += 1
        table = _Table(sheet, index, rows, end)
        table.columns = list(_columns(table))
        if len(table.columns) > 1:
            yield table
        index = end


def _heading_rows(sheet: Sheet, index: int) -> int:
    """How many rows of headings start here; 0 where none does."""
    if len(_filled(sheet, index)) < 2 or not _is_words(sheet, index):
        return 0
    for rows in (1, 2, 3):
        below = index + rows
        if below >= len(sheet.rows) or not _filled(sheet, below):
            return 0
        # Headings go on as long as a row is words alone and one above spreads over several columns, or leaves some out.
        if not (_is_words(sheet, below) and _spreads(sheet, below - 1, _filled(sheet, below))):
            return rows
    return 0


def _filled(sheet: Sheet, index: int) -> list[int]:
    return [column for column, value in enumerate(sheet.rows[index]) if plain(value)]


def _is_words(sheet: Sheet, index: int) -> bool:
    values = [value for value in sheet.rows[index] if plain(value)]
    return all(isinstance(value, str) and len(value) <= _LONGEST_HEADING and not is_figure(value) for value in values)


def _spreads(sheet: Sheet, index: int, below: list[int]) -> bool:
    merged = any(top == index and (row, column) != (top, left) for (row, column), (top, left) in sheet.merged.items())
    return merged or not set(below) <= set(_filled(sheet, index))


def _columns(table: _Table) -> Iterator[_Column]:
    sheet = table.sheet
    width = max((len(row) for row in sheet.rows[table.top : table.end]), default=0)
    for place in range(width):
        path = []
        for row in range(table.top, table.top + table.rows):
            top, left = sheet.origin(row, place)
            text = plain(sheet.value(top, left))
            if text and (top == row or row == table.top):
                path.append(text)
        rows = range(table.top + table.rows, table.end)
        filled = [value for row in rows if plain(value := sheet.value(row, place))]
        if path or filled:
            formats = [sheet.formats.get((row, place), PLAIN) for row in rows]
            yield _Column(place, tuple(path), filled, any(shown.moved > 0 for shown in formats))


# What a column holds


def _is_day(value: CellValue) -> bool:
    try:
        calendar_day(value, _DAY_FIRST)
    except NotADateError:
        return False
    return True


def _share(column: _Column, test: Any) -> float:
    return sum(map(test, column.cells)) / len(column.cells) if column.cells else 0.0


def _unit(column: _Column) -> str:
    """The unit that the heading names, or that the cells are written in."""
    texts = [value for value in column.cells if isinstance(value, str)]
    figures = [float(value) for value in column.cells if isinstance(value, int | float)]
    if column.percentages:
        return "percent_fraction"
    if _PERCENT.search(column.heading) or any("%" in text for text in texts):
        fractions = bool(texts) or all(abs(figure) <= 1 for figure in figures)
        return "percent_fraction" if fractions else "percent"
    if any(re.search(r"\d\s*(?:k|m|bn|million|billion)\)?$", plain(text), re.IGNORECASE) for text in texts):
        return "gbp_text"
    named = next((unit for pattern, unit in _UNITS if pattern.search(column.heading)), None)
    if named:
        return named
    return "gbp" if any("£" in text for text in texts) else "count"


def _pattern(path: tuple[str, ...]) -> tuple[str, ...]:
    """A path with the year, month or quarter of its headings left open."""
    found = []
    for written in path:
        # A heading in braces would be taken for a part to keep.
        heading = TOKEN.sub("*", written)
        pattern = _YEAR.sub("{fiscal_year}", heading, count=1)
        if _MONTH.fullmatch(plain(heading)):
            pattern = "{month}"
        found.append(_QUARTER.sub("{quarter}", pattern, count=1))
    return tuple(found)


# The draft


def _table_draft(table: _Table, feed: str) -> Draft:
    draft: Draft = {
        "table": _slug(table.sheet.name) or "table",
        "sheet": table.sheet.name if table.sheet.typed else "*",
        "heading": _heading(table),
    }
    columns: dict[str, Draft] = {}
    totals: list[Draft] = []
    for column in table.columns:
        pattern = _pattern(column.path)
        same = next((name for name, spec in columns.items() if _as_header(pattern) == spec["header"]), None)
        if same is not None and "unit" in columns[same]:
            continue
        column.name = _free(_column_name(pattern), list(columns))
        columns[column.name] = _column_draft(column, pattern)
    label = next((name for name, spec in columns.items() if "unit" not in spec and "date" not in spec), None)
    if label is not None:
        columns[label]["filled"] = True
        named = next(column for column in table.columns if column.name == label)
        totals = list(_totals(named))
        details = [key(value) for value in named.cells if not _TOTAL.search(plain(value))]
        if details and len(set(details)) == len(details):
            draft["unique"] = [label]
    draft["columns"] = columns
    if totals:
        draft["totals"] = totals
    draft["records"] = list(_records(draft, label, feed))
    order = ("table", "sheet", "heading", "columns", "totals", "unique", "records")
    return {part: draft[part] for part in order if part in draft}


def _column_name(pattern: tuple[str, ...]) -> str:
    """A name from the innermost heading that says more than a unit, a year or a month."""
    for heading in reversed(pattern):
        if name := _slug(_UNIT_WORDS.sub(" ", re.sub(r"\{\w+\}", " ", heading))):
            return name
    return "value" if pattern else "label"


def _heading(table: _Table) -> Draft:
    labels = [column.path[-1] for column in table.columns if column.path]
    literal = [label for label in labels if _pattern((label,)) == (label,)]
    first = next(column for column in table.columns if column.path)
    contains = [_pattern((label,))[0] for label in [*literal, *labels][:2]]
    # The first label stands in the first of the rows.
    top = _pattern((first.path[0],))[0]
    return {
        "rows": table.rows,
        "contains": list(dict.fromkeys([top, *contains])),
        "at": [address(table.top, min(column.number for column in table.columns))],
    }


def _column_draft(column: _Column, pattern: tuple[str, ...]) -> Draft:
    draft: Draft = {"header": _as_header(pattern)}
    share = _share(column, is_figure)
    # Where the heading names a unit, what is no figure is rather a word in place of one.
    if share >= _MOST or (_named_unit(column) and (share or not column.cells)):
        draft["unit"] = _unit(column)
        if decimals := _decimals(column):
            draft["decimals"] = decimals
    elif _share(column, _is_day) >= _MOST:
        draft["date"] = {"written": _DAY_FIRST}
    return draft


def _named_unit(column: _Column) -> bool:
    return bool(_PERCENT.search(column.heading)) or any(pattern.search(column.heading) for pattern, _ in _UNITS)


def _as_header(pattern: tuple[str, ...]) -> str | list[str]:
    if not pattern:
        return ""
    return pattern[0] if len(pattern) == 1 else list(pattern)


def _decimals(column: _Column) -> int:
    """The most decimals that figures of the column are typed with."""
    most = 0
    for value in column.cells:
        try:
            figure = number(value)
        except NotANumberError:
            continue
        if figure is not None:
            most = max(most, -int(figure.normalize().as_tuple().exponent))
    return min(most, 6)


def _totals(label: _Column) -> Iterator[Draft]:
    """A subtotal for every row that says total, and a total for the last one where there are several."""
    said = [plain(value) for value in label.cells if _TOTAL.search(plain(value))]
    if not said:
        return
    *others, last = dict.fromkeys(said)
    endings = Counter(key(text).rpartition(" ")[2] for text in others)
    for ending, count in endings.items():
        alike = [text for text in others if key(text).rpartition(" ")[2] == ending]
        pattern = f"* {alike[0].rpartition(' ')[2]}" if count > 1 and all(" " in text for text in alike) else None
        for text in [pattern] if pattern else alike:
            yield {"column": label.name, "label": text}
    yield {"column": label.name, "label": last, **({"type": "total"} if others else {})}


def _records(draft: Draft, label: str | None, feed: str) -> Iterator[Draft]:
    """The record type that fits the feed and the columns best, and one for the figures that it has no fields for."""
    record = _record(draft, label, feed)
    yield record
    held = {*record.get("values", ()), *record.get("fields", {}).values()}
    if left := [name for name, spec in draft["columns"].items() if "unit" in spec and name not in held]:
        yield _figures(draft, left, label)


def _record(draft: Draft, label: str | None, feed: str) -> Draft:
    columns: dict[str, Draft] = draft["columns"]
    figures = [name for name, spec in columns.items() if "unit" in spec]
    words = [name for name, spec in columns.items() if "unit" not in spec and "date" not in spec]
    if not figures:
        fields = dict(zip(("item", "text", "reference"), words, strict=False))
        return {"record": "narrative", "fields": fields, "set": {"topic": draft["table"]}}
    status = next((name for name in words if _STATUS.search(_heading_of(columns[name]))), None)
    if feed == "highlight_report" and status and label:
        fields = {"project": label, "status": status} | _quantities(columns, figures)
        return {"record": "project_status", "fields": fields}
    for name in figures:
        columns[name]["dimensions"] = _dimensions(columns[name], name, feed)
    if feed == "budget_monitoring":
        return {
            "record": "savings",
            "values": figures,
            "fields": {"component": label} if label else {},
            "set": {"component_type": "line"},
        }
    if feed == "performance_indicators":
        return {"record": "indicator", "values": figures, "fields": {"indicator": label} if label else {}}
    if feed == "hr_metrics":
        has_months = any("{month}" in _heading_of(columns[name]) for name in figures)
        record = "agency" if has_months else "workforce_indicator"
        field_of_label = "measure" if has_months else "subject"
        fields = ({field_of_label: label} if label else {}) | ({} if has_months else _dated(columns, "period_end"))
        return {"record": record, "values": figures, "fields": fields}
    return _figures(draft, figures, label)


def _figures(draft: Draft, names: list[str], label: str | None) -> Draft:
    """Figures of any kind, under the names of their columns."""
    columns: dict[str, Draft] = draft["columns"]
    for name in names:
        heading = _heading_of(columns[name])
        periods = [part for part in ("{fiscal_year}", "{quarter}", "{month}") if part in heading]
        columns[name]["dimensions"] = {"figure": name} | ({"period": " ".join(periods)} if periods else {})
    fields = ({"item": label} if label else {}) | _dated(columns, "period")
    return {"record": "figure", "values": names, "fields": fields, "set": {"topic": draft["table"]}}


def _dated(columns: dict[str, Draft], field_name: str) -> Draft:
    """The field that says when, where a column of dates does."""
    return next(({field_name: name} for name, spec in columns.items() if "date" in spec), {})


def _quantities(columns: dict[str, Draft], figures: list[str]) -> dict[str, str]:
    """Of every quantity of a project, the column that its heading names."""
    found: dict[str, str] = {}
    for quantity, word in _OF_A_PROJECT.items():
        free = (name for name in figures if name not in found.values() and "{" not in _heading_of(columns[name]))
        name = next((name for name in free if word in _heading_of(columns[name]).lower()), None)
        if name:
            found[quantity] = name
    return found


def _dimensions(column: Draft, name: str, feed: str) -> dict[str, str]:
    heading = _heading_of(column)
    if feed == "budget_monitoring":
        return {"measure": name, "savings_year": "{fiscal_year}" if "{fiscal_year}" in heading else "total"}
    if feed == "performance_indicators":
        quarter = "{fiscal_year} {quarter}" if "{fiscal_year}" in heading and "{quarter}" in heading else None
        measure = "target" if "target" in heading.lower() else "actual"
        return {"measure": measure} | ({"fiscal_quarter": quarter} if quarter else {})
    return {} if "{month}" in heading else {"indicator": name}


def _heading_of(column: Draft) -> str:
    header = column["header"]
    return header if isinstance(header, str) else " ".join(header)


def _marks(workbook: Workbook, tables: list[_Table]) -> list[str]:
    """What the file is known by: the names of its sheets, and a heading of each."""
    names = [sheet.name for sheet in workbook.sheets if sheet.typed]
    headings = [str(label) for table in tables for label in _heading(table)["contains"][:1]]
    return list(dict.fromkeys([*names, *(heading for heading in headings if "{" not in heading)]))


def _statements(tables: list[_Table]) -> Iterator[str]:
    """Titles that name a month, a quarter or a year, with that left open."""
    for table in tables:
        for row in table.sheet.rows[: table.top]:
            said = [plain(value) for value in row if plain(value)]
            found = _PERIOD.search(said[0]) if len(said) == 1 else None
            if found and stated_months(found[0]) and not isinstance(row[0], date):
                yield f"{said[0][: found.start()]}{{period}}{said[0][found.end() :]}"


def _slug(text: str) -> str:
    words = re.findall(r"[a-z0-9]+", key(text).replace("£", " gbp "))
    return "_".join(words)[:40].strip("_")


def _free(name: str, taken: Collection[str]) -> str:
    """The name, with a number where it is taken."""
    if name not in taken:
        return name
    return next(f"{name}_{number}" for number in range(2, len(taken) + 3) if f"{name}_{number}" not in taken)
