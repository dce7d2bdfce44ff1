"""What Airflow is told on a server beside its configuration: which worker does what, and how tasks are forked."""

import multiprocessing
from importlib import import_module
from typing import Any

from celery.signals import worker_init, worker_process_init

from quarterdeck.orchestration import IMPORTED_FOR_TASKS, POOL


def task_policy(task: Any) -> None:
    """Send a task of the writer's slot to the queue of the same name, so that one worker opens the warehouse."""
    if task.pool == POOL:
        task.queue = POOL


@worker_init.connect  # type: ignore[untyped-decorator]
def import_once(**_: object) -> None:
    """Import before the worker forks, whose processes fork the tasks: most of these import longer than they work."""
    for module in IMPORTED_FOR_TASKS:
        import_module(module)


@worker_process_init.connect  # type: ignore[untyped-decorator]
def let_tasks_fork(**_: object) -> None:
    """Celery's processes are daemons, which may have no children; a task reads files of strangers in one."""
    multiprocessing.current_process().daemon = False
