"""Rows of marts as the blocks of a page: what `contents.yml` asks for, ready for the templates.

Every figure keeps where it comes from: its mart, the key of its row, its column, and the cell of the return.
"""

import json
import re
from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

from markupsafe import Markup

from pages.figures import NOT_REPORTED, is_number, label, number, shown, slug, unit_of, word
from pages.published import Mart, Published, Row
from quarterdeck.declared import read_yaml
from quarterdeck.settings import PROJECT_ROOT

CONTENTS = PROJECT_ROOT / "pages" / "contents.yml"

Spec = dict[str, Any]
Across = tuple[str, ...]
"""Values of the columns that go across, such as a measure and a year."""
Link = Callable[[Row], str | None]
"""Where a row's heading leads to, if anywhere."""

_CELL = re.compile(r'"(?P<column>[A-Z]{1,3})(?P<row>[0-9]+)"')
_BAR = '<svg class="app-bar" aria-hidden="true" focusable="false"><rect width="{}%" height="100%"/></svg>'
_NO_SHEET = "(csv)"
# A text of so many characters needs a wide column, or a very wide one.
_LONG, _WIDE = (60, 200), ("", " app-long", " app-longer")

_RAG = {"green", "amber", "amber_red", "red", "complete", "not_rated"}


@cache
def contents() -> dict[str, Spec]:
    """What is on the pages: `quarter` (pages by name, in the order of the menu), `project` and `operations`."""
    declared: dict[str, Spec] = read_yaml(CONTENTS)
    return declared


@dataclass(slots=True)
class Cell:
    """One figure or word. `key` and `mart` are set where the cell belongs to another row than its line's.

    `sort` is what the column is sorted by where that is not the text; `rag` a rating to be shown as a tag; `bar` a
    share in per cent to be drawn beside the number.
    """

    column: str
    text: str
    numeric: bool = False
    blank: bool = False
    rag: str = ""
    source: str = ""
    key: str = ""
    mart: str = ""
    href: str = ""
    sort: str = ""
    bar: float | None = None

    # In Python, not in the templates: a large site has millions of these.
    @property
    def origin(self) -> Markup:
        """Where the figure comes from, as attributes of an element: column, key, cell, and what to sort by."""
        named = {"column": self.column, "mart": self.mart, "key": self.key, "cell": self.source, "sort": self.sort}
        return Markup("".join(f' data-{name}="{escape(value)}"' for name, value in named.items() if value))

    @property
    def html(self) -> Markup:
        """The text as it is shown: a tag for a rating, a link, a blank in grey, a bar beside the number."""
        text = escape(self.text)
        if self.rag:
            text = f'<strong class="govuk-tag app-rag app-rag--{self.rag}">{text}</strong>'
        elif self.blank:
            text = f'<span class="app-blank">{text}</span>'
        elif self.href:
            text = f'<a class="govuk-link" href="{escape(self.href)}">{text}</a>'
        if self.bar is not None:
            text += _BAR.format(self.bar)
        return Markup(text)

    @property
    def td(self) -> Markup:
        """The whole cell of a table."""
        kind = " govuk-table__cell--numeric" if self.numeric else _WIDE[bisect(_LONG, len(self.text))]
        return Markup(f'<td class="govuk-table__cell{kind}"{self.origin}>{self.html}</td>')


@dataclass(slots=True)
class Line:
    """One row of a table: its heading, its other cells, and what is drawn at its end."""

    key: str
    heading: Cell
    cells: list[Cell]
    total: bool = False
    stack: list[tuple[str, float, float]] = field(default_factory=list)
    trend: str = ""


@dataclass(slots=True)
class Table:
    """A table as a reader sees it; `columns` are (name, heading, numeric, filter)."""

    id: str
    mart: str
    title: str
    heading: str
    columns: list[tuple[str, str, bool, bool]]
    lines: list[Line]
    sources: list[str]
    worked_out: list[tuple[str, str]]
    stacked: bool = False
    trending: bool = False
    kind: str = "table"


