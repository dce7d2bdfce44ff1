"""The DAG that asks a person: no slot while it waits, and a record only of what may be approved."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from expectations.approve import NotApprovableError
from quarterdeck.orchestration import APPROVAL_DAG, ASSET

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

ANSWER = {"responded_by_user": {"id": "1", "name": "A. Person"}, "params_input": {"reason": "Confirmed"}}


@pytest.fixture
def dag(dagbag: "DagBag") -> "DAG":
    """The DAG that asks."""
    return dagbag.dags[APPROVAL_DAG]


@pytest.fixture
def record(dag: "DAG", monkeypatch: pytest.MonkeyPatch) -> tuple[Callable[..., Any], list[str]]:
    """The function behind the task that records, and the months that it touches the asset for."""
    function: Callable[..., Any] = dag.get_task("record").python_callable
    touched: list[str] = []

    class Events(dict[Any, Any]):
        def __missing__(self, asset: Any) -> SimpleNamespace:
            assert asset.name == ASSET
            return SimpleNamespace(add_partitions=touched.append)

    asked = SimpleNamespace(conf={"organisation_code": "E10000024", "quarter": "2018-19 Q2", "reason": "Why."})
    context = {"dag_run": asked, "outlet_events": Events()}
    monkeypatch.setitem(function.__globals__, "get_current_context", lambda: context)
    return function, touched


def test_the_question_is_put_before_anything_is_recorded(dag: "DAG") -> None:
    assert dag.get_task("record").upstream_task_ids == {"ask"}
    assert [asset.name for asset in dag.get_task("record").outlets] == [ASSET]


def test_an_answer_is_recorded_with_the_name_of_who_is_signed_in(
    record: tuple[Callable[..., Any], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    monkeypatch.setattr("expectations.approve.approve", lambda settings, *what, **how: said.append((what, how)))
    function, touched = record
    function(ANSWER)
    assert said == [(("E10000024", "2018-19 Q2"), {"by": "A. Person", "reason": "Confirmed"})]
    assert touched == ["2018-07"]


def test_an_answer_about_what_is_no_longer_there_is_skipped(
    record: tuple[Callable[..., Any], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    def refuse(*what: Any, **how: Any) -> None:
        raise NotApprovableError("It has changed.")

    monkeypatch.setattr("expectations.approve.approve", refuse)
    function, touched = record
    with pytest.raises(AirflowSkipException, match="has changed"):
        function(ANSWER)
    assert touched == []
