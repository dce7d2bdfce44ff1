"""Files of months that are over, in an Airflow that stays up: the hourly DAG takes them, and their quarters follow."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from quarterdeck.local_airflow.client import now
from quarterdeck.local_airflow.follow import Followed, Task, follow
from quarterdeck.local_airflow.instance import RUN_COMPONENTS, LocalAirflow
from quarterdeck.orchestration import LATE_DAG, PUBLICATION_DAG
from quarterdeck.settings import Settings

pytestmark = pytest.mark.e2e

LATE = ("southampton/hr_metrics/2017-12", "nottinghamshire/budget_monitoring/2018-11")


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[tuple[Settings, Followed, list[Task]]]:
    """A data root with one run of the DAG on files of two feeds and quarters, all that followed, and what was told."""
    settings, told = Settings(home=tmp_path_factory.mktemp("late")), list[Task]()
    for place in LATE:
        shutil.copytree(samples / place, settings.landing / place)
    airflow = LocalAirflow.start(settings, RUN_COMPONENTS, idle_seconds=0.1, with_parent=True, calendar=False)
    try:
        client, since = airflow.wait_until_ready(), now()
        client.trigger(LATE_DAG, None)
        yield settings, follow(client, since, told.extend), told
    finally:
        airflow.stop()


def test_the_quarter_of_every_late_month_follows(late: tuple[Settings, Followed, list[Task]]) -> None:
    runs = {(run["dag_id"], run["partition_key"], run["state"]) for run in late[1].runs}
    assert runs == {
        (LATE_DAG, None, "success"),
        (PUBLICATION_DAG, "2017-Q4", "success"),
        (PUBLICATION_DAG, "2018-Q4", "success"),
    }


def test_late_files_are_published(late: tuple[Settings, Followed, list[Task]]) -> None:
    marts = late[0].published / "current" / "marts.duckdb"
    with duckdb.connect(str(marts), read_only=True) as connection:
        accepted = connection.execute(
            "select feed, reporting_period from marts.submissions where accepted order by 1"
        ).fetchall()
    assert accepted == [("budget_monitoring", "2018-11"), ("hr_metrics", "2017-12")]
    assert not [path for path in late[0].landing.rglob("*") if path.is_file()]


def test_batches_are_told_by_what_they_hold(late: tuple[Settings, Followed, list[Task]]) -> None:
    ended = {task.name for task in late[2] if task.state == "success"}
    assert {"read[hr_metrics 2017-12, files: 1]", "read[budget_monitoring 2018-11, files: 1]"} <= ended
