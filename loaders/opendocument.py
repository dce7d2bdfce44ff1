"""What the reader of values does not tell of .ods sheets: errors, links, what is hidden, merged or shown otherwise."""

import re
from bisect import bisect
from dataclasses import dataclass, field
from itertools import product
from operator import itemgetter
from xml.parsers import expat

from loaders.cells import Address, Marks, UnreadableFileError, UnsafeFileError
from loaders.limits import check_area
from loaders.links import is_outward
from loaders.number_formats import PERCENTAGE, PLAIN, NumberFormat, foreign
from loaders.opendocument_styles import CellStyles
from loaders.package import Parts

CONTENT, STYLES, MANIFEST = "content.xml", "styles.xml", "META-INF/manifest.xml"
_ERROR = re.compile(r"#(?:REF|DIV/0|N/A|NAME|VALUE|NUM|NULL)[!?]?|Err:[0-9]{3}")
_LINK_ELEMENTS = ("table:table-source", "office:dde-source", "table:cell-range-source")
_VALUES = ("office:value", "office:date-value", "office:time-value", "office:boolean-value", "office:string-value")
# Notes on a cell and what is drawn over it are no part of what it says.
_NOTE, _DRAWN = "office:annotation", "draw:"
_NUMBERS = ("float", "currency", "percentage")
_MOST_COLUMNS = 16_384
_DEEPEST = 256


def is_opendocument(parts: Parts) -> bool:
    """Whether the package is an OpenDocument file."""
    return CONTENT in parts


def is_encrypted(parts: Parts) -> bool:
    """Whether the parts are under a password."""
    return b"encryption-data" in parts.get(MANIFEST, b"")


