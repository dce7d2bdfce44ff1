"""Layouts: what an organisation's template looks like, as data. The files in `loaders/layouts/` are of this shape."""

import csv
import hashlib
import re
from collections.abc import Hashable
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from loaders.cells import Sheet
from loaders.patterns import as_path, check_pattern, find, match, names_in
from loaders.rows import Headings
from loaders.text import CellValue, key
from loaders.units import units
from quarterdeck.declared import UnusableDeclarationError, read_yaml
from quarterdeck.periods import Month
from quarterdeck.settings import Settings
from quarterdeck.warehouse import records


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Heading(_Part):
    """How the heading of a table is found: a row that has these labels, or the rows above a label.

    `at` are the cells where it stands in the template; a table that starts elsewhere is read, and said to have moved.
    """

    rows: int = 1
    contains: list[str] = []
    above: str | None = None
    at: list[str] = []


class Dates(_Part):
    """How dates are written as text (`%d/%m/%Y`, as for strptime), and whether their day or their month is kept.

    Where the text names no day the last of the month is meant; where it names a year alone, the last day of `month`.
    """

    written: str
    month: int | None = Field(default=None, ge=1, le=12)
    kept: Literal["day", "month"] = "day"

    @model_validator(mode="after")
    def _names_a_month(self) -> Self:
        if self.month is None and not any(part in self.written for part in ("%m", "%b", "%B")):
            raise ValueError(f"'{self.written}' names no month; say which one is meant with 'month'")
        return self


class Column(_Part):
    """One column, or several of the same kind where its heading keeps a part (`{savings_year}`).

    `header` is the path of headings, from the top one down. A column with `unit` (or `units`, by the value of another
    column, `*` for any other value) holds numbers, one with `date` holds dates; any other holds words. A `shared`
    column leaves its heading to a later one as well. `tokens` are words that stand in place of a value (`c` for one
    that is suppressed): the value is blank, and the token is kept beside it as `<column>_token`.
    A number above 1.5 in a column of fractions is taken for a percentage typed in points, and refused, unless rates
    `above_150_percent` are possible.
    """

    header: str | list[str]
    optional: bool = False
    filled: bool = False
    fill_down: bool = False
    unit: str | None = None
    units: dict[str, str] = {}
    units_by: str | None = None
    negate: bool = False
    decimals: int | Literal["as typed"] = 0
    date: Dates | None = None
    tokens: dict[str, str] = {}
    words: dict[str, str] = {}
    vocabulary: str | None = None
    split: str | None = None
    drop: list[str] = []
    blank_where_filled: str | None = None
    shared: bool = False
    dimensions: dict[str, str] = {}
    above_150_percent: bool = False

    @model_validator(mode="after")
    def _can_be_looked_for(self) -> Self:
        for pattern in (*self.path, *self.tokens):
            check_pattern(pattern)
        try:
            re.compile(self.split or "")
        except re.error as error:
            raise ValueError(f"'split' is no regular expression ({error}): '{self.split}'") from error
        return self

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The header as a path."""
        return (self.header,) if isinstance(self.header, str) else tuple(self.header)

    @cached_property
    def is_number(self) -> bool:
        """Whether its cells hold numbers."""
        return bool(self.unit or self.units)

    @cached_property
    def is_plain(self) -> bool:
        """Whether its cells hold words that are kept as they stand there."""
        return not (self.fill_down or self.tokens or self.date or self.split or self.words or self.vocabulary)

    @cached_property
    def is_of_scale(self) -> bool:
        """Whether its cells hold the words of a scale, which are kept as they stand there."""
        return bool(self.vocabulary) and not (self.fill_down or self.tokens or self.date or self.split or self.words)

    def token(self, value: CellValue) -> str | None:
        """The token that a cell's word stands for; None where it is not among `tokens`."""
        if not self.tokens or not isinstance(value, str):
            return None
        exact = self._exact_tokens.get(key(value))
        return exact or next(
            (token for pattern, token in self._token_patterns if match(pattern, value) is not None), None
        )

    @cached_property
    def _exact_tokens(self) -> dict[str, str]:
        return {key(word): token for word, token in self.tokens.items() if "*" not in word}

    @cached_property
    def _token_patterns(self) -> list[tuple[str, str]]:
        return [(word, token) for word, token in self.tokens.items() if "*" in word]


class Total(_Part):
    """A row that sums others. A subtotal sums the rows since the last band or total; a total all not yet summed.

    An `aggregate` is about many of the things that the other rows are about one by one (a region, a country), and need
    not be their sum: some of them may be suppressed.

    Every block has its subtotals and totals, and nothing below the last of them, unless they are `optional`; with
    `each`, every run of rows of which that column, or band, says the same ends with one.
    """

    column: str
    label: str
    type: Literal["subtotal", "total", "aggregate"] = "subtotal"
    optional: bool = False
    each: str | None = None

    @property
    def required(self) -> bool:
        """Whether a block without it is not whole."""
        return not self.optional and self.type != "aggregate"


