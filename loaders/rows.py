"""What one printed table was read into: its blocks, and what their rows say, a column at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple, TypeVar

from loaders.cells import Sheet, column_letters
from quarterdeck.findings import Finding

T = TypeVar("T")
_DIGITS = "0123456789"
Said = tuple[tuple[str, str], ...]
"""What a heading keeps, by the names of its parts."""


class Text(NamedTuple):
    """A word or label, with the cell it stands in: column letters where that is the row's own, else a whole address."""

    value: str
    cell: str


class Kind(NamedTuple):
    """What figures of one column share: how they are scaled, and what their heading says.

    Where a `token` stands in their place their values are blank.
    """

    unit: str
    scale: int
    decimals: int
    parts: Said = ()
    token: str | None = None


class Number(NamedTuple):
    """A figure as it stands in its cell. Of a cell that says several numbers, this is number `part`, from 1."""

    value: Decimal | None
    cell: str
    kind: Kind
    part: int | None = None


class Headings(NamedTuple):
    """What the headings of a table say: the sheet's columns for each of the layout's, and what each heading keeps.

    Of the layout's columns, `words` has those that hold words, each with its column of the sheet; `figures` those that
    hold numbers, each with its columns and what their headings keep; `mapped` all columns of the sheet that are read.
    `context` is what headings say of every row. Columns that are `without_heading` count from 0; those that are
    `headed` have a heading or stand between such. `findings` are those about the headings.
    """

    columns: dict[str, list[tuple[int, dict[str, str]]]]
    words: list[tuple[str, int]]
    figures: list[tuple[str, list[tuple[int, Said]]]]
    mapped: list[int]
    context: dict[str, Text]
    without_heading: frozenset[int]
    headed: range
    findings: tuple[Finding, ...]


@dataclass
class Words:
    """What rows say in a column of words, and the cells that say it; None for rows that say nothing."""

    values: list[str | None]
    cells: list[str | None]

    def over(self, below: "Words | None") -> "Words":
        """These words, and others where these say nothing."""
        if below is None or None not in self.values:
            return self
        return Words(
            [below.values[row] if value is None else value for row, value in enumerate(self.values)],
            [below.cells[row] if value is None else self.cells[row] for row, value in enumerate(self.values)],
        )

    def at(self, rows: list[int]) -> "Words":
        """Those of some rows."""
        return Words(_at(self.values, rows), _at(self.cells, rows))


@dataclass
class Figures:
    """The figures in one of the sheet's columns, row by row; of what kind they are is None for rows that have none.

    `kind` is that of all of them, where there is one and every row has a figure of it. Of cells that say several
    numbers, `parts` are which these are.
    """

    values: list[Decimal | None]
    cells: list[str]
    kinds: list[Kind | None]
    parts: list[int | None] | None = None

    @cached_property
    def kind(self) -> Kind | None:
        """The kind of all of them; None where a row has no figure, or one of another kind."""
        first = self.kinds[0] if self.kinds else None
        return first if all(kind is first for kind in self.kinds) else None

    def number(self, row: int) -> Number | None:
        """The figure of one row."""
        kind = self.kinds[row]
        return kind and Number(self.values[row], self.cells[row], kind, self.parts[row] if self.parts else None)

    def at(self, rows: list[int]) -> "Figures":
        """Those of some rows."""
        parts = self.parts and _at(self.parts, rows)
        return Figures(_at(self.values, rows), _at(self.cells, rows), _at(self.kinds, rows), parts)


