"""The command line on data roots of the tests' own, and the processes that work on one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def command() -> Callable[[Path], Command]:
    """Makes, of a data root, what runs the command line on it."""

    def on(home: Path) -> Command:
        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [program(), *arguments], env=environment(home), cwd=home, capture_output=True, text=True, timeout=1200
            )

        return run

    return on


def program() -> Path:
    """The command."""
    return Path(sys.executable).with_name("quarterdeck")


def environment(home: Path) -> dict[str, str]:
    """The environment of a command on this data root."""
    return os.environ | {"QUARTERDECK_HOME": str(home)}


def kill(run: subprocess.Popen[str], home: Path) -> None:
    """End a run, its Airflow and all its tasks, as a power cut would.

    The run leads a session of its own, and so does the launcher of its Airflow.
    """
    launcher = json.loads((home / "airflow" / "running.json").read_text())["pid"]
    while processes := [process for process in psutil.process_iter() if session(process.pid) in (run.pid, launcher)]:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        # Waited for here, for nobody else waits for a child of this process.
        run.wait()
        psutil.wait_procs(processes, timeout=10)


def session(pid: int) -> int | None:
    """The session of a process; None where it is gone."""
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None
