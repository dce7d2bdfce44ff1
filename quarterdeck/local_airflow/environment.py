"""What a local Airflow is told, all of it by its environment, and the secrets that are made for it."""

import base64
import json
import os
import secrets
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from quarterdeck.orchestration import NO_CALENDAR
from quarterdeck.settings import PROJECT_ROOT, Settings

USER = "admin"

TASK_API_PORT = "QUARTERDECK_TASK_API_PORT"
"""The variable that tells the launcher where the API server for tasks listens."""


def environment(
    settings: Settings, *, port: int, task_api_port: int, idle_seconds: float, calendar: bool = True
) -> dict[str, str]:
    """The environment of every component: this process's own, less any other Airflow's settings.

    The ports are those of the API servers for people and for tasks, on the loopback interface; `idle_seconds` is how
    long the scheduler rests when it finds nothing to do. Without `calendar` nobody looks for late files by the hour.
    Needs the secrets that `prepare_home` makes.
    """
    home = settings.airflow_home
    url = url_of(port)
    secret = _secrets(home)
    configuration = {
        "CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
        "CORE__PLUGINS_FOLDER": str(home / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        # SQLite as metadata is steady up to four tasks at once, not beyond.
        "CORE__PARALLELISM": "4",
        "CORE__EXECUTION_API_SERVER_URL": f"{url_of(task_api_port)}/execution/",
        "CORE__FERNET_KEY": secret["fernet_key"],
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(password_file(settings)),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout=30",
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__BASE_URL": url,
        "API__SECRET_KEY": secret["api_secret_key"],
        "API_AUTH__JWT_SECRET": secret["jwt_secret"],
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": str(idle_seconds),
        # A worker may overlook that its task has ended until the next heartbeat, in seconds.
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(home / "logs" / "dag_processor"),
        "LOGGING__COLORED_CONSOLE_LOG": "False",
        # Great Expectations tells of hundreds of functions when it is imported.
        "LOGGING__NAMESPACE_LEVELS": "great_expectations=WARNING",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    return inherited | {
        "AIRFLOW_HOME": str(home),
        "QUARTERDECK_HOME": str(settings.home),
        TASK_API_PORT: str(task_api_port),
        NO_CALENDAR: "" if calendar else "1",
        # Tasks are forked, which threads do not survive.
        "OPENBLAS_NUM_THREADS": "1",
        **{f"AIRFLOW__{name}": value for name, value in configuration.items()},
    }


def url_of(port: int) -> str:
    """The address of an API server on this machine."""
    return f"http://127.0.0.1:{port}"


def password_file(settings: Settings) -> Path:
    """The file with the generated password of `USER`, which its owner alone may read."""
    return settings.airflow_home / "passwords.json"


def password(settings: Settings) -> str:
    """The generated password of `USER`."""
    return str(json.loads(password_file(settings).read_text())[USER])


def prepare_home(settings: Settings) -> None:
    """Make Airflow's home and the secrets in it; does nothing to those that exist."""
    home = settings.airflow_home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not password_file(settings).exists():
        _write_private(password_file(settings), {USER: secrets.token_urlsafe(16)})
    if not _secrets_file(home).exists():
        made = {
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "jwt_secret": secrets.token_urlsafe(64),
            "api_secret_key": secrets.token_urlsafe(32),
        }
        _write_private(_secrets_file(home), made)


def metadata_is_ready(home: Path) -> bool:
    """Whether the metadata database was migrated for the Airflow that is installed."""
    mark = _migrated_mark(home)
    return mark.exists() and (home / "airflow.db").exists() and mark.read_text() == version("apache-airflow-core")


def mark_metadata_ready(home: Path) -> None:
    """Remember that the metadata database fits the Airflow that is installed."""
    _migrated_mark(home).write_text(version("apache-airflow-core"))


def bury_jobs(home: Path) -> None:
    """Mark as failed what the metadata has as running, so that the scheduler takes up the tasks of one that was killed.

    Only for the holder of the lock: then nothing is running. Otherwise a scheduler waits for minutes to be sure of it.
    """
    with closing(sqlite3.connect(home / "airflow.db", timeout=30)) as metadata, metadata:
        metadata.execute("update job set state = 'failed' where state = 'running'")


def _migrated_mark(home: Path) -> Path:
    return home / "airflow.db.migrated"


def _secrets_file(home: Path) -> Path:
    return home / "secrets.json"


def _secrets(home: Path) -> dict[str, str]:
    read: dict[str, str] = json.loads(_secrets_file(home).read_text())
    return read


def _write_private(path: Path, content: dict[str, str]) -> None:
    """Write a file that is never readable to others, and never there in half."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
    half.replace(path)
