"""Published figures traced to the councils' workbooks, and the cells read again by another reader."""

import csv
import json
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from publication.contract import PARTITION
from publication.manifest import Origins, read_origins
from publication.recompute import WORDS
from publication.sql import is_numeric, records
from publication.store import MARTS_FILE, switch
from publication.trace import Figure, Trace, Tracer, trace
from quarterdeck.cli.trace import ArchivedCells
from quarterdeck.settings import Settings

pytestmark = pytest.mark.reference

OF_LINEAGE = "lineage_"


@dataclass(frozen=True)
class Printed:
    """A published figure and where it was found by hand; `file` ends the file's name, the cell holds `holds`."""

    mart: str
    key: str
    column: str
    value: str
    file: str
    sheet: str
    cell: str
    holds: Any


PRINTED = [
    Printed("project_status", "Commissioning of hospital discharge packages", "target_gbp", "130000.00",
            "September 2018.xlsx", "Appendix B", "H15", 130),
    Printed("savings_profile", "component=Reducing Third Party Spend, savings_year=2020-21, measure=high", "amount_gbp",
            "2940000.00", "Q1 2019-20.xlsx", "Table 3", "C9", -2.94),
    Printed("programme_status", "Commissioning & Direct Services, source_table=appendix_c", "at_risk_gbp", "84000.00",
            "September 2018.xlsx", "Appendix C Improving Lives", "N36", 84),
    Printed("milestones", "Team Manager and Group Manager Focus Groups", "due_text", "Autumn 2018",
            "September 2018.xlsx", "Appendix A Milestones", "B168", "Autumn 2018"),
    Printed("performance_indicators", "B053", "actual", "67.0000", "Q2 2018-19.xlsx", "Performance", "E18", 0.67),
    Printed("performance_indicator_history", "C011, measured_quarter=2018-19 Q1", "actual", "351.0000",
            "Q2 2018-19.xlsx", "Performance", "D24", "5:51 mins"),
    Printed("agency_workforce", "2017-11", "shifts_unfilled", "9", "HR update.xlsx", "Hays", "F7", 9),
    Printed("establishment_change", "C&F (Early Years and Education)", "reduction_fte", "23.1100", "HR update.xlsx",
            "Establishment", "C7", 23.11),
    Printed("capital_profile", "ICT Equipment, profile=Potential profile (Nov 18), fiscal_year=2018-19", "amount_gbp",
            "1384000.00", "capital profile.xlsx", "Capital profile", "C15", 1384),
    Printed("medium_term_finance", "Council Tax, fiscal_year=2016-17", "amount_gbp", "-78800000.00", "Figure A-2.csv",
            "(csv)", "C31", "(78.8)"),
    Printed("programme_dashboard", "planned_spend", "reported_value", "17900000.0000", "report Q1 2019-20.xlsx",
            "Dashboard", "J5", "£17.9m"),
    Printed("workforce_indicators", "agency_spend_reduction", "value", "1990000.0000", "HR update.xlsx",
            "Other figures", "B6", "£1.99M"),
    Printed("staffing_proposals", "Children's Services management establishment reductions", "amount_gbp", "250000.00",
            "transformation.xlsx", "Savings and FTE", "G6", "£250,000k"),
    Printed("risks", "A reduction in service quality, sustainability and delivery", "residual_rating", "Medium",
            "report Q1 2019-20.xlsx", "Risk register", "D5", "Medium"),
]  # fmt: skip

# Derived figures: the value, and every cell it is made from.
DERIVED = [
    ("portfolio_savings", "Place", "net_at_risk_gbp", "686000.00", {"Appendix B!N64"}),
    ("agency_workforce_quarterly", "measured_quarter=2017-18 Q3", "shifts_unfilled", "49",
     {"Hays!E7", "Hays!F7", "Hays!G7"}),
    ("milestone_delivery", "2018-19 Q2", "delivered_percent_recomputed", "47.62",
     {"Milestones!B5", "Milestones!B6", "Milestones!B7", "Milestones!B8"}),
    ("establishment_change", "I,P&D", "unexplained_fte", "-2.2000",
     {"Establishment!D7", "Establishment!D8", "Establishment!D9", "Establishment!D13"}),
    ("capital_profile", "ICT Equipment, profile=Potential profile (Nov 18), fiscal_year=2018-19",
     "change_from_original_gbp", "379000.00", {"Capital profile!C7", "Capital profile!C15"}),
    ("programme_dashboard", "savings_achieved_percent", "value", "15.3366", {"Table 2!C11", "Table 2!G11"}),
    ("performance_indicators", "B053", "variance_percent", "-21.18", {"Performance!E18", "Performance!F18"}),
]  # fmt: skip


def traced(home: Settings, mart: str, key: str, column: str) -> Figure:
    found: Trace = trace(home, ArchivedCells(home), mart, key, column)
    return found.figures[0]


