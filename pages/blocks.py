"""Rows of marts as the blocks of a page: what `contents.yml` asks for, ready for the templates.

Every figure keeps where it comes from: its mart, the key of its row, its column, and the cell of the return.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import takewhile
from typing import Any

from pages.figures import NOT_REPORTED, VALUES_OF, is_number, label, number, shown, slug, told, unit_of, withheld, word
from pages.published import Mart, Published, Row
from pages.tables import Block, Cell, Column, Items, Line, Table, compact
from quarterdeck.declared import read_yaml
from quarterdeck.settings import PROJECT_ROOT

CONTENTS = PROJECT_ROOT / "pages" / "contents.yml"

Spec = dict[str, Any]
Across = tuple[str, ...]
"""Values of the columns that go across, such as a measure and a year."""
Link = Callable[[Row], str | None]
"""Where a row's heading leads to, if anywhere."""

_ADDRESS = re.compile(r"(?P<column>[A-Z]{1,3})(?P<row>[0-9]+)")
_NO_SHEET = "(csv)"
_RAG = {"green", "amber", "amber_red", "red", "complete", "not_rated"}
_NOT_RATED = "Not rated"
_OF_A_PARTITION = ("organisation_code", "quarter")


@cache
def contents() -> dict[str, Spec]:
    """What is on the pages: `quarter` (pages by name, in the order of the menu), `project` and `operations`."""
    declared: dict[str, Spec] = read_yaml(CONTENTS)
    return declared


def has_blocks(spec: Spec, data: Mapping[str, Sequence[Row]]) -> bool:
    """Whether a page has something to show."""
    return any(_parts(each, data) for each in spec["blocks"])


def marts_of(spec: Spec) -> set[str]:
    """The marts that the blocks of a page show rows of."""
    beside = {each[role]["mart"] for each in spec["blocks"] for role in ("beside", "trend") if role in each}
    return beside | {each["mart"] for each in spec["blocks"]}


