"""`quarterdeck run`: what it starts, and what it tells. Airflow is a stand-in here; `tests/e2e` has the real one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from expectations.pending import Partition
from quarterdeck.cli import app
from quarterdeck.cli import run as command
from quarterdeck.local_airflow.follow import Task
from quarterdeck.local_airflow.instance import AirflowError
from quarterdeck.orchestration import PUBLICATION_DAG
from quarterdeck.settings import Settings

DUE = [("hr_metrics", "2017-12"), ("highlight_report", "2018-09")]
PUBLISHED = {"organisation_code": "E06000045", "quarter": "2017-18 Q3", "decision": "published", "reason": "No errors."}
HELD = {
    "organisation_code": "E10000024",
    "quarter": "2018-19 Q2",
    "decision": "held",
    "reason": "B7 is 'tbc'.",
}


class Airflow:
    """A client whose runs end at once, as told."""

    url = "http://127.0.0.1:1"

    def __init__(self) -> None:
        self.triggered: list[tuple[str, str]] = []
        self.pauses: list[str] = []
        self.queued: set[str] = set()
        self.failing = ""
        self.decisions: list[dict[str, Any]] = [PUBLISHED]

    def paused(self) -> list[str]:
        return self.pauses

    def trigger(self, dag_id: str, partition_key: str) -> None:
        self.triggered.append((dag_id, partition_key))

    def runs(self, since: Any) -> list[dict[str, Any]]:
        started = {*self.triggered, (PUBLICATION_DAG, "2018-Q3")}
        return [
            {
                "dag_id": dag_id,
                "dag_run_id": dag_id,
                "partition_key": key,
                "state": "failed" if dag_id == self.failing else "success",
                "duration": 2.0,
                "start_date": f"2018-10-01T00:00:{number:02d}Z",
            }
            for number, (dag_id, key) in enumerate(sorted(started))
        ]

    def task_instances(self, since: Any) -> list[dict[str, Any]]:
        return [
            {
                "id": run["dag_run_id"],
                "task_id": "task",
                "dag_id": run["dag_id"],
                "dag_run_id": run["dag_run_id"],
                "map_index": -1,
                "state": run["state"],
                "try_number": 3,
                "duration": 1.0,
            }
            for run in self.runs(since)
        ]

    def active(self) -> set[str]:
        return self.queued

    def has_active_runs(self) -> bool:
        return False

    def has_unanswered_events(self, since: Any) -> bool:
        return False

    def returned(self, dag_id: str, run_id: str, task_id: str) -> Any:
        return {"audit": {"decisions": self.decisions}, "publish": {"version": "v00007", "changed": True}}[task_id]

    def log_tail(self, task: Any) -> list[str]:
        return ["ValueError: the last line of its log"]


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Airflow:
    """An Airflow that is up, on an empty data root where two files are due."""
    stand_in = Airflow()

    @contextmanager
    def up(settings: Any) -> Iterator[Airflow]:
        yield stand_in

    monkeypatch.setenv("QUARTERDECK_HOME", str(tmp_path))
    monkeypatch.setattr(command, "airflow", up)
    monkeypatch.setattr("quarterdeck.local_airflow.follow.POLL_SECONDS", 0)
    monkeypatch.setattr("loaders.receive.due", lambda settings: DUE)
    return stand_in


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["run", *arguments])


def test_every_due_month_of_a_feed_is_a_run(airflow: Airflow) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert airflow.triggered == [("ingest_hr_metrics", "2017-12"), ("ingest_highlight_report", "2018-09")]
    assert "southampton" in result.stdout
    assert "v00007 is published" in result.stdout


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--feed", "hr_metrics"], [("ingest_hr_metrics", "2017-12")]),
        (["--period", "2018-09"], [("ingest_highlight_report", "2018-09")]),
        (["--feed", "hr_metrics", "--period", "2018-09"], []),
    ],
)
def test_options_take_on_a_part(airflow: Airflow, options: list[str], expected: list[tuple[str, str]]) -> None:
    assert run(*options).exit_code == 0
    assert airflow.triggered == expected


def test_nothing_due_starts_nothing(airflow: Airflow, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(settings: Any) -> Any:
        raise AssertionError("Airflow was started")

    monkeypatch.setattr("loaders.receive.due", lambda settings: [])
    monkeypatch.setattr(command, "airflow", never)
    result = run()
    assert result.exit_code == 0
    assert "Nothing is due" in result.stdout


def test_what_an_earlier_run_left_undecided_is_due(airflow: Airflow, monkeypatch: pytest.MonkeyPatch) -> None:
    partitions = [
        Partition("a", "2018-19 Q1", "f"),
        Partition("b", "2018-19 Q2", "f"),
        Partition("c", "2017-18 Q4", "f"),
    ]
    monkeypatch.setattr("loaders.receive.due", lambda settings: [])
    monkeypatch.setattr("expectations.pending.pending_partitions", lambda settings: partitions)
    assert run().exit_code == 0
    assert airflow.triggered == [(PUBLICATION_DAG, "2018-Q3")]


def test_a_held_partition_is_told_with_its_reason(airflow: Airflow) -> None:
    airflow.decisions = [PUBLISHED, HELD]
    result = run()
    assert result.exit_code == 1
    assert "B7 is 'tbc'" in " ".join(result.stdout.split())


def test_the_last_decision_on_a_partition_counts(airflow: Airflow) -> None:
    airflow.decisions = [HELD, HELD | {"decision": "published"}]
    result = run("--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["decisions"] == [HELD | {"decision": "published"}]


def test_batches_are_told_apart_as_they_end(capsys: pytest.CaptureFixture[str]) -> None:
    with command.progress() as tell:
        for number in (1, 2):
            tell([Task("ingest_hr_metrics 2017-12", f"read[batch {number}, files: 100]", "success", 1.5, {})])
    told = capsys.readouterr().err.splitlines()
    assert "read[batch 1, files: 100]" in told[0] and "read[batch 2, files: 100]" in told[1]


def test_a_failed_task_is_told_with_the_end_of_its_log(airflow: Airflow) -> None:
    airflow.failing = "ingest_hr_metrics"
    result = run()
    assert result.exit_code == 1
    assert "Failed: ingest_hr_metrics 2017-12, task task" in result.stdout
    assert "ValueError: the last line of its log" in result.stdout


def test_a_file_in_quarantine_is_told(airflow: Airflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "quarantine" / "known.before").mkdir(parents=True)

    def due(settings: Any) -> list[tuple[str, str]]:
        (tmp_path / "quarantine" / "unplaced.1").mkdir()
        (tmp_path / "quarantine" / ".draft").mkdir()
        return []

    monkeypatch.setattr("loaders.receive.due", due)
    result = run()
    assert result.exit_code == 1
    assert "unplaced.1" in result.stdout
    assert "known.before" not in result.stdout and "draft" not in result.stdout


def test_json_says_all_of_it(airflow: Airflow) -> None:
    airflow.decisions = [PUBLISHED, HELD]
    result = run("--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["held"] == [HELD]
    assert document["version"] == "v00007" and document["changed"] is True
    assert {entry["state"] for entry in document["runs"]} == {"success"}
    assert document["due"][0] == {"dag_id": "ingest_hr_metrics", "partition_key": "2017-12"}


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--feed", "payroll"], "'payroll' is not a feed"), (["--period", "2018-13"], "'2018-13' is not a month")],
)
def test_what_cannot_be_meant_is_refused(airflow: Airflow, options: list[str], said: str) -> None:
    result = run(*options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert airflow.triggered == []


@pytest.mark.parametrize(
    ("paused", "queued"), [(PUBLICATION_DAG, set()), ("ingest_hr_metrics", set()), ("late_files", {"late_files"})]
)
def test_a_paused_dag_is_not_waited_for(airflow: Airflow, paused: str, queued: set[str]) -> None:
    airflow.pauses, airflow.queued = [paused], queued
    result = run()
    assert result.exit_code == 2
    assert paused in result.stderr and "Unpause" in result.stderr
    assert airflow.triggered == []


def test_a_paused_dag_that_nobody_waits_for_keeps_nothing_from_running(airflow: Airflow) -> None:
    airflow.pauses = ["notices", "lake"]
    assert run().exit_code == 0


def test_a_backfill_that_would_never_begin_is_refused(airflow: Airflow) -> None:
    airflow.pauses = ["backfill"]
    result = CliRunner().invoke(app, ["backfill", "--from", "2018-19Q1", "--to", "2018-19Q2"])
    assert result.exit_code == 2 and "Paused" in result.stderr


def test_an_airflow_that_does_not_start_is_said_without_a_traceback(
    airflow: Airflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def broken(settings: Any) -> Iterator[Airflow]:
        raise AirflowError("Airflow did not start.")
        yield airflow

    monkeypatch.setattr(command, "airflow", broken)
    result = run()
    assert result.exit_code == 2
    assert "Airflow did not start." in result.stderr
    assert "Traceback" not in result.output


def test_that_there_is_no_room_is_said_where_airflow_ends_of_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.home.mkdir()
    refused = httpx.ConnectError("Connection refused")
    assert command.in_words(refused, settings).startswith("Airflow stopped answering (Connection refused).")
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=0))
    assert command.in_words(refused, settings).startswith(f"There is no room left in {settings.home}.")
