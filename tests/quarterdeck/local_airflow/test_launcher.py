"""The launcher: children start together, the scheduler stops first, and nothing outlives it. Stand-ins for Airflow."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from quarterdeck.local_airflow.instance import stop
from quarterdeck.local_airflow.launcher import ALREADY_RUNNING
from quarterdeck.local_airflow.state import State, running

# Components that write down when they were stopped; one that deaf.txt names does not stop when asked.
STAND_INS = """
import os, signal, sys, time
from pathlib import Path
from quarterdeck.local_airflow import launcher

home = Path(os.environ["AIRFLOW_HOME"])

def become(name, arguments):
    def stop(*_):
        if name not in (home / "deaf.txt").read_text():
            time.sleep(0.2)
            with (home / "stopped.txt").open("a") as file:
                file.write(f"{name} ")
            os._exit(0)
    signal.signal(signal.SIGINT, stop)
    if name == "scheduler" and os.fork() == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if task := os.fork():
            os.waitpid(task, 0)
            time.sleep(60)
        os.setpgid(0, 0)
        (home / "task.txt").write_text(str(os.getpid()))
        time.sleep(60)
    while True:
        time.sleep(0.05)
        if (home / "crash.txt").exists() and name == "api-server":
            os._exit(7)

launcher._become = become
launcher._COMPONENT_SECONDS = 0.5
launcher.import_module = lambda name: None
launcher.metadata_is_ready = lambda home: True
launcher.bury_jobs = lambda home: None
sys.exit(launcher.main())
"""

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts launchers of one home, and ends whatever is left of them."""
    (tmp_path / "deaf.txt").touch()
    started: list[subprocess.Popen[bytes]] = []

    def launch(*options: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__API__PORT": "8080",
            "QUARTERDECK_TASK_API_PORT": "8081",
        }
        process = subprocess.Popen(
            [sys.executable, "-c", STAND_INS, "api-server", "dag-processor", "scheduler", *options],
            env=environment,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield launch
    for process in started:
        for left in session(process.pid):
            left.kill()
        process.wait()


def session(leader: int) -> list[psutil.Process]:
    """The living processes of a session."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def wait_for(true: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def up(home: Path) -> State:
    """The state that the launcher wrote, once its components and the scheduler's task run."""
    wait_for(lambda: running(home) and (home / "task.txt").exists() and (home / "task.txt").read_text())
    time.sleep(0.1)
    state = running(home)
    assert state
    return state


def test_the_scheduler_stops_first_and_nothing_is_left(start: Start, tmp_path: Path) -> None:
    process = start()
    state = up(tmp_path)
    assert set(state.components) == {"api-server", "dag-processor", "scheduler"}
    assert len(session(process.pid)) == 6
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    stopped = (tmp_path / "stopped.txt").read_text().split()
    assert stopped[0] == "scheduler"
    assert sorted(stopped) == ["api-server", "dag-processor", "scheduler"]
    assert session(process.pid) == []
    assert running(tmp_path) is None


def test_asking_again_does_not_wait_for_tasks(start: Start, tmp_path: Path) -> None:
    (tmp_path / "deaf.txt").write_text("scheduler")
    process = start()
    up(tmp_path)
    process.send_signal(signal.SIGINT)
    time.sleep(1.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    assert session(process.pid) == []


def test_a_scheduler_that_missed_it_is_asked_again_when_no_task_runs(start: Start, tmp_path: Path) -> None:
    (tmp_path / "deaf.txt").write_text("scheduler")
    process = start()
    up(tmp_path)
    os.kill(int((tmp_path / "task.txt").read_text()), signal.SIGKILL)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    assert session(process.pid) == []


def test_a_component_that_ends_takes_the_others_along(start: Start, tmp_path: Path) -> None:
    process = start()
    up(tmp_path)
    (tmp_path / "crash.txt").touch()
    assert process.wait(timeout=20) == 1
    assert session(process.pid) == []


def test_two_do_not_run_in_one_home(start: Start, tmp_path: Path) -> None:
    first = start()
    state = up(tmp_path)
    second = start()
    assert second.wait(timeout=20) == ALREADY_RUNNING
    assert running(tmp_path) == state
    assert first.poll() is None


def test_it_ends_with_its_parent(start: Start, tmp_path: Path) -> None:
    child = "import subprocess, sys, time; p = subprocess.Popen(sys.argv[1:], start_new_session=True); print(p.pid)"
    command = [sys.executable, "-c", f"{child}; sys.stdout.flush(); time.sleep(60)"]
    arguments = [sys.executable, "-c", STAND_INS, "api-server", "dag-processor", "scheduler", "--with-parent"]
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__API__PORT": "8080",
        "QUARTERDECK_TASK_API_PORT": "8081",
    }
    parent = subprocess.Popen(command + arguments, env=environment, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    launcher = int(parent.stdout.readline())
    try:
        assert up(tmp_path).short_lived
        parent.kill()
        parent.wait()
        wait_for(lambda: not session(launcher))
    finally:
        parent.kill()
        for left in session(launcher):
            left.kill()
        parent.communicate()


def test_what_a_launcher_and_a_scheduler_that_were_killed_leave_is_told_and_ended(start: Start, tmp_path: Path) -> None:
    process = start()
    state = up(tmp_path)
    assert not state.was_killed
    for pid in (process.pid, state.components["scheduler"]):
        os.kill(pid, signal.SIGKILL)
    process.wait()
    assert running(tmp_path) == state and state.was_killed
    assert stop(state, patience=20)
    assert session(process.pid) == [] and running(tmp_path) is None


def test_the_state_is_whole_or_absent(start: Start, tmp_path: Path) -> None:
    start()
    state = up(tmp_path)
    assert json.loads((tmp_path / "running.json").read_text())["pid"] == state.pid
