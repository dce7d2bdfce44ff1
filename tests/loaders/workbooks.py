"""Workbooks from cells and changes that are declared as data, the same bytes every time."""

import csv
import io
import re
import zipfile
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from loaders.cells import address, column_number
from tests.loaders.files import (
    MAIN,
    OFFICE,
    XML,
    compound,
    ods_cell,
    ods_parts,
    package,
    sheet_data,
    xls,
    xls_cell,
    xls_error,
    xls_hidden_columns,
    xls_hidden_row,
    xlsx_parts,
)

_ERROR_CODES = {"#DIV/0!": 7, "#REF!": 23, "#N/A": 42}
_FIRST_DAY = date(1899, 12, 30)


@dataclass
class Sheet:
    """A sheet's cells by row, and what else is to be seen of it. Rows and columns count from 0."""

    rows: list[list[Any]]
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)
    hidden: bool = False

    def set(self, where: str, value: Any) -> None:
        """Put a value into a cell."""
        row, column = position(where)
        self.rows += [[] for _ in range(row + 1 - len(self.rows))]
        self.rows[row] += [None] * (column + 1 - len(self.rows[row]))
        self.rows[row][column] = value


Book = dict[str, Sheet]


def position(where: str) -> tuple[int, int]:
    """Row and column of an address, from 0."""
    found = re.fullmatch(r"([A-Z]+)([0-9]+)", where)
    assert found, where
    return int(found[2]) - 1, column_number(found[1])


def build(path: Path, base: dict[str, Any], case: dict[str, Any]) -> Path:
    """Write the file of a case; its suffix is that of its format."""
    book = {name: Sheet(deepcopy(rows)) for name, rows in base["sheets"].items()}
    for change in case.get("change", ()):
        ((what, how),) = change.items()
        CHANGES[what](book, how)
    kind = case.get("format", base.get("format", "xlsx"))
    path = path.with_suffix(".xlsx" if kind == "encrypted" else f".{kind}")
    if kind == "csv":
        path.write_bytes(_csv(next(iter(book.values())), **case.get("csv", {})))
    elif kind == "xls":
        xls(path, {name: _xls_records(sheet) for name, sheet in book.items()})
    elif kind == "ods":
        package(path, ods_parts("".join(_ods_table(name, sheet) for name, sheet in book.items())))
    elif kind == "encrypted":
        path.write_bytes(compound({"EncryptionInfo": b"\4\0\4\0", "EncryptedPackage": bytes(9_000)}))
    else:
        package(path, _with_part(_xlsx(book), **case.get("part", {})))
    if "bytes" in case:
        path.write_bytes(_mutilated(path.read_bytes(), **case["bytes"]))
    return path


# Changes


def _sheet(book: Book) -> Sheet:
    return next(iter(book.values()))


def _set(book: Book, cells: dict[str, Any]) -> None:
    for where, value in cells.items():
        _sheet(book).set(where, value)


def _drop_column(book: Book, letters: str) -> None:
    for row in _sheet(book).rows:
        del row[column_number(letters) : column_number(letters) + 1]


def _insert_column(book: Book, how: dict[str, Any]) -> None:
    column = column_number(how["before"])
    for number, row in enumerate(_sheet(book).rows, 1):
        if len(row) > column or number in how["cells"]:
            row.insert(column, how["cells"].get(number))


def _swap_columns(book: Book, letters: list[str]) -> None:
    one, other = map(column_number, letters)
    for row in _sheet(book).rows[2:]:
        row += [None] * (max(one, other) + 1 - len(row))
        row[one], row[other] = row[other], row[one]


def _insert_row(book: Book, how: dict[str, Any]) -> None:
    rows = _sheet(book).rows
    rows += [[] for _ in range(how["before"] - 1 - len(rows))]
    rows.insert(how["before"] - 1, list(how["cells"]))


def _drop_rows(book: Book, first_and_last: list[int]) -> None:
    first, last = first_and_last
    del _sheet(book).rows[first - 1 : last]


def _rename_sheet(book: Book, names: dict[str, str]) -> None:
    sheets = {names.get(name, name): sheet for name, sheet in book.items()}
    book.clear()
    book.update(sheets)


def _add_sheet(book: Book, how: dict[str, Any]) -> None:
    sheets = dict(book)
    book.clear()
    added = {how["name"]: Sheet(how["rows"])}
    book.update(added | sheets if how.get("first") else sheets | added)