@dataclass
class _Table:
    """Where the parser stands in one sheet."""

    name: str
    marks: Marks = field(default_factory=lambda: Marks(merged=[]))
    row: int = 0
    rows_repeated: int = 1
    row_is_hidden: bool = False
    column: int = 0
    row_style: str = ""
    columns_declared: int = 0
    column_styles: list[tuple[int, str]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    last_row: int = 0
    last_column: int = 0

    def style_of(self, column: int) -> str:
        """What cells of a column are styled as where they do not say."""
        following = bisect(self.column_styles, column, key=itemgetter(0))
        return self.column_styles[following - 1][1] if following else ""


@dataclass
class _Cell:
    attributes: dict[str, str]
    repeated: int
    text: str = ""


def marks(parts: Parts) -> tuple[dict[str, Marks], bool]:
    """What is to be known of each sheet, by its name; and whether the file takes values from other files or programs.

    Raises TooLargeFileError where repeated cells fill too large an area; UnreadableFileError for XML that is not.
    """
    styles = CellStyles()
    reader = _Reader(styles)
    if STYLES in parts:
        _parse(parts[STYLES], styles)
    _parse(parts[CONTENT], reader)
    return {table.name: table.marks for table in reader.tables}, reader.links_out


def _parse(part: bytes, reader: "CellStyles | _Reader") -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(part, True)
    except expat.ExpatError as error:
        raise UnreadableFileError(f"it is damaged: its content is not whole ({error})") from error


class _Reader:
    """Follows the elements of `content.xml`; a table may repeat a cell or a row, and may not hold another table."""

    def __init__(self, styles: CellStyles) -> None:
        self.styles = styles
        self.tables: list[_Table] = []
        self.links_out = False
        self.depth = 0
        self.area = 0
        self.table: _Table | None = None
        self.cell: _Cell | None = None
        self.beside = 0

    def start(self, element: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UnsafeFileError("its parts are nested deeper than a spreadsheet program nests them")
        if element in _LINK_ELEMENTS:
            self.links_out = True
        if element == _NOTE or element.startswith(_DRAWN):
            self.beside += 1
        if element == "table:table" and self.cell is None:
            self.table = _Table(attributes.get("table:name", ""))
            self.tables.append(self.table)
        elif self.table is not None:
            self._start_in(self.table, element, attributes)
        else:
            self.styles.start(element, attributes)

    def _start_in(self, table: _Table, element: str, attributes: dict[str, str]) -> None:
        if element == "table:table-column":
            repeated = _count(attributes, "table:number-columns-repeated")
            if _is_hidden(attributes):
                first = table.columns_declared
                table.hidden_columns.update(range(first, min(first + repeated, _MOST_COLUMNS)))
            table.column_styles.append((table.columns_declared, attributes.get("table:default-cell-style-name", "")))
            table.columns_declared += repeated
        elif element == "table:table-row":
            table.column = 0
            table.rows_repeated = _count(attributes, "table:number-rows-repeated")
            table.row_is_hidden = _is_hidden(attributes)
            table.row_style = attributes.get("table:default-cell-style-name", "")
        elif element in ("table:table-cell", "table:covered-table-cell"):
            self.cell = _Cell(attributes, _count(attributes, "table:number-columns-repeated"))

    def characters(self, text: str) -> None:
        if self.cell is not None and not self.beside:
            self.cell.text += text
        elif self.table is None:
            self.styles.characters(text)

    def end(self, element: str) -> None:
        self.depth -= 1
        if element == _NOTE or element.startswith(_DRAWN):
            self.beside -= 1
        table = self.table
        if table is None:
            self.styles.end(element)
            return
        if element in ("table:table-cell", "table:covered-table-cell") and self.cell is not None:
            self._end_cell(table, self.cell)
            table.column += self.cell.repeated
            self.cell = None
        elif element == "table:table-row":
            if table.row_is_hidden and table.last_row == table.row + table.rows_repeated:
                table.hidden_rows.update(range(table.row, table.last_row))
            table.row += table.rows_repeated
        elif element == "table:table" and self.cell is None:
            table.marks.hidden_rows = frozenset(table.hidden_rows)
            table.marks.hidden_columns = frozenset(table.hidden_columns)
            self.area += table.last_row * table.last_column
            self.table = None

    def _end_cell(self, table: _Table, cell: _Cell) -> None:
        attributes = cell.attributes
        has_value = any(name in attributes for name in _VALUES) or bool(cell.text)
        formula = attributes.get("table:formula", "")
        is_error = attributes.get("calcext:value-type") == "error"
        if has_value or formula or is_error:
            table.last_row = table.row + table.rows_repeated
            table.last_column = max(table.last_column, table.column + cell.repeated)
            check_area(self.area + table.last_row * table.last_column, table.name)
        here = (table.row, table.column)
        _note_merged(table, here, attributes)
        kind, text = attributes.get("office:value-type"), cell.text.strip()
        rows = range(table.row, table.row + table.rows_repeated)
        columns = range(table.column, min(table.column + cell.repeated, _MOST_COLUMNS))
        fault = None
        if is_error or (formula and _ERROR.fullmatch(text)):
            fault = text or "#ERROR"
        elif formula and not has_value and kind != "string":
            fault = "="
        elif text and kind is None and not formula:
            # It shows something and says not what kind of value that is: whoever reads values reads none.
            fault = text
        if fault is not None:
            table.marks.faults |= dict.fromkeys(product(rows, columns), fault)
        for column in columns if has_value and kind in _NUMBERS else ():
            if (shown := self._format(table, column, attributes)) != PLAIN:
                table.marks.formats |= dict.fromkeys(product(rows, (column,)), shown)
        if is_outward(formula):
            table.marks.links[here] = formula

    def _format(self, table: _Table, column: int, attributes: dict[str, str]) -> NumberFormat:
        """How a number's cell shows it: by a style of its own, or that of its row or column."""
        if attributes["office:value-type"] == "percentage":
            return NumberFormat(PERCENTAGE)
        style = attributes.get("table:style-name") or table.row_style or table.style_of(column)
        shown, sign = self.styles.format_of(style), foreign(attributes.get("office:currency", ""))
        return shown if shown.sign else shown._replace(sign=sign)


def _note_merged(table: _Table, here: Address, attributes: dict[str, str]) -> None:
    down, right = (_count(attributes, f"table:number-{way}-spanned") for way in ("rows", "columns"))
    if (down, right) != (1, 1) and table.marks.merged is not None:
        table.marks.merged.append((here, (here[0] + down - 1, here[1] + right - 1)))


def _count(attributes: dict[str, str], name: str) -> int:
    value = attributes.get(name, "1")
    return max(1, int(value)) if value.isdigit() and len(value) < 9 else 1


def _is_hidden(attributes: dict[str, str]) -> bool:
    return attributes.get("table:visibility") in ("collapse", "filter")
