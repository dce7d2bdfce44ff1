"""Follow the runs of an Airflow until nothing is under way, telling of every task that ends."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from quarterdeck.local_airflow.client import Client, now

POLL_SECONDS = 0.3
# A publication is queued by the scheduler's next round after its asset event; this is many rounds.
UNANSWERED_SECONDS = 60.0


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

    `tell` is called every time something changed, with the tasks that did.
    """
    tasks: dict[str, Task] = {}
    window, patience = since, time.monotonic() + UNANSWERED_SECONDS
    while True:
        active, unanswered = _under_way(client, since)
        patience = time.monotonic() + UNANSWERED_SECONDS if active else patience
        asked = now()
        runs = client.runs(since)
        changed = _changed(tasks, client.task_instances(window), runs)
        if changed:
            tell(changed)
        given_up = unanswered and time.monotonic() > patience
        if given_up or not (active or unanswered):
            failed = [task for task in tasks.values() if task.state == "failed"]
            return Followed(runs, failed, given_up)
        # Two seconds back: a row may be committed after a later one was seen.
        window = asked - timedelta(seconds=2)
        time.sleep(POLL_SECONDS)


def _under_way(client: Client, since: datetime) -> tuple[bool, bool]:
    """Whether any run is active, and whether any asset event still waits for the run that it starts.

    Events come from active runs and become active runs, so the three questions in this order leave no gap.
    """
    if client.has_active_runs():
        return True, False
    if client.has_unanswered_events(since):
        return False, True
    return client.has_active_runs(), False


def _changed(tasks: dict[str, Task], rows: list[dict[str, Any]], runs: list[dict[str, Any]]) -> list[Task]:
    """Bring `tasks` up to date and return those whose state is new."""
    names = {
        (run["dag_id"], run["dag_run_id"]): f"{run['dag_id']} {run['partition_key'] or ''}".strip() for run in runs
    }
    changed = []
    for row in rows:
        known, run = tasks.get(row["id"]), names.get((row["dag_id"], row["dag_run_id"]))
        if run and (known is None or (known.state, known.row["try_number"]) != (row["state"], row["try_number"])):
            name = row["task_id"] if row["map_index"] < 0 else f"{row['task_id']}[{row['map_index']}]"
            tasks[row["id"]] = Task(run, name, row["state"] or "none", row["duration"] or 0.0, row)
            changed.append(tasks[row["id"]])
    return changed
