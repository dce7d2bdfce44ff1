"""Workbooks written byte by byte, for what spreadsheet libraries do not write."""

import struct
import zipfile
from html import escape
from pathlib import Path
from typing import Any

from loaders.cells import address

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def package(path: Path, parts: dict[str, str | bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip of these parts."""
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return path


def xlsx_parts(sheets: dict[str, str]) -> dict[str, str | bytes]:
    """The parts of an .xlsx file; of every sheet, what stands in its worksheet element."""
    numbered = list(enumerate(sheets, 1))
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for number, _ in numbered
    )
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>' for number, name in numbered
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number, _ in numbered
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        f"{overrides}</Types>",
        "_rels/.rels": f'{XML}<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{RELATIONS}">{relations}</Relationships>',
    }
    for number, name in numbered:
        parts[f"xl/worksheets/sheet{number}.xml"] = f'{XML}<worksheet xmlns="{MAIN}">{sheets[name]}</worksheet>'
    return parts


def sheet_data(rows: list[list[Any]]) -> str:
    """The sheetData element of rows of text and numbers; a tuple is the attributes and the content of its cell."""
    return f"<sheetData>{''.join(_row(number, row) for number, row in enumerate(rows))}</sheetData>"


def _row(number: int, row: list[Any]) -> str:
    cells = "".join(_cell(address(number, column), value) for column, value in enumerate(row) if value is not None)
    return f'<row r="{number + 1}">{cells}</row>'


def _cell(reference: str, value: Any) -> str:
    if isinstance(value, tuple):
        attributes, content = value
        return f'<c r="{reference}" {attributes}>{content}</c>'
    if isinstance(value, str):
        return f'<c r="{reference}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{reference}"><v>{value}</v></c>'


def ods_parts(content: str) -> dict[str, str | bytes]:
    """The parts of an .ods file with that content of its spreadsheet element."""
    names = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    return {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": f'{XML}<office:document-content {names} {calc} office:version="1.2"><office:body>'
        f"<office:spreadsheet>{content}</office:spreadsheet></office:body></office:document-content>",
        "META-INF/manifest.xml": f"{XML}<manifest/>",
    }


def ods_cell(value: Any, attributes: str = "") -> str:
    """One cell of an .ods table."""
    if isinstance(value, str):
        shown = f"<text:p>{escape(value)}</text:p>"
        return f'<table:table-cell office:value-type="string" {attributes}>{shown}</table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}" {attributes}/>'


# .xls: records in the stream of a compound file


def record(kind: int, body: bytes = b"") -> bytes:
    """One record."""
    return struct.pack("<HH", kind, len(body)) + body


def xls_cell(row: int, column: int, value: str | float) -> bytes:
    """The record of a text or a number."""
    if isinstance(value, str):
        return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(value), 1) + value.encode("utf-16-le"))
    return record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def xls_error(row: int, column: int, code: int) -> bytes:
    """The record of a cell in error."""
    return record(0x0205, struct.pack("<HHHBB", row, column, 0, code, 1))


def xls_hidden_row(row: int) -> bytes:
    """The record that hides a row."""
    return record(0x0208, struct.pack("<HHHHHHHH", row, 0, 9, 255, 0, 0, 0x20, 0))


def xls_hidden_columns(first: int, last: int) -> bytes:
    """The record that hides columns."""
    return record(0x007D, struct.pack("<HHHHHH", first, last, 2000, 0, 1, 0))


def xls(path: Path, sheets: dict[str, bytes], globals_: bytes = b"") -> Path:
    """An .xls file; of every sheet, the records of its cells."""
    begin = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    begin_sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    end = record(0x000A)
    bodies = [begin_sheet + body + end for body in sheets.values()]

    def listed(starts: list[int]) -> bytes:
        return b"".join(
            record(0x0085, struct.pack("<IBBBB", start, 0, 0, len(name), 1) + name.encode("utf-16-le"))
            for name, start in zip(sheets, starts, strict=True)
        )

    size = len(begin + globals_ + listed([0] * len(sheets)) + end)
    starts = [size + sum(map(len, bodies[:number])) for number in range(len(bodies))]
    stream = begin + globals_ + listed(starts) + end + b"".join(bodies)
    path.write_bytes(compound({"Workbook": stream}))
    return path


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file of streams, each padded to at least 4,096 bytes."""
    padded = {name: body.ljust(max(4096, -(-len(body) // 512) * 512), b"\0") for name, body in streams.items()}
    entries = [_entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)]
    chains: list[int] = []
    for number, (name, body) in enumerate(padded.items(), 1):
        first, count = len(chains), len(body) // 512
        chains += [*range(first + 1, first + count), 0xFFFFFFFE]
        entries.append(_entry(name, 2, first, len(body), right=number + 1 if number < len(padded) else 0xFFFFFFFF))
    directory_start = len(chains)
    directory = b"".join(entries).ljust(-(-len(entries) * 128 // 512) * 512, b"\0")
    count = len(directory) // 512
    chains += [*range(directory_start + 1, directory_start + count), 0xFFFFFFFE]
    tables = -(-(len(chains) + 1) // 127)
    table_start = len(chains)
    chains += [0xFFFFFFFD] * tables
    table = struct.pack(f"<{tables * 128}I", *chains, *[0xFFFFFFFF] * (tables * 128 - len(chains)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, tables, directory_start, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *range(table_start, table_start + tables), *[0xFFFFFFFF] * (109 - tables))
    return header + b"".join(padded.values()) + directory + table


def _entry(name: str, kind: int, first: int, size: int, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF) -> bytes:
    written = name.encode("utf-16-le")
    head = written.ljust(64, b"\0") + struct.pack("<HBB", len(written) + 2, kind, 1)
    return head + struct.pack("<III", 0xFFFFFFFF, right, child) + bytes(36) + struct.pack("<IQ", first, size)
