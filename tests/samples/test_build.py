"""The samples are what `samples/build.py` writes, and carry the councils' figures but not their sentences."""

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import yaml
from openpyxl.worksheet.worksheet import Worksheet

from quarterdeck.rules import catalogue
from samples import build

# Which sheets hold the figures of a printed table.
SHEETS_OF_TABLES = {
    "nottinghamshire_201809_project_status": ["Appendix B"],
    "nottinghamshire_201809_improving_lives_programmes": ["Appendix C Improving Lives"],
    "nottinghamshire_201809_ict_performance": ["Performance"],
    "nottinghamshire_201809_ict_milestones": ["Milestones"],
    "nottinghamshire_201809_ict_projects_closed": ["Projects closed"],
    "nottinghamshire_201811_smarter_working_capital_profile": ["Capital profile"],
    "nottinghamshire_201811_cloud_investment_profile": ["Cloud programme"],
    "oxfordshire_201906_annex2_table1_core_programme": ["Table 1"],
    "oxfordshire_201906_annex2_table2_2019_20_savings": ["Table 2"],
    "oxfordshire_201906_annex2_table3_future_savings": ["Table 3"],
    "oxfordshire_201906_annex2_savings_long": ["Table 1", "Table 2", "Table 3"],
    "oxfordshire_201906_project_counts": ["Projects"],
    "oxfordshire_201907_dashboard_tiles": ["Dashboard"],
    "southampton_201309_savings_and_fte_proposals": ["Savings and FTE"],
    "southampton_201502_mtfs_figure_a2": ["MTFS Figure A-2.csv"],
    "southampton_201502_savings_by_theme_figure_a4": ["Figure A-4"],
    "southampton_201712_hays_agency_metrics": ["Hays"],
    "southampton_201801_establishment_restructure": ["Establishment"],
}

# Columns of the printed tables that name things or say when; every other text is somebody's sentence.
NAMES = {
    *("project", "programme", "portfolio", "workstream", "component", "theme", "proposal", "milestone", "indicator"),
    *("metric", "tile", "line_item", "area", "phase", "section", "report_section", "period", "implementation_date"),
    *("source", "report_title", "meeting", "model", "period_as_printed"),
    *("source_document", "source_table", "raw_cells", "cells_moved"),
}
RUN_OF_WORDS = 8


@pytest.fixture(scope="module")
def built() -> dict[str, bytes]:
    return build.build_all()


def members(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook: what must be the same whichever compression library packed them."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name) for name in book.namelist()}


def is_workbook(content: bytes) -> bool:
    return zipfile.is_zipfile(io.BytesIO(content))


def test_building_twice_gives_the_same_bytes(built: dict[str, bytes]) -> None:
    assert build.build_all() == built


def test_the_committed_samples_are_what_the_script_builds(built: dict[str, bytes], samples: Path) -> None:
    for path, content in built.items():
        committed = (samples / path).read_bytes()
        if is_workbook(content):
            assert members(committed) == members(content), f"{path} is not what samples/data says; run make samples"
        else:
            assert committed == content, f"{path} is not what samples/data says; run make samples"


def test_nothing_but_what_the_script_builds_lies_among_the_samples(built: dict[str, bytes], samples: Path) -> None:
    found = {path.relative_to(samples).as_posix() for path in samples.rglob("*.*") if path.is_file()}
    sent = {path for path in found if not path.startswith("data/") and path.endswith((".xlsx", ".csv", ".yml"))}
    assert sent == set(built)


def test_no_sample_is_larger_than_60_kilobytes(built: dict[str, bytes]) -> None:
    assert {path: len(content) for path, content in built.items() if len(content) >= 60_000} == {}


@pytest.mark.parametrize(
    ("text", "value", "shown_as"),
    [
        ("2010", 2010, "General"),
        ("2,010", 2010, "#,##0"),
        ("-1,967", -1967, "#,##0"),
        ("-0.550", -0.55, "0.000"),
        ("97.30%", 0.973, "0.00%"),
        ("46%", 0.46, "0%"),
        ("£1,300,000", 1300000, '"£"#,##0'),
        ("'125", "125", "General"),
        ("58.68 %", "58.68 %", "General"),
        ("2018/19", "2018/19", "General"),
        ("", None, "General"),
    ],
)
def test_a_cell_is_read_as_it_is_shown(text: str, value: object, shown_as: str) -> None:
    content = build.parse(text)
    assert (content.value, content.number_format) == (value, shown_as)


def test_a_formula_keeps_the_value_it_was_saved_with(samples: Path) -> None:
    path = samples / "nottinghamshire/budget_monitoring/2018-11/Smarter Working capital profile.xlsx"
    assert openpyxl.load_workbook(path)["Capital profile"]["E9"].value == "=SUM(E7:E8)"
    assert openpyxl.load_workbook(path, data_only=True)["Capital profile"]["E9"].value == 3609


def test_every_broken_file_names_a_rule_and_differs_from_the_sample_it_comes_from(built: dict[str, bytes]) -> None:
    cases = yaml.safe_load((build.DATA / "broken.yml").read_text())
    for name, case in cases.items():
        for expected in case["expect"]:
            assert expected["severity"] == catalogue()[expected["rule"]].severity, name
        if "from" in case:
            assert case["from"].startswith(case["submitted_as"]), name
            assert members(built[f"broken/{name}"]) != members(built[case["from"]]), name
        else:
            assert not is_workbook(built[f"broken/{name}"]), name


# Against the papers


def sample_files(samples: Path) -> list[Path]:
    return sorted(path for path in samples.glob("*/*/????-??/*") if path.is_file())


def rows_of_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="cp1252"))))


