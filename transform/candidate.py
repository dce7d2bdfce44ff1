"""The candidate: the dbt project's seeds, models and tests, run in this process on the build file.

Tests never stop a build. What they find stays in schema `dbt_test_failures` of the build file, one table a test, and in
dbt's `run_results.json`; the gate reads both and decides.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from quarterdeck.findings import Severity
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, prepare

FAILURES_SCHEMA = "dbt_test_failures"
_SEVERITIES = {"fail": Severity.ERROR.value, "warn": Severity.WARNING.value}


class BuildError(RuntimeError):
    """The candidate could not be built; the message names the model and says what the database said."""


@dataclass(frozen=True)
class FailedTest:
    """A data test that found rows: its name, `error` or `warning`, how many rows, and the table that keeps them."""

    test: str
    severity: str
    failing_rows: int
    table: str


@dataclass(frozen=True)
class BuildResult:
    """What a build did: how many seeds, models and data tests ran, what the tests found, and how long it took."""

    seeds: int
    models: int
    tests: int
    failures: list[FailedTest] = field(default_factory=list)
    seconds: float = 0.0


def build(settings: Settings) -> BuildResult:
    """Seed, run and test the dbt project. Hold the writer's slot.

    Leaves the schemas `seeds`, `staging`, `intermediate`, `marts` and `dbt_test_failures` in the build file, and dbt's
    `manifest.json` and the tests' `run_results.json` in `settings.dbt_target`. Raises BuildError where the project does
    not parse or a seed, a model or a test cannot run.
    """
    started = time.monotonic()
    prepare(settings)
    _forget_failures(settings)
    with _project(settings) as dbt:
        seeds = dbt.run("seed", "--full-refresh")
        models = dbt.run("run")
        tests = dbt.run("test", "--exclude-resource-type", "unit_test")
    return BuildResult(
        seeds=len(seeds),
        models=len(models),
        tests=len(tests),
        failures=[_failure(test) for test in tests if test.status in _SEVERITIES],
        seconds=round(time.monotonic() - started, 1),
    )


def unit_test(settings: Settings) -> int:
    """Run the project's unit tests, which need a built candidate for its column types; return how many passed.

    What the last build wrote about itself stays. Raises BuildError with the differences where one fails.
    """
    with _project(settings) as dbt:
        results = dbt.run("test", "--resource-type", "unit_test", "--no-write-json")
    failed = [f"{result.node.name}: {result.message}" for result in results if result.status != "pass"]
    if failed:
        raise BuildError("\n".join(failed))
    return len(results)


class _Project:
    """The parsed dbt project, and dbt commands on it."""

    def __init__(self, settings: Settings) -> None:
        self._options = (
            *("--project-dir", str(settings.dbt_project)),
            *("--profiles-dir", str(settings.dbt_project)),
            *("--target-path", str(settings.dbt_target)),
            *("--log-path", str(settings.dbt_target.parent / "logs")),
            *("--threads", str(settings.dbt_threads)),
            *("--log-level", "none", "--log-level-file", "info", "--no-use-colors"),
        )
        self._runner = dbtRunner()
        # Parsed once; the commands that follow share it.
        self._runner = dbtRunner(manifest=self._invoke("parse"))

    def run(self, *command: str) -> list[Any]:
        """Run a command; dbt's results, one a node. Raises BuildError where a node could not run."""
        results: list[Any] = self._invoke(*command).results
        broken = [result for result in results if result.status in ("error", "runtime error")]
        if broken:
            raise BuildError("\n".join(map(_complaint, broken)))
        return results

    def _invoke(self, *command: str) -> Any:
        outcome = self._runner.invoke([*command, *self._options])
        if outcome.exception is not None or outcome.result is None:
            raise BuildError(f"dbt {command[0]}: {outcome.exception}") from outcome.exception
        return outcome.result


@contextmanager
def _project(settings: Settings) -> Iterator[_Project]:
    """The project, pointed at the build file of these settings."""
    before = os.environ.get("QUARTERDECK_WAREHOUSE")
    os.environ["QUARTERDECK_WAREHOUSE"] = str(settings.warehouse)
    try:
        yield _Project(settings)
    finally:
        # dbt keeps its connection for a next command, and nobody else here could open the file for reading.
        DuckDBConnectionManager.close_all_connections()
        if before is None:
            del os.environ["QUARTERDECK_WAREHOUSE"]
        else:
            os.environ["QUARTERDECK_WAREHOUSE"] = before


def _forget_failures(settings: Settings) -> None:
    """A test that was renamed or removed must not leave its last failures behind."""
    with connect(settings) as connection:
        connection.execute(f"drop schema if exists {FAILURES_SCHEMA} cascade")


def _complaint(result: Any) -> str:
    node = result.node
    return f"{node.resource_type} {node.name} ({node.original_file_path}): {result.message}"


def _failure(result: Any) -> FailedTest:
    node = result.node
    return FailedTest(node.name, _SEVERITIES[result.status], result.failures, f"{node.schema}.{node.alias}")
