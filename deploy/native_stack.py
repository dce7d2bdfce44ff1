"""The server's services as processes of this machine: what docker-compose.yml says, with hosts and paths mapped.

PostgreSQL and Redis are the distribution's; everything else is the command that the compose file gives.
"""

import base64
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from deploy.compose import required, resolved
from quarterdeck.local_airflow.client import Client
from quarterdeck.local_airflow.follow import Followed, follow
from quarterdeck.local_airflow.instance import free_port
from quarterdeck.orchestration import DAGS
from quarterdeck.settings import PROJECT_ROOT

COMPONENTS = ("api-server", "dag-processor", "scheduler", "triggerer", "worker", "writer")
_UNPRIVILEGED = ("postgres", "nobody")


class StackError(Exception):
    """Why the services cannot be started, or a command on them failed, with the end of what was printed."""


def missing() -> list[str]:
    """What this machine lacks to run the services."""
    programs = [name for name in ("postgres", "initdb", "redis-server") if not _program(name)]
    modules = ("airflow.providers.celery", "airflow.providers.fab", "psycopg2", "asyncpg", "redis")
    check = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    for name in modules:
        if subprocess.run([sys.executable, "-c", check, name], capture_output=True).returncode:
            programs.append(name)
    return programs


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something holds. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.3)


