"""Many runs at once, and a resubmission: with the real scheduler, on one data root, in this order."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from quarterdeck.feeds import FEEDS
from quarterdeck.local_airflow.client import Client, now
from quarterdeck.local_airflow.follow import Followed, follow
from quarterdeck.local_airflow.instance import RUN_COMPONENTS, LocalAirflow
from quarterdeck.orchestration import PUBLICATION_DAG, ingest_dag
from quarterdeck.settings import Settings

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SOUTHAMPTON = "E06000045"
RETURN = Path("southampton/hr_metrics/2017-12/HR update.xlsx")
MONTHS = [f"{year}-{number:02d}" for year in (2016, 2017) for number in range(3, 13, 2)]
"""Ten months, none of which has anything to do with the samples."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The data root of these tests."""
    return Settings(home=tmp_path_factory.mktemp("scheduling"))


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[Client]:
    """An Airflow on it, up."""
    airflow = LocalAirflow.start(settings, RUN_COMPONENTS, idle_seconds=0.1, with_parent=True)
    try:
        yield airflow.wait_until_ready()
    finally:
        airflow.stop()


@pytest.fixture(scope="module")
def at_once(settings: Settings, client: Client, samples: Path) -> Followed:
    """Forty ingest runs fired at once: one with a return, the others with a file that nobody recognises."""
    shutil.copytree((samples / RETURN).parent, settings.landing / RETURN.parent)
    since, runs = now(), [("hr_metrics", "2017-12")]
    for feed in FEEDS:
        for month in MONTHS:
            folder = settings.landing / "southampton" / feed.name / month
            folder.mkdir(parents=True)
            (folder / "notes.csv").write_text(f"Notes for {feed.name} {month}\n")
            runs.append((feed.name, month))
    for feed_name, month in runs[:40]:
        client.trigger(ingest_dag(feed_name), month)
    return follow(client, since, lambda tasks: None)


@pytest.fixture(scope="module")
def revised(at_once: Followed, settings: Settings, client: Client, samples: Path) -> Followed:
    """The return once more, with one figure changed."""
    workbook = openpyxl.load_workbook(samples / RETURN)
    (row,) = [row for row in workbook["Hays"].iter_rows() if row[0].value == "Shifts Filled"]
    row[1].value += 1
    target = settings.landing / RETURN
    target.parent.mkdir(parents=True, exist_ok=True)
    workbook.save(target)
    since = now()
    client.trigger("ingest_hr_metrics", "2017-12")
    return follow(client, since, lambda tasks: None)


def published(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query on the current version."""
    with duckdb.connect(str(settings.published / "current" / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_forty_runs_at_once_end_well(at_once: Followed, settings: Settings) -> None:
    ingested = [run for run in at_once.runs if run["dag_id"] != PUBLICATION_DAG]
    assert len(ingested) == 40
    assert {run["state"] for run in at_once.runs} == {"success"}
    assert at_once.failed == [] and not at_once.unanswered
    logs = (settings.airflow_home / "logs").glob("dag_id=*/**/*.log")
    assert not [str(log) for log in logs if "Could not set lock" in log.read_text(errors="replace")]


def test_what_arrives_together_is_published_once(at_once: Followed, settings: Settings) -> None:
    manifest = json.loads((settings.published / "v00001" / "manifest.json").read_text())
    assert len([source for source in manifest["sources"] if source["status"] == "accepted"]) == 1
    assert [path.name for path in settings.published.glob("v*")] == ["v00001"]


def test_one_changed_figure_changes_that_figure_and_what_follows_from_it(revised: Followed, settings: Settings) -> None:
    assert {run["state"] for run in revised.runs} == {"success"}
    changes = published(
        settings,
        "select mart, column_name, cast(new_value as decimal(18, 2)) - cast(old_value as decimal(18, 2)), reason"
        " from marts.figure_changes where column_name = 'shifts_filled' order by all",
    )
    assert changes and {(float(difference), reason) for _, _, difference, reason in changes} == {(1.0, "revision")}
    touched = published(settings, "select distinct mart from marts.figure_changes order by 1")
    assert set(touched) == {("agency_workforce",), ("agency_workforce_quarterly",)}
    statuses = published(
        settings,
        f"select distinct data_status from marts.agency_workforce_quarterly where organisation_code = '{SOUTHAMPTON}'",
    )
    assert statuses == [("revised",)]
