"""What is written down about a running Airflow of a data root, so that other commands find it."""

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

# Whoever looks whether an Airflow runs has the lock for a moment, which is not to keep another from starting.
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class State:
    """A running Airflow: its launcher, its components by process id, and the port of its API server.

    `started` are seconds since the epoch. A short-lived one belongs to a `quarterdeck run` and ends with it.
    """

    pid: int
    port: int
    short_lived: bool
    started: float
    components: dict[str, int]

    @classmethod
    def of_this_process(cls, components: dict[str, int], *, short_lived: bool) -> "State":
        """The state of an Airflow whose launcher is this process."""
        port = int(os.environ["AIRFLOW__API__PORT"])
        return cls(os.getpid(), port, short_lived, time.time(), components)

    def processes(self) -> list[psutil.Process]:
        """Those of launcher and components that are alive, the launcher first."""
        alive = {process.pid: process for process in self.session()}
        return [alive[pid] for pid in (self.pid, *self.components.values()) if pid in alive]

    def session(self) -> list[psutil.Process]:
        """All of its processes that are alive: workers and tasks too, whose scheduler may be gone.

        They are of the launcher's session. A process that only got a number again is of another, and the number of a
        session is not given again while one of it lives; when a process began depends on a clock that may be set.
        """
        return session_of(self.pid)

    @property
    def was_killed(self) -> bool:
        """Whether its launcher is gone: what is left of it nobody looks after."""
        return all(process.pid != self.pid for process in self.processes())


def session_of(leader: int) -> list[psutil.Process]:
    """The processes of a session that are alive."""
    return [process for process in psutil.process_iter() if _session(process.pid) == leader and _lives(process)]


def end(processes: list[psutil.Process]) -> None:
    """End processes, hard where they take longer than five seconds."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=5)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=5)


def running(home: Path) -> State | None:
    """The Airflow that runs in this home, or None.

    The lock tells, not the file: the kernel lets go of a lock when the last process that holds it ends.
    """
    if not _is_locked(home) or not _state_file(home).exists():
        return None
    return State(**json.loads(_state_file(home).read_text()))


def write_state(home: Path, state: State) -> None:
    """Write the state down, whole or not at all."""
    half = _state_file(home).with_suffix(".half")
    half.write_text(json.dumps(asdict(state)))
    half.replace(_state_file(home))


def forget_state(home: Path) -> None:
    """Remove what an earlier Airflow left."""
    _state_file(home).unlink(missing_ok=True)


def take_lock(home: Path) -> bool:
    """Mark this home as having a running Airflow, until this process and all that it forks have ended.

    Returns False where another one has it.
    """
    lock = os.open(_lock_file(home), os.O_RDWR | os.O_CREAT, 0o600)
    patience = time.monotonic() + _LOOK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > patience:
                os.close(lock)
                return False
            time.sleep(0.02)
        else:
            return True


def component_log(home: Path, component: str) -> Path:
    """Where a component's output goes; written anew at every start."""
    return home / "logs" / "components" / f"{component}.log"


def _is_locked(home: Path) -> bool:
    if not _lock_file(home).exists():
        return False
    lock = os.open(_lock_file(home), os.O_RDONLY)
    try:
        # Those who only look share the lock: they do not take each other for an Airflow.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _session(pid: int) -> int | None:
    if not pid:
        # macOS lists its kernel as process 0, which means the caller here.
        return None
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _lock_file(home: Path) -> Path:
    return home / "running.lock"


def _state_file(home: Path) -> Path:
    return home / "running.json"
