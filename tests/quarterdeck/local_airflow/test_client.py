"""The calls of the REST interface, against answers as Airflow gives them."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from quarterdeck.local_airflow.client import Client

SINCE = datetime(2018, 10, 1, tzinfo=UTC)


def client(handler: Any) -> Client:
    made = Client("http://127.0.0.1:1", "secret")
    made._http = httpx.Client(transport=httpx.MockTransport(handler))
    return made


def test_every_page_is_read() -> None:
    runs = [{"dag_run_id": str(number)} for number in range(250)]

    def answer(request: httpx.Request) -> httpx.Response:
        offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
        return httpx.Response(200, json={"dag_runs": runs[offset : offset + limit], "total_entries": len(runs)})

    assert client(answer).runs(SINCE) == runs


def test_a_missing_pool_is_made_and_an_existing_one_gets_its_slots() -> None:
    pools: dict[str, int] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        body = httpx.Response(200, content=request.content).json()
        if request.method == "PATCH" and "warehouse" not in pools:
            return httpx.Response(404)
        pools[body["name"]] = body["slots"]
        return httpx.Response(200)

    client(answer).ensure_pool("warehouse", 1, "")
    assert pools == {"warehouse": 1}
    pools["warehouse"] = 7
    client(answer).ensure_pool("warehouse", 1, "")
    assert pools == {"warehouse": 1}


def test_a_dag_parsed_by_an_earlier_airflow_is_not_parsed_yet() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        dags = [
            {"dag_id": "fresh", "last_parsed_time": "2018-10-01T00:00:01Z"},
            {"dag_id": "stale", "last_parsed_time": "2018-09-30T23:59:59Z"},
            {"dag_id": "never", "last_parsed_time": None},
        ]
        return httpx.Response(200, json={"dags": dags, "total_entries": 3})

    for dag_id, expected in {"fresh": True, "stale": False, "never": False, "unknown": False}.items():
        assert client(answer).parsed_since([dag_id], SINCE.timestamp()) is expected


@pytest.mark.parametrize(("created", "expected"), [([{"run_id": "r"}], False), ([], True)])
def test_an_event_is_answered_by_the_run_it_created(created: list[Any], expected: bool) -> None:
    events = [{"created_dagruns": [{"run_id": "r0"}]}, {"created_dagruns": created}]
    body = {"asset_events": events, "total_entries": 2}
    assert client(lambda request: httpx.Response(200, json=body)).has_unanswered_events(SINCE) is expected


def test_an_event_that_the_server_cannot_tell_of_has_a_run_that_has_not_started() -> None:
    assert client(lambda request: httpx.Response(500)).has_unanswered_events(SINCE)
    with pytest.raises(httpx.HTTPStatusError):
        client(lambda request: httpx.Response(403)).has_unanswered_events(SINCE)


def test_a_log_ends_with_the_exception() -> None:
    content = [
        *({"event": f"line {number}"} for number in range(20)),
        {"event": "::group::Post Execute"},
        {"event": "Task failed", "error_detail": [{"exc_type": "ValueError", "exc_value": "no month"}]},
    ]
    task = {"dag_id": "d", "dag_run_id": "r", "task_id": "t", "try_number": 2, "map_index": 0}

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/taskInstances/t/logs/2")
        return httpx.Response(200, json={"content": content})

    assert client(answer).log_tail(task, lines=3) == ["line 19", "Task failed", "ValueError: no month"]


def test_a_task_that_returned_nothing() -> None:
    assert client(lambda request: httpx.Response(404)).returned("d", "r", "t") is None


def test_no_server_is_not_up() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert not client(answer).is_up()


def test_a_question_is_asked_again_when_the_answer_takes_too_long() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) < 3:
            raise httpx.ReadTimeout("timed out", request=request)
        return httpx.Response(200, json={"total_entries": 0, "dag_runs": []})

    assert not client(answer).has_active_runs()
    assert len(asked) == 3


@pytest.mark.parametrize(("dag_id", "active"), [("quarterly_publication", True), ("approvals", False)])
def test_a_run_that_waits_for_a_person_keeps_nobody_waiting(dag_id: str, active: bool) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"total_entries": 1, "dag_runs": [{"dag_id": dag_id}]})

    assert client(answer).has_active_runs() is active
