"""The candidate: the dbt project's seeds, models and tests, run in this process on the build file.

Tests never stop a build. What they find stays in schema `dbt_test_failures` of the build file, one table a test, and in
dbt's `run_results.json`; the gate reads both and decides.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from quarterdeck.findings import Severity
from quarterdeck.runs import noted
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, prepare
from transform.project import RESULTS, BuildError, digest, opened
from transform.scope import FAILURES_SCHEMA, chosen, cut_out, note_all, note_none, put_back

_SEVERITIES = {"fail": Severity.ERROR.value, "warn": Severity.WARNING.value}

__all__ = ["BuildError", "BuildResult", "FailedTest", "build", "unit_test"]


@dataclass(frozen=True)
class FailedTest:
    """A data test that found rows: its name, `error` or `warning`, how many rows, and the table that keeps them."""

    test: str
    severity: str
    failing_rows: int
    table: str


@dataclass(frozen=True)
class BuildResult:
    """What a build did: how many seeds, models and data tests ran, what the tests found, and how long it took.

    `organisations` are those that were built, None where all were; the tests are about them.
    """

    seeds: int
    models: int
    tests: int
    failures: list[FailedTest] = field(default_factory=list)
    seconds: float = 0.0
    organisations: list[str] | None = None


@noted("build")
def build(settings: Settings, organisations: Sequence[str] | None = None) -> BuildResult:
    """Make the candidate anew, or the part of it that belongs to these organisations. Hold the writer's slot.

    Given organisations, those are built whose submissions moved since they were last built as well, and the rest stays
    as it is: the candidate is then what a whole build would make. It is a whole build where there is none yet, or where
    the dbt project, the raw schema or the calendar quarter is another one.

    Leaves the schemas `seeds`, `staging`, `intermediate`, `marts` and `dbt_test_failures` in the build file, and dbt's
    `manifest.json` and the tests' `run_results.json` in `settings.dbt_target`. Raises BuildError where the project does
    not parse or a seed, a model or a test cannot run; a build of a part has then changed nothing.
    """
    started = time.monotonic()
    prepare(settings)
    made_with = digest(settings)
    scope = None if organisations is None else chosen(settings, made_with, organisations)
    built = _build_all(settings, made_with) if scope is None else _build_part(settings, made_with, scope)
    return replace(built, seconds=round(time.monotonic() - started, 1))


def _build_all(settings: Settings, made_with: str) -> BuildResult:
    note_none(settings)
    _forget_failures(settings)
    with opened(settings) as dbt:
        seeds = dbt.run("seed", "--full-refresh")
        models = dbt.run("run")
        tests, results = dbt.test()
    note_all(settings, made_with)
    results.replace(settings.dbt_target / RESULTS)
    return BuildResult(len(seeds), len(models), len(tests), _failures(tests))


def _build_part(settings: Settings, made_with: str, scope: list[str]) -> BuildResult:
    part = cut_out(settings, scope)
    with opened(settings, part) as dbt:
        # Views and seeds came with the schemas.
        models = dbt.run("run", "--exclude", "config.materialized:view")
        tests, results = dbt.test()
    put_back(settings, part, scope, made_with)
    results.replace(settings.dbt_target / RESULTS)
    return BuildResult(0, len(models), len(tests), _failures(tests), organisations=scope)


def unit_test(settings: Settings) -> int:
    """Run the project's unit tests, which need a built candidate for its column types; return how many passed.

    What the last build wrote about itself stays. Raises BuildError with the differences where one fails.
    """
    with opened(settings) as dbt:
        results = dbt.run("test", "--resource-type", "unit_test")
    failed = [f"{result.node.name}: {result.message}" for result in results if result.status != "pass"]
    if failed:
        raise BuildError("\n".join(failed))
    return len(results)


def _forget_failures(settings: Settings) -> None:
    """A test that was renamed or removed must not leave its last failures behind."""
    with connect(settings) as connection:
        connection.execute(f"drop schema if exists {FAILURES_SCHEMA} cascade")


def _failures(tests: Sequence[Any]) -> list[FailedTest]:
    return [
        FailedTest(test.node.name, _SEVERITIES[test.status], test.failures, f"{test.node.schema}.{test.node.alias}")
        for test in tests
        if test.status in _SEVERITIES
    ]
