"""Files made to harm their reader: each is refused in words, within 512 MiB and 10 seconds."""

import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest

from loaders.archive import store
from loaders.cells import UnreadableFileError
from loaders.formats import read_workbook
from loaders.read import read_batch
from tests.loaders.files import (
    MAIN,
    OFFICE,
    RELATIONS,
    XML,
    compound,
    ods_cell,
    ods_parts,
    package,
    record,
    sheet_data,
    xls,
    xls_cell,
    xlsx_parts,
)

PLACE = ("E06000045", "hr_metrics", "2017-12")
ONE_CELL = sheet_data([["Figure", 1]])
LAUGHS = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPE = f'<!DOCTYPE lolz [<!ENTITY lol0 "lol">{LAUGHS}]>'
MANY = 200_000


def workbook(path: Path, sheet: str = ONE_CELL, **parts: str | bytes) -> Path:
    return package(path, xlsx_parts({"Report": sheet}) | parts)


def with_doctype(part: str) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        parts = xlsx_parts({"Report": ONE_CELL})
        body = str(parts.get(part, f"{XML}<sst>&lol9;</sst>"))
        return package(path, parts | {part: body.replace(XML, XML + DOCTYPE).replace("Figure", "&lol9;")})

    return write


def bomb(path: Path) -> Path:
    """300 MB of blank space in the sheet."""
    part = "xl/worksheets/sheet1.xml"
    parts = xlsx_parts({"Report": ONE_CELL})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            with archive.open(name, "w") as stream:
                stream.write(str(body).encode())
                for _ in range(300 if name == part else 0):
                    stream.write(b" " * (1 << 20))
    return path


def lying_bomb(path: Path) -> Path:
    """The same, in a package that says everywhere that the sheet has 1,000 bytes."""
    bomb(path)
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    true, false = struct.pack("<I", part.file_size), struct.pack("<I", 1_000)
    path.write_bytes(path.read_bytes().replace(true, false))
    return path


