"""pandas makes the marts of the hand-written script, awkward rows included."""

from pathlib import Path

import pandas
import pytest

from benchmarks import by_pandas
from benchmarks.frames import differences
from benchmarks.generate import raw_rows
from benchmarks.generate.installation import install
from benchmarks.generate.world import World
from benchmarks.transform import MARTS, run_script
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect

WORLD = World(organisations=3, months=7, restated_percent=30, late_percent=20)
AWKWARD = """
update raw.budget_line set value = -1.005, value_scale = 1 where source_row = 5;
update raw.budget_line set value = 0.125, value_scale = 1, value_unit = null where source_row = 6;
update raw.budget_line set section = null where source_row = 7;
update raw.savings set value = null where source_row = 8;
update raw.project_status set status = ' at' || chr(160) || '  RISK ' where status = 'At Risk';
update raw.project_status set status_previous = null where source_row % 3 = 0;
update raw.project_status set project_code = 'P/' || source_row where source_row % 4 = 0;
update raw.project_status set portfolio = null where source_row = 11;
update raw.project_status set status = 'Closed or Completed' where source_row = 12;
update raw.project_status set status = 'No Status' where source_row = 13;
update raw.project_status set status = 'Nobody says so' where source_row = 14;
update raw.project_status set cells = replace(cells, '"A"', '"A4"'), at_risk_scale = 1 where source_row = 9;
delete from raw.project_status where organisation_code = 'B00000002' and reporting_period < '2015-07';
update raw.submissions set status = 'held' where sequence = 2 and reporting_period < '2015-07';
update raw.submissions set organisation_code = 'UNKNOWN' where organisation_code = 'B00000003';
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data root with raw rows and seeds, as they are before anything is built."""
    made = install(tmp_path_factory.mktemp("rows") / "home", WORLD)
    raw_rows.insert(made, WORLD)
    with connect(made) as connection:
        connection.execute(AWKWARD)
        connection.execute("create schema seeds")
        for seed in ("organisations", "expected_returns", "delivery_statuses"):
            connection.execute(f"create table seeds.{seed} as from read_csv('{made.seeds / seed}.csv')")
    return made


@pytest.fixture(scope="module")
def script(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the script's marts."""
    made = tmp_path_factory.mktemp("script") / "script.duckdb"
    run_script(settings, made)
    return made


def test_every_row_is_the_scripts(settings: Settings, script: Path, tmp_path: Path) -> None:
    by_pandas.make(settings.warehouse, tmp_path)
    assert differences(script, tmp_path) == dict.fromkeys(MARTS, 0)


def test_a_figure_that_differs_is_told(settings: Settings, script: Path, tmp_path: Path) -> None:
    by_pandas.make(settings.warehouse, tmp_path)
    mart = tmp_path / "medium_term_finance.parquet"
    lines = pandas.read_parquet(mart)
    lines.loc[0, "amount_gbp"] += 0.01
    lines.to_parquet(mart)
    assert differences(script, tmp_path) == dict.fromkeys(MARTS, 0) | {"medium_term_finance": 2}
