"""Apache Superset, in an environment and processes of its own, asked over its API while versions are published."""

import json
import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from pydantic import SecretStr

from publication import store
from publication.postgres import serve
from publication.publish import publish
from tests.environments import environment
from tests.publication.candidates import Candidate
from tests.publication.test_postgres import server  # noqa: F401

PUBLICATIONS = int(os.environ.get("QUARTERDECK_TEST_PUBLICATIONS", "40"))
READERS = 4
CONFIG = Path(__file__).with_name("superset_config.py")

pytestmark = pytest.mark.long

# What Superset's own manual says to do once: its tables, an administrator, the roles.
PREPARE = """
import sys
from superset.app import create_app
from superset.cli.main import superset

run = create_app().test_cli_runner()
names = [part for name in ("username", "firstname", "lastname") for part in (f"--{name}", "admin")]
user = ["fab", "create-admin", *names, "--email", "admin@example.org", "--password", sys.argv[1]]
for command in (["db", "upgrade"], user, ["init"]):
    result = run.invoke(superset, args=command)
    assert result.exit_code == 0, (command, result.output, result.exception)
"""

# Whatever belongs together, in one query: all targets of a version are one number, which is its last change.
WHOLE = """
select count(distinct target_gbp) as targets, max(target_gbp) as target,
    (select max(cast(new_value as decimal(18, 2))) from marts.figure_changes) as latest
from marts.project_status
"""


@dataclass
class Superset:
    """A running Superset, and somebody who is signed in."""

    http: httpx.Client

    def add_database(self, name: str, uri: str, engine: dict[str, Any]) -> int:
        """Connect it to a database, as its form does; the number of the connection."""
        extra = json.dumps({"engine_params": engine})
        return int(self._post("database/", database_name=name, sqlalchemy_uri=uri, extra=extra)["id"])

    def ask(self, database: int, sql: str) -> list[dict[str, Any]]:
        """What SQL Lab answers to a query."""
        told = {"database_id": database, "sql": sql, "runAsync": False, "client_id": secrets.token_hex(5)}
        found: list[dict[str, Any]] = self._post("sqllab/execute/", **told)["data"]
        return found

    def add_dataset(self, database: int, schema: str, table: str) -> int:
        """Make a table one that charts are made from."""
        return int(self._post("dataset/", database=database, schema=schema, table_name=table)["id"])

    def chart(self, dataset: int, column: str, metric: str) -> dict[Any, Any]:
        """The figures behind a chart: a metric by a column, without its cache."""
        query = {
            "columns": [column],
            "metrics": [{"expressionType": "SQL", "sqlExpression": metric, "label": "figure"}],
            "row_limit": 100,
        }
        source = {"id": dataset, "type": "table"}
        answer = self._post("chart/data", datasource=source, queries=[query], force=True, result_type="full")
        return {row[column]: row["figure"] for row in answer["result"][0]["data"]}

    def _post(self, path: str, **words: Any) -> dict[str, Any]:
        answer = self.http.post(f"/api/v1/{path}", json=words)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:2000]}"
        document: dict[str, Any] = answer.json()
        return document


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    """One process of eight threads, which share what they open, on a free port of this machine."""
    programs, home = environment("superset"), tmp_path_factory.mktemp("superset")
    password = secrets.token_hex(8)
    told = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    told |= {
        "SUPERSET_CONFIG_PATH": str(CONFIG),
        "SUPERSET_HOME": str(home),
        "SUPERSET_TEST_KEY": secrets.token_hex(24),
    }
    python = [str(programs / "python"), "-c", PREPARE, password]
    prepared = subprocess.run(python, env=told, cwd=home, capture_output=True, text=True, timeout=900)
    assert prepared.returncode == 0, prepared.stderr[-4000:]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [str(programs / "gunicorn"), "-w", "1", "-k", "gthread", "--threads", "8", "--timeout", "120"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-b", address, "superset.app:create_app()"], env=told, cwd=home, stdout=log, stderr=log
        )
    try:
        with httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=120) as http:
            _wait_for(http, process, home / "log")
            who = {"username": "admin", "password": password, "provider": "db"}
            token = http.post("/api/v1/security/login", json=who).raise_for_status().json()["access_token"]
            http.headers["Authorization"] = f"Bearer {token}"
            yield Superset(http)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(http: httpx.Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.TransportError):
            if http.get("/health").is_success:
                return
        time.sleep(0.5)
    raise AssertionError(log.read_text()[-4000:])


