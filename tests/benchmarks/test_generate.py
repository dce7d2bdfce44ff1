"""The made-up councils: what is told of them as files, as raw rows and as marts is one story."""

from pathlib import Path

import pytest

from benchmarks import direct
from benchmarks.generate import files, raw_rows
from benchmarks.generate.installation import install
from benchmarks.generate.world import World
from benchmarks.transform import MARTS, differences, run_script
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, record_columns
from transform import candidate

WORLD = World(organisations=3, months=4, restated_percent=30, late_percent=20)
# Where a row stands in its file, which harmless drift and csv change.
POSITION = {"sheet", "source_row", "rolls_up_to_row", "cells"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data root with the raw rows of the world, built."""
    made = install(tmp_path_factory.mktemp("rows") / "home", WORLD)
    raw_rows.insert(made, WORLD)
    candidate.build(made)
    return made


def test_the_loader_reads_the_raw_rows_out_of_the_files(settings: Settings, tmp_path: Path) -> None:
    loaded = install(tmp_path / "home", WORLD)
    files.write(loaded.landing, WORLD, csv_one_in=3)
    assert direct.ingest(loaded)["held"] == 0
    with connect(loaded, read_only=True) as connection:
        connection.execute(f"attach '{settings.warehouse}' as told (read_only)")
        for record in ("project_status", "savings", "budget_line"):
            names = ", ".join(name for name in record_columns(record) if name not in POSITION)
            # Themes and savings from other tables are in the files alone.
            tables = f"table_name in (select table_name from told.raw.{record})"
            here, there = f"select {names} from raw.{record} where {tables}", f"select {names} from told.raw.{record}"
            for one, other in ((here, there), (there, here)):
                assert connection.execute(f"({one}) except all ({other}) limit 3").fetchall() == []
            assert connection.execute(f"select count(*) from ({there})").fetchone() > (0,)


def test_returns_are_restated_and_late(settings: Settings) -> None:
    with connect(settings, read_only=True) as connection:
        restated = connection.execute("select count(*) from raw.submissions where restates is not null").fetchone()
        statuses = connection.execute("select distinct data_status from marts.reporting_quarters").fetchall()
    assert restated > (0,)
    assert ("revised",) in statuses


def test_marts_are_those_expected(settings: Settings, tmp_path: Path) -> None:
    expected = tmp_path / "expected.duckdb"
    raw_rows.expect(expected, WORLD)
    assert raw_rows.differences(settings, expected) == dict.fromkeys(raw_rows.EXPECTED, 0)


def test_the_previous_status_is_that_of_the_quarter_before(settings: Settings) -> None:
    with connect(settings, read_only=True) as connection:
        compared = connection.execute(
            "select count(*), count(*) filter (where now.status_previous is distinct from before.status)"
            " from marts.project_status as now inner join marts.project_status as before"
            " using (organisation_code, project)"
            " where now.quarter = '2015-16 Q2' and before.quarter = '2015-16 Q1'"
        ).fetchone()
    assert compared and compared[0] > 0 and compared[1] == 0


def test_a_mart_that_differs_is_told(settings: Settings, tmp_path: Path) -> None:
    expected = tmp_path / "expected.duckdb"
    raw_rows.expect(expected, World(**vars(WORLD) | {"seed": "another"}))
    assert min(raw_rows.differences(settings, expected).values()) > 0


def test_the_script_makes_the_same_marts(settings: Settings, tmp_path: Path) -> None:
    by_hand = tmp_path / "script.duckdb"
    run_script(settings, by_hand)
    assert differences(settings, by_hand) == dict.fromkeys(MARTS, 0)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    world = World(organisations=1, months=1)
    one, other = (files.write(tmp_path / name, world) for name in ("one", "other"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_a_part_is_the_same_as_in_the_whole(settings: Settings, tmp_path: Path) -> None:
    part = install(tmp_path / "home", WORLD)
    raw_rows.insert(part, WORLD, organisations=range(1, 2), months=range(2, 3))
    with connect(part, read_only=True) as connection:
        connection.execute(f"attach '{settings.warehouse}' as whole (read_only)")
        of_part = "where organisation_code = 'B00000002' and reporting_period = '2015-06'"
        for record in ("submissions", "project_status", "savings", "budget_line"):
            query = f"(from whole.raw.{record} {of_part}) except all (from raw.{record})"
            assert connection.execute(query).fetchall() == []
