"""Start a local Airflow, wait until it can be used, stop it."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from quarterdeck.local_airflow.client import Client, local_http
from quarterdeck.local_airflow.environment import environment, password, prepare_home, url_of
from quarterdeck.local_airflow.launcher import ALREADY_RUNNING
from quarterdeck.local_airflow.state import State, component_log, end
from quarterdeck.orchestration import DAGS, POOL, POOL_SLOTS
from quarterdeck.settings import Settings

RUN_COMPONENTS = ("api-server", "task-api-server", "dag-processor", "scheduler")
"""What runs need; the slowest to start come first."""

UP_COMPONENTS = (*RUN_COMPONENTS, "triggerer")

START_SECONDS = 180.0

UNDER_WAY = (
    "A `quarterdeck run` is under way here. Wait until it has ended, or end it by `quarterdeck down`; then try again."
)

KILLED = "An Airflow that was killed has left processes here. `quarterdeck down` ends them; then try again."


class AirflowError(Exception):
    """Why a local Airflow cannot be used, in words for the person who started it."""


@dataclass(frozen=True)
class LocalAirflow:
    """An Airflow that this process started."""

    settings: Settings
    launcher: subprocess.Popen[bytes]
    port: int
    task_api_port: int

    @classmethod
    def start(
        cls,
        settings: Settings,
        components: Sequence[str],
        *,
        port: int | None = None,
        idle_seconds: float,
        with_parent: bool,
        calendar: bool = True,
        told: Mapping[str, str] | None = None,
    ) -> "LocalAirflow":
        """Start these components in a session of their own, and return at once.

        The API server listens on `port` of the loopback interface, or on any that is free. `with_parent` ends
        everything together with this process, however that ends; `calendar` is as for `environment`, and
        `told` is what else their environment says.
        """
        prepare_home(settings)
        port, task_api_port = port or free_port(), free_port()
        log = component_log(settings.airflow_home, "launcher")
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "quarterdeck.local_airflow.launcher", *components]
        with log.open("wb") as output:
            launcher = subprocess.Popen(
                command + ["--with-parent"] * with_parent,
                env=environment(
                    settings, port=port, task_api_port=task_api_port, idle_seconds=idle_seconds, calendar=calendar
                )
                | dict(told or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(settings, launcher, port, task_api_port)

    def wait_until_ready(self, dags: Sequence[str] = DAGS) -> Client:
        """Wait until both API servers answer, these DAGs were read from their files, and the writer's slot is there.

        Raises AirflowError where a component ends, a DAG file cannot be imported, or it takes too long.
        """
        started, deadline = psutil.Process(self.launcher.pid).create_time(), time.monotonic() + START_SECONDS
        client = Client(url_of(self.port), password(self.settings))
        # The task API server's first answer takes seconds, in which it makes what all the others need: it goes on with
        # that when we stop waiting, and asking early has it done when the first task comes.
        task_api, health = local_http(timeout=0.5), f"{url_of(self.task_api_port)}/execution/health"
        while not (answers(task_api, health) and client.is_up()):
            self._check(deadline)
            time.sleep(0.1)
        client.ensure_pool(POOL, POOL_SLOTS, "The writer's slot: one task at a time opens the warehouse.")
        while not client.parsed_since(dags, started):
            if errors := client.import_errors():
                raise AirflowError("\n".join(("A DAG file cannot be imported.", *errors)))
            self._check(deadline)
            time.sleep(0.1)
        return client

    def stop(self) -> None:
        """Stop the components in good order: running tasks end first, unless one interrupts again."""
        self.launcher.send_signal(signal.SIGINT)
        while self.launcher.poll() is None:
            try:
                self.launcher.wait()
            except KeyboardInterrupt:
                self.launcher.send_signal(signal.SIGINT)

    def _check(self, deadline: float) -> None:
        home = self.settings.airflow_home
        if self.launcher.poll() == ALREADY_RUNNING:
            raise AirflowError(f"Another Airflow is starting or stopping in {home}. Try again in a moment.")
        if self.launcher.poll() is not None:
            raise AirflowError(f"Airflow did not start.\n{_last_words(home)}")
        if time.monotonic() > deadline:
            raise AirflowError(
                f"Airflow was not ready after {START_SECONDS:.0f} seconds. Its logs are in {home / 'logs/components'}."
            )


def stop(state: State, *, patience: float) -> bool:
    """Stop an Airflow that another process started; returns whether all of it has ended.

    Running tasks may end first, within `patience` seconds. The launcher stops the components in good order; where it is
    gone, they are stopped one by one, and then what a scheduler that was killed has left.
    """
    for sent, seconds in ((signal.SIGINT, patience), (signal.SIGTERM, 30.0), (signal.SIGKILL, 5.0)):
        processes = state.processes()
        launcher = [process for process in processes if process.pid == state.pid]
        for process in launcher or processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(sent)
        psutil.wait_procs(processes, timeout=seconds)
    end(state.session())
    return not state.session()


def answers(http: httpx.Client, url: str) -> bool:
    """Whether a server answers at this address, in the time that the client has."""
    try:
        return http.get(url).is_success
    except httpx.TransportError:
        return False


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_words(home: Path) -> str:
    """The ends of the component logs, newest last."""
    logs = sorted(component_log(home, "launcher").parent.glob("*.log"), key=lambda log: log.stat().st_mtime)
    return "\n".join(
        "\n".join([f"{log}:", *log.read_text(errors="replace").splitlines()[-5:]]) for log in logs if log.stat().st_size
    )