class Parts(_Part):
    """A row whose cells hold several figures: how they are parted, and what each is of."""

    column: str
    label: str
    separator: str
    fields: list[dict[str, str]]


class Record(_Part):
    """What a row becomes. With `values`, one record a filled cell of those columns; without, one a row."""

    record: str
    values: list[str] = []
    fields: dict[str, str | list[str]] = {}
    set: dict[str, str] = {}
    details_only: bool = False
    where_filled: str | None = None
    where_blank: str | None = None

    @cached_property
    def sources(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Every field of the record with its kind and the columns that may say it, the first that does first."""
        return [(name, kind, as_path(self.fields.get(name, name))) for name, kind in records()[self.record].items()]

    @property
    def figures(self) -> frozenset[str]:
        """The columns of figures that it has."""
        of_rows = (name for _, kind, names in self.sources if kind == "quantity" for name in names)
        return frozenset((*self.values, *of_rows))


class CellTable(_Part):
    """One figure that stands beside its label, not in a column."""

    label: str
    value: Literal["above", "below", "right"] = "above"
    unit: str
    decimals: int = 0
    description: Literal["above", "below", "right"] | None = None
    set: dict[str, str] = {}
    above_150_percent: bool = False


class TableLayout(_Part):
    """One printed table: where it is, what its columns are, and which records its rows become.

    `bands` are rows of one filled cell that say what the rows below belong to, from the outermost kind to the innermost
    (alternatives of one kind in a list); a band ends what was said by the kinds within it. With `rows_at_band`, the
    bands themselves are the table: one row each time a band says that field. `stands_at` names the date column that
    says which month a row is of.

    A `transposed` table has its headings down the side and its records side by side: all that is said of rows and
    columns here is said of it turned round.
    """

    table: str
    sheet: str
    transposed: bool = False
    heading: Heading = Heading()
    title: str | None = None
    before_heading: str | None = None
    columns: dict[str, Column] = {}
    ignore_columns: list[str | list[str]] = []
    ignore_rows: list[str] = []
    bands: list[str | list[str]] = []
    rows_at_band: str | None = None
    totals: list[Total] = []
    parts: list[Parts] = []
    unique: list[str] = []
    stands_at: str | None = None
    blank_rows_inside: bool = False
    cells: list[CellTable] = []
    records: list[Record]
    optional: bool = False

    @cached_property
    def headings(self) -> dict[Hashable, Headings]:
        """What the table's headings say, as they were read in files before."""
        return {}

    @model_validator(mode="after")
    def _can_be_looked_for(self) -> Self:
        patterns = [self.sheet, *self.heading.contains, *self.ignore_rows]
        patterns += filter(None, (self.title, self.before_heading, self.heading.above))
        patterns += [part for each in (*self.bands, *self.ignore_columns) for part in as_path(each)]
        labels = [total.label for total in self.totals]
        labels += [parts.label for parts in self.parts] + [cell.label for cell in self.cells]
        for pattern in patterns + labels:
            check_pattern(pattern)
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for record in self.records:
            fields = records().get(record.record)
            if fields is None:
                raise ValueError(f"table '{self.table}': there is no record type '{record.record}'")
            if strays := {*record.set, *record.fields} - set(fields):
                raise ValueError(f"table '{self.table}': the record '{record.record}' has no {sorted(strays)}")
            if strays := set(record.values) - set(self.columns):
                raise ValueError(f"table '{self.table}': 'values' names columns that are not there: {sorted(strays)}")
        kept = {column for record in self.records for column in record.figures}
        if lost := [name for name, column in self.columns.items() if column.is_number and name not in kept]:
            raise ValueError(
                f"table '{self.table}': no record has the figures of {lost}; name them under 'values' or 'fields', or "
                "their headings under 'ignore_columns'"
            )
        named = {unit for column in self.columns.values() for unit in (column.unit, *column.units.values()) if unit}
        if strays := (named | {cell.unit for cell in self.cells}) - set(units()):
            raise ValueError(f"table '{self.table}': units.yml has no {sorted(strays)}")
        if self.stands_at and not (self.stands_at in self.columns and self.columns[self.stands_at].date):
            raise ValueError(f"table '{self.table}': 'stands_at' names no date column: '{self.stands_at}'")
        in_bands = {name for level in self.bands for pattern in as_path(level) for name in names_in(pattern)}
        if strays := {total.each for total in self.totals if total.each} - {*self.columns, *in_bands}:
            raise ValueError(f"table '{self.table}': 'each' names no column and no band: {sorted(strays)}")
        return self


class Layout(_Part):
    """One organisation's template of one return; with `*` for organisation, a template that any may use.

    In a `series`, one file holds the return of many months, earlier ones again as they are known now: the rows of each
    month are a submission of their own. In any other file, dated rows are of the month that it was sent for.

    `states` are cells in which the file itself says what it is, with `{period}` or `{organisation}` where it does:
    'Report as at {period}'. What it says must be what it was sent for.

    A template that changed has a layout each time, `valid_from` and `valid_to` the months (`2018-09`) that returns of
    either were first and last sent for.
    """

    layout: str
    title: str
    organisation: str
    feed: str
    return_id: str
    valid_from: str | None = None
    valid_to: str | None = None
    series: bool = False
    recognised_by: list[str] = Field(min_length=1)
    states: list[str] = []
    tables: list[TableLayout] = Field(min_length=1)

    @field_validator("recognised_by", "states")
    @classmethod
    def _can_be_looked_for(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            check_pattern(pattern)
        return patterns

    @model_validator(mode="after")
    def _a_series_is_dated(self) -> Self:
        if self.series and not all(table.stands_at for table in self.tables):
            raise ValueError("every table of a series says with 'stands_at' which month a row is of")
        return self

    @field_validator("valid_from", "valid_to")
    @classmethod
    def _is_a_month(cls, month: str | None) -> str | None:
        return str(Month.parse(month)) if month else None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError(f"'valid_to' ({self.valid_to}) lies before 'valid_from' ({self.valid_from})")
        return self

    def is_valid_in(self, month: Month) -> bool:
        """Whether returns for that month are written in this template."""
        return (self.valid_from or "") <= str(month) and not (self.valid_to and self.valid_to < str(month))

    def recognised_in(self, sheets: list[Sheet]) -> int:
        """How many of the layout's marks the sheets have: a sheet of that name, or a cell of that text."""
        names = [sheet.name for sheet in sheets]
        return sum(
            any(match(mark, name) is not None for name in names) or any(any(find(mark, sheet)) for sheet in sheets)
            for mark in self.recognised_by
        )


class LoadedLayout(_Part):
    """A layout with the hash of the file it stands in."""

    layout: Layout
    sha256: str


def load_layout(path: Path) -> LoadedLayout:
    """The layout in a file.

    Raises pydantic's ValidationError, which names the field, for a layout that is not of the described shape.
    """
    text = path.read_bytes()
    return LoadedLayout(layout=Layout(**read_yaml(text)), sha256=hashlib.sha256(text).hexdigest())


def read_layout(path: Path) -> LoadedLayout:
    """The layout in a file that a person has written; raises UnusableDeclarationError where it holds none."""
    try:
        return load_layout(path)
    except yaml.YAMLError as error:
        raise UnusableDeclarationError(f"{path}: it is not YAML: {error}") from error
    except TypeError as error:
        raise UnusableDeclarationError(f"{path}: it is not a layout: it holds no names with values.") from error
    except ValidationError as error:
        slips = "\n".join(f"  {'.'.join(map(str, slip['loc']))}: {slip['msg']}" for slip in error.errors())
        raise UnusableDeclarationError(f"{path}: it is not a layout:\n{slips}") from error


@cache
def load_layouts(folder: Path) -> tuple[LoadedLayout, ...]:
    """Every layout of a folder; raises what `read_layout` raises."""
    return tuple(read_layout(path) for path in sorted(folder.glob("*.yml")))


def recognise(
    settings: Settings, organisation_code: str, feed: str, month: Month, sheets: list[Sheet]
) -> LoadedLayout | None:
    """The layout of that organisation, feed and month whose marks the file has most of; None where it has none.

    Of several that have as many the newest one counts.
    """
    candidates = [
        loaded
        for loaded in load_layouts(settings.layouts)
        if loaded.layout.organisation in ("*", organisation_code)
        and loaded.layout.feed == feed
        and loaded.layout.is_valid_in(month)
    ]
    scored = [(loaded.layout.recognised_in(sheets), loaded) for loaded in candidates]
    best = max(scored, key=lambda pair: (pair[0], pair[1].layout.valid_from or ""), default=(0, None))
    return best[1] if best[0] else None


@cache
def vocabulary(seeds_folder: Path, scale_id: str) -> frozenset[str]:
    """The words a delivery scale knows, ready for comparison, from the seed `delivery_statuses`."""
    with (seeds_folder / "delivery_statuses.csv").open(newline="", encoding="utf-8") as stream:
        return frozenset(key(row["word"]) for row in csv.DictReader(stream) if row["scale_id"] == scale_id)