def text_told_often(path: Path) -> Path:
    """One text of 30,000 characters that 200,000 cells show: 6 GB for a reader that copies it."""
    cells = "".join(f'<row r="{row + 1}"><c r="A{row + 1}" t="s"><v>0</v></c></row>' for row in range(MANY))
    parts = xlsx_parts({"Report": f"<sheetData>{cells}</sheetData>"})
    relations = str(parts["xl/_rels/workbook.xml.rels"]).replace(
        "</Relationships>",
        f'<Relationship Id="s" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    )
    strings = f'{XML}<sst xmlns="{MAIN}"><si><t>{"x" * 30_000}</t></si></sst>'
    return package(path, parts | {"xl/_rels/workbook.xml.rels": relations, "xl/sharedStrings.xml": strings})


def one_part_as_many_sheets(path: Path) -> Path:
    parts = xlsx_parts({"Report": sheet_data([[1] * 100] * 100)})
    sheets = "".join(f'<sheet name="S{number}" sheetId="{number}" r:id="rId1"/>' for number in range(1, 5_000))
    book = str(parts["xl/workbook.xml"])
    start, end = book.index("<sheets>"), book.index("</sheets>")
    return package(path, parts | {"xl/workbook.xml": f"{book[:start]}<sheets>{sheets}{book[end:]}"})


def far_apart(path: Path) -> Path:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return workbook(path, f'<dimension ref="A1:B2"/><sheetData>{cells}</sheetData>')


def far_apart_without_references(path: Path) -> Path:
    return workbook(path, f"<sheetData>{'<row/>' * MANY}<row>{'<c><v>1</v></c>' * 16_000}</row></sheetData>")


def repeated(path: Path, of_cell: str = 'office:value-type="float" office:value="1"') -> Path:
    cell = f'<table:table-cell {of_cell} table:number-columns-repeated="16384"/>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    return package(path, ods_parts(f'<table:table table:name="Report">{row}</table:table>'))


def merged_everywhere(path: Path) -> Path:
    ranges = '<mergeCell ref="A1:Z999"/>' * 2_000
    return workbook(path, sheet_data([[1] * 26] * 999) + f"<mergeCells>{ranges}</mergeCells>")


def nested(path: Path) -> Path:
    depth = 100_000
    return package(path, ods_parts(f"{'<table:table-row-group>' * depth}{'</table:table-row-group>' * depth}"))


def one_line(path: Path, megabytes: int) -> Path:
    with path.open("wb") as stream:
        for _ in range(megabytes):
            stream.write(b"a," * (1 << 19))
    return path


def part_twice(path: Path) -> Path:
    with zipfile.ZipFile(workbook(path), "a") as archive, pytest.warns(UserWarning):
        archive.writestr("xl/worksheets/sheet1.xml", xlsx_parts({"Report": ONE_CELL})["xl/worksheets/sheet1.xml"])
    return path


def encrypted_xls(path: Path) -> Path:
    return xls(path, {"Report": xls_cell(0, 0, 1.0)}, record(0x002F, bytes(6)))


def encrypted_ods(path: Path) -> Path:
    parts = ods_parts(f'<table:table table:name="R"><table:table-row>{ods_cell(1)}</table:table-row></table:table>')
    return package(
        path, parts | {"META-INF/manifest.xml": "<manifest><encryption-data/></manifest>", "content.xml": "?"}
    )


def encrypted_xlsx(path: Path) -> Path:
    path.write_bytes(compound({"EncryptionInfo": b"\4\0\4\0", "EncryptedPackage": bytes(9_000)}))
    return path


REFUSED: dict[str, tuple[str, Callable[[Path], Path], str, str]] = {
    "zip bomb": (".xlsx", bomb, "file-too-large", "unpacks to 300 MB"),
    "zip bomb that lies about its size": (".xlsx", lying_bomb, "file-unreadable", "not what the package says"),
    "entities in a sheet": (".xlsx", with_doctype("xl/worksheets/sheet1.xml"), "file-unsafe", "document type"),
    "entities in the shared strings": (".xlsx", with_doctype("xl/sharedStrings.xml"), "file-unsafe", "document type"),
    "entities in the relations": (".xlsx", with_doctype("_rels/.rels"), "file-unsafe", "document type"),
    "a part in another encoding": (
        ".xlsx",
        lambda path: workbook(path, **{"xl/styles.xml": "<!DOCTYPE a>".encode("utf-16")}),
        "file-unsafe",
        "not written in UTF-8",
    ),
    "a part named like a path": (
        ".xlsx",
        lambda path: workbook(path, **{"xl/../../../etc/cron.d/x.xml": "<a/>"}),
        "file-unsafe",
        "named like a place outside",
    ),
    "a part twice": (".xlsx", part_twice, "file-unsafe", "twice"),
    "a text told often": (".xlsx", text_told_often, "file-too-large", "memory"),
    "one part as many sheets": (".xlsx", one_part_as_many_sheets, "file-too-large", "span more than"),
    "two cells far apart": (".xlsx", far_apart, "file-too-large", "span more than"),
    "cells without references": (".xlsx", far_apart_without_references, "file-too-large", "span more than"),
    "a cell repeated": (".ods", repeated, "file-too-large", "span more than"),
    "an error repeated": (
        ".ods",
        lambda path: repeated(path, 'calcext:value-type="error"'),
        "file-too-large",
        "span more than",
    ),
    "merged over and over": (".xlsx", merged_everywhere, "file-too-large", "merged cells cover"),
    "nested without end": (".ods", nested, "file-unsafe", "nested deeper"),
    "csv of 200 MB on one line": (".csv", lambda path: one_line(path, 200), "file-too-large", "200.0 MB"),
    "csv of 20 MB on one line": (".csv", lambda path: one_line(path, 20), "file-too-large", "one of its lines has"),
    "csv of line ends": (".csv", lambda path: path.write_bytes(b"\n" * (30 << 20)) and path, "file-too-large", "span"),
    "encrypted xlsx": (".xlsx", encrypted_xlsx, "file-unreadable", "protected by a password"),
    "encrypted xls": (".xls", encrypted_xls, "file-unreadable", "protected by a password"),
    "encrypted ods": (".ods", encrypted_ods, "file-unreadable", "protected by a password"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_words_within_its_limits(settings, tmp_path, name):
    suffix, write, rule, says = REFUSED[name]
    file = write(tmp_path / f"file{suffix}")
    receipt = store(settings, file, *PLACE)
    folder, peak = read_apart(settings, receipt)
    assert 20 << 20 < peak < 512 << 20
    (described,) = json.loads((folder / "submissions.json").read_text())
    (found,) = described["findings"]
    assert (found["rule"], found["severity"]) == (rule, "error")
    assert says in found["message"]
    assert described["held"]


READ = """
import re, resource, sys
from pathlib import Path
from loaders.read import read_batch
from quarterdeck.settings import Settings
print(read_batch(Settings(), *sys.argv[1:3], sys.argv[3:]))
own = int(re.search(r"VmHWM:\\s*([0-9]+)", Path("/proc/self/status").read_text())[1])
print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) << 10)
"""


def read_apart(settings, receipt) -> tuple[Path, int]:
    """Read in a new process; the batch's folder, and the most memory that it or its own processes took, in bytes."""
    read = subprocess.run(
        [sys.executable, "-c", READ, receipt.feed, receipt.reporting_period, receipt.receipt_id],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"QUARTERDECK_HOME": str(settings.home)},
        check=True,
    )
    folder, peak = read.stdout.splitlines()
    return Path(folder), int(peak)


def findings_of(settings, file: Path) -> list[tuple[str, str | None, str | None]]:
    folder = Path(read_batch(settings, *PLACE[1:], [store(settings, file, *PLACE).receipt_id]))
    (described,) = json.loads((folder / "submissions.json").read_text())
    return [(found["rule"], found["sheet"], found["cell"]) for found in described["findings"]]


@pytest.mark.parametrize(
    "formula",
    ["cmd|'/C calc'!A0", 'DDE("cmd","/C calc","a")', "'[1]Last year'!B4*2", 'WEBSERVICE("http://example.test")'],
)
def test_a_formula_that_fetches_from_elsewhere_is_an_error_in_its_cell(settings, tmp_path, formula):
    cell = ("", f"<f>{escape(formula)}</f><v>3</v>")
    file = workbook(tmp_path / "links.xlsx", sheet_data([["Figure", 1], [None, cell]]))
    assert ("external-link", "Report", "B2") in findings_of(settings, file)


def test_a_workbook_that_lists_links_is_an_error_even_where_no_cell_uses_them(settings, tmp_path):
    link = f'{XML}<externalLink xmlns:r="{OFFICE}"><ddeLink ddeService="cmd" ddeTopic="/C calc"/></externalLink>'
    target = f'{XML}<Relationships xmlns="{RELATIONS}"/>'
    file = workbook(
        tmp_path / "links.xlsx",
        **{"xl/externalLinks/externalLink1.xml": link, "xl/externalLinks/_rels/externalLink1.xml.rels": target},
    )
    assert ("external-link", None, None) in findings_of(settings, file)


def test_links_of_other_formats_are_errors_as_well(settings, tmp_path):
    book = xls(
        tmp_path / "a.xls", {"Report": xls_cell(0, 0, 1.0)}, record(0x01AE, struct.pack("<HH", 1, 9) + b"\0book.xls")
    )
    formula = "table:formula=\"of:='file:///C:/book.ods'#$Sheet1.A1\""
    sheet = f'<table:table table:name="R"><table:table-row>{ods_cell(1, formula)}</table:table-row></table:table>'
    opened = package(tmp_path / "a.ods", ods_parts(sheet))
    text = tmp_path / "a.csv"
    text.write_text("Figure,Value\nOne,\"=cmd|'/C calc'!A0\"\n")
    assert ("external-link", None, None) in findings_of(settings, book)
    assert ("external-link", "R", "A1") in findings_of(settings, opened)
    assert ("external-link", "(csv)", "B2") in findings_of(settings, text)


def test_a_path_as_the_name_of_a_sheet_is_an_error(settings, tmp_path):
    name = "../../../etc/passwd"
    file = package(tmp_path / "name.xlsx", xlsx_parts({name: ONE_CELL}))
    assert ("sheet-name-invalid", name, None) in findings_of(settings, file)


def test_a_sheet_that_claims_to_be_huge_is_read_for_what_is_in_it(tmp_path):
    merged = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    claim = f'<dimension ref="A1:XFD1048576"/>{ONE_CELL}{merged}'
    (sheet,) = read_workbook(workbook(tmp_path / "claim.xlsx", claim), ".xlsx").sheets
    assert sheet.rows == [["Figure", 1]]
    assert sheet.origin(0, 1) == (0, 0)


def test_a_cell_that_is_only_formatted_may_stand_anywhere(tmp_path):
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    (sheet,) = read_workbook(workbook(tmp_path / "f.xlsx", f"<sheetData>{cells}</sheetData>"), ".xlsx").sheets
    assert sheet.rows == [[1]]


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_that_was_not_sent_whole_is_refused(tmp_path, kept):
    file = workbook(tmp_path / "whole.xlsx")
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(UnreadableFileError):
        read_workbook(file, ".xlsx")


def test_a_file_that_ends_its_reader_costs_its_batch_nothing(settings, tmp_path, samples):
    good = next(samples.joinpath("southampton", *PLACE[1:]).iterdir())
    receipts = [
        store(settings, file, *PLACE)
        for file in (text_told_often(tmp_path / "a.xlsx"), good, text_told_often(tmp_path / "b.xlsx"))
    ]
    folder = Path(read_batch(settings, *PLACE[1:], [receipt.receipt_id for receipt in receipts]))
    described = json.loads((folder / "submissions.json").read_text())
    assert [each["held"] for each in described] == [True, False, True]
    assert described[1]["rows"] > 20
