"""Writes the sample submissions from `samples/data`: `python samples/build.py`. See `samples/data/README.md`."""

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import canonicalize

import yaml
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string
from openpyxl.worksheet.worksheet import Worksheet

SAMPLES = Path(__file__).resolve().parent
DATA = SAMPLES / "data"

# Senders whose software still writes the old Windows character set.
CSV_ENCODING, CSV_LINE_END = "cp1252", "\r\n"

# Fixed, so that building twice gives the same bytes.
_WRITTEN_AT = datetime(2018, 1, 2, 9)
_ZIPPED_AT = (1980, 1, 1, 0, 0, 0)

_NUMBER = re.compile(r"(?P<sign>-?)(?P<pound>£?)(?P<digits>\d[\d,]*)(?P<decimals>\.\d+)?(?P<percent>%?)")
_FORMULA = re.compile(r"(?P<formula>=\S+) (?P<saved>\S+)")
_SAVED_VALUE = re.compile(r'(<c r="(?P<cell>[A-Z]+\d+)"[^>]*><f>[^<]*</f>)<v></v>')

_HEADING = PatternFill("solid", fgColor="DCE6F1")
_STATUS_COLOURS = {
    "On Target": "85994B",
    "Experiencing Obstacles": "FFDD00",
    "At Risk": "F47738",
    "Compromised": "D4351C",
    "Closed or Completed": "5694CA",
}
_WIDEST = 60

Grid = list[list[str]]
Workbooks = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Content:
    """What one csv cell asks for: the value, how it is shown, and the saved value where it is a formula."""

    value: str | float | None
    number_format: str = "General"
    heading: bool = False
    saved: float | None = None


def parse(text: str) -> Content:
    """Read one csv cell.

    >>> parse("97.30%")
    Content(value=0.973, number_format='0.00%', heading=False, saved=None)
    >>> parse("'125").value, parse("=SUM(B7:D7) 2,674").saved
    ('125', 2674)
    """
    if text.startswith("**") and text.endswith("**"):
        return Content(text[2:-2], heading=True)
    if text.startswith("'"):
        return Content(text[1:])
    if formula := _FORMULA.fullmatch(text):
        saved = parse(formula["saved"])
        assert isinstance(saved.value, int | float), f"{text}: a formula needs its saved value"
        return Content(formula["formula"], saved.number_format, saved=saved.value)
    if number := _NUMBER.fullmatch(text):
        return _number(number)
    return Content(text or None)


def _number(found: re.Match[str]) -> Content:
    decimals, percent = found["decimals"] or "", found["percent"]
    digits = found["sign"] + found["digits"].replace(",", "") + decimals
    value: float = float(digits) if decimals else int(digits)
    if percent:
        value = round(value / 100, len(decimals) + 2)
    whole = "#,##0" if found["pound"] or "," in found["digits"] else "0"
    shown = ('"£"' if found["pound"] else "") + whole + "." * bool(decimals) + "0" * (len(decimals) - 1) + percent
    return Content(value, "General" if shown == "0" else shown)


def read_grid(path: Path) -> Grid:
    """Rows of csv cells of one sheet."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def read_grids(workbook: str, sheets: dict[str, dict[str, Any]]) -> dict[str, Grid]:
    """The cells of every sheet of a workbook, in order."""
    folder = DATA / Path(workbook).parent
    return {name: read_grid(folder / f"{name}.csv") for name in sheets}


def build_workbook(grids: dict[str, Grid], sheets: dict[str, dict[str, Any]]) -> bytes:
    """A workbook with one sheet a grid."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "PMO"
    book.properties.created = _WRITTEN_AT
    saved: list[dict[str, float]] = []
    for name, grid in grids.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = sheets[name].get("freeze")
        sheet.sheet_state = "hidden" if sheets[name].get("hidden") else "visible"
        saved.append(_fill(sheet, grid))
    unpacked = io.BytesIO()
    book.save(unpacked)
    return _repack(unpacked, saved)


def _fill(sheet: Worksheet, grid: Grid) -> dict[str, float]:
    """Write the cells of one sheet; returns the saved values of its formulas, by address."""
    saved = {}
    widths: dict[int, int] = {}
    merged = _merged_ranges(grid)
    merged_wide = {first for first, last in merged if first[1] != last[1]}
    for row, texts in enumerate(grid, 1):
        for column, text in enumerate(texts, 1):
            if text in ("", "<", "^"):
                continue
            content, cell = parse(text), sheet.cell(row, column)
            cell.value, cell.number_format = content.value, content.number_format
            _style(cell, content)
            if content.saved is not None:
                saved[cell.coordinate] = content.saved
            if (row, column) not in merged_wide:
                widths[column] = max(widths.get(column, 10), min(len(text) + 2, _WIDEST))
    for (top, left), (bottom, right) in merged:
        sheet.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    for column, width in widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = width
    return saved


