"""The publication DAG: a quarter a run, one run at a time, and nothing where nothing is pending."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from expectations.pending import Partition
from publication.postgres import Served
from publication.publish import PublishResult
from quarterdeck.feeds import FEEDS
from quarterdeck.orchestration import ASSET, LATE_DAG, PUBLICATION_DAG, ingest_dag
from quarterdeck.periods import Month, Quarter
from transform.candidate import BuildResult

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

PARTITION = Partition("E10000024", "2018-19 Q2", "f00d")


@pytest.fixture
def dag(dagbag: "DagBag") -> "DAG":
    """The DAG that publishes."""
    return dagbag.dags[PUBLICATION_DAG]


def body(dag: "DAG", task_id: str) -> Callable[..., Any]:
    """The function behind a task."""
    function: Callable[..., Any] = dag.get_task(task_id).python_callable
    return function


def test_tasks_follow_one_another(dag: "DAG") -> None:
    order = ["pending", "settle", "build", "audit", "publish", "waiting", "ask"]
    assert {task.task_id for task in dag.tasks} == {*order, "serve"}
    for earlier, later in zip(order, order[1:], strict=False):
        assert earlier in dag.get_task(later).upstream_task_ids


def test_runs_do_not_overlap(dag: "DAG") -> None:
    assert dag.max_active_runs == 1


@pytest.mark.parametrize("month", ["2018-03", "2018-04", "2018-07", "2018-09", "2018-12", "2019-01"])
def test_a_month_starts_the_run_of_its_quarter(dag: "DAG", month: str) -> None:
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable

    timetable: Any = decode_timetable(encode_timetable(dag.timetable))
    key = timetable.get_partition_mapper(name=ASSET, uri=ASSET).to_downstream(month)
    assert Quarter.from_partition_key(key) == Month.parse(month).quarter
    assert Month.parse(month).quarter.partition_key == key


def test_it_waits_for_one_asset_alone(dag: "DAG") -> None:
    assert dag.timetable.asset_condition.name == ASSET


def test_nothing_pending_stops_the_run(dag: "DAG", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expectations.pending.pending_partitions", lambda settings: [])
    assert body(dag, "pending")() is False
    monkeypatch.setattr("expectations.pending.pending_partitions", lambda settings: [PARTITION])
    assert body(dag, "pending")() is True


@pytest.mark.parametrize("busy", [*(ingest_dag(feed.name) for feed in FEEDS), LATE_DAG, None])
def test_it_waits_for_ingest_runs_of_every_feed(dag: "DAG", monkeypatch: pytest.MonkeyPatch, busy: str | None) -> None:
    class Instance:
        @staticmethod
        def get_dr_count(dag_id: str, states: list[str]) -> int:
            assert states == ["queued", "running"]
            return int(dag_id == busy)

    function = body(dag, "settle")
    monkeypatch.setitem(function.__globals__, "get_current_context", lambda: {"ti": Instance})
    assert function() is (busy is None)


def test_what_is_judged_is_what_was_pending_when_the_candidate_was_built(
    dag: "DAG", monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[Any] = []

    def pending(settings: Any) -> list[Partition]:
        happened.append("pending")
        return [PARTITION]

    def build(settings: Any, organisations: list[str]) -> BuildResult:
        happened.append(organisations)
        return BuildResult(1, 2, 3)

    def audit(settings: Any, partitions: list[Partition]) -> BuildResult:
        happened.append(partitions)
        return BuildResult(0, 0, 0)

    monkeypatch.setattr("expectations.arithmetic.check_pending", lambda settings: happened.append("check"))
    monkeypatch.setattr("expectations.pending.pending_partitions", pending)
    monkeypatch.setattr("transform.candidate.build", build)
    monkeypatch.setattr("expectations.audit.audit", audit)
    body(dag, "audit")(body(dag, "build")())
    assert happened == ["check", "pending", [PARTITION.organisation_code], [PARTITION]]


def test_a_question_is_put_for_what_awaits_approval_and_nothing_else(dag: "DAG") -> None:
    decision = {"organisation_code": "E10000024", "quarter": "2018-19 Q2", "fingerprint": "f00d" * 16, "reason": "Why."}
    audited = {
        "decisions": [decision | {"decision": "awaiting approval"}, decision | {"decision": "held"}],
    }
    [question] = body(dag, "waiting")(audited)
    assert question == {
        "trigger_run_id": "E10000024_2018-19-Q2_f00df00df00df00d",
        "conf": {"organisation_code": "E10000024", "quarter": "2018-19 Q2", "reason": "Why."},
    }


def test_nothing_decided_is_nothing_to_publish(dag: "DAG", monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    nothing = PublishResult(None, False, "", 0, [], [], [])
    monkeypatch.setattr("publication.publish.publish", lambda settings, before_release: nothing)
    with pytest.raises(AirflowSkipException, match="decided on nothing"):
        body(dag, "publish")()


def test_serving_is_the_last_task_and_skipped_without_a_server(
    dag: "DAG", monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    task = dag.get_task("serve")
    assert (task.upstream_task_ids, task.downstream_task_ids) == ({"publish"}, set())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUARTERDECK_POSTGRES", raising=False)
    with pytest.raises(AirflowSkipException, match="QUARTERDECK_POSTGRES"):
        body(dag, "serve")()


def test_the_current_version_is_served(dag: "DAG", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTERDECK_POSTGRES", "postgresql://publisher@database/reports")
    monkeypatch.setattr("publication.postgres.serve", lambda settings: Served("v00003", "f00d", 7))
    assert body(dag, "serve")()["version"] == "v00003"


def test_nothing_waits_for_the_answer(dag: "DAG") -> None:
    assert dag.get_task("ask").downstream_task_ids == set()
    assert dag.get_task("publish").upstream_task_ids == {"audit"}
