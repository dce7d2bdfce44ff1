"""What blocks are made of: cells, lines, tables and lists, and the markup of a table's rows.

A table of thousands of rows is to stay light, so what its cells share is said once. The table has `data-mart` and
`data-key`, the first values of the key that all its rows have; a row has the other values in a `data-key` of its own,
and in `data-cells` the addresses of its cells, from its heading on, with a question mark between
them, which no name of a sheet may have. The heading of a column
has `data-column`. A column of figures that stand in other rows says which in `data-across` (values of columns of the
key, which take the place of the line's), and in `data-mart` where it is another mart: what follows the table's values
in the line's key is in `data-beside` then. A cell that all this does not lead to has its whole key in a `data-key` of
its own.

Where a table has `data-count`, its figures are no values but counts of rows of the mart: those of the line's
organisation and quarter that have the values in `data-count` and in the column's `data-across`.
"""

import json
from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

from markupsafe import Markup

# A text of so many characters needs a column of some width, a wide one or a very wide one.
_LONG, _WIDE = (25, 60, 200), ("", "m", "w", "ww")
_FEW_COLUMNS, _FEW_LINES = 3, 15
_BETWEEN = "?"
_SHARES = '<svg class="app-stack" aria-hidden="true" focusable="false">{}</svg>'
_SHARE = '<rect class="app-fill--{}" x="{}%" width="{}%" height="100%"/>'
_TREND = (
    '<svg class="app-trend" viewBox="0 0 100 24" aria-hidden="true" focusable="false"><polyline points="{}"/></svg>'
)
_BAR = '<svg class="app-bar" aria-hidden="true" focusable="false"><rect width="{}%" height="100%"/></svg>'

compact = json.JSONEncoder(default=str, ensure_ascii=False, separators=(",", ":")).encode
"""A value as JSON without spaces; a date in its ISO form."""


@dataclass(slots=True)
class Cell:
    """One figure or word.

    `sort` is what the column is sorted by where that is not the text; `rag` a rating to be shown as a tag; `bar` a
    share in per cent to be drawn beside the number. `key` is set where the cell belongs to a row that line and column
    do not lead to.
    """

    column: str
    text: str
    numeric: bool = False
    blank: bool = False
    rag: str = ""
    source: str = ""
    key: str = ""
    href: str = ""
    sort: str = ""
    bar: float | None = None

    @property
    def origin(self) -> Markup:
        """Where the figure comes from, as attributes of an element that stands alone: column and cell."""
        named = {"column": self.column, "cell": self.source}
        return Markup("".join(f' data-{name}="{escape(value)}"' for name, value in named.items() if value))

    @property
    def html(self) -> Markup:
        """The text as it is shown: a tag for a rating, a link, a bar beside the number."""
        return Markup(self.markup())

    def markup(self) -> str:
        """The same, as a plain text: a large table has tens of thousands."""
        text = escape(self.text, quote=False)
        if self.rag:
            text = f'<strong class="app-rag app-rag--{self.rag}">{text}</strong>'
        elif self.href:
            text = f'<a class="govuk-link" href="{escape(self.href)}">{text}</a>'
        if self.bar is not None:
            text += _BAR.format(self.bar)
        return text

    def td(self) -> str:
        """The cell of a table."""
        if self.numeric:
            kind = "n b" if self.blank else "n"
        else:
            kind = "b" if self.blank else "q" if self.sort or self.column.endswith("quarter") else _wide(self.text)
        attributes = f' class="{kind}"' if kind else ""
        if self.key:
            attributes += f" data-key='{quoted(self.key)}'"
        if self.sort:
            attributes += f' data-sort="{self.sort}"'
        return f"<td{attributes}>{self.markup()}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `across` and `mart` where its figures stand in other rows than the line's."""

    name: str
    heading: str
    numeric: bool = False
    filter: bool = False
    across: str = ""
    mart: str = ""

    @property
    def attributes(self) -> Markup:
        """Of its heading cell."""
        said = ' class="n"' if self.numeric else ""
        said += f' data-column="{self.name}"' if self.name else ""
        said += f" data-across='{quoted(self.across)}'" if self.across else ""
        said += f' data-mart="{self.mart}"' if self.mart else ""
        return Markup(said + (" data-filter" if self.filter else ""))


