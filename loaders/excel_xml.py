"""What the reader of values does not tell of .xlsx and .xlsm sheets: errors, links, what is hidden or shown otherwise.

The parts are looked at as bytes, not parsed, and cell by cell only where a sheet has something to tell.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from typing import NamedTuple

from loaders.cells import Marks, UnreadableFileError, column_number
from loaders.limits import LARGEST_AREA, check_area
from loaders.links import is_outward
from loaders.number_formats import BUILT_IN, PLAIN, NumberFormat, number_format
from loaders.package import Parts

WORKBOOK, RELATIONS, STYLES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"
_OPEN = rb"<(?:[\w.-]+:)?"
_SHEET = re.compile(_OPEN + rb"sheet(?=\s)([^>]*)>")
_RELATION = re.compile(_OPEN + rb"Relationship(?=\s)([^>]*)>")
_COLUMNS = re.compile(_OPEN + rb"col(?=\s)([^>]*)>")
_ROW = re.compile(_OPEN + rb"row(?=[\s/>])([^>]*)>")
# A cell that is not written as nearly every program writes cells, or that stands beyond column BZ or row 999.
_UNUSUAL_CELL = re.compile(rb'<c(?=[\s/>])(?! r="[AB]?[A-Z][0-9]{1,3}")')
_NEAR = 3 * 26 * 999
_REMEMBERED, _LARGEST_REMEMBERED = 64, 16 << 10
"""How many workbooks' lists of sheets are remembered: those of one template are all alike."""
_ROW_OR_CELL = re.compile(_OPEN + rb"(?P<kind>row|c)(?=[\s/>])(?P<head>[^>]*?)(?P<empty>/?)>")
_END_OF_CELL = re.compile(rb"</(?:[\w.-]+:)?c\s*>")
_ATTRIBUTE = re.compile(rb"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_VALUE = re.compile(_OPEN + rb"v(?:\s[^>]*)?>([^<]+)<")
_FORMULA = re.compile(_OPEN + rb"f(?:\s[^>]*)?(?:/>|>([^<]*)<)")
_IS_ERROR = re.compile(rb"""\bt=["']e["']""")
_IS_TEXT = re.compile(rb"""\bt=["']str["']""")
_TRUE = (b"1", b"true")
# Programs that do not calculate leave it to whoever opens the file, and write 0 as the value of every formula.
_NOTHING = (b"0", b"0.0")
_TO_BE_CALCULATED = re.compile(_OPEN + rb"""calcPr(?=\s)[^>]*\bfullCalcOnLoad\s*=\s*["'](?:1|true)["']""")
_FORMAT = re.compile(_OPEN + rb"numFmt(?=\s)([^>]*)>")
_CELL_STYLES = re.compile(_OPEN + rb"cellXfs(?=[\s>]).*?</(?:[\w.-]+:)?cellXfs", re.DOTALL)
_STYLE = re.compile(_OPEN + rb"xf(?=\s)([^>]*)>")
_STYLED = re.compile(rb"""\bs=["']([0-9]+)["']""")


class _Cell(NamedTuple):
    row: int
    column: int
    head: bytes
    body: bytes


def is_excel(parts: Parts) -> bool:
    """Whether the package is an Excel workbook."""
    return WORKBOOK in parts and RELATIONS in parts


def has_links(parts: Parts) -> bool:
    """Whether the workbook lists other files or programs that it takes values from."""
    return any(name.startswith("xl/externalLinks/") and "/_rels/" not in name for name in parts)


def marks(parts: Parts) -> dict[str, Marks]:
    """What is to be known of each worksheet, by its name.

    Raises TooLargeFileError where the cells of the sheets lie too far apart; UnreadableFileError where a sheet of the
    workbook is not in the package.
    """
    by_name = {name.lower(): body for name, body in parts.items()}
    lists = parts[WORKBOOK], parts[RELATIONS]
    sheets = (_sheets_remembered if sum(map(len, lists)) <= _LARGEST_REMEMBERED else _sheets)(*lists)
    for name, target in sheets:
        if target not in by_name:
            raise UnreadableFileError(f"it is damaged: its sheet '{name}' is not in it")
    _check_areas(sheets, by_name)
    styles = by_name.get(STYLES, b"")
    telling = (_telling_remembered if len(styles) <= _LARGEST_REMEMBERED else _telling_styles)(styles)
    calculated = not _TO_BE_CALCULATED.search(parts[WORKBOOK])
    return {name: _marks_of(by_name[target], telling, calculated=calculated) for name, target in sheets}


def _sheets(workbook: bytes, relations: bytes) -> list[tuple[str, str]]:
    """The worksheets by name, each with its part's name in lower case."""
    targets = _targets(relations)
    found = []
    for sheet in _SHEET.findall(workbook):
        attributes = _attributes(sheet)
        target = targets.get(attributes.get("id", b""), "").lower()
        # A sheet that holds only a chart, a dialogue or an old macro has no cells to read.
        if not any(folder in target for folder in ("chartsheets/", "dialogsheets/", "macrosheets/")):
            found.append((_text(attributes.get("name", b"")), target))
    return found


_sheets_remembered = lru_cache(_REMEMBERED)(_sheets)


def _attributes(tag: bytes) -> dict[str, bytes]:
    """A tag's attributes, by their names without a prefix."""
    return {name.decode().rpartition(":")[2]: one or other for name, one, other in _ATTRIBUTE.findall(tag)}


def _text(value: bytes) -> str:
    return unescape(value.decode("utf-8", "replace"))


def _targets(relations: bytes) -> dict[bytes, str]:
    targets = {}
    for relation in _RELATION.findall(relations):
        attributes = _attributes(relation)
        target = _text(attributes.get("Target", b""))
        targets[attributes.get("Id", b"")] = target.lstrip("/") if target.startswith(("/", "xl/")) else f"xl/{target}"
    return targets


def _check_areas(sheets: list[tuple[str, str]], bodies: Parts) -> None:
    """Refuse sheets that together span too much; several may be one part."""
    near = {target: _is_near(bodies[target]) for target in {target for _, target in sheets}}
    if all(near.values()) and len(sheets) * _NEAR <= LARGEST_AREA:
        return
    area, areas = 0, dict[str, int]()
    for name, target in sheets:
        if target not in areas:
            areas[target] = _area(bodies[target])
        area += areas[target]
        check_area(area, name)


def _is_near(body: bytes) -> bool:
    """Whether all cells are known to stand in the first 78 columns and 999 rows."""
    return b":c" not in body and _UNUSUAL_CELL.search(body) is None


def _area(body: bytes) -> int:
    """How many cells a sheet spans from A1 to its last row and column that hold something."""
    # A cell that is only formatted, perhaps in the last row there can be, is not read.
    filled = [(cell.row + 1, cell.column + 1) for cell in _cells(body) if cell.body]
    return max((row for row, _ in filled), default=0) * max((column for _, column in filled), default=0)


def _cells(body: bytes) -> Iterator[_Cell]:
    row = column = -1
    for tag in _ROW_OR_CELL.finditer(body):
        if tag["kind"] == b"row":
            number = _attributes(tag["head"]).get("r", b"")
            row, column = int(number) - 1 if number.isdigit() else row + 1, -1
            continue
        reference = _REFERENCE.search(tag["head"])
        row, column = (int(reference[2]) - 1, column_number(reference[1].decode())) if reference else (row, column + 1)
        end = None if tag["empty"] else _END_OF_CELL.search(body, tag.end())
        yield _Cell(row, column, tag["head"], body[tag.end() : end.start()] if end else b"")


def _telling_styles(styles: bytes) -> dict[bytes, NumberFormat]:
    """Styles of cells, by their numbers, whose format shows another figure than the cell holds; and that format."""
    formats = {str(number).encode(): built_in for number, built_in in BUILT_IN.items()}
    for declared in _FORMAT.findall(styles):
        attributes = _attributes(declared)
        formats[attributes.get("numFmtId", b"")] = number_format(_text(attributes.get("formatCode", b"")))
    cell_styles = _CELL_STYLES.search(styles)
    numbered = enumerate(_STYLE.findall(cell_styles[0]) if cell_styles else ())
    uses = {str(number).encode(): _attributes(style).get("numFmtId", b"") for number, style in numbered}
    return {number: formats[used] for number, used in uses.items() if formats.get(used, PLAIN) != PLAIN}


_telling_remembered = lru_cache(_REMEMBERED)(_telling_styles)


def _marks_of(body: bytes, telling: dict[bytes, NumberFormat], *, calculated: bool) -> Marks:
    found = Marks()
    if telling and not telling.keys().isdisjoint(_STYLED.findall(body)):
        _look_at_styles(body, telling, found)
    if _may_have_formulas(body) and (_FORMULA.search(body) or _IS_ERROR.search(body)):
        _look_at_formulas(body, found, calculated=calculated)
    if b"hidden=" in body:
        found.hidden_rows = frozenset(_hidden_rows(body))
        found.hidden_columns = frozenset(_hidden_columns(body))
    return found


def _may_have_formulas(body: bytes) -> bool:
    """Whether bytes stand in a sheet that every formula and every error has; looked for first, for most have none."""
    return b"<f" in body or b":f" in body or b't="e"' in body or b"t='e'" in body


def _look_at_styles(body: bytes, telling: dict[bytes, NumberFormat], found: Marks) -> None:
    for cell in _cells(body):
        style = _STYLED.search(cell.head)
        if style and cell.body and style[1] in telling:
            found.formats[cell.row, cell.column] = telling[style[1]]


def _look_at_formulas(body: bytes, found: Marks, *, calculated: bool) -> None:
    for cell in _cells(body):
        value = _VALUE.search(cell.body)
        formula = _FORMULA.search(cell.body)
        if _IS_ERROR.search(cell.head):
            found.faults[cell.row, cell.column] = _text(value[1]) if value else "#ERROR"
        elif formula and not _IS_TEXT.search(cell.head) and (not value or (not calculated and value[1] in _NOTHING)):
            found.faults[cell.row, cell.column] = "="
        if formula and is_outward(text := _text(formula[1] or b"")):
            found.links[cell.row, cell.column] = text


def _hidden_rows(body: bytes) -> Iterator[int]:
    row = -1
    for head in _ROW.findall(body):
        attributes = _attributes(head)
        number = attributes.get("r", b"")
        row = int(number) - 1 if number.isdigit() else row + 1
        if attributes.get("hidden") in _TRUE:
            yield row


def _hidden_columns(body: bytes) -> Iterator[int]:
    for head in _COLUMNS.findall(body):
        attributes = _attributes(head)
        first, last = attributes.get("min", b""), attributes.get("max", b"")
        if attributes.get("hidden") in _TRUE and first.isdigit() and last.isdigit():
            # The last column there can be is number 16,384.
            yield from range(int(first) - 1, min(int(last), 16_384))
