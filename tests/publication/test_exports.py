"""The files of a version, read by the libraries that others read them with."""

import csv
import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import open_data_contract_standard
import openpyxl
import pytest
import yaml
from csvw import CSVW
from frictionless import Package
from open_data_contract_standard.model import OpenDataContractStandard

from publication.exports import DICTIONARY, WORKBOOK
from publication.packages import CONTRACT, DATA_PACKAGE
from publication.packages import CSVW as CSVW_FILE
from publication.publish import publish
from publication.workbook import BLANK
from tests.publication.candidates import HAMPTON, Candidate, Project, read
from tests.publication.test_disclosure import META, agency

DANGEROUS = [
    "=1+1",
    "=HYPERLINK(A1)",
    "+44 20 7946 0000",
    "@sum(A1)",
    "-2+3",
    "\t=1",
    "'=1",
    "-12.50",
    "+7",
    'a, "quoted"\r\nline',
    "[link](target)",
    "$$note$$",
    "—",
    "£3m–£4m, año",
    "",
    " ",
    "x" * 40_000,
]


@pytest.fixture
def version(candidate: Candidate) -> Path:
    """A version with a suppressed figure, and projects whose comments every kind of reader might stumble on."""
    candidate.settings.workbook = True
    candidate.meta |= META
    candidate.extra_sql = agency((3, 40, 67))
    candidate.projects += [
        Project(HAMPTON, f"Project {number}", Decimal("-1234.50"), commentary=text)
        for number, text in enumerate(DANGEROUS)
    ]
    candidate.build()
    publish(candidate.settings)
    return candidate.settings.published / "v00001"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_data_package_is_valid_and_its_data_fit(version: Path) -> None:
    package = Package(str(version / "csv" / DATA_PACKAGE))
    report = package.validate()

    assert report.valid, report.flatten(["title", "message"])
    assert {resource.name for resource in package.resources} == {path.stem for path in (version / "csv").glob("*.csv")}


def test_the_data_package_is_of_the_second_edition_with_labels_for_what_is_missing(version: Path) -> None:
    package = json.loads((version / "csv" / DATA_PACKAGE).read_text())
    (agency_mart,) = [each for each in package["resources"] if each["name"] == "agency_workforce"]
    fields = {field["name"]: field for field in agency_mart["schema"]["fields"]}

    assert package["$schema"].endswith("/2.0/datapackage.json")
    assert {"value": "[c]", "label": "suppressed, to protect people who could be recognised"} in fields[
        "shift_workers"
    ]["missingValues"]
    assert fields["month"]["missingValues"] == [{"value": "", "label": "blank"}]
    assert (fields["shift_workers"]["type"], agency_mart["schema"]["primaryKey"]) == (
        "integer",
        ["organisation_code", "quarter", "month"],
    )


def test_a_file_that_does_not_fit_is_told(version: Path) -> None:
    """The validators can say no."""
    table = version / "csv" / "agency_workforce.csv"
    table.chmod(0o644)
    table.write_text(table.read_text().replace(",67,", ",many,"))

    assert not Package(str(version / "csv" / DATA_PACKAGE)).validate().valid
    assert not CSVW(str(version / "csv" / CSVW_FILE), validate=True).is_valid


def test_the_csv_metadata_are_valid_and_read_what_was_published(version: Path) -> None:
    found = CSVW(str(version / "csv" / CSVW_FILE), validate=True)
    assert found.is_valid

    (agency_mart,) = [table for table in found.tables if table.local_name == "agency_workforce.csv"]
    assert [row["shift_workers"] for row in agency_mart] == [None, None, 67]


def test_the_contract_is_one_of_the_open_standard(version: Path) -> None:
    schema_file = Path(open_data_contract_standard.__file__).with_name("schema.json")
    schema = json.loads(schema_file.read_text())
    text = (version / CONTRACT).read_text()
    contract: dict[str, Any] = yaml.safe_load(text)

    jsonschema.validators.validator_for(schema)(schema).validate(contract)
    typed = OpenDataContractStandard.from_string(text)
    tables = {table.name: table for table in typed.schema_ or []}
    assert set(tables) == {path.stem for path in (version / "csv").glob("*.csv")}
    keys = [each.name for each in tables["agency_workforce"].properties or [] if each.primaryKey]
    assert keys == ["organisation_code", "quarter", "month"]
    contract["schema"][0]["properties"][0]["logicalType"] = "colour"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validators.validator_for(schema)(schema).validate(contract)


def test_a_text_that_a_spreadsheet_would_run_has_an_apostrophe_and_no_number_changes(version: Path) -> None:
    rows = rows_of(version / "csv" / "project_status.csv")
    comments = {row["project"]: row["commentary"] for row in rows if row["project"].startswith("Project ")}

    for number, text in enumerate(DANGEROUS):
        shown = comments[f"Project {number}"]
        assert shown in (text, f"'{text}")
        assert not re.match(r"[=+\-@\t\r]", shown) or re.fullmatch(r"[+-]\d+(\.\d+)?", shown)
    assert comments["Project 7"] == "-12.50"
    assert {row["target_gbp"] for row in rows if row["project"] in comments} == {"-1234.50"}


def test_csv_is_what_the_standard_says(version: Path) -> None:
    text = (version / "csv" / "agency_workforce.csv").read_bytes().decode("utf-8")

    assert text.count("\r\n") == text.count("\n") == 4
    assert not text.startswith("\ufeff")
    assert [row["shift_workers"] for row in rows_of(version / "csv" / "agency_workforce.csv")] == ["[c]", "[c]", "67"]


