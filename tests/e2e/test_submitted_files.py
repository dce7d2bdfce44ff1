"""The councils' own files through the real scheduler: published as printed, however often a run was killed.

Two data roots take the same files: one undisturbed, one on which everything is killed at three points of the way.
"""

import csv
import json
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.e2e.conftest import Command, environment, kill, program
from tests.reference.crosswalk import published

pytestmark = [pytest.mark.e2e, pytest.mark.reference]

# A run is killed as soon as it tells that this task has ended: files are received and not read; rows are loaded and
# not checked; the candidate is built and not judged.
POINTS = ("receive", "load", "build")
# When a file was received differs between two data roots, and what is said of that.
OF_THIS_ROOT = {"received_at", "final_at", "last_accepted_at", "published_in", "published_at"}


@pytest.fixture(scope="module")
def submit(command: Callable[[Path], Command], shared: Path, samples: Path) -> Callable[[Path], Command]:
    """Submits every file of the councils, and the figures that they state in words, to a data root."""

    def into(home: Path) -> Command:
        quarterdeck = command(home)
        files = [*shared.glob("inputs/*/*/*/*.*"), *samples.glob("*/*/*/Report figures *")]
        submitted = quarterdeck("submit", *map(str, sorted(files)))
        assert submitted.returncode == 0, submitted.stderr
        return quarterdeck

    return into


@pytest.fixture(scope="module")
def undisturbed(
    submit: Callable[[Path], Command], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """A data root after one run, and what the run told."""
    home = tmp_path_factory.mktemp("undisturbed")
    result = submit(home)("run", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    return home, json.loads(result.stdout)


@pytest.fixture(scope="module")
def marts(undisturbed: tuple[Path, dict[str, Any]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts, opened as a BI tool opens them."""
    with opened(undisturbed[0]) as connection:
        yield connection


def opened(home: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(home / "published" / "current" / "marts.duckdb"), read_only=True)
    connection.execute("use marts")
    return connection


def killed_after(task: str, home: Path) -> list[str]:
    """Start a run, and kill all of it as soon as it tells that a task of this name has ended; what it told."""
    told = []
    run = subprocess.Popen(
        [program(), "run"],
        env=environment(home),
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stderr
    for line in run.stderr:
        told.append(line)
        if f" {task} " in line and "success" in line:
            break
    kill(run, home)
    run.stderr.close()
    return told


def content(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Every mart's rows, without what belongs to one data root."""
    tables = [name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()]
    found = {}
    for table in tables:
        columns = [name for name, *_ in connection.execute(f"describe {table}").fetchall() if name not in OF_THIS_ROOT]
        found[table] = connection.execute(f"select {', '.join(columns)} from {table} order by all").fetchall()
    return found


def test_every_run_ends_well_and_nothing_is_held(undisturbed: tuple[Path, dict[str, Any]]) -> None:
    told = undisturbed[1]
    assert {run["state"] for run in told["runs"]} == {"success"}
    assert told["failed"] == told["held"] == told["quarantined"] == []
    assert told["version"] == "v00001"


def test_the_known_totals_are_the_printed_ones(marts: duckdb.DuckDBPyConnection) -> None:
    appendix_b = (
        "select count(*), sum(target_gbp), sum(net_at_risk_gbp) from project_status"
        " where organisation_code = 'E10000024' and quarter = '2018-19 Q2'"
    )
    assert marts.execute(appendix_b).fetchall() == [(70, Decimal(25_574_000), Decimal(-6_036_000))]
    months = "select min(month), max(month), count(*) from agency_workforce where shifts_filled is not null"
    assert marts.execute(months).fetchall() == [("2017-07", "2017-12", 6)]


def test_every_printed_figure_is_published_as_it_was_printed(marts: duckdb.DuckDBPyConnection, shared: Path) -> None:
    folder = shared / "reference" / "published"
    with (shared / "reference" / "golden_cells.csv").open(newline="", encoding="utf-8") as stream:
        walk = [(cell, published(marts, folder, cell)) for cell in csv.DictReader(stream)]
    wrong = [
        f"{cell['file']} row {cell['csv_row']} {cell['column']}: {cell['value']} is printed, {found} is published"
        for cell, found in walk
        if found is None or found.value != Decimal(cell["value"])
    ]
    assert len(walk) > 1000
    assert not wrong, "\n".join(wrong)


@pytest.mark.long
def test_what_was_killed_three_times_and_run_again_publishes_the_same(
    submit: Callable[[Path], Command], marts: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("killed")
    quarterdeck = submit(home)
    for task in POINTS:
        told = killed_after(task, home)
        assert any(f" {task} " in line for line in told), f"no {task} ended:\n{''.join(told)}"
    result = quarterdeck("run", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    with opened(home) as connection:
        after, before = content(connection), content(marts)
    assert after.keys() == before.keys()
    different = [table for table in before if after[table] != before[table]]
    assert not different
    assert not list((home / "landing").rglob("*.*"))
    again = quarterdeck("run")
    assert "Nothing is due" in again.stdout