def _copy_sheet(book: Book, how: dict[str, str]) -> None:
    book[how["to"]] = deepcopy(book[how["from"]])


def _hide_sheet(book: Book, name: str) -> None:
    book[name].hidden = True


def _hide_rows(book: Book, rows: list[int]) -> None:
    _sheet(book).hidden_rows = {row - 1 for row in rows}


def _hide_columns(book: Book, letters: list[str]) -> None:
    _sheet(book).hidden_columns = set(map(column_number, letters))


def _merge_over(book: Book, cells: str) -> None:
    """Merge a range whose cells keep what they hold, as where a format is copied over them."""
    _sheet(book).merged.append(cells)


def _merge(book: Book, cells: str) -> None:
    """Merge a range, which leaves only its first cell."""
    sheet = _sheet(book)
    sheet.merged.append(cells)
    (top, left), (bottom, right) = map(position, cells.split(":"))
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            if (row, column) != (top, left) and column < len(sheet.rows[row]):
                sheet.rows[row][column] = None


CHANGES = {
    "set": _set,
    "drop_column": _drop_column,
    "insert_column": _insert_column,
    "swap_columns": _swap_columns,
    "insert_row": _insert_row,
    "drop_rows": _drop_rows,
    "rename_sheet": _rename_sheet,
    "add_sheet": _add_sheet,
    "copy_sheet": _copy_sheet,
    "hide_sheet": _hide_sheet,
    "hide_rows": _hide_rows,
    "hide_columns": _hide_columns,
    "merge": _merge,
    "merge_over": _merge_over,
}


# Formats


def _xlsx(book: Book) -> dict[str, str | bytes]:
    values = [value for sheet in book.values() for row in sheet.rows for value in row]
    # Styles from 5 on are those of formats that a case names.
    codes = list(dict.fromkeys(value["format"] for value in values if isinstance(value, dict) and "format" in value))
    formats = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{escape(code)}"/>' for number, code in enumerate(codes, 165)
    )
    styles_named = "".join(f'<xf numFmtId="{number}"/>' for number, _ in enumerate(codes, 165))
    parts = xlsx_parts({name: _worksheet(sheet, codes) for name, sheet in book.items()})
    workbook = str(parts["xl/workbook.xml"])
    for number, sheet in enumerate(book.values(), 1):
        if sheet.hidden:
            workbook = workbook.replace(f'sheetId="{number}"', f'sheetId="{number}" state="hidden"')
    relations = str(parts["xl/_rels/workbook.xml.rels"])
    styles = f'<Relationship Id="styles" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
    return parts | {
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": relations.replace("</Relationships>", styles),
        # Style 1 is a date, 2 a time, 3 a percentage, 4 in thousands.
        "xl/styles.xml": f'{XML}<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" '
        f'formatCode="&quot;£&quot;#,##0,"/>{formats}</numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>'
        f'<xf numFmtId="21"/><xf numFmtId="10"/><xf numFmtId="164"/>{styles_named}</cellXfs></styleSheet>',
    }


def _worksheet(sheet: Sheet, codes: list[str]) -> str:
    columns = "".join(f'<col min="{n + 1}" max="{n + 1}" width="9" hidden="1"/>' for n in sorted(sheet.hidden_columns))
    data = sheet_data([[_xlsx_value(value, codes) for value in row] for row in sheet.rows])
    for row in sheet.hidden_rows:
        data = data.replace(f'<row r="{row + 1}"', f'<row r="{row + 1}" hidden="1"')
    merged = "".join(f'<mergeCell ref="{cells}"/>' for cells in sheet.merged)
    return (
        (f"<cols>{columns}</cols>" if columns else "") + data + (f"<mergeCells>{merged}</mergeCells>" if merged else "")
    )


def _xlsx_value(value: Any, codes: list[str]) -> Any:
    if isinstance(value, bool):
        return 't="b"', f"<v>{int(value)}</v>"
    if isinstance(value, date):
        return 's="1"', f"<v>{(value - _FIRST_DAY).days}</v>"
    if isinstance(value, dict) and "error" in value:
        return 't="e"', f"<v>{value['error']}</v>"
    if isinstance(value, dict) and "percentage" in value:
        return 's="3"', f"<v>{value['percentage']}</v>"
    if isinstance(value, dict) and "format" in value:
        return f's="{5 + codes.index(value["format"])}"', f"<v>{value['holds']}</v>"
    if isinstance(value, dict) and "in_thousands" in value:
        return 's="4"', f"<v>{value['in_thousands']}</v>"
    if isinstance(value, dict) and "time" in value:
        return 's="2"', f"<v>{_seconds(value['time']) / 86_400!r}</v>"
    if isinstance(value, dict):
        saved = f"<v>{value['saved']}</v>" if "saved" in value else ""
        return "", f"<f>{value['formula'].replace('&', '&amp;')}</f>{saved}"
    return value


