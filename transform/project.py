"""The dbt project, run in this process on one database file."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from quarterdeck.settings import Settings
from quarterdeck.warehouse import raw_tables

RESULTS = "run_results.json"
_FILE, _MEMORY = "QUARTERDECK_WAREHOUSE", "QUARTERDECK_MEMORY_LIMIT"
# What tools leave beside the project and nobody wrote.
_LEFT_BY_TOOLS = {"target", "logs", "dbt_packages"}


class BuildError(RuntimeError):
    """The candidate could not be built; the message names the model and says what the database said."""


class Project:
    """The parsed dbt project, and dbt commands on one database file. Make one with `opened`."""

    def __init__(self, settings: Settings) -> None:
        self._target = settings.dbt_target
        self._options = (
            *("--project-dir", str(settings.dbt_project)),
            *("--profiles-dir", str(settings.dbt_project)),
            *("--target-path", str(self._target)),
            *("--log-path", str(self._target.parent / "logs")),
            *("--threads", str(settings.dbt_threads)),
            *("--log-level", "none", "--log-level-file", "info", "--no-use-colors"),
        )
        self._runner = dbtRunner()
        # Parsed once; the commands that follow share it.
        self._runner = dbtRunner(manifest=self._invoke("parse").result)

    def run(self, *command: str) -> list[Any]:
        """Run a command; dbt's results, one a node. Raises BuildError where a node could not run."""
        return list(self._run(*command).results)

    def test(self) -> tuple[list[Any], Path]:
        """Run the data tests; the results, and the draft of their `run_results.json` for `settings.dbt_target`."""
        tested = self._run("test", "--exclude-resource-type", "unit_test")
        draft = self._target / f"{RESULTS}.draft"
        tested.write(str(draft))
        return list(tested.results), draft

    def _run(self, *command: str) -> Any:
        outcome = self._invoke(*command, "--no-write-json").result
        broken = [result for result in outcome.results if result.status in ("error", "runtime error")]
        if broken:
            raise BuildError("\n".join(map(_complaint, broken)))
        return outcome

    def _invoke(self, *command: str) -> Any:
        outcome = self._runner.invoke([*command, *self._options])
        if outcome.exception is not None or outcome.result is None:
            raise BuildError(f"dbt {command[0]}: {outcome.exception}") from outcome.exception
        return outcome


@contextmanager
def opened(settings: Settings, database: Path | None = None) -> Iterator[Project]:
    """The project, pointed at the build file of these settings, or at another file of the same name."""
    before = {name: os.environ.get(name) for name in (_FILE, _MEMORY)}
    # Parsed for the build file whatever it runs on, so that what dbt keeps of that serves the next time too.
    os.environ |= {_FILE: str(settings.warehouse), _MEMORY: settings.memory_limit}
    try:
        project = Project(settings)
        os.environ[_FILE] = str(database or settings.warehouse)
        yield project
    finally:
        # dbt keeps its connection for a next command, and nobody else here could open the file for reading.
        DuckDBConnectionManager.close_all_connections()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def digest(settings: Settings) -> str:
    """The sha256 of all that a candidate is made with, raw rows apart: the project, the raw schema, and the quarter.

    The quarter is today's, because returns without an end are owed up to it.
    """
    today = date.today()
    made_with = hashlib.sha256(json.dumps([raw_tables(), today.year, (today.month - 1) // 3]).encode())
    for path in sorted(settings.dbt_project.rglob("*")):
        inside = path.relative_to(settings.dbt_project)
        if path.is_file() and not any(part in _LEFT_BY_TOOLS or part.startswith(".") for part in inside.parts):
            made_with.update(f"{inside.as_posix()}\0".encode())
            made_with.update(hashlib.sha256(path.read_bytes()).digest())
    return made_with.hexdigest()


def _complaint(result: Any) -> str:
    node = result.node
    return f"{node.resource_type} {node.name} ({node.original_file_path}): {result.message}"