class TableRows:
    """Rows of a table, kept by column: at one place in every list stands what is said of one row.

    `number_of` counts from 1, as spreadsheets do; `months` are those that rows are dated to. `texts` has the layout's
    columns in which some row says something, `figures` all that hold figures, each with its columns of the sheet.
    """

    def __init__(self, lines: Iterable[int] = (), block: int = 1) -> None:
        """Rows of a block that stand in these rows of the sheet, counted from 0, before anything is said of them."""
        self.number_of: list[int] = [line + 1 for line in lines]
        self.blocks: list[int] = [block] * len(self.number_of)
        self.types: list[str] = ["detail"] * len(self.number_of)
        self.rolls_up_to: list[int | None] = [None] * len(self.number_of)
        self.months: list[str | None] = [None] * len(self.number_of)
        self.texts: dict[str, Words] = {}
        self.figures: dict[str, list[Figures]] = {}

    def __len__(self) -> int:
        return len(self.number_of)

    def said(self, name: str | None) -> list[str | None]:
        """What rows say in a column of words."""
        words = self.texts.get(name or "")
        return words.values if words else [None] * len(self)

    def text(self, name: str | None, row: int) -> Text | None:
        """What a row says in a column of words."""
        words = self.texts.get(name or "")
        value, cell = (words.values[row], words.cells[row]) if words else (None, None)
        return None if value is None or cell is None else Text(value, cell)

    def texts_of(self, row: int) -> dict[str, Text]:
        """All words of a row, by column."""
        return {name: text for name in self.texts if (text := self.text(name, row))}

    def figures_of(self, row: int) -> Iterator[tuple[tuple[object, ...], Number]]:
        """A row's figures, each with what tells its column."""
        for name, columns in self.figures.items():
            for column in columns:
                if figure := column.number(row):
                    yield (name, figure.kind.parts, figure.kind.scale), figure

    def put(self, name: str, words: Words) -> None:
        """Say in a column what these words say; where they say nothing it stays as it was."""
        if any(words.cells):
            self.texts[name] = words.over(self.texts.get(name))

    def put_all(self, said: list[dict[str, Text]]) -> None:
        """Say in several columns what these say, one a row."""
        count = len(said)
        if all(each is said[0] for each in said):
            said = said[:1]
        for name in dict.fromkeys(name for each in said for name in each):
            texts = [each.get(name) for each in said] * (count // len(said))
            self.put(name, Words([text and text.value for text in texts], [text and text.cell for text in texts]))

    def at(self, rows: list[int]) -> "TableRows":
        """What is said of these of the rows."""
        if len(rows) == len(self) and rows == list(range(len(self))):
            return self
        found = TableRows()
        for name in _OF_ROWS:
            setattr(found, name, _at(getattr(self, name), rows))
        found.texts = {name: words.at(rows) for name, words in self.texts.items()}
        found.figures = {name: [column.at(rows) for column in columns] for name, columns in self.figures.items()}
        return found


_OF_ROWS = ("number_of", "blocks", "types", "rolls_up_to", "months")


def _at(values: list[T], rows: list[int]) -> list[T]:
    return list(map(values.__getitem__, rows))


@dataclass
class Block:
    """One occurrence of a table on its sheet: its headings, and its rows.

    `heading_row` counts from 0; `group_starts` are the rows that follow a band, of those read so far. Where the block
    is not `complete`, a column is missing. `lines` are the sheet's rows that are the table's, counted from 0, each with
    what titles and bands say of it; `rows` is what was read from them.
    """

    number: int
    heading_row: int
    headings: Headings
    context: dict[str, Text]
    complete: bool
    lines: list[tuple[int, dict[str, Text]]] = field(default_factory=list)
    rows: TableRows = field(default_factory=TableRows)
    group_starts: set[int] = field(default_factory=set)

    @property
    def columns(self) -> dict[str, list[tuple[int, dict[str, str]]]]:
        """The sheet's columns for each of the layout's, and what their headings say."""
        return self.headings.columns


def own_words(sheet: Sheet, rows: TableRows) -> dict[str, list[str | None]]:
    """What rows say, by column, but for what they have from another row, a band or a title."""
    if sheet.turned:
        letters = [column_letters(number - 1) for number in rows.number_of]
        return {
            name: [
                value if cell and cell.rstrip(_DIGITS) == own else None
                for value, cell, own in zip(words.values, words.cells, letters, strict=True)
            ]
            for name, words in rows.texts.items()
        }
    return {
        name: [said if cell and cell.isalpha() else None for said, cell in zip(words.values, words.cells, strict=True)]
        for name, words in rows.texts.items()
    }


def first_text(sheet: Sheet, rows: TableRows, row: int) -> Text:
    """What stands leftmost in a row; nothing, in column A, where no word does."""
    number_of = rows.number_of[row]
    own = column_letters(number_of - 1)
    said = (text for name in rows.texts if (text := rows.text(name, row)))
    # Of addresses beside each other, the shorter one, or else the first by its letters or figures, stands first.
    return min(
        (text for text in said if (text.cell.rstrip(_DIGITS) == own if sheet.turned else text.cell.isalpha())),
        key=lambda text: (len(text.cell), text.cell),
        default=Text("", sheet.own_address(number_of - 1, 0)),
    )