def blocks(published: Published, spec: Spec, data: dict[str, list[Row]], link: Link) -> list[Block]:
    """The blocks of a page that have something to show, in order."""
    found = [
        Maker(published, each, title, part, data, link).block()
        for each in spec["blocks"]
        for title, part in _parts(each, data)
    ]
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
        # What all keys begin with is said once.
        shared = list(takewhile(_OF_A_PARTITION.__contains__, self._mart.key))
        self._shared = shared if len({tuple(row[name] for name in shared) for row in rows}) == 1 else []

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
        columns = [Column(name, label(name), self._numeric(name), name in spec.get("filters", ())) for name in names]
        if "pivot" in spec:
            across, value = _across(spec["pivot"])
            values = self._values_across(self._rows, across)
            lines = self._pivoted(names, across, value, values)
            columns += _columns_across(value, across, values)
            figures = [value]
        else:
            lines = [self._line(row, names) for row in self._rows]
            figures = names
        heading = spec["heading"]
        table = Table(
            id="",
            mart=self._mart.name,
            title=self._title,
            head=Column(heading, label(heading)),
            columns=columns,
            lines=lines,
            sources=self._sources(),
            worked_out=[
                (label(name), how)
                for name in figures
                if (how := self._published.how.get((self._mart.name, name))) and not self._is_printed(name)
            ],
            key=compact([self._rows[0][name] for name in self._shared]) if self._shared else "",
            stacked="stack" in spec,
            trending="trend" in spec,
            note=spec.get("note", ""),
        )
        if "bar" in spec:
            self._draw_bars(table, spec["bar"])
        if "beside" in spec:
            self._put_beside(table)
        return table

    def _is_printed(self, name: str) -> bool:
        """Whether everything in a column stands in a cell, also where the mart has a rule for what does not."""
        there = [row for row in self._rows if row[name] is not None]
        return bool(there) and all(name in addresses(row.get("cells") or "{}") for row in there)

    def _key(self, row: Row) -> str:
        """What the keys of all rows of the block do not begin with."""
        return compact([row[name] for name in self._mart.key[len(self._shared) :]])

    def _line(self, row: Row, names: Sequence[str]) -> Line:
        line = Line(
            self._key(row),
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
        lines = []
        for group in _grouped(self._rows, apart, across).values():
            line = self._line(next(iter(group.values())), names)
            line.cells += self._cells_across(group, value, values)
            lines.append(line)
        return lines

    def _cells_across(self, group: dict[Across, Row], value: str, values: Sequence[Across]) -> list[Cell]:
        return [
            self._cell(group[each], value) if each in group else Cell("", NOT_REPORTED, numeric=True, blank=True)
            for each in values
        ]

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
        names = [column.name for column in table.columns]
        place = names.index(spec["before"]) if spec.get("before") in names else len(names)
        table.columns[place:place] = _columns_across(value, across, values, other._mart.name)
        apart = [name for name in other._mart.key if name not in across]
        named = self._named_alike(other)
        for line, row in zip(table.lines, self._rows, strict=True):
            group = groups.get(tuple(row[name] for name in spec["match"].values()), {})
            cells = other._cells_across(group, value, values)
            if group:
                first = next(iter(group.values()))
                if named:
                    # What goes across is said by the heading of each column.
                    line.beside = other._key({**first, **dict.fromkeys(across)})
                # Figures of one line may stand in several printed tables.
                for cell, at in zip(cells, values, strict=True):
                    if at in group and not (named and all(group[at][name] == first[name] for name in apart)):
                        cell.key = other._mart.key_of(group[at])
            line.cells[place:place] = cells

    def _named_alike(self, other: "Maker") -> bool:
        """Whether the keys of another mart's rows begin like those of ours."""
        first, theirs = self._rows[0], other._rows[0]
        return self._shared == other._shared and all(first[name] == theirs[name] for name in self._shared)

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
        source = self._source(row, name)
        if value is None:
            token = row.get(f"{name}_token")
            text = withheld(token) if token else NOT_REPORTED if numeric else ""
            return Cell(name, text, numeric, numeric or token is not None, source=source)
        if numeric:
            return Cell(name, number(value, unit_of(name, row)), True, source=source)
        cell = Cell(name, self._told(row, name) if name in VALUES_OF else shown(value, name), source=source)
        if name == "rag" and value in _RAG:
            cell.rag = value
        elif hasattr(value, "isoformat"):
            cell.sort = value.isoformat()
        return cell

    def _told(self, row: Row, name: str) -> str:
        """A value of another mart that is told as a text, written as it is on that mart's pages."""
        mart, column = (row[each] for each in VALUES_OF[name])
        known = self._published.marts.get(mart)
        return told(row[name], column, bool(known and is_number(known.columns.get(column, ""))))

    def _numeric(self, name: str) -> bool:
        return is_number(self._mart.columns[name])

    def _source(self, row: Row, name: str) -> str:
        """The address of the cell, with its sheet where the block has rows of several."""
        listed = row.get("cells")
        address = addresses(listed).get(name, "") if listed else ""
        if address and len(self._places) > 1 and "!" not in address:
            return f"{row['sheet']}!{address}"
        return address

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
            if cell.column == column and row[column] is not None and not line.total
        ]
        largest = max((abs(value) for _, value in cells), default=0)
        for cell, value in cells:
            cell.bar = round(float(abs(value) / largest * 100), 1) if largest else 0.0

    def _trend(self, row: Row) -> str:
        """Points of a small line, 100 wide and 24 high, of the row's history; empty below two figures."""
        spec = self._spec["trend"]
        same = [name for name in self._mart.key if name != "quarter"]
        history = sorted(
            (past[spec["by"]], past[spec["value"]])
            for past in self._data.get(spec["mart"], [])
            if past[spec["value"]] is not None and all(past[name] == row[name] for name in same)
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
        given = {row[name] for row in self._rows for name in (down, across)}
        scale = [each for each in spec["scale"] if each in given]
        scale += sorted(str(each) for each in given - {*scale, None})
        scale += [_NOT_RATED] if None in given else []
        items.across = scale
        for level in scale:
            found = [[row for row in self._rows if _levels(row, down, across) == (level, to)] for to in scale]
            cells = [[(self._mart.key_of(row), self._cell(row, spec["item"])) for row in rows] for rows in found]
            items.down.append((level, cells))


def _levels(row: Row, down: str, across: str) -> tuple[str, str]:
    """Where in a matrix a row stands."""
    first, second = (_NOT_RATED if row[name] is None else str(row[name]) for name in (down, across))
    return first, second


@lru_cache(maxsize=10_000)
def addresses(cells: str) -> dict[str, str]:
    """Addresses of a row's cells by column, of the JSON in which a mart has them."""
    listed: dict[str, str] = json.loads(cells)
    return listed


def _across(pivot: Sequence[Any]) -> tuple[list[str], str]:
    """The columns that go across, and the one whose values stand below them."""
    across, value = pivot
    return ([across] if isinstance(across, str) else across), value


def _columns_across(value: str, across: Sequence[str], values: Iterable[Across], mart: str = "") -> list[Column]:
    return [
        # A year stays in one piece.
        Column(
            value,
            " ".join(word(text).replace("-", "\N{NON-BREAKING HYPHEN}") for text in each),
            numeric=True,
            across=compact(dict(zip(across, each, strict=True))),
            mart=mart,
        )
        for each in values
    ]


def _grouped(rows: Iterable[Row], by: Sequence[str], across: Sequence[str]) -> dict[tuple[Any, ...], dict[Across, Row]]:
    """Rows by what heads a line, then by what goes across."""
    groups: dict[tuple[Any, ...], dict[Across, Row]] = {}
    for row in rows:
        group = groups.setdefault(tuple(row[name] for name in by), {})
        group[tuple(str(row[name]) for name in across)] = row
    return groups


def _wanted(spec: Spec, rows: Iterable[Row]) -> list[Row]:
    only = {name: values if isinstance(values, list) else [values] for name, values in spec.get("only", {}).items()}
    first = spec.get("first", {})
    return sorted(
        (row for row in rows if all(row[name] in values for name, values in only.items())),
        key=lambda row: ([values.index(row[name]) for name, values in first.items()], _printed_order(row)),
    )


def _printed_order(row: Row) -> tuple[str, str, str, int, str]:
    """Rows of a return in the order in which it prints them, others as they come."""
    listed = row.get("cells")
    if not listed:
        return row.get("quarter") or "", "", "", 0, ""
    return row["quarter"], row["submission_id"], row["sheet"] or "", *_lowest(listed)


@lru_cache(maxsize=10_000)
def _lowest(cells: str) -> tuple[int, str]:
    """Row and column of the lowest cell: a band above a row names what many rows share."""
    found = (_ADDRESS.fullmatch(address) for address in addresses(cells).values())
    return max(((int(match["row"]), match["column"]) for match in found if match), default=(0, ""))


def _parts(spec: Spec, data: Mapping[str, Sequence[Row]]) -> list[tuple[str, list[Row]]]:
    """The rows of each block that a specification asks for, with its title."""
    parts = _split(spec, _wanted(spec, data.get(spec["mart"], [])))
    # A derived column that is blank in all of a part says nothing.
    needed = spec.get("needs")
    return [(title, rows) for title, rows in parts if not needed or any(row[needed] is not None for row in rows)]


def _split(spec: Spec, rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Rows by the values of the columns that part them, with the title of each part; nothing where there are none."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        values = {name: shown(row[name], name) for name in spec.get("split", ())}
        parts.setdefault(spec["title"].format(**values) or label(spec["mart"]), []).append(row)
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
