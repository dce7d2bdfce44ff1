"""Start Airflow's components as children of one process that imports Airflow once, and stop them in good order.

Importing Airflow takes longer than anything else its components do when they start; children that are forked after the
import share it. Each child then is exactly the command `airflow <component>`.

Run in a session of its own as `python -m quarterdeck.local_airflow.launcher [--with-parent] COMPONENT…`, with the
environment that `environment.environment` gives.

The API server is two processes, one for people and one for tasks. In one process on SQLite they lock each other out:
a request that writes an entry of the audit log blocks the event loop until it has the database, and the task's request
that has it waits for the loop to commit.
"""

import argparse
import gc
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Collection
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import psutil

from quarterdeck.local_airflow.environment import TASK_API_PORT, bury_jobs, mark_metadata_ready, metadata_is_ready
from quarterdeck.local_airflow.state import State, component_log, end, forget_state, session_of, take_lock, write_state
from quarterdeck.orchestration import IMPORTED_FOR_TASKS

COMPONENTS = {
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    "api-server": ["api-server", "--apps", "core"],
    "task-api-server": ["api-server", "--apps", "execution", "--port", "{task_api_port}"],
}

ALREADY_RUNNING = 3
"""Exit code where another Airflow runs in the same home."""

# The scheduler lets its running tasks end; the others have nothing to wait for, nor has a scheduler without tasks.
_TASKS_SECONDS = 3600.0
_COMPONENT_SECONDS = 10.0


class Launcher:
    """The components of one Airflow, by process id; all start together, and the scheduler is the first to stop."""

    def __init__(self, *, with_parent: bool) -> None:
        self.parent = os.getppid() if with_parent else None
        self.children: dict[str, int] = {}
        self.times_asked = 0

    def watch(self) -> int:
        """Wait until asked to stop, until the parent is gone, or until a component ends; then stop what is left.

        Returns 0, or 1 where a component ended by itself.
        """
        signal.signal(signal.SIGINT, self._ask)
        signal.signal(signal.SIGTERM, self._ask)
        expected = set(self.children)
        while not self.times_asked and not self._is_orphan() and expected == self._alive():
            time.sleep(0.1)
        failed = expected != self._alive()
        # The scheduler goes first: its tasks need the API server to say how they ended.
        self._stop({"scheduler"}, _TASKS_SECONDS)
        self._stop(expected, _COMPONENT_SECONDS)
        _end_session()
        return int(failed)

    def _ask(self, *_: object) -> None:
        self.times_asked += 1

    def _is_orphan(self) -> bool:
        return self.parent is not None and os.getppid() != self.parent

    def _alive(self) -> set[str]:
        for component, pid in list(self.children.items()):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del self.children[component]
        return set(self.children)

    def _stop(self, components: Collection[str], patience: float) -> None:
        """End components by SIGINT; harder signals follow when they take too long, or when we are asked again.

        Too long is also when no task runs that could be waited for: a component that is asked at a bad moment, while
        Python clears away something, never learns that it was.
        """
        for sent, seconds in ((signal.SIGINT, patience), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            for component in self._alive().intersection(components):
                os.kill(self.children[component], sent)
            asked, deadline = max(self.times_asked, 1), time.monotonic() + seconds
            busy = time.monotonic()
            while alive := self._alive().intersection(components):
                if time.monotonic() > deadline or self.times_asked > asked:
                    break
                if time.monotonic() > busy + _COMPONENT_SECONDS:
                    if not any(_runs_tasks(self.children[component]) for component in alive):
                        break
                    busy = time.monotonic()
                time.sleep(0.02)


def main() -> int:
    """Run the launcher; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("components", nargs="+", choices=COMPONENTS)
    parser.add_argument("--with-parent", action="store_true", help="stop when the process that started this one ends")
    arguments = parser.parse_args()
    launcher = Launcher(with_parent=arguments.with_parent)
    home = Path(os.environ["AIRFLOW_HOME"])
    if not take_lock(home):
        return ALREADY_RUNNING
    forget_state(home)

    # Imports make hundreds of thousands of objects that stay; looking through them over and over costs a third of the
    # time that a start takes.
    gc.set_threshold(50_000, 20, 20)
    import_module("airflow.__main__")

    if not metadata_is_ready(home):
        pid = os.fork()
        if pid == 0:
            _become("migrate", ["db", "migrate"])
        if os.waitpid(pid, 0)[1]:
            return 1
        mark_metadata_ready(home)
    bury_jobs(home)

    gc.freeze()
    for component in arguments.components:
        pid = os.fork()
        if pid == 0:
            port = os.environ[TASK_API_PORT]
            _become(component, [argument.format(task_api_port=port) for argument in COMPONENTS[component]])
        launcher.children[component] = pid
    write_state(home, State.of_this_process(dict(launcher.children), short_lived=arguments.with_parent))
    return launcher.watch()


def _become(name: str, arguments: list[str]) -> NoReturn:
    """Make this process `airflow <arguments>`, its output going to a log of its own, and end with it."""
    from airflow.__main__ import main as airflow

    path = component_log(Path(os.environ["AIRFLOW_HOME"]), name)
    path.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if name == "scheduler":
        for module in IMPORTED_FOR_TASKS:
            import_module(module)
    sys.argv = ["airflow", *arguments]
    code = 0
    try:
        airflow()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        # How a server ends that was asked to by SIGINT.
        pass
    except BaseException:
        traceback.print_exc()
        code = 1
    # The component has closed what it had open. Taking the rest of the process to pieces, object by object, takes
    # seconds that do nothing for anybody.
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _runs_tasks(pid: int) -> bool:
    """Whether a component's workers run something: every task is a process of its own below a worker."""
    try:
        return any(worker.children() for worker in psutil.Process(pid).children())
    except psutil.NoSuchProcess:
        return False


def _end_session() -> None:
    """End what is left of this process's session: tasks whose scheduler did not live to see them end."""
    if os.getsid(0) != os.getpid():
        return
    end([process for process in session_of(os.getpid()) if process.pid != os.getpid()])


if __name__ == "__main__":
    sys.exit(main())
