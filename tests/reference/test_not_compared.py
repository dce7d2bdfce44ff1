"""What becomes of the checks when a sender renames a row, or says more than was asked."""

import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from expectations import audit, pending
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect
from tests import pipeline
from transform import candidate

pytestmark = pytest.mark.reference

PERIOD = Path("nottinghamshire") / "highlight_report" / "2018-09"
REPORT, FIGURES = "Project Status Report September 2018.xlsx", "Report figures Progress Report.xlsx"
INDICATORS = Path("nottinghamshire") / "performance_indicators" / "2018-09"
STOPPED = ["portfolio", "portfolio by year", "portfolio of programmes", "portfolio of programmes by year"]


@pytest.fixture(scope="module")
def build(shared: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A quarter whose report names its portfolio otherwise, and tells one figure for two quarters and another twice."""
    settings = Settings(home=tmp_path_factory.mktemp("not_compared"))
    folder = settings.landing / PERIOD
    folder.mkdir(parents=True)
    shutil.copyfile(shared / "inputs" / PERIOD / REPORT, folder / REPORT)
    shutil.copyfile(samples / PERIOD / FIGURES, folder / FIGURES)
    shutil.copytree(shared / "inputs" / INDICATORS, settings.landing / INDICATORS)
    book = openpyxl.load_workbook(folder / REPORT)
    assert book["Appendix C Improving Lives"]["B7"].value == "Improving Lives Portfolio"
    book["Appendix C Improving Lives"]["B7"] = "Better Lives Portfolio"
    book.save(folder / REPORT)
    book = openpyxl.load_workbook(folder / FIGURES)
    sheet = book.worksheets[0]
    sheet.append(["Narrative", "Calls dropped", None, "Q1 2018/19", 1500, "calls", "ICT report C014"])
    sheet.append(["Narrative", "Chc over", "again", "2018/19", 1, "GBP k", "Appendix C"])
    book.save(folder / FIGURES)
    pipeline.ingest(settings)
    partitions = pending.pending_partitions(settings)
    candidate.build(settings)
    audit.audit(settings, partitions)
    return settings


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(settings, read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("check", STOPPED)
def test_a_renamed_row_stops_its_checks_and_is_named(build: Settings, check: str) -> None:
    missing = "Not made: nothing was found for Improving Lives Portfolio in appendix_c."
    assert rows(
        build, f"select verdict, severity, note, sheet from marts.reconciliation where check_id = '{check}'"
    ) == [("not_made", "warning", missing, "Appendix C Improving Lives")]
    found = rows(build, "select file_name, message from raw.findings where rule = 'tables-not-compared'")
    assert [file for file, message in found if str(message).endswith(missing)] == [REPORT] * len(STOPPED)


def test_a_figure_of_another_period_changes_nothing(build: Settings) -> None:
    assert rows(build, "select verdict, recomputed_value from marts.reconciliation where check_id = 'calls taken'") == [
        ("agrees", 11907)
    ]


def test_two_figures_where_one_is_meant_are_not_added_up(build: Settings) -> None:
    ((verdict, note),) = rows(
        build,
        "select verdict, note from marts.reconciliation where check_id = 'continuing health care: over achievement'",
    )
    assert verdict == "not_made"
    assert note.startswith("Not made: 2 figures fit Chc over")
