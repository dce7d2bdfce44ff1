"""What the reader of values does not tell of .ods sheets: errors, links, what is hidden, merged or shown otherwise."""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from loaders.cells import Address, Marks, UnreadableFileError, UnsafeFileError
from loaders.limits import check_area
from loaders.links import is_outward
from loaders.number_formats import PERCENTAGE
from loaders.package import Parts

CONTENT, MANIFEST = "content.xml", "META-INF/manifest.xml"
_ERROR = re.compile(r"#(?:REF|DIV/0|N/A|NAME|VALUE|NUM|NULL)[!?]?|Err:[0-9]{3}")
_LINK_ELEMENTS = ("table:table-source", "office:dde-source", "table:cell-range-source")
_VALUES = ("office:value", "office:date-value", "office:time-value", "office:boolean-value", "office:string-value")
_NOTE = "office:annotation"
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
    columns_declared: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    last_row: int = 0
    last_column: int = 0


@dataclass
class _Cell:
    attributes: dict[str, str]
    repeated: int
    text: str = ""


def marks(parts: Parts) -> tuple[dict[str, Marks], bool]:
    """What is to be known of each sheet, by its name; and whether the file takes values from other files or programs.

    Raises TooLargeFileError where repeated cells fill too large an area; UnreadableFileError for XML that is not.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(parts[CONTENT], True)
    except expat.ExpatError as error:
        raise UnreadableFileError(f"it is damaged: its content is not whole ({error})") from error
    return {table.name: table.marks for table in reader.tables}, reader.links_out


class _Reader:
    """Follows the elements of `content.xml`; a table may repeat a cell or a row, and may not hold another table."""

    def __init__(self) -> None:
        self.tables: list[_Table] = []
        self.links_out = False
        self.depth = 0
        self.area = 0
        self.table: _Table | None = None
        self.cell: _Cell | None = None
        self.in_note = False

    def start(self, element: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UnsafeFileError("its parts are nested deeper than a spreadsheet program nests them")
        if element in _LINK_ELEMENTS:
            self.links_out = True
        if element == _NOTE:
            self.in_note = True
        if element == "table:table" and self.cell is None:
            self.table = _Table(attributes.get("table:name", ""))
            self.tables.append(self.table)
        elif self.table is not None:
            self._start_in(self.table, element, attributes)

    def _start_in(self, table: _Table, element: str, attributes: dict[str, str]) -> None:
        if element == "table:table-column":
            repeated = _count(attributes, "table:number-columns-repeated")
            if _is_hidden(attributes):
                first = table.columns_declared
                table.hidden_columns.update(range(first, min(first + repeated, _MOST_COLUMNS)))
            table.columns_declared += repeated
        elif element == "table:table-row":
            table.column = 0
            table.rows_repeated = _count(attributes, "table:number-rows-repeated")
            table.row_is_hidden = _is_hidden(attributes)
        elif element in ("table:table-cell", "table:covered-table-cell"):
            self.cell = _Cell(attributes, _count(attributes, "table:number-columns-repeated"))

    def characters(self, text: str) -> None:
        if self.cell is not None and not self.in_note:
            self.cell.text += text

    def end(self, element: str) -> None:
        self.depth -= 1
        if element == _NOTE:
            self.in_note = False
        table = self.table
        if table is None:
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
        if has_value or formula:
            table.last_row = table.row + table.rows_repeated
            table.last_column = max(table.last_column, table.column + cell.repeated)
            check_area(self.area + table.last_row * table.last_column, table.name)
        here = (table.row, table.column)
        _note_merged(table, here, attributes)
        if attributes.get("calcext:value-type") == "error" or (formula and _ERROR.fullmatch(cell.text.strip())):
            table.marks.faults[here] = cell.text.strip() or "#ERROR"
        elif formula and not has_value and "office:value-type" not in attributes:
            table.marks.faults[here] = "="
        elif cell.text.strip() and "office:value-type" not in attributes and not formula:
            # It shows something and says not what kind of value that is: whoever reads values reads none.
            table.marks.faults[here] = cell.text.strip()
        if has_value and attributes.get("office:value-type") == "percentage":
            for column in range(table.column, min(table.column + cell.repeated, _MOST_COLUMNS)):
                for row in range(table.row, table.row + table.rows_repeated):
                    table.marks.moved[row, column] = PERCENTAGE
        if is_outward(formula):
            table.marks.links[here] = formula


def _note_merged(table: _Table, here: Address, attributes: dict[str, str]) -> None:
    down, right = (_count(attributes, f"table:number-{way}-spanned") for way in ("rows", "columns"))
    if (down, right) != (1, 1) and table.marks.merged is not None:
        table.marks.merged.append((here, (here[0] + down - 1, here[1] + right - 1)))


def _count(attributes: dict[str, str], name: str) -> int:
    value = attributes.get(name, "1")
    return max(1, int(value)) if value.isdigit() and len(value) < 9 else 1


def _is_hidden(attributes: dict[str, str]) -> bool:
    return attributes.get("table:visibility") in ("collapse", "filter")
