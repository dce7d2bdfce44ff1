import struct
import zipfile
from itertools import starmap

import pytest
from openpyxl import Workbook

from loaders import package
from loaders.cells import UnreadableFileError
from loaders.formats import read_workbook
from loaders.number_formats import NumberFormat
from tests.loaders.files import ods_cell, ods_parts, record, xls, xls_cell
from tests.loaders.files import package as package_of


def saved(tmp_path, fill):
    workbook = Workbook()
    fill(workbook.active)
    path = tmp_path / "book.xlsx"
    workbook.save(path)
    return path


def test_a_workbook_is_read_with_types_merges_and_hidden_sheets(tmp_path):
    def fill(sheet):
        sheet["A1"], sheet["A2"], sheet["C2"] = "Title", 1.5, "1,234"
        sheet.merge_cells("A1:B1")
        sheet.parent.create_sheet("Old").sheet_state = "hidden"

    first, old = read_workbook(saved(tmp_path, fill), ".xlsx").sheets
    assert first.rows[1] == [1.5, "", "1,234"]
    assert first.origin(0, 1) == (0, 0)
    assert (first.visible, old.visible) == (True, False)


def test_errors_and_unsaved_formulas_are_told_from_blanks(tmp_path):
    def fill(sheet):
        sheet["A1"], sheet["B1"], sheet["C1"] = "#REF!", "=SUM(1,2)", 3
        sheet["A1"].data_type = "e"

    (sheet,) = read_workbook(saved(tmp_path, fill), ".xlsx").sheets
    assert sheet.faults == {(0, 0): "#REF!", (0, 1): "="}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_is_read_in_the_encodings_spreadsheets_write(tmp_path, encoding):
    path = tmp_path / "report.csv"
    path.write_bytes('Line – a,"£1,234"\r\n"two\r\nlines",(11.2)\r\n'.encode(encoding))
    (sheet,) = read_workbook(path, ".csv").sheets
    assert sheet.rows == [["Line – a", "£1,234"], ["two\r\nlines", "(11.2)"]]
    assert not sheet.typed


@pytest.mark.parametrize(
    ("suffix", "content"), [(".xlsx", b""), (".xlsx", b"not a workbook"), (".csv", b"\0\1"), (".csv", b"\x81\x8d")]
)
def test_what_is_no_spreadsheet_is_refused_in_words(tmp_path, suffix, content):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError):
        read_workbook(path, suffix)


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "LARGEST_UNPACKED", 1 << 20)
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * (2 << 20))
    assert path.stat().st_size < 10_000
    with pytest.raises(UnreadableFileError, match="unpacks to 2 MB"):
        read_workbook(path, ".xlsx")


def test_cells_that_show_another_number_than_they_hold_are_told_in_workbooks_of_every_kind(tmp_path):
    workbook = Workbook()
    for column, number_format in enumerate(("0.0%", "#,##0,", "#,##0.00", '0" %"', "$#,##0", "£#,##0"), 1):
        workbook.active.cell(1, column, 12.5).number_format = number_format
    workbook.save(tmp_path / "book.xlsx")
    assert read_workbook(tmp_path / "book.xlsx", ".xlsx").sheets[0].formats == {
        (0, 0): NumberFormat(2),
        (0, 1): NumberFormat(-3),
        (0, 3): NumberFormat(says="%"),
        (0, 4): NumberFormat(sign="$"),
    }

    thousands = b"#,##0,"
    globals_ = record(0x041E, struct.pack("<HHB", 164, len(thousands), 0) + thousands)
    globals_ += b"".join(record(0x00E0, struct.pack("<HH16x", 0, number)) for number in (0, 10, 164))
    cells = b"".join(record(0x0203, struct.pack("<HHHd", 0, style, style, 12.5)) for style in range(3))
    # Two integers in one record.
    cells += record(0x00BD, struct.pack("<HHHIHIH", 1, 0, 1, 12 << 2 | 2, 0, 13 << 2 | 2, 1))
    xls(tmp_path / "book.xls", {"Sheet": cells}, globals_)
    sheet = read_workbook(tmp_path / "book.xls", ".xls").sheets[0]
    assert sheet.rows == [[12.5, 12.5, 12.5], [12, 13, ""]]
    assert sheet.formats == {(0, 1): NumberFormat(2), (0, 2): NumberFormat(-3), (1, 0): NumberFormat(2)}


