"""Who runs here: the lock tells, whatever files were left."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from quarterdeck.local_airflow.state import State, forget_state, running, session_of, take_lock, write_state

HOLDER = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from quarterdeck.local_airflow.state import take_lock
print(take_lock(Path(sys.argv[1])), flush=True)
time.sleep(60)
"""


def state(pid: int, components: dict[str, int] | None = None) -> State:
    return State(pid=pid, port=8080, short_lived=True, started=time.time(), components=components or {})


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has the lock."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout and process.stdout.readline() == "True\n"
    yield process
    process.kill()
    process.communicate()


def test_nobody_runs_in_an_empty_home(tmp_path: Path) -> None:
    assert running(tmp_path) is None


def test_what_a_crash_left_is_nobody(tmp_path: Path) -> None:
    (tmp_path / "running.lock").touch()
    write_state(tmp_path, state(1))
    assert running(tmp_path) is None


def test_whoever_has_the_lock_runs(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    written = state(holder.pid, {"scheduler": holder.pid})
    write_state(tmp_path, written)
    assert running(tmp_path) == written
    assert not take_lock(tmp_path)
    holder.kill()
    holder.wait()
    assert running(tmp_path) is None


def test_one_that_starts_has_not_told_yet(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    forget_state(tmp_path)
    assert running(tmp_path) is None


def test_who_only_looks_is_taken_for_nobody_and_keeps_nobody_from_starting(tmp_path: Path) -> None:
    (tmp_path / "running.lock").touch()
    write_state(tmp_path, state(1))
    with (tmp_path / "running.lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert running(tmp_path) is None
        threading.Timer(0.1, lambda: fcntl.flock(looking, fcntl.LOCK_UN)).start()
        assert take_lock(tmp_path)


def test_processes_that_are_gone_are_not_listed(holder: subprocess.Popen[str]) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    alive = state(holder.pid, {"scheduler": gone.pid}).processes()
    assert [process.pid for process in alive] == [holder.pid]


def test_a_process_that_only_got_the_same_number_is_left_alone(holder: subprocess.Popen[str]) -> None:
    assert state(os.getppid(), {"scheduler": holder.pid}).processes() == []


def test_a_clock_that_was_set_since_changes_nothing(holder: subprocess.Popen[str]) -> None:
    before = State(holder.pid, 8080, False, started=0.0, components={})
    assert [process.pid for process in before.processes()] == [holder.pid] and not before.was_killed


def test_the_kernel_is_of_nobody_s_session(monkeypatch):
    kernel = SimpleNamespace(pid=0, status=lambda: psutil.STATUS_RUNNING, is_running=lambda: True)
    monkeypatch.setattr(psutil, "process_iter", lambda: [kernel, psutil.Process()])
    assert [process.pid for process in session_of(os.getsid(0))] == [os.getpid()]
