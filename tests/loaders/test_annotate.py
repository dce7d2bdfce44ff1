"""The sender's workbook with what was found marked in it; nothing in it runs."""

import pytest
from openpyxl import load_workbook

from loaders.annotate import annotate
from quarterdeck.rules import finding
from tests.loaders.test_library import BASES, CASES
from tests.loaders.workbooks import build

COMMANDS = ["=cmd|'/C calc'!A0", "+1+cmd|'/C calc'!A0", "-2+3", "@SUM(A1)", '=HYPERLINK("http://example.test")']


def annotated(tmp_path, base, case, *findings):
    source = build(tmp_path / "sent", BASES[base], case)
    target = tmp_path / "annotated.xlsx"
    annotate(source, source.name, findings, target)
    return load_workbook(target)


def formulas(workbook):
    """Cells that a spreadsheet program would calculate."""
    return [
        (sheet.title, cell.coordinate)
        for sheet in workbook.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]


def test_a_finding_is_marked_in_its_cell_and_listed(tmp_path):
    found = finding("number-invalid", "'tbc' stands here.", remedy="Type it.", sheet="Report", cell="D4")
    workbook = annotated(tmp_path, "projects", CASES["word_in_a_number"], found)
    cell = workbook["Report"]["D4"]
    assert cell.value == "tbc"
    assert "'tbc' stands here." in cell.comment.text
    assert cell.fill.fgColor.rgb.endswith("FFC7CE")
    listed = [row[:6] for row in workbook["Findings"].iter_rows(min_row=2, values_only=True)]
    assert listed == [("error", "Report", "D4", "'tbc' stands here.", "Type it.", "sender")]


@pytest.mark.parametrize("place", ["3:3", "E:E", "A3:C4"])
def test_rows_and_columns_are_marked_whole(tmp_path, place):
    found = finding("column-missing", "A column is missing.", sheet="Report", cell=place)
    workbook = annotated(tmp_path, "projects", {}, found)
    marked = [cell for row in workbook["Report"].iter_rows() for cell in row if cell.fill.fill_type]
    assert len(marked) > 5


@pytest.mark.parametrize("command", COMMANDS)
def test_a_text_that_would_run_is_written_as_text(tmp_path, command):
    found = finding("number-invalid", command, remedy=command, sheet="(csv)", cell="A2")
    workbook = annotated(tmp_path, "savings", {"change": [{"set": {"A2": command}}]}, found)
    assert formulas(workbook) == []
    cell = workbook[workbook.sheetnames[1]]["A2"]
    assert (cell.value, cell.quotePrefix) == (command, True)
    message = workbook["Findings"]["D2"]
    assert (message.value, message.quotePrefix) == (command, True)


def test_a_formula_that_fetches_from_elsewhere_is_left_as_its_text(tmp_path):
    workbook = annotated(tmp_path, "projects", CASES["formula_that_starts_a_program"])
    assert formulas(workbook) == []
    assert "calc" in workbook["Report"]["D4"].value


def test_a_formula_of_the_sender_s_own_stays_one(tmp_path):
    workbook = annotated(tmp_path, "projects", CASES["formula_that_was_saved"])
    assert formulas(workbook) == [("Report", "D6")]


@pytest.mark.parametrize("name", ["workbook_under_a_password", "file_without_a_byte"])
def test_of_a_file_that_cannot_be_read_the_list_alone_is_written(tmp_path, name):
    found = finding("file-unreadable", "It was not read.")
    workbook = annotated(tmp_path, "projects", CASES[name], found)
    assert workbook.sheetnames == ["Findings"]


def test_characters_that_no_workbook_may_hold_are_left_out_of_the_marks(tmp_path):
    found = finding("number-invalid", "'12\x0b3' stands here.", remedy="Type it.", sheet="Report", cell="D4")
    workbook = annotated(tmp_path, "projects", {"change": [{"set": {"D4": "12_x000B_3"}}]}, found)
    assert "'123' stands here." in workbook["Report"]["D4"].comment.text
