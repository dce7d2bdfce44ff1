"""Airflow's cluster policy on a server: who holds the writer's slot runs on the one worker that opens the warehouse."""

from typing import Any

from quarterdeck.orchestration import POOL


def task_policy(task: Any) -> None:
    """Send a task of the writer's slot to the queue of the same name."""
    if task.pool == POOL:
        task.queue = POOL