def test_the_dictionary_has_every_column_with_dbts_words(candidate: Candidate) -> None:
    candidate.descriptions["project_status"] = ("One row a project.", {"project": "The project,\n as printed."})
    candidate.build()
    publish(candidate.settings)
    folder = candidate.settings.published / "v00001"
    rows = {(row["mart"], row["column"]): row for row in rows_of(folder / DICTIONARY)}

    assert rows["project_status", ""]["description"] == "One row a project."
    assert rows["project_status", "project"]["description"] == "The project, as printed."
    assert rows["project_status", "target_gbp"]["type"] == "decimal(18,2)"
    columns = read(candidate.settings, "select table_name, column_name from information_schema.columns")
    assert {key for key in rows if key[1]} == set(columns)


def test_an_unchanged_mart_is_the_earlier_versions_file(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    candidate.decide(HAMPTON, "published", "h2")
    candidate.build()
    publish(candidate.settings)
    first, second = (candidate.settings.published / name for name in ("v00001", "v00002"))

    for kind in ("csv", "parquet"):
        assert (first / kind / f"organisations.{kind}").samefile(second / kind / f"organisations.{kind}")
        assert not (first / kind / f"project_status.{kind}").samefile(second / kind / f"project_status.{kind}")


def sheets(version: Path) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(version / WORKBOOK)
    return {sheet.title: [tuple(cell.value for cell in row) for row in sheet.iter_rows()] for sheet in book.worksheets}


def test_the_workbook_keeps_the_accessibility_checklist(version: Path) -> None:
    book = openpyxl.load_workbook(version / WORKBOOK)

    assert book.sheetnames[:4] == ["Cover", "Contents", "Notes", "Data dictionary"]
    assert book.active.title == "Cover"
    assert book.properties.title
    for sheet in book.worksheets:
        assert not sheet.merged_cells.ranges, sheet.title
        assert sheet.sheet_state == "visible"
        assert not [row for row, size in sheet.row_dimensions.items() if size.hidden]
        assert not [column for column, size in sheet.column_dimensions.items() if size.hidden]
        assert sheet["A1"].value and sheet["A1"].font.bold
        assert not sheet._images and not sheet._charts
        assert re.fullmatch(r"[\w ]+", sheet.title)
        lines = list(sheet.iter_rows(values_only=True))
        assert all(any(value is not None for value in line) for line in lines), f"a blank row in {sheet.title}"
        if sheet.title == "Cover":
            continue
        assert "This worksheet contains one table." in " ".join(str(line[0]) for line in lines[:4])
        assert len(sheet.tables) == 1
        (table,) = sheet.tables.values()
        start, end = table.ref.split(":")
        assert start.startswith("A") and end == f"{openpyxl.utils.get_column_letter(sheet.max_column)}{sheet.max_row}"
        assert table.headerRowCount == 1
        cells = [cell for row in sheet[table.ref] for cell in row]
        assert all(cell.value not in (None, "") for cell in cells), f"an empty cell in {sheet.title}"
        assert len({cell.value for cell in sheet[table.ref][0]}) == len(sheet[table.ref][0])


def test_the_contents_name_every_sheet_and_link_to_it(version: Path) -> None:
    book = openpyxl.load_workbook(version / WORKBOOK)
    links = {cell.value: cell.hyperlink for (cell,) in book["Contents"]["A3:A100"] if cell.hyperlink}

    assert set(links) == set(book.sheetnames) - {"Cover", "Contents", "Notes"}


def test_notes_are_numbered_and_explained(version: Path) -> None:
    found = sheets(version)
    title = found["agency_workforce"][0][0]

    assert re.findall(r"\[note (\d)\]", title) == ["1", "2"]
    assert [row[0] for row in found["Notes"][-2:]] == [1, 2]
    assert "[c] suppressed" in found["Notes"][-2][1]


def test_the_workbook_shows_figures_as_numbers_and_shorthand_where_they_are_withheld(version: Path) -> None:
    found = sheets(version)
    header = next(row for row in found["agency_workforce"] if row[0] == "Organisation code")
    workers = header.index("Shift workers")
    shown = [row[workers] for row in found["agency_workforce"][found["agency_workforce"].index(header) + 1 :]]
    assert shown == ["[c]", "[c]", 67]
    assert "Shift workers token" not in header

    header = next(row for row in found["project_status"] if row[0] == "Organisation code")
    rows = found["project_status"][found["project_status"].index(header) + 1 :]
    by_name = {row[header.index("Project")]: row for row in rows}
    target, comment = header.index("Target (£)"), header.index("Commentary")
    assert (by_name["Project 0"][target], by_name["Highways"][target]) == (-1234.5, BLANK)
    assert by_name["Project 0"][comment] == "=1+1"
    assert by_name["Project 12"][comment] == "printed as —"


def test_no_cell_of_the_workbook_is_a_formula(version: Path) -> None:
    with zipfile.ZipFile(version / WORKBOOK) as archive:
        assert not [name for name in archive.namelist() if "sheet" in name and b"<f>" in archive.read(name)]


def test_a_long_mart_is_left_to_the_other_files(candidate: Candidate) -> None:
    candidate.settings.workbook = True
    candidate.extra_sql = [
        "insert into marts.project_status by name select 'E06000001' as organisation_code, '2018-19 Q2' as quarter, "
        "'P' || range as project from range(5001)"
    ]
    candidate.build()
    publish(candidate.settings)
    found = sheets(candidate.settings.published / "v00001")

    assert "project_status" not in found
    assert any("In the CSV and Parquet files only: project_status." in str(row[0]) for row in found["Cover"])
