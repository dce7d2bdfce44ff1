"""The DAG of late files: what is due of any month, and the asset under every month concerned."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from expectations.arithmetic import CheckResult
from loaders.load import LoadResult
from quarterdeck.orchestration import ASSET, LATE_DAG

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG


@pytest.fixture
def dag(dagbag: "DagBag") -> "DAG":
    """The DAG that takes late files."""
    return dagbag.dags[LATE_DAG]


def body(dag: "DAG", task_id: str) -> Callable[..., Any]:
    """The function behind a task."""
    function: Callable[..., Any] = dag.get_task(task_id).python_callable
    return function


def test_tasks_follow_one_another(dag: "DAG") -> None:
    assert [task.task_id for task in dag.topological_sort()] == ["receive", "read", "load", "check"]
    assert dag.get_task("read").is_mapped


def test_it_asks_every_hour_and_one_run_at_a_time(dag: "DAG") -> None:
    import pendulum
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable
    from airflow.timetables.base import TimeRestriction

    timetable: Any = decode_timetable(encode_timetable(dag.timetable))
    restriction = TimeRestriction(earliest=pendulum.datetime(2018, 10, 2), latest=None, catchup=True)
    first = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    second = timetable.next_dagrun_info(last_automated_data_interval=first.data_interval, restriction=restriction)
    assert second.run_after - first.run_after == timedelta(hours=1)
    assert dag.max_active_runs == 1


def test_a_load_that_changes_nothing_skips_what_follows(dag: "DAG", monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    monkeypatch.setattr("loaders.load.load_batches", lambda settings, folders: LoadResult(unchanged=3))
    with pytest.raises(AirflowSkipException, match="3 files"):
        body(dag, "load")(["a"])


def test_the_asset_is_touched_for_every_month_concerned(dag: "DAG", monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk import Asset
    from airflow.sdk.execution_time.context import OutletEventAccessors

    loaded = LoadResult(["a"], ["b"], ["c"], months=["2018-07", "2018-09"])
    monkeypatch.setattr("loaders.load.load_batches", lambda settings, folders: loaded)
    handed_on = body(dag, "load")(["folder"])
    assert handed_on == {"submissions": ["a", "b"], "months": ["2018-07", "2018-09"]}
    monkeypatch.setattr("expectations.arithmetic.check", lambda settings, submissions: CheckResult(len(submissions)))
    events = OutletEventAccessors()
    function = body(dag, "check")
    monkeypatch.setitem(function.__globals__, "get_current_context", lambda: {"outlet_events": events})
    assert function(handed_on)["submissions"] == 2
    assert events[Asset(ASSET)].partition_keys == {"2018-07", "2018-09"}
