"""Following runs to their end: asset events start runs a moment later, and nobody may leave before."""

from datetime import UTC, datetime
from typing import Any

import pytest

from quarterdeck.local_airflow import follow as module
from quarterdeck.local_airflow.follow import Task, follow

SINCE = datetime(2018, 10, 1, tzinfo=UTC)


def instance(task_id: str, state: str | None, run: str = "r1", map_index: int = -1, **more: Any) -> dict[str, Any]:
    """A task instance as the REST interface gives it."""
    row = {"task_id": task_id, "dag_run_id": run, "dag_id": "d", "state": state, "map_index": map_index}
    return row | {"duration": 1.5, "try_number": 1} | more


class Script:
    """A client whose Airflow moves on by one step whenever it is asked for task instances."""

    def __init__(self, steps: list[dict[str, Any]]) -> None:
        self.steps = steps
        self.step = 0

    @property
    def now(self) -> dict[str, Any]:
        return self.steps[min(self.step, len(self.steps) - 1)]

    def runs(self, since: datetime) -> list[dict[str, Any]]:
        return [{"dag_run_id": run, "dag_id": "d", "partition_key": "2018-09"} for run in self.now["runs"]]

    def task_instances(self, since: datetime) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.now["tasks"]
        self.step += 1
        return rows

    def has_active_runs(self) -> bool:
        return bool(self.now.get("active"))

    def has_unanswered_events(self, since: datetime) -> bool:
        return bool(self.now.get("unanswered"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0)
    monkeypatch.setattr(module, "UNANSWERED_SECONDS", 0.2)


def followed(steps: list[dict[str, Any]]) -> tuple[Any, list[Task]]:
    told: list[Task] = []
    return follow(Script(steps), SINCE, told.extend), told  # type: ignore[arg-type]


def test_every_change_is_told_once() -> None:
    done = {"runs": ["r1"], "tasks": [instance("load", "success")]}
    _, told = followed(
        [
            {"runs": ["r1"], "tasks": [instance("load", "running")], "active": True},
            {"runs": ["r1"], "tasks": [instance("load", "running")], "active": True},
            done,
            done,
            done,
        ]
    )
    assert [(task.run, task.name, task.state) for task in told] == [
        ("d 2018-09", "load", "running"),
        ("d 2018-09", "load", "success"),
    ]


def test_a_second_try_is_a_change() -> None:
    second = instance("load", "failed", try_number=2)
    result, told = followed(
        [
            {"runs": ["r1"], "tasks": [instance("load", "failed")], "active": True},
            {"runs": ["r1"], "tasks": [second], "active": True},
            {"runs": ["r1"], "tasks": [second]},
        ]
    )
    assert len(told) == 2
    assert [task.row["try_number"] for task in result.failed] == [2]


def test_it_stays_for_the_run_that_an_event_is_about_to_start() -> None:
    ingested = instance("check", "success")
    result, told = followed(
        [
            {"runs": ["r1"], "tasks": [ingested], "unanswered": True},
            {"runs": ["r1"], "tasks": [], "unanswered": True},
            {"runs": ["r1"], "tasks": [], "unanswered": True},
            {"runs": ["r1", "r2"], "tasks": [instance("build", "running", "r2")], "active": True},
            {"runs": ["r1", "r2"], "tasks": [instance("build", "success", "r2")]},
            {"runs": ["r1", "r2"], "tasks": []},
        ]
    )
    assert [task.name for task in told] == ["check", "build", "build"]
    assert not result.unanswered
    assert len(result.runs) == 2


def test_it_gives_up_on_an_event_that_nobody_answers() -> None:
    result, _ = followed([{"runs": ["r1"], "tasks": [instance("check", "success")], "unanswered": True}])
    assert result.unanswered


def test_a_run_that_comes_between_two_questions_is_waited_for() -> None:
    """The scheduler answers the event after runs were counted and before events were."""

    class Between(Script):
        counted = 0

        def has_active_runs(self) -> bool:
            self.counted += 1
            return self.counted == 2

    told: list[Task] = []
    steps = [{"runs": ["r1"], "tasks": [instance("check", "success")]}] * 4
    script = Between(steps)
    follow(script, SINCE, told.extend)  # type: ignore[arg-type]
    assert script.counted == 4


def test_a_try_that_is_over_holds_nobody_up() -> None:
    """Airflow gives every try a row of its own, and the earlier one is never heard of again."""
    result, _ = followed(
        [
            {"runs": ["r1"], "tasks": [instance("load", "up_for_retry", id="first")], "active": True},
            {"runs": ["r1"], "tasks": [instance("load", "success", id="second", try_number=2)], "active": True},
            {"runs": ["r1"], "tasks": []},
            {"runs": ["r1"], "tasks": []},
        ]
    )
    assert result.failed == []


def test_mapped_tasks_are_told_apart() -> None:
    rows = [instance("read", "success", map_index=index) for index in (0, 1)]
    _, told = followed([{"runs": ["r1"], "tasks": rows}])
    assert [task.name for task in told] == ["read[0]", "read[1]"]