@dataclass(slots=True)
class Line:
    """A row of a table: `key` names it in the mart; `stack` are shares (name, start, width in per cent)."""

    key: str
    heading: Cell
    cells: list[Cell]
    total: bool = False
    beside: str = ""
    stack: list[tuple[str, float, float]] = field(default_factory=list)
    trend: str = ""


@dataclass(slots=True)
class Table:
    """A table as a reader sees it; `head` is the column that heads a line, `key` what all keys of lines begin with.

    Its figures are counts where `counted` says what of.
    """

    id: str
    mart: str
    title: str
    head: Column
    columns: list[Column]
    lines: list[Line]
    sources: list[str] = field(default_factory=list)
    worked_out: list[tuple[str, str]] = field(default_factory=list)
    key: str = ""
    stacked: bool = False
    trending: bool = False
    note: str = ""
    counted: str = ""
    kind: str = "table"

    @property
    def classes(self) -> str:
        """What the table looks like: narrow where it has few columns, its headings light where they are sentences."""
        long = sum(len(line.heading.text) > _LONG[1] for line in self.lines)
        narrow = " app-table--narrow" if len(self.columns) < _FEW_COLUMNS else ""
        return narrow + (" app-table--sentences" if long * 2 > len(self.lines) else "")

    @property
    def is_short(self) -> bool:
        """Whether it is to stay in one piece on paper."""
        return len(self.lines) <= _FEW_LINES

    @property
    def attributes(self) -> Markup:
        """Of the table."""
        said = f' data-mart="{self.mart}"' if self.mart else ""
        said += f" data-key='{quoted(self.key)}'" if self.key else ""
        return Markup(said + (f" data-count='{quoted(self.counted)}'" if self.counted else ""))

    @property
    def body(self) -> Markup:
        """The rows. End tags that HTML does not ask for are left out: a large table has tens of thousands."""
        return Markup("\n".join(self._row(line) for line in self.lines))

    def _row(self, line: Line) -> str:
        attributes = ' class="app-total"' if line.total else ""
        if line.key:
            attributes += f" data-key='{quoted(line.key)}'"
        if line.beside:
            attributes += f" data-beside='{quoted(line.beside)}'"
        cells = _BETWEEN.join([line.heading.source, *(cell.source for cell in line.cells)]).rstrip(_BETWEEN)
        if cells:
            attributes += f" data-cells='{quoted(cells)}'"
        drawn = ""
        if self.stacked:
            drawn += f"<td>{_SHARES.format(''.join(_SHARE.format(*share) for share in line.stack))}"
        if self.trending:
            drawn += "<td>" + (_TREND.format(line.trend) if line.trend else "")
        sort = f' data-sort="{line.heading.sort}"' if line.heading.sort else ""
        wide = ' class="w"' if len(line.heading.text) > _LONG[1] else ""
        heading = f'<th scope="row"{wide}{sort}>{line.heading.markup()}'
        return f"<tr{attributes}>{heading}{drawn}{''.join([cell.td() for cell in line.cells])}"


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


def quoted(text: str) -> str:
    """A text for an attribute between single quotes.

    >>> quoted("Children's & Families")
    'Children&#39;s &amp; Families'
    """
    return text.replace("&", "&amp;").replace("'", "&#39;")


def plain(title: str, names: Iterable[tuple[str, bool]], rows: Iterable[list[str]]) -> Table:
    """A table of words that stand in no mart; the columns are (heading, numeric), the first heads the rows."""
    head, *columns = [Column("", name, numeric) for name, numeric in names]
    lines = [
        Line("", Cell("", first), [Cell("", text, column.numeric) for text, column in zip(rest, columns, strict=True)])
        for first, *rest in rows
    ]
    return Table("", "", title, head, columns, lines)


def words(*headings: str) -> list[tuple[str, bool]]:
    """Columns of words, for `plain`."""
    return [(heading, False) for heading in headings]


def _wide(text: str) -> str:
    return _WIDE[bisect(_LONG, len(text))]
