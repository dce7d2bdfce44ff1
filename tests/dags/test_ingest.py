"""The ingest DAGs: a month a run, and the asset only where something changed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from loaders.load import LoadResult
from quarterdeck.feeds import FEEDS
from quarterdeck.orchestration import ASSET, ingest_dag

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

FEED_NAMES = [feed.name for feed in FEEDS]


@pytest.fixture(params=FEED_NAMES)
def dag(dagbag: "DagBag", request: pytest.FixtureRequest) -> "DAG":
    """The DAG of each feed in turn."""
    return dagbag.dags[ingest_dag(request.param)]


def body(dag: "DAG", task_id: str) -> Callable[..., Any]:
    """The function behind a task."""
    function: Callable[..., Any] = dag.get_task(task_id).python_callable
    return function


def test_tasks_follow_one_another(dag: "DAG") -> None:
    order = [task.task_id for task in dag.topological_sort()]
    assert order == ["receive", "read", "load", "check"]
    assert dag.get_task("read").upstream_task_ids == {"receive"}
    assert dag.get_task("load").upstream_task_ids == {"read"}
    assert dag.get_task("check").upstream_task_ids == {"load"}


def test_batches_are_read_side_by_side(dag: "DAG") -> None:
    assert dag.get_task("read").is_mapped


def test_only_the_last_task_touches_the_asset(dag: "DAG") -> None:
    assert {task.task_id: [asset.name for asset in task.outlets] for task in dag.tasks if task.outlets} == {
        "check": [ASSET]
    }


def test_a_scheduled_run_is_for_the_month_before(dag: "DAG") -> None:
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable

    timetable: Any = decode_timetable(encode_timetable(dag.timetable))
    partition_date, key = timetable._get_partition_info(datetime(2018, 10, 1, 6, tzinfo=UTC))
    assert key == "2018-09"
    assert partition_date == datetime(2018, 9, 1, 6, tzinfo=UTC)


def test_no_month_of_the_past_starts_by_itself(dag: "DAG") -> None:
    assert dag.start_date is None


@pytest.mark.parametrize(
    ("key", "told"),
    [(None, "names no month"), ("2018-9", "'2018-9' is not a month"), ("2018-19 Q2", "is not a month")],
)
def test_a_run_without_a_month_fails_at_once(
    dag: "DAG", monkeypatch: pytest.MonkeyPatch, key: str | None, told: str
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    class Run:
        partition_key = key

    function = body(dag, "receive")
    monkeypatch.setitem(function.__globals__, "get_current_context", lambda: {"dag_run": Run()})
    with pytest.raises(AirflowFailException, match=told):
        function()


def test_a_load_that_changes_nothing_skips_what_follows(dag: "DAG", monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    monkeypatch.setattr("loaders.load.load_batches", lambda settings, folders: LoadResult(unchanged=3))
    with pytest.raises(AirflowSkipException, match="3 files"):
        body(dag, "load")(["a"])


def test_a_held_submission_is_a_change_too(dag: "DAG", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.load.load_batches", lambda settings, folders: LoadResult(["a.b.2018-09.1"], ["c"]))
    assert body(dag, "load")(["a"]) == ["a.b.2018-09.1", "c"]


def test_a_batch_is_named_by_what_it_holds(dag: "DAG", monkeypatch: pytest.MonkeyPatch) -> None:
    class Instance:
        map_index = 2

    class Run:
        partition_key = "2018-09"

    context: dict[str, Any] = {"ti": Instance, "dag_run": Run}
    function = body(dag, "read")
    monkeypatch.setitem(function.__globals__, "get_current_context", lambda: context)
    monkeypatch.setattr(
        "loaders.read.read_batch", lambda settings, feed, period, receipt_ids: f"{period} {receipt_ids}"
    )
    assert function(["a", "b"]) == "2018-09 ['a', 'b']"
    assert context["batch"] == "batch 3, files: 2"
    assert dag.get_task("read").partial_kwargs["map_index_template"] == "{{ batch }}"