class NativeStack:
    """The services, with a data root and an Airflow home of their own; `stop` ends all of them.

    A component that ends by itself is started again, as `restart: unless-stopped` does. `told` is what .env says, where
    it is not a secret, and whatever else is to be in every component's environment. `hosts` are workers on hosts of
    their own: the command line before theirs, by the worker's name; all servers listen at `address` then.
    """

    def __init__(
        self,
        folder: Path,
        told: Mapping[str, str] | None = None,
        hosts: Mapping[str, Sequence[str]] | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        self.data, self.home, self.logs = folder / "data", folder / "airflow", folder / "logs"
        # Its history goes with the metadata.
        shutil.rmtree(self.logs, ignore_errors=True)
        for path in (self.data, self.home, self.logs):
            path.mkdir(exist_ok=True)
        self.told, self.hosts, self.address = dict(told or {}), dict(hosts or {}), address
        self.components = [name for name in COMPONENTS if name != "worker" or not self.hosts] + list(self.hosts)
        self._stopping, self._lock = threading.Event(), threading.RLock()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._written_before: dict[str, int] = {}
        self.ports = {name: free_port() for name in ("api-server", "postgres", "redis", "health")}
        self.secrets = {name: secrets.token_hex(16) for name in sorted(required())}
        self.secrets["AIRFLOW_FERNET_KEY"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        # Who tries it does not wait for minutes to see that a worker is gone.
        chosen = {"QUARTERDECK_HEARTBEAT_TIMEOUT": "15", "QUARTERDECK_QUEUED_TIMEOUT": "60", "QUARTERDECK_READERS": "2"}
        self.services: dict[str, Any] = resolved(self.secrets | chosen | self.told)["services"]
        # Its server runs as another user, who cannot look into this one's folders.
        self._postgres = Path(tempfile.mkdtemp(prefix="quarterdeck-postgres-"))

    @property
    def url(self) -> str:
        """The address of the API server."""
        return f"http://{self.address}:{self.ports['api-server']}"

    def start(self) -> None:
        """Start every service and wait until the API server answers and every component is well."""
        self._start_redis()
        self._start_postgres()
        self.init()
        for name in self.components:
            self.start_component(name)
        wait_for(self.is_well, 400, "every component reports that it is well")
        threading.Thread(target=self._watch, daemon=True).start()

    def init(self) -> None:
        """Run what comes first at every start: metadata schema, slot, role, administrator."""
        self._run(["sh", str(PROJECT_ROOT / "deploy" / "init.sh")], self._environment("init"))

    def start_component(self, name: str) -> None:
        """Start one of Airflow's components as the compose file has it."""
        command = [self._mapped(part) for part in self._service(name)["command"]]
        if name == "api-server":
            command[command.index("0.0.0.0")] = self.address
            command[command.index("8080")] = str(self.ports["api-server"])
        if "celery" in command:
            # On one machine two workers need two names, as two hosts would have.
            command += ["--celery-hostname", f"{name}@localhost"]
        self._spawn(name, [*self.hosts.get(name, ()), sys.executable, "-m", *command], self._environment(name))

    def start_again(self, name: str) -> None:
        """Start what was killed: a component, or the metadata's server."""
        if name == "postgres":
            self.start_postgres()
        else:
            self.start_component(name)

    def kill(self, name: str) -> None:
        """End a component or a server as a power cut would, with everything that it started."""
        with self._lock:
            process = self.processes.pop(name)
        family: list[psutil.Process] = []
        # It may have ended by itself just now.
        with suppress(psutil.NoSuchProcess):
            # Tasks have sessions of their own.
            family += [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(family, timeout=10)
        process.wait()

    def stop_component(self, name: str) -> None:
        """End one of Airflow's components in good order."""
        with self._lock:
            process = self.processes.pop(name)
        _signal(process, signal.SIGTERM)
        process.wait(timeout=60)

    def stop(self) -> None:
        """End everything that was started, servers last."""
        self._stopping.set()
        with self._lock:
            self._end()
        shutil.rmtree(self._postgres, ignore_errors=True)

    def _end(self) -> None:
        order = [name for name in self.processes if name in self.components]
        for names, sent in ((order, signal.SIGTERM), (["postgres"], signal.SIGINT), (["redis"], signal.SIGTERM)):
            running = [self.processes.pop(name) for name in names if name in self.processes]
            for process in running:
                _signal(process, sent)
            for process in running:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=20)
                _signal(process, signal.SIGKILL)

    def client(self, user: str, password: str) -> httpx.Client:
        """A client of the REST interface, signed in."""
        http = httpx.Client(base_url=self.url, trust_env=False, timeout=60)
        answer = http.post("/auth/token", json={"username": user, "password": password}).raise_for_status()
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return http

    def administrator(self) -> Client:
        """The first user, signed in, when every DAG is there."""
        client = Client(self.url, self.secrets["AIRFLOW_ADMIN_PASSWORD"])
        client.sign_in()
        wait_for(lambda: client.parsed_since(DAGS, 0), 120, "every DAG is read")
        return client

    def followed(self, client: Client, since: datetime, seconds: float = 900) -> Followed:
        """Follow the runs since then to their end, also while the API server does not answer or has no database."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return follow(client, since, lambda tasks: None)
            except httpx.HTTPError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)

    def airflow(self, *arguments: str, told: Mapping[str, str] | None = None) -> str:
        """Run a command of Airflow's on this stack, with these variables; returns what it printed."""
        command = [sys.executable, "-m", "airflow", *arguments]
        return self._run(command, self._environment("scheduler") | dict(told or {}))

    def quarterdeck(self, *arguments: str, user: str, password: str) -> subprocess.CompletedProcess[str]:
        """Give a command of ours in a worker's environment, as this user of Airflow's."""
        told = {"QUARTERDECK_AIRFLOW_USER": user, "QUARTERDECK_AIRFLOW_PASSWORD": password}
        command = [sys.executable, "-c", "from quarterdeck.cli import main; main()", *arguments]
        return subprocess.run(command, env=self._environment("worker") | told, capture_output=True, text=True)

    def postgres(self, program: str, *arguments: str) -> str:
        """Run a client program of PostgreSQL's on the metadata's server, as its user; returns what it printed."""
        told = self.services["postgres"]["environment"]
        place = {"PGHOST": self.address, "PGPORT": str(self.ports["postgres"]), "PGUSER": told["POSTGRES_USER"]}
        return self._run(
            [_program(program), *arguments], os.environ | place | {"PGPASSWORD": told["POSTGRES_PASSWORD"]}
        )

    @staticmethod
    def _run(command: Sequence[str], environment: Mapping[str, str]) -> str:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise StackError(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def log(self, name: str) -> str:
        """What a component wrote since it was last started."""
        return (self.logs / f"{name}.log").read_bytes()[self._written_before[name] :].decode(errors="replace")

    def _watch(self) -> None:
        """Start again what ended by itself."""
        while not self._stopping.wait(1):
            with self._lock:
                for name in self.components:
                    process = self.processes.get(name)
                    if process and process.poll() is not None and not self._stopping.is_set():
                        self.start_component(name)

    def is_well(self) -> bool:
        """Whether the API server answers, every component has told of itself lately, and the workers were ready."""
        try:
            health = httpx.get(f"{self.url}/api/v2/monitor/health", trust_env=False, timeout=5).json()
        except (httpx.TransportError, ValueError):
            return False
        well = all(health[name]["status"] == "healthy" for name in ("metadatabase", "scheduler", "dag_processor"))
        return well and all("ready." in self.log(name) for name in (*(self.hosts or ("worker",)), "writer"))

    def _service(self, name: str) -> dict[str, Any]:
        service: dict[str, Any] = self.services["worker" if name in self.hosts else name]
        return service

    def _environment(self, name: str) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_")}
        told = {key: self._mapped(str(value)) for key, value in self._service(name)["environment"].items()}
        told["PYTHONPATH"] = os.pathsep.join([told["PYTHONPATH"], str(PROJECT_ROOT)])
        return (
            inherited
            | told
            | self.told
            | {
                # What the image says.
                "AIRFLOW_HOME": str(self.home),
                "QUARTERDECK_HOME": str(self.data),
                "OPENBLAS_NUM_THREADS": "1",
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
                # Ports that are another container's own, and this machine's only.
                "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.ports["health"]),
            }
        )

    def _mapped(self, text: str) -> str:
        """A text of the compose file, with its hosts and paths as they are here."""
        for theirs, ours in (
            ("@postgres/", f"@{self.address}:{self.ports['postgres']}/"),
            ("@serving/", f"@{self.address}:{self.ports['postgres']}/"),
            ("@redis:6379", f"@{self.address}:{self.ports['redis']}"),
            ("//api-server:8080", f"//{self.address}:{self.ports['api-server']}"),
            ("/opt/quarterdeck", str(PROJECT_ROOT)),
            ("/opt/airflow", str(self.home)),
        ):
            text = text.replace(theirs, ours)
        return text

    def _start_redis(self) -> None:
        password = self.services["redis"]["environment"]["REDIS_PASSWORD"]
        configuration = self.logs / "redis.conf"
        configuration.write_text(f'requirepass {password}\nsave ""\nbind {self.address}\nport {self.ports["redis"]}\n')
        self._spawn("redis", [_program("redis-server"), str(configuration)], dict(os.environ))
        wait_for(lambda: _listens(self.address, self.ports["redis"]), 20, "redis listens")

    def _start_postgres(self) -> None:
        told = self.services["postgres"]["environment"]
        user = _unprivileged_user()
        data, words = self._postgres / "data", self._postgres / "password"
        words.write_text(told["POSTGRES_PASSWORD"])
        if user:
            account = pwd.getpwnam(user)
            for path in (self._postgres, words):
                os.chown(path, account.pw_uid, account.pw_gid)
        made = [
            _program("initdb"),
            "-D",
            str(data),
            "-U",
            told["POSTGRES_USER"],
            "-A",
            "scram-sha-256",
            f"--pwfile={words}",
        ]
        subprocess.run(made, user=user, cwd=self._postgres, check=True, capture_output=True)
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet scram-sha-256\n")
        self.start_postgres()
        database = subprocess.run(
            [sys.executable, "-c", _CREATE_DATABASES, self.address, str(self.ports["postgres"])],
            env=os.environ
            | {"METADATA": json.dumps(told), "SERVING": json.dumps(self.services["serving"]["environment"])},
            capture_output=True,
            text=True,
        )
        if database.returncode:
            raise StackError(f"The databases could not be made:\n{database.stderr[-2000:]}")

    def start_postgres(self) -> None:
        """Start the metadata's server on the data that it has."""
        command = [_program("postgres"), "-D", str(self._postgres / "data"), "-p", str(self.ports["postgres"])]
        command += ["-c", f"listen_addresses={self.address}", "-c", "unix_socket_directories=", "-c", "fsync=off"]
        self._spawn("postgres", command, dict(os.environ), user=_unprivileged_user())
        wait_for(lambda: _listens(self.address, self.ports["postgres"]), 30, "postgres listens")

    def _spawn(self, name: str, command: Sequence[str], environment: dict[str, str], user: str | None = None) -> None:
        with (self.logs / f"{name}.log").open("ab") as output, self._lock:
            self._written_before[name] = output.tell()
            self.processes[name] = subprocess.Popen(
                command,
                env=environment,
                cwd=self._postgres if user else self.home,
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )


# The metadata's, and that of the marts with its user: two servers of the compose file are one here.
_CREATE_DATABASES = """
import json, os, sys, time
import psycopg2
metadata, serving = (json.loads(os.environ[name]) for name in ("METADATA", "SERVING"))
for _ in range(50):
    try:
        connection = psycopg2.connect(
            host=sys.argv[1], port=sys.argv[2], dbname="postgres",
            user=metadata["POSTGRES_USER"], password=metadata["POSTGRES_PASSWORD"],
        )
        break
    except psycopg2.OperationalError:
        time.sleep(0.2)
connection.autocommit = True
cursor = connection.cursor()
cursor.execute(f'create role "{serving["POSTGRES_USER"]}" superuser login password %s', [serving["POSTGRES_PASSWORD"]])
for told in (metadata, serving):
    cursor.execute(f'create database "{told["POSTGRES_DB"]}" owner "{told["POSTGRES_USER"]}"')
"""


def _unprivileged_user() -> str | None:
    """Whom PostgreSQL runs as, which refuses to run as root; None where this process is nobody special."""
    if os.geteuid() != 0:
        return None
    known = {account.pw_name for account in pwd.getpwall()}
    return next(name for name in _UNPRIVILEGED if name in known)


def _program(name: str) -> str:
    """Where a program is; Debian keeps PostgreSQL's out of the path. Empty where it is nowhere."""
    beside = sorted(str(path.parent) for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name, path=os.pathsep.join([*beside[-1:], os.environ["PATH"]])) or ""


def _signal(process: subprocess.Popen[bytes], sent: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, sent)


def _listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0
