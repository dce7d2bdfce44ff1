"""The main job with the real scheduler: what councils sent becomes published marts, and a broken file holds its own.

One data root, three runs on it in this order: the samples; nothing new; a broken file of one council.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest

pytestmark = pytest.mark.e2e

NOTTINGHAMSHIRE, SOUTHAMPTON = "E10000024", "E06000045"

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data root of these tests."""
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="module")
def quarterdeck(home: Path) -> Command:
    """Runs the command line on that data root."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name("quarterdeck")
        environment = os.environ | {"QUARTERDECK_HOME": str(home)}
        return subprocess.run(
            [program, *arguments], env=environment, cwd=home, capture_output=True, text=True, timeout=600
        )

    return run


@pytest.fixture(scope="module")
def first_run(quarterdeck: Command, samples: Path) -> dict[str, Any]:
    """The samples, submitted and run."""
    files = [str(file) for file in samples.glob("*/*/[0-9][0-9][0-9][0-9]-[0-9][0-9]/*")]
    submitted = quarterdeck("submit", *files)
    assert submitted.returncode == 0, submitted.stderr
    result = quarterdeck("run", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.fixture(scope="module")
def second_run(first_run: dict[str, Any], quarterdeck: Command) -> subprocess.CompletedProcess[str]:
    """A run with nothing new."""
    return quarterdeck("run")


@pytest.fixture(scope="module")
def broken_run(
    second_run: object, quarterdeck: Command, home: Path, samples: Path
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A broken report of Nottinghamshire, submitted and run; and the version that was current before."""
    before = (home / "published" / "current").resolve()
    place = ("--organisation", "nottinghamshire", "--feed", "highlight_report", "--period", "2018-09")
    submitted = quarterdeck("submit", *place, str(samples / "broken" / "unknown_status.xlsx"))
    assert submitted.returncode == 0, submitted.stderr
    return before, quarterdeck("run", "--json")


def query(version: Path, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a query on a version's marts, opened as a BI tool opens them."""
    with duckdb.connect(str(version / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def of_home(home: Path) -> Iterator[str]:
    """The processes that work on a data root."""
    for process in psutil.process_iter(["cmdline"]):
        try:
            if process.environ().get("QUARTERDECK_HOME") == str(home):
                yield f"{process.pid} {process.info['cmdline']}"
        except (psutil.Error, OSError):
            continue


def test_every_run_ended_well(first_run: dict[str, Any]) -> None:
    assert {run["state"] for run in first_run["runs"]} == {"success"}
    assert first_run["failed"] == [] and first_run["held"] == [] and first_run["quarantined"] == []
    ingested = {(run["dag_id"], run["partition_key"]) for run in first_run["runs"]}
    assert {(due["dag_id"], due["partition_key"]) for due in first_run["due"]} <= ingested


def test_a_run_follows_for_every_quarter_that_files_came_for(first_run: dict[str, Any]) -> None:
    months = {due["partition_key"] for due in first_run["due"]}
    quarters = {f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}" for month in months}
    assert len(quarters) > 2
    assert {run["partition_key"] for run in first_run["runs"] if run["dag_id"] == "quarterly_publication"} == quarters


def test_files_that_arrive_together_are_published_together(first_run: dict[str, Any], home: Path) -> None:
    assert first_run["version"] == "v00001" and first_run["changed"]
    assert [path.name for path in (home / "published").glob("v*")] == ["v00001"]
    assert {decision["decision"] for decision in first_run["decisions"]} == {"published"}


def test_the_figures_are_the_printed_ones(first_run: dict[str, Any], home: Path) -> None:
    version = home / "published" / "current"
    totals = query(
        version,
        "select sum(projects), sum(target_gbp), sum(net_at_risk_gbp) from marts.portfolio_savings "
        f"where organisation_code = '{NOTTINGHAMSHIRE}' and quarter = '2018-19 Q2'",
    )
    projects = query(
        version,
        "select count(*), sum(target_gbp), sum(net_at_risk_gbp) from marts.project_status "
        f"where organisation_code = '{NOTTINGHAMSHIRE}' and quarter = '2018-19 Q2'",
    )
    assert totals == projects
    assert projects == [(70, Decimal("25574000"), Decimal("-6036000"))]
    shifts = query(
        version,
        "select count(distinct month), min(month), max(month) from marts.agency_workforce "
        f"where organisation_code = '{SOUTHAMPTON}' and shifts_filled is not null",
    )
    assert shifts == [(6, "2017-07", "2017-12")]


def test_nothing_is_left_running(first_run: dict[str, Any], home: Path) -> None:
    assert list(of_home(home)) == []


def test_secrets_and_metadata_are_private(first_run: dict[str, Any], home: Path) -> None:
    assert (home / "airflow").stat().st_mode & 0o077 == 0


def test_a_run_with_nothing_new_changes_nothing(
    second_run: subprocess.CompletedProcess[str], first_run: dict[str, Any], home: Path
) -> None:
    assert second_run.returncode == 0
    assert "Nothing is due" in second_run.stdout
    assert (home / "published" / "current").resolve().name == first_run["version"]


def test_a_broken_file_holds_its_quarter_alone(
    broken_run: tuple[Path, subprocess.CompletedProcess[str]], home: Path
) -> None:
    before, result = broken_run
    assert result.returncode == 1, result.stdout + result.stderr
    document = json.loads(result.stdout)
    assert [(held["organisation_code"], held["quarter"]) for held in document["held"]] == [
        (NOTTINGHAMSHIRE, "2018-19 Q2")
    ]
    assert document["failed"] == []
    after = (home / "published" / "current").resolve()
    rows = "select * from marts.project_status order by all"
    assert query(after, rows) == query(before, rows), "the last published rows stay"
    others = f"select * from marts.agency_workforce where organisation_code <> '{NOTTINGHAMSHIRE}' order by all"
    assert query(after, others) == query(before, others) != []


def test_the_finding_names_file_sheet_and_cell(
    broken_run: tuple[Path, subprocess.CompletedProcess[str]], home: Path
) -> None:
    document = json.loads(broken_run[1].stdout)
    (quarantined,) = document["quarantined"]
    folder = home / "quarantine" / quarantined
    assert (folder / "unknown_status.xlsx").is_file()
    findings = json.loads((folder / "findings.json").read_text())
    errors = [(found["rule"], found["sheet"], found["cell"]) for found in findings if found["severity"] == "error"]
    assert errors == [("word-unmapped", "Appendix B", "D9")]
    published = query(
        home / "published" / "current",
        "select rule, sheet, cell from marts.data_quality_findings "
        "where file_name = 'unknown_status.xlsx' and severity = 'error' and rule = 'word-unmapped'",
    )
    assert published == errors