@dataclass(slots=True)
class Items:
    """Lists, tiles, counts and matrices: rows of (key, cells), or for a matrix a table of them.

    `counted` says what `words` count: organisation, quarter and what the rows have in common.
    """

    id: str
    mart: str
    title: str
    kind: str
    items: list[tuple[str, list[Cell]]] = field(default_factory=list)
    across: list[str] = field(default_factory=list)
    down: list[tuple[str, list[list[tuple[str, Cell]]]]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    counted: str = ""
    words: tuple[str, str] = ("", "")


Block = Table | Items


def blocks(published: Published, spec: Spec, data: dict[str, list[Row]], link: Link) -> list[Block]:
    """The blocks of a page that have something to show, in order."""
    found: list[Block] = []
    for each in spec["blocks"]:
        rows = _wanted(each, data.get(each["mart"], []))
        for title, part in _split(each, rows):
            # A derived column that is blank in all of a part says nothing.
            if "needs" in each and all(row[each["needs"]] is None for row in part):
                continue
            found.append(Maker(published, each, title, part, data, link).block())
    for place, block in enumerate(found, start=1):
        block.id = f"{slug(block.title)}-{place}"
    return found


class Maker:
    """Makes one block of some rows of a mart."""

    def __init__(
        self, published: Published, spec: Spec, title: str, rows: list[Row], data: dict[str, list[Row]], link: Link
    ) -> None:
        self._published = published
        self._spec = spec
        self._title = title
        self._rows = rows
        self._data = data
        self._link = link
        self._mart: Mart = published.marts[spec["mart"]]
        self._places = {(row["submission_id"], row["sheet"]) for row in rows if row.get("cells") and row["sheet"]}

    def block(self) -> Block:
        """The block that the specification asks for."""
        kind = self._spec["kind"]
        if kind == "table":
            return self._table()
        items = Items("", self._mart.name, self._title, kind, sources=self._sources())
        if kind == "matrix":
            self._fill_matrix(items)
        elif kind == "count":
            first = self._rows[0]
            items.counted = json.dumps([first["organisation_code"], first["quarter"], self._spec["only"]])
            items.words = (number(len(self._rows)), self._spec["text"])
            items.sources = []
        else:
            names = [self._spec[role] for role in ("name", "reported", "derived", "item", "note") if role in self._spec]
            items.items = [(self._mart.key_of(row), [self._cell(row, name) for name in names]) for row in self._rows]
        return items

    def _table(self) -> Table:
        spec = self._spec
        names = [name for name in spec["columns"] if name in self._mart.columns]
        if spec.get("empty") == "drop":
            names = [name for name in names if any(row[name] is not None for row in self._rows)]
        else:
            names = [name for name in names if self._numeric(name) or any(row[name] is not None for row in self._rows)]
        columns = [(name, label(name), self._numeric(name), name in spec.get("filters", ())) for name in names]
        if "pivot" in spec:
            across, value = _across(spec["pivot"])
            values = self._values_across(self._rows, across)
            lines = self._pivoted(names, across, value, values)
            columns += [(value, _heading_across(each), True, False) for each in values]
            figures = [value]
        else:
            lines = [self._line(row, names) for row in self._rows]
            figures = names
        table = Table(
            id="",
            mart=self._mart.name,
            title=self._title,
            heading=label(spec["heading"]),
            columns=columns,
            lines=lines,
            sources=self._sources(),
            worked_out=[
                (label(name), how) for name in figures if (how := self._published.how.get((self._mart.name, name)))
            ],
            stacked="stack" in spec,
            trending="trend" in spec,
        )
        if "bar" in spec:
            self._draw_bars(table, spec["bar"])
        if "beside" in spec:
            self._put_beside(table)
        return table

    def _line(self, row: Row, names: Sequence[str]) -> Line:
        line = Line(
            self._mart.key_of(row),
            self._heading(row),
            [self._cell(row, name) for name in names],
            row.get(self._spec.get("totals", "row_type")) in ("total", "subtotal"),
        )
        if "stack" in self._spec:
            line.stack = _stack({name: row[column] or 0 for name, column in self._spec["stack"].items()})
        if "trend" in self._spec:
            line.trend = self._trend(row)
        return line

    def _values_across(self, rows: Iterable[Row], across: Sequence[str]) -> list[Across]:
        """What goes across, in the order the specification gives for the first of several columns; totals last."""
        order = {value: place for place, value in enumerate(self._spec.get("order", ()))}
        found = {tuple(str(row[name]) for name in across) for row in rows}
        return sorted(found, key=lambda each: [(order.get(text, len(order)), text == "total", text) for text in each])

    def _pivoted(self, names: Sequence[str], across: Sequence[str], value: str, values: Sequence[Across]) -> list[Line]:
        """One line a key without the columns that go across."""
        apart = [name for name in self._mart.key if name not in across]
        groups = _grouped(self._rows, apart, across)
        lines = []
        for group in groups.values():
            line = self._line(next(iter(group.values())), names)
            line.cells += self._cells_across(group, value, values)
            lines.append(line)
        return lines

    def _cells_across(self, group: dict[Across, Row], value: str, values: Sequence[Across]) -> list[Cell]:
        """Every amount keeps the mart and the key of its own row."""
        cells = []
        for each in values:
            if each not in group:
                cells.append(Cell("", NOT_REPORTED, numeric=True, blank=True))
                continue
            cell = self._cell(group[each], value)
            cell.mart, cell.key = self._mart.name, self._mart.key_of(group[each])
            cells.append(cell)
        return cells

    def _put_beside(self, table: Table) -> None:
        """Add columns of another mart whose rows are about the same things."""
        spec = self._spec["beside"]
        rows = _wanted(spec, self._data.get(spec["mart"], []))
        if not rows:
            return
        other = Maker(self._published, spec, "", rows, self._data, self._link)
        across, value = _across(spec["pivot"])
        values = other._values_across(rows, across)
        groups = _grouped(rows, list(spec["match"]), across)
        table.columns += [(value, _heading_across(each), True, False) for each in values]
        for line, row in zip(table.lines, self._rows, strict=True):
            group = groups.get(tuple(row[name] for name in spec["match"].values()), {})
            line.cells += other._cells_across(group, value, values)

    def _heading(self, row: Row) -> Cell:
        cell = self._cell(row, self._spec["heading"])
        cell.numeric = False
        cell.text = cell.text or shown(row.get("portfolio")) or "All"
        if self._spec["heading"] == "key":
            cell.text = _key_in_words(cell.text)
        cell.href = (self._link(row) or "") if "link" in self._spec else ""
        return cell

    def _cell(self, row: Row, name: str) -> Cell:
        value, numeric = row[name], self._numeric(name)
        unit = unit_of(name, row) if numeric else None
        text = shown(value, name, unit)
        cell = Cell(name, text, numeric, source=self._source(row, name))
        if value is None:
            token = row.get(f"{name}_token")
            cell.blank = numeric or token is not None
            cell.text = f"[{word(token).lower()}]" if token else NOT_REPORTED if numeric else ""
        elif name == "rag" and value in _RAG:
            cell.rag = value
        elif numeric:
            cell.sort = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
        elif hasattr(value, "isoformat"):
            cell.sort = value.isoformat()
        return cell

    def _numeric(self, name: str) -> bool:
        return is_number(self._mart.columns[name])

    def _source(self, row: Row, name: str) -> str:
        """The address of the cell, with its sheet where the block has rows of several."""
        listed = row.get("cells")
        address = json.loads(listed).get(name, "") if listed else ""
        if address and len(self._places) > 1 and "!" not in address:
            return f"{row['sheet']}!{address}"
        return str(address)

    def _sources(self) -> list[str]:
        """The files and sheets that the rows come from, in words."""
        names = self._published.file_names
        return [
            (names.get(submission) or str(submission)) + ("" if sheet == _NO_SHEET else f", sheet {sheet}")
            for submission, sheet in sorted(self._places)
        ]

    def _draw_bars(self, table: Table, column: str) -> None:
        cells = [
            (cell, row[column])
            for line, row in zip(table.lines, self._rows, strict=True)
            for cell in line.cells
            if cell.column == column and row[column] is not None
        ]
        largest = max((abs(value) for _, value in cells), default=0)
        for cell, value in cells:
            cell.bar = round(float(abs(value) / largest * 100), 1) if largest else 0.0

    def _trend(self, row: Row) -> str:
        """Points of a small line, 100 wide and 24 high, of the row's history; empty below two figures."""
        spec = self._spec["trend"]
        same = [name for name in self._mart.key if name != "quarter"]
        history = sorted(
            (
                (past[spec["by"]], past[spec["value"]])
                for past in self._data.get(spec["mart"], [])
                if past[spec["value"]] is not None and all(past[name] == row[name] for name in same)
            ),
        )
        values = [float(value) for _, value in history]
        if len(values) < 2:
            return ""
        low, spread = min(values), (max(values) - min(values)) or 1.0
        step = 96 / (len(values) - 1)
        return " ".join(f"{2 + i * step:.1f},{22 - (value - low) / spread * 20:.1f}" for i, value in enumerate(values))

    def _fill_matrix(self, items: Items) -> None:
        spec = self._spec
        down, across = spec["down"], spec["across"]
        scale = [each for each in spec["scale"] if any(each in (row[down], row[across]) for row in self._rows)]
        rest = {row[name] for row in self._rows for name in (down, across)} - set(scale)
        scale += sorted(str(each) for each in rest)
        items.across = scale
        for level in scale:
            found = [[row for row in self._rows if (str(row[down]), str(row[across])) == (level, to)] for to in scale]
            cells = [[(self._mart.key_of(row), self._cell(row, spec["item"])) for row in rows] for rows in found]
            items.down.append((level, cells))


def _across(pivot: Sequence[Any]) -> tuple[list[str], str]:
    """The columns that go across, and the one whose values stand below them."""
    across, value = pivot
    return ([across] if isinstance(across, str) else across), value


def _heading_across(values: Across) -> str:
    # A year stays in one piece.
    return " ".join(word(text).replace("-", "\N{NON-BREAKING HYPHEN}") for text in values)


def _grouped(rows: Iterable[Row], by: Sequence[str], across: Sequence[str]) -> dict[tuple[Any, ...], dict[Across, Row]]:
    """Rows by what heads a line, then by what goes across."""
    groups: dict[tuple[Any, ...], dict[Across, Row]] = {}
    for row in rows:
        group = groups.setdefault(tuple(row[name] for name in by), {})
        group[tuple(str(row[name]) for name in across)] = row
    return groups


def _wanted(spec: Spec, rows: Iterable[Row]) -> list[Row]:
    only = {name: values if isinstance(values, list) else [values] for name, values in spec.get("only", {}).items()}
    return sorted(
        (row for row in rows if all(row[name] in values for name, values in only.items())), key=_printed_order
    )


def _printed_order(row: Row) -> tuple[str, str, str, int, str]:
    """Rows of a return in the order in which it prints them, others as they come."""
    listed = row.get("cells")
    if not listed:
        return row.get("quarter") or "", "", "", 0, ""
    # Of several cells the lowest: a band above the row names what many rows share.
    row_number, column = max(
        ((int(match["row"]), match["column"]) for match in _CELL.finditer(listed)), default=(0, "")
    )
    return row["quarter"], row["submission_id"], row["sheet"] or "", row_number, column


def _split(spec: Spec, rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Rows by the values of the columns that part them, with the title of each part; nothing where there are none."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        values = {name: shown(row[name], name) for name in spec.get("split", ())}
        parts.setdefault(spec["title"].format(**values), []).append(row)
    order = spec.get("only", {}).get((spec.get("split") or [""])[0])
    if isinstance(order, list):
        place = {value: index for index, value in enumerate(order)}
        name = spec["split"][0]
        return sorted(parts.items(), key=lambda part: place[part[1][0][name]])
    return list(parts.items())


def _stack(counts: dict[str, int]) -> list[tuple[str, float, float]]:
    """(name, start, width) in per cent of the whole, of those that are not nought."""
    whole, start, found = sum(counts.values()) or 1, 0.0, []
    for name, count in counts.items():
        width = count / whole * 100
        if count:
            found.append((name, round(start, 2), round(width, 2)))
        start += width
    return found


def _key_in_words(key: str) -> str:
    return ", ".join(str(value) for value in json.loads(key).values() if value is not None) or "All"