def _style(cell: Cell, content: Content) -> None:
    cell.alignment = Alignment(vertical="top", wrap_text=isinstance(content.value, str) and len(content.value) > 20)
    if content.heading:
        cell.font, cell.fill = Font(bold=True), _HEADING
    elif cell.row == 1:
        cell.font = Font(bold=True, size=14)
    elif colour := _STATUS_COLOURS.get(str(content.value).strip()):
        cell.fill = PatternFill("solid", fgColor=colour)


def _merged_ranges(grid: Grid) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """First and last cell of every merged range: `<` continues it to the right, `^` downwards."""
    last: dict[tuple[int, int], tuple[int, int]] = {}
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    for row, texts in enumerate(grid, 1):
        for column, text in enumerate(texts, 1):
            if text == "<":
                first = owner[row, column - 1]
            elif text == "^":
                first = owner[row - 1, column]
            else:
                owner[row, column] = (row, column)
                continue
            owner[row, column] = first
            bottom, right = last.get(first, first)
            last[first] = (max(bottom, row), max(right, column))
    return list(last.items())


def _repack(unpacked: io.BytesIO, saved: list[dict[str, float]]) -> bytes:
    """The same workbook with fixed times, and with the saved values that openpyxl does not write."""
    packed = io.BytesIO()
    with zipfile.ZipFile(unpacked) as source, zipfile.ZipFile(packed, "w") as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            # In canonical form, because which library writes the XML depends on what else is installed.
            body = canonicalize(source.read(name).decode()).encode()
            if name == "docProps/core.xml":
                body = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>%s" % _timestamp(), body)
            elif sheet := re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name):
                body = _with_saved_values(body, saved[int(sheet[1]) - 1])
            entry = zipfile.ZipInfo(name, _ZIPPED_AT)
            entry.external_attr = 0o644 << 16
            target.writestr(entry, body, zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def _timestamp() -> bytes:
    return _WRITTEN_AT.strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def _with_saved_values(body: bytes, saved: dict[str, float]) -> bytes:
    return _SAVED_VALUE.sub(lambda cell: f"{cell[1]}<v>{saved[cell['cell']]}</v>", body.decode()).encode()


def build_csv(path: Path) -> bytes:
    """A csv as its sender's software writes it."""
    return path.read_text(encoding="utf-8").replace("\n", CSV_LINE_END).encode(CSV_ENCODING)


def break_grids(grids: dict[str, Grid], change: dict[str, Any]) -> dict[str, Grid]:
    """Make one change that breaks a workbook: `set` cells, `drop_column`, or `drop_sheet`."""
    sheet = change["sheet"]
    if change.get("drop_sheet"):
        return {name: grid for name, grid in grids.items() if name != sheet}
    grid = [list(row) for row in grids[sheet]]
    for address, text in change.get("set", {}).items():
        letters, row = coordinate_from_string(address)
        grid[row - 1][column_index_from_string(letters) - 1] = str(text)
    if letters := change.get("drop_column"):
        for cells in grid:
            del cells[column_index_from_string(letters) - 1]
    return grids | {sheet: grid}


def build_broken(case: dict[str, Any], workbooks: Workbooks) -> bytes:
    """One broken file: bytes of its own, or a sample with one change."""
    if "bytes" in case:
        return str(case["bytes"]).encode()
    sheets = workbooks[case["from"]]
    return build_workbook(break_grids(read_grids(case["from"], sheets), case["change"]), sheets)


def build_all() -> dict[str, bytes]:
    """Every file below `samples/` that this script writes, by its path."""
    workbooks: Workbooks = yaml.safe_load((DATA / "workbooks.yml").read_text(encoding="utf-8"))
    broken = yaml.safe_load((DATA / "broken.yml").read_text(encoding="utf-8"))
    files = {path: build_workbook(read_grids(path, sheets), sheets) for path, sheets in workbooks.items()}
    sheet_files = {f"{Path(path).parent}/{name}.csv" for path, sheets in workbooks.items() for name in sheets}
    for path in sorted(DATA.rglob("*.csv")):
        relative = path.relative_to(DATA).as_posix()
        if relative not in sheet_files:
            files[relative] = build_csv(path)
    expected = {}
    for name, case in broken.items():
        files[f"broken/{name}"] = build_broken(case, workbooks)
        expected[name] = {key: case[key] for key in ("shows", "submitted_as", "expect")}
    files["broken/expected.yml"] = yaml.safe_dump(expected, sort_keys=False, allow_unicode=True, width=120).encode()
    return files


def main() -> None:
    """Write every file that differs from what is there."""
    for path, content in build_all().items():
        target = SAMPLES / path
        if target.exists() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        print(f"wrote {path} ({len(content):,} bytes)")


if __name__ == "__main__":
    main()