def is_figure(value: object) -> bool:
    """Whether a cell holds a number, a formula, or a short text that starts with a number."""
    if isinstance(value, str):
        return value.startswith("=") or (len(value) < 20 and re.match(r"[(\-£]*\d", value) is not None)
    return value is not None


@pytest.mark.reference
def test_the_samples_have_the_shape_and_the_figures_of_what_was_submitted(shared: Path, samples: Path) -> None:
    submitted = {path.relative_to(shared / "inputs") for path in (shared / "inputs").glob("*/*/*/*")}
    assert submitted <= {path.relative_to(samples) for path in sample_files(samples)}
    differences = [
        difference
        for path in sorted(submitted)
        for difference in (
            differences_of_csv(shared / "inputs" / path, samples / path)
            if path.suffix == ".csv"
            else differences_of_workbooks(shared / "inputs" / path, samples / path)
        )
    ]
    assert differences == []


def differences_of_csv(submitted: Path, sample: Path) -> Iterator[str]:
    theirs, ours = rows_of_csv(submitted), rows_of_csv(sample)
    for number, (their_row, our_row) in enumerate(zip(theirs, ours, strict=True), 1):
        if their_row != our_row and not their_row[0].startswith("Note"):
            yield f"{sample.name}, line {number}: {our_row} instead of {their_row}"


def differences_of_workbooks(submitted: Path, sample: Path) -> Iterator[str]:
    for data_only in (False, True):
        theirs = openpyxl.load_workbook(submitted, data_only=data_only)
        ours = openpyxl.load_workbook(sample, data_only=data_only)
        assert ours.sheetnames == theirs.sheetnames, sample.name
        for name in theirs.sheetnames:
            yield from differences_of_sheets(theirs[name], ours[name], f"{sample.name}, {name}")


def differences_of_sheets(theirs: Worksheet, ours: Worksheet, where: str) -> Iterator[str]:
    if ours.sheet_state != theirs.sheet_state:
        yield f"{where}: {ours.sheet_state} instead of {theirs.sheet_state}"
    if {str(merged) for merged in ours.merged_cells.ranges} != {str(merged) for merged in theirs.merged_cells.ranges}:
        yield f"{where}: other cells are merged"
    for row in theirs.iter_rows():
        for cell in row:
            value = ours[cell.coordinate].value
            same = value == cell.value if is_figure(cell.value) else type(value) is type(cell.value)
            if not same:
                yield f"{where}, {cell.coordinate}: {value!r} instead of {cell.value!r}"


def printed_numbers(value: object) -> list[Decimal]:
    """What a reader may take from one cell: 97.3 from 0.973, 800 and 0.8 from £800k, 344 seconds from 5:44 mins."""
    if isinstance(value, float | int):
        number = Decimal(str(value))
        return [number, number * 100]
    if duration := re.fullmatch(r"(\d+)[:.](\d\d) mins", str(value)):
        return [Decimal(duration[1]) * 60 + Decimal(duration[2])]
    found = []
    for sign, digits, thousands in re.findall(r"([(\-]?)£?(\d[\d,]*(?:\.\d+)?)(k?)", str(value)):
        number = Decimal(digits.replace(",", "")) * (-1 if sign else 1)
        found += [number, number * 1000, number / 1000] if thousands else [number]
    return found


def numbers_of_sheets(samples: Path) -> dict[str, Counter[Decimal]]:
    numbers: dict[str, Counter[Decimal]] = {}
    for path in sample_files(samples):
        if path.suffix == ".csv":
            sheets = {path.name: rows_of_csv(path)}
        else:
            book = openpyxl.load_workbook(path, data_only=True)
            sheets = {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}
        for name, rows in sheets.items():
            numbers[name] = Counter(number for row in rows for value in row for number in printed_numbers(value))
    return numbers


@pytest.mark.reference
def test_every_printed_figure_of_a_submitted_table_is_in_the_samples(shared: Path, samples: Path) -> None:
    numbers = numbers_of_sheets(samples)
    with (shared / "reference" / "golden_cells.csv").open(newline="", encoding="utf-8") as file:
        golden = [row for row in csv.DictReader(file) if Path(row["file"]).stem in SHEETS_OF_TABLES]
    wanted: dict[str, Counter[Decimal]] = {}
    for row in golden:
        wanted.setdefault(Path(row["file"]).stem, Counter())[Decimal(row["value"])] += 1
    assert set(wanted) == set(SHEETS_OF_TABLES)
    missing = {
        table: dict(figures - sum((numbers[sheet] for sheet in SHEETS_OF_TABLES[table]), Counter()))
        for table, figures in wanted.items()
    }
    assert {table: figures for table, figures in missing.items() if figures} == {}


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9£%']+", text.lower().replace("’", "'"))


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of eight words; a shorter sentence of five words or more is one run."""
    found = words(text)
    if len(found) < RUN_OF_WORDS:
        return {tuple(found)} if len(found) >= 5 else set()
    return {tuple(found[start : start + RUN_OF_WORDS]) for start in range(len(found) - RUN_OF_WORDS + 1)}


@pytest.mark.reference
def test_no_sentence_of_the_papers_is_in_the_samples(shared: Path) -> None:
    sentences: set[tuple[str, ...]] = set()
    names: set[tuple[str, ...]] = set()
    for path in (shared / "reference" / "published").glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                for column, text in row.items():
                    (names if column in NAMES else sentences).update(runs(text or ""))
    cells = [cell for path in build.DATA.rglob("*.csv") for row in build.read_grid(path) for cell in row]
    said = {" ".join(run): cell for cell in cells for run in runs(cell) & (sentences - names)}
    assert said == {}
