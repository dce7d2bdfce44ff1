"""Follow the runs of an Airflow until nothing is under way, telling of every task that changes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from quarterdeck.local_airflow.client import Client, now

POLL_SECONDS = 0.4
# The scheduler answers an asset event in its next round; this is many rounds.
UNANSWERED_SECONDS = 60.0
# A row may be committed after a later one was seen, so every look goes back a little.
OVERLAP = timedelta(seconds=3)

TaskKey = tuple[str, str, int]


@dataclass(frozen=True)
class Task:
    """A task instance as it stands: `run` is the DAG's name and the partition's key, `seconds` how long it ran."""

    run: str
    name: str
    state: str
    seconds: float
    row: dict[str, Any]


@dataclass(frozen=True)
class Followed:
    """What was seen: the runs, the tasks that failed for good, and whether some event started no run in time."""

    runs: list[dict[str, Any]]
    failed: list[Task]
    unanswered: bool


def follow(client: Client, since: datetime, tell: Callable[[list[Task]], None]) -> Followed:
    """Wait until no run is queued or running and every asset event since `since` has started its run, and that ended.

    `tell` is called whenever tasks changed, with those that did.
    """
    tasks: dict[TaskKey, Task] = {}
    names: dict[str, str] = {}
    changed: list[Task] = []
    window, patience = since, time.monotonic() + UNANSWERED_SECONDS
    while True:
        asked = now()
        # Nobody needs to ask while tasks still change; and it is asked before the tasks are looked at, so that no
        # task's last change can slip in between.
        ended, unanswered = (False, False) if changed else _ended(client, since)
        rows = client.task_instances(window)
        if not {row["dag_run_id"] for row in rows} <= names.keys():
            names = {run["dag_run_id"]: f"{run['dag_id']} {run['partition_key'] or '-'}" for run in client.runs(since)}
        if changed := _changed(tasks, rows, names):
            tell(changed)
            patience = time.monotonic() + UNANSWERED_SECONDS
        given_up = unanswered and time.monotonic() > patience
        if ended or given_up:
            failed = [task for task in tasks.values() if task.state == "failed"]
            return Followed(client.runs(since), failed, given_up)
        window = asked - OVERLAP
        time.sleep(POLL_SECONDS)


def _ended(client: Client, since: datetime) -> tuple[bool, bool]:
    """Whether everything has ended, and if not, whether it is for an asset event that waits for the run it starts.

    Events come from active runs and become active runs, so the three questions in this order leave no gap.
    """
    if client.has_active_runs():
        return False, False
    if client.has_unanswered_events(since):
        return False, True
    return not client.has_active_runs(), False


def _changed(tasks: dict[TaskKey, Task], rows: list[dict[str, Any]], names: dict[str, str]) -> list[Task]:
    """Bring `tasks` up to date and return those whose state is new."""
    changed = []
    for row in rows:
        # Not the row's id: every try has its own.
        key = (row["dag_run_id"], row["task_id"], row["map_index"])
        known, run = tasks.get(key), names.get(row["dag_run_id"])
        if run and (known is None or (known.state, known.row["try_number"]) != (row["state"], row["try_number"])):
            tasks[key] = Task(run, _name(row), row["state"], row["duration"] or 0.0, row)
            changed.append(tasks[key])
    return changed


def _name(row: dict[str, Any]) -> str:
    """A task's id, and of a mapped one which of them it is, in its own words where it has some."""
    if row["map_index"] < 0:
        return str(row["task_id"])
    return f"{row['task_id']}[{row.get('rendered_map_index') or row['map_index']}]"