def _seconds(text: str) -> int:
    hours, minutes, seconds = map(int, text.split(":"))
    return (hours * 60 + minutes) * 60 + seconds


def _xls_records(sheet: Sheet) -> bytes:
    records = [xls_hidden_columns(column, column) for column in sorted(sheet.hidden_columns)]
    records += [xls_hidden_row(row) for row in sorted(sheet.hidden_rows)]
    for row, values in enumerate(sheet.rows):
        for column, value in enumerate(values):
            if isinstance(value, dict):
                records.append(xls_error(row, column, _ERROR_CODES[value["error"]]))
            elif value is not None:
                records.append(xls_cell(row, column, value))
    return b"".join(records)


def _ods_table(name: str, sheet: Sheet) -> str:
    spans = {tuple(cells.split(":")) for cells in sheet.merged}
    rows = ""
    for row, values in enumerate(sheet.rows):
        visibility = ' table:visibility="collapse"' if row in sheet.hidden_rows else ""
        cells = "".join(
            _ods_value(value, _span(address(row, column), spans)) for column, value in enumerate(values or [None])
        )
        rows += f"<table:table-row{visibility}>{cells}</table:table-row>"
    return f'<table:table table:name="{name}">{rows}</table:table>'


def _span(here: str, spans: set[tuple[str, ...]]) -> str:
    for first, last in spans:
        if first == here:
            (top, left), (bottom, right) = position(first), position(last)
            rows, columns = bottom - top + 1, right - left + 1
            return f'table:number-rows-spanned="{rows}" table:number-columns-spanned="{columns}"'
    return ""


def _ods_value(value: Any, attributes: str) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, dict) and "error" in value:
        attributes = (
            'table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error"'
        )
        return f"<table:table-cell {attributes}><text:p>{value['error']}</text:p></table:table-cell>"
    if isinstance(value, dict) and "shown" in value:
        return f"<table:table-cell><text:p>{value['shown']}</text:p></table:table-cell>"
    if isinstance(value, dict) and "noted" in value:
        note = f"<office:annotation><text:p>{value['noted']}</text:p></office:annotation>"
        return f"<table:table-cell>{note}</table:table-cell>"
    if isinstance(value, dict) and "percentage" in value:
        return f'<table:table-cell office:value-type="percentage" office:value="{value["percentage"]}"/>'
    if isinstance(value, dict) and "currency" in value:
        attributes = (
            f'office:value-type="currency" office:currency="{value["currency"]}" office:value="{value["holds"]}"'
        )
        return f"<table:table-cell {attributes}/>"
    if isinstance(value, dict):
        return f'<table:table-cell table:formula="{value["formula"]}"/>'
    return ods_cell(value, attributes)


def _csv(
    sheet: Sheet,
    delimiter: str = ",",
    encoding: str = "utf-8",
    line_end: str = "\r\n",
    first_line: str | None = None,
) -> bytes:
    stream = io.StringIO(newline="")
    if first_line:
        stream.write(first_line + line_end)
    csv.writer(stream, delimiter=delimiter, lineterminator=line_end).writerows(sheet.rows)
    return stream.getvalue().encode(encoding)


# Beyond what a spreadsheet program writes


def _with_part(
    parts: dict[str, str | bytes],
    name: str = "",
    replace: list[str] | None = None,
    body: str | None = None,
    megabytes: int = 0,
) -> dict[str, str | bytes]:
    if replace:
        assert replace[0] in str(parts[name])
        return parts | {name: str(parts[name]).replace(*replace)}
    if name:
        return parts | {name: body if body is not None else " " * (megabytes << 20)}
    return parts


def _mutilated(content: bytes, replace: list[str] | None = None, keep: float = 1.0, hex: str | None = None) -> bytes:
    if hex is not None:
        return bytes.fromhex(hex)
    if replace:
        old, new = (text.encode() for text in replace)
        assert old in content
        content = content.replace(old, new)
    return content[: int(len(content) * keep)]


def is_zip(path: Path) -> bool:
    """Whether a file is a package."""
    return zipfile.is_zipfile(path)