@dataclass
class Asked:
    """What a reader got: how many answers, which versions, and what was wrong."""

    answers: int = 0
    seen: set[float] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def until(self, done: threading.Event, ask: Callable[[], dict[str, Any]]) -> None:
        """Ask again and again."""
        while not done.is_set():
            try:
                row = ask()
                self.answers += 1
                self.seen.add(float(row["target"]))
                if row["targets"] != 1 or row["latest"] not in (None, row["target"]):
                    self.wrong.append(str(row))
            except Exception as error:
                self.wrong.append(repr(error))


def publish_everywhere(candidate: Candidate, target: int) -> None:
    """A version in which every project has this target."""
    with duckdb.connect(str(candidate.settings.warehouse)) as connection:
        connection.execute("update marts.project_status set target_gbp = ?", [target])
        connection.execute("update gate.decisions set fingerprint = ?", [str(target)])
    assert publish(candidate.settings).changed


def ask_while(superset: Superset, database: int, change: Callable[[int], None]) -> list[Asked]:
    """Let readers ask while versions come, and until they have seen the last one."""
    # Its first query must be one alone: until then its task queue is not set up, and two at once fail in that.
    superset.ask(database, WHOLE)
    done, readers = threading.Event(), [Asked() for _ in range(READERS)]
    threads = [
        threading.Thread(target=reader.until, args=(done, lambda: superset.ask(database, WHOLE)[0]))
        for reader in readers
    ]
    for thread in threads:
        thread.start()
    try:
        for target in range(1, PUBLICATIONS + 1):
            change(target)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    return readers


def told_right(readers: list[Asked]) -> None:
    """No error, no mixture, and more than one version seen by every reader."""
    print([(reader.answers, len(reader.seen)) for reader in readers])
    assert [reader.wrong for reader in readers] == [[]] * len(readers)
    assert all(len(reader.seen) > 1 for reader in readers)


def test_it_reads_the_published_file_while_versions_come(superset: Superset, candidate: Candidate) -> None:
    publish_everywhere(candidate, 0)
    marts = candidate.settings.published / "current" / store.MARTS_FILE
    database = superset.add_database("The file", f"duckdb:///{marts}", {"connect_args": {"read_only": True}})

    told_right(ask_while(superset, database, lambda target: publish_everywhere(candidate, target)))

    assert superset.ask(database, WHOLE)[0]["target"] == PUBLICATIONS
    dataset = superset.add_dataset(database, "main", "project_status")
    assert superset.chart(dataset, "organisation_code", "sum(target_gbp)") == {
        code: 2 * PUBLICATIONS for code in {project.organisation_code for project in candidate.projects}
    }


def test_it_reads_the_server_while_versions_come(
    superset: Superset,
    candidate: Candidate,
    server: str,  # noqa: F811
) -> None:
    candidate.settings.postgres = SecretStr(server)
    publish_everywhere(candidate, 0)
    serve(candidate.settings, readers=["superset"])
    folder = server.partition("host=")[2].partition("&")[0]
    database = superset.add_database("The server", f"postgresql+psycopg2://superset@/postgres?host={folder}", {})

    def change(target: int) -> None:
        publish_everywhere(candidate, target)
        serve(candidate.settings)

    told_right(ask_while(superset, database, change))

    assert superset.ask(database, WHOLE)[0]["target"] == PUBLICATIONS
    # Not the table that the file's dataset has: kept in SQLite, Superset knows a table's name once.
    dataset = superset.add_dataset(database, "marts", "organisations")
    codes = {project.organisation_code for project in candidate.projects}
    assert superset.chart(dataset, "organisation_code", "count(*)") == dict.fromkeys(codes, 1)


def test_nobody_writes_through_it(superset: Superset, candidate: Candidate) -> None:
    publish(candidate.settings)
    marts = candidate.settings.published / "current" / store.MARTS_FILE
    database = superset.add_database("To write", f"duckdb:///{marts}", {"connect_args": {"read_only": True}})

    with pytest.raises(AssertionError, match=r"sqllab/execute/: [45]\d\d"):
        superset.ask(database, "delete from marts.project_status")
    assert superset.ask(database, "select max(target_gbp) as most from marts.project_status")[0]["most"] == Decimal(
        1000
    )