def test_the_styles_of_open_document_tell_how_a_number_is_shown(tmp_path):
    kinds = (("style", "style"), ("number", "datastyle"))
    names = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0"' for name, kind in kinds)
    styles = f"""<office:automatic-styles {names}>
        <number:number-style style:name="N1"><number:number number:display-factor="1000"/></number:number-style>
        <number:currency-style style:name="N2P0"><number:currency-symbol>€</number:currency-symbol><number:number/>
        </number:currency-style>
        <number:currency-style style:name="N2"><number:text>-</number:text><number:number/>
        <style:map style:condition="value()&gt;=0" style:apply-style-name="N2P0"/></number:currency-style>
        <number:number-style style:name="N3"><number:number/><number:text> m</number:text></number:number-style>
        <number:number-style style:name="N4"><number:text>about </number:text><number:fraction/></number:number-style>
        <style:style style:name="fraction" style:family="table-cell" style:data-style-name="N4"/>
        <style:style style:name="thousands" style:family="table-cell" style:data-style-name="N1"/>
        <style:style style:name="bold" style:family="table-cell" style:parent-style-name="thousands"/>
        <style:style style:name="euros" style:family="table-cell" style:data-style-name="N2"/>
        <style:style style:name="millions" style:family="table-cell" style:data-style-name="N3"/>
        </office:automatic-styles>"""
    cells = (
        ods_cell(1, 'table:style-name="bold"')
        + ods_cell(2, 'table:style-name="euros"')
        + ods_cell(3, 'table:number-columns-repeated="2"')
        + ods_cell(4, 'table:style-name="fraction"')
    )
    columns = '<table:table-column table:number-columns-repeated="3"/>'
    columns += '<table:table-column table:default-cell-style-name="millions"/><table:table-column/>'
    table = f'<table:table table:name="T">{columns}<table:table-row>{cells}</table:table-row></table:table>'
    parts = ods_parts(table)
    parts["content.xml"] = str(parts["content.xml"]).replace("<office:body>", f"{styles}<office:body>")
    sheet = read_workbook(package_of(tmp_path / "book.ods", parts), ".ods").sheets[0]
    assert sheet.rows == [[1, 2, 3, 3, 4]]
    assert sheet.formats == {
        (0, 0): NumberFormat(-3),
        (0, 1): NumberFormat(sign="€"),
        (0, 3): NumberFormat(says="m"),
    }


def test_formulas_of_old_excel_that_were_never_calculated_are_told_from_those_without_a_result(tmp_path):
    def formula(column, tokens):
        blank_text = b"\x03\0\0\0\0\0\xff\xff"
        body = struct.pack("<HHH8sHIH", 0, column, 0, blank_text, 0, 0, len(tokens)) + tokens
        return record(0x0006, body)

    half, of_nothing = b"\x1e\x01\x00\x1e\x02\x00\x06\x15", b"\x17\0\0"

    def faults(*formulas):
        xls(tmp_path / "book.xls", {"Sheet": xls_cell(1, 0, 1.0) + b"".join(starmap(formula, enumerate(formulas)))})
        return read_workbook(tmp_path / "book.xls", ".xls").sheets[0].faults

    assert faults(of_nothing) == {}
    assert faults(of_nothing, half) == {(0, 0): "=", (0, 1): "="}
    sums = [b"\x25\0\0\1\0\0\0\0\0" + end for end in (b"\x22\1\4\0", b"\x19\x10\0\0", b"\x1e\0\0\x41\x1b\0")]
    assert [faults(each) for each in sums] == [{(0, 0): "="}] * 3


def test_an_error_that_the_reader_does_not_know_is_named_with_its_cell(tmp_path):
    def fill(sheet):
        sheet["A1"], sheet["B2"] = "Line", "#ERROR!"
        sheet["B2"].data_type = "e"

    with pytest.raises(UnreadableFileError, match="its cell B2 on the sheet 'Sheet' shows #ERROR!") as refused:
        read_workbook(saved(tmp_path, fill), ".xlsx")
    assert "Mend the formula" in refused.value.remedy