def held(path: Path, sheet: str, cell: str) -> Any:
    """What a cell of a submitted file holds, read without any of our code."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="cp1252") as stream:
            return list(csv.reader(stream))[int(cell[1:]) - 1][ord(cell[0]) - ord("A")]
    return openpyxl.load_workbook(path, data_only=True)[sheet][cell].value


@pytest.mark.parametrize("printed", PRINTED, ids=lambda printed: printed.mart)
def test_a_figure_leads_to_its_cell(published_home: Settings, shared: Path, printed: Printed) -> None:
    figure = traced(published_home, printed.mart, printed.key, printed.column)

    assert figure.cell and figure.sound
    assert str(figure.value) == printed.value
    assert (figure.cell.sheet, figure.cell.cell) == (printed.sheet, printed.cell)
    assert figure.cell.file_name and figure.cell.file_name.endswith(printed.file)
    (file,) = (shared / "inputs").rglob(figure.cell.file_name)
    assert held(file, printed.sheet, printed.cell) == printed.holds


@pytest.mark.parametrize(("mart", "key", "column", "value", "cells"), DERIVED, ids=[case[0] for case in DERIVED])
def test_a_derived_figure_leads_to_all_its_cells(
    published_home: Settings, mart: str, key: str, column: str, value: str, cells: set[str]
) -> None:
    figure = traced(published_home, mart, key, column)

    assert (str(figure.value), figure.agrees, figure.sound) == (value, True, True)
    assert {f"{cell.sheet}!{cell.cell}" for cell in figure.cells} == cells


# Figures changed in the published marts to what stands beside them, or to the same digits of another size.
TAMPERED = [
    ("report_figures", "value = 17800", "figure = 'Savings target' and item like 'Adult Social Care%'",
     "figure=Savings target, item=Adult Social Care & Health", "value", 17_800_000),
    ("performance_indicators", "actual = 4.93", "indicator_code = 'C001A01'", "C001A01", "actual", Decimal("4.73")),
    ("performance_indicators", "actual = 4.73", "indicator_code = 'C002A01'", "C002A01", "actual", Decimal("4.93")),
    ("scores", "score = maximum", "item like 'Sophos%'", "item=Sophos End Point Protection Renewal", "score", 8),
    ("reconciliation", "verdict = 'agrees'", "check_id = 'calls dropped'", "calls dropped", "verdict", "rounds"),
]  # fmt: skip


@pytest.fixture
def tampered_home(published_home: Settings, tmp_path: Path) -> Settings:
    """The same archive, and a copy of the version whose marts may be written."""
    settings = Settings(home=tmp_path)
    settings.published.mkdir(parents=True)
    shutil.copytree(published_home.published / "v00001", settings.published / "v00001")
    (settings.published / "v00001" / MARTS_FILE).chmod(0o600)
    switch(settings, "v00001")
    settings.archive.symlink_to(published_home.archive)
    return settings


@pytest.mark.parametrize(("mart", "change", "where", "key", "column", "origin"), TAMPERED)
def test_another_reading_of_the_cell_is_not_taken_for_the_figure(
    tampered_home: Settings, mart: str, change: str, where: str, key: str, column: str, origin: Any
) -> None:
    path = tampered_home.published / "v00001" / MARTS_FILE
    assert traced(tampered_home, mart, key, column).agrees
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"update {mart} set {change} where {where}")

    figure = traced(tampered_home, mart, key, column)

    assert (figure.recomputed, figure.agrees, figure.sound) == (origin, False, False)


@pytest.fixture(scope="module")
def manifest(published_home: Settings) -> Origins:
    return read_origins(published_home, "v00001")


def test_every_published_number_is_what_its_origin_comes_to(
    published_home: Settings, manifest: Origins, marts: duckdb.DuckDBPyConnection
) -> None:
    """Cell by cell and rule by rule, over every row of every partitioned mart."""
    tracer = Tracer(marts, manifest, ArchivedCells(published_home))
    wrong, numbers = [], 0
    for mart, content in manifest.marts.items():
        if content.publish != PARTITION or mart.startswith(OF_LINEAGE):
            continue
        for row in records(marts, f"select * from main.{mart}"):
            for column, kind in content.columns.items():
                figure = tracer.figure(mart, row, column)
                numeric = is_numeric(kind) and row[column] is not None
                numbers += numeric
                untold = numeric and figure.agrees is None and figure.arithmetic != WORDS
                if untold or not figure.sound:
                    wrong.append((mart, figure.key, column, figure.value, figure.recomputed))
    assert wrong == []
    assert numbers > 2000


def test_every_filled_number_names_its_cell_or_has_a_rule(manifest: Origins, marts: duckdb.DuckDBPyConnection) -> None:
    ruled = set(marts.execute("select mart, column_name from main.lineage").fetchall())
    without = []
    for mart, content in manifest.marts.items():
        if content.publish != PARTITION or mart.startswith(OF_LINEAGE):
            continue
        for row in records(marts, f"select * from main.{mart}"):
            cells = json.loads(row.get("cells") or "{}")
            without += [
                (mart, column)
                for column, kind in content.columns.items()
                if is_numeric(kind) and row[column] is not None and column not in cells and (mart, column) not in ruled
            ]
    assert without == []


def test_the_lineage_costs_less_than_half_of_the_marts(published_home: Settings, tmp_path: Path) -> None:
    """In Parquet, where every table has a file of its own: the same marts with and without what tells their origin."""
    version = published_home.published / "current"
    whole = sum(path.stat().st_size for path in version.glob("parquet/*.parquet"))
    bare = 0
    with duckdb.connect() as connection:
        for path in version.glob("parquet/*.parquet"):
            if path.stem.startswith("lineage"):
                continue
            names = [name for name, *_ in connection.execute(f"describe from '{path}'").fetchall()]
            origin = ["submission_id", "sheet", "cells"] if "cells" in names else []
            kept = ", ".join(f'"{name}"' for name in names if name not in origin)
            copy = tmp_path / path.name
            connection.execute(f"copy (select {kept} from '{path}') to '{copy}' (format parquet, compression zstd)")
            bare += copy.stat().st_size
    assert 0 < whole - bare < bare / 2
