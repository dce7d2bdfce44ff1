"""Great Expectations, run on relations of the build file: one validation a table, failing rows given back.

What expectations look at is gathered first, each combination of values once: they are put to that, and only where one
fails to the rows themselves, of which there are millions.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any

from expectations.put_off import put_off
from expectations.suites import Expectation, TableSuite
from quarterdeck.settings import Settings
from quarterdeck.warehouse import bounds

# A finding says where: those of these columns that a relation has are given back with every failing row.
PLACE = (
    "submission_id", "organisation_code", "quarter", "reporting_period", "table_name", "sheet", "source_row", "cells",
)  # fmt: skip

ROWS_GIVEN_BACK = 10_000
LOOKED_AT = "looked_at"
# Two threads of DuckDB take about a tenth more processor time for what the gate asks.
ONE_THREAD = "set threads = 1"


class EvaluationError(RuntimeError):
    """An expectation could not be evaluated, so nobody knows whether it holds."""


@dataclass(frozen=True)
class Relation:
    """A table of a suite with the query that gives the rows to judge; the query has the derived columns.

    `looked_at` is SQL for what the expectations look at, in fewer rows: one of them fails on these if and only if it
    fails on the rows to judge. Where there is none, it is those.
    """

    name: str
    suite: TableSuite
    query: str
    columns: tuple[str, ...]
    looked_at: str | None = None


@dataclass(frozen=True)
class Failure:
    """A row that an expectation fails on: the place columns, the names, and the expectation's own columns.

    An empty row stands for those beyond what can be given back; nobody knows whose they are.
    """

    table: str
    expectation: Expectation
    row: Mapping[str, Any]


@dataclass
class Evaluation:
    """How many expectations were evaluated, and the rows that failed."""

    evaluated: int = 0
    failures: list[Failure] = field(default_factory=list)


def evaluate(settings: Settings, relations: Sequence[Relation]) -> Evaluation:
    """Put every declared expectation to its relation. Reads the build file; nobody may be writing to it.

    Raises EvaluationError where an expectation could not be evaluated, and where not every declared one was.
    """
    declared = sum(len(relation.suite.expectations) for relation in relations)
    evaluation = Evaluation()
    failed: dict[str, list[tuple[int, Expectation]]] = {}
    looked_at = {one.name: f'select * from {LOOKED_AT}."{one.name}"' for one in relations}
    with _data_source(settings, looked_at) as source, closing(source.get_engine().raw_connection()) as pooled:
        # As it is: SQLAlchemy's dialect would read every word of statements that list thousands of submissions.
        filled = _gather(pooled.driver_connection, relations)
        for relation in relations:
            if relation.name not in filled:
                # Whatever is expected of rows holds where there are none.
                evaluation.evaluated += len(relation.suite.expectations)
                continue
            numbered = list(enumerate(relation.suite.expectations))
            outcome = _results(_batch(source, relation), numbered, {"result_format": "BOOLEAN_ONLY"})
            evaluation.evaluated += len(outcome)
            failed[relation.name] = [(number, one) for number, one in numbered if not outcome[number].success]
    concerned = [relation for relation in relations if failed.get(relation.name)]
    if concerned:
        from expectations.buffered_duckdb import WHOLE

        with _data_source(settings, {one.name: f"{WHOLE}* from ({one.query})" for one in concerned}) as source:
            for relation in concerned:
                evaluation.failures += _failures(_batch(source, relation), relation, failed[relation.name])
    if evaluation.evaluated != declared or not declared:
        raise EvaluationError(f"{evaluation.evaluated} of {declared} declared expectations were evaluated.")
    return evaluation


@contextmanager
def _data_source(settings: Settings, queries: Mapping[str, str]) -> Iterator[Any]:
    """The build file as Great Expectations sees it: an asset a query, by name."""
    # Set before the import: Great Expectations reads it once, and would else report over the network.
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    # These are for expectations about distributions and JSON, and for pages; they take half of its import.
    with put_off("altair", "jsonschema", "mistune", "scipy", "scipy.stats"):
        import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from expectations.buffered_duckdb import register

    register()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    sources: Any = context.data_sources
    source = sources.add_sql(
        "build",
        connection_string=f"duckdb+buffered:///{settings.warehouse}",
        kwargs={"connect_args": {"read_only": True, "config": bounds(settings) | {"threads": "1"}}},
        # All at once: each asset added later would write the whole configuration again.
        assets=[{"type": "query", "name": name, "query": query} for name, query in queries.items()],
    )
    try:
        yield source
    finally:
        # Both hold the file open, and its writer could not open it.
        source.get_execution_engine().close()
        source.get_engine().dispose()


def _gather(connection: Any, relations: Sequence[Relation]) -> set[str]:
    """Put what expectations look at into tables in memory, there for all connections until this one is closed.

    Returns the names of those that have rows.
    """
    import duckdb

    connection.execute(f"attach ':memory:' as {LOOKED_AT} (read_write)")
    filled = set()
    for relation in relations:
        query = relation.looked_at or relation.query
        try:
            made = connection.execute(f'create table {LOOKED_AT}."{relation.name}" as {query}').fetchone()
        except duckdb.Error as error:
            raise EvaluationError(f"{relation.name} could not be evaluated: {error}") from error
        if made[0]:
            filled.add(relation.name)
    return filled


def _batch(source: Any, relation: Relation) -> Any:
    asset = source.get_asset(relation.name)
    return asset.get_batch(asset.build_batch_request())


def _failures(batch: Any, relation: Relation, failed: Sequence[tuple[int, Expectation]]) -> list[Failure]:
    """The rows that these expectations fail on."""
    given_back = [column for column in dict.fromkeys((*PLACE, *relation.suite.names)) if column in relation.columns]
    detail = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": given_back,
        # Even a complete result has no more rows than the partial one is allowed.
        "partial_unexpected_count": ROWS_GIVEN_BACK,
    }
    return [
        Failure(relation.name, relation.suite.expectations[number], row)
        for number, result in _results(batch, failed, detail).items()
        for row in _failing_rows(result, relation, relation.suite.expectations[number])
    ]


def _results(batch: Any, declared: Sequence[tuple[int, Expectation]], result_format: dict[str, Any]) -> dict[int, Any]:
    """The outcome of each expectation, by its number in the suite."""
    from great_expectations import ExpectationSuite

    put = ExpectationSuite("suite", expectations=[_expectation(one, number) for number, one in declared])
    outcome = batch.validate(put, result_format=result_format)
    return {result.expectation_config.meta["number"]: result for result in outcome.results}


def _expectation(declared: Expectation, number: int) -> Any:
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    name = "".join(part.capitalize() for part in f"expect_{declared.expect}".split("_"))
    conditions = [Column(column) == value for column, value in declared.where.items()]
    condition = {"row_condition": reduce(and_, conditions)} if conditions else {}
    return getattr(gxe, name)(**declared.arguments, **condition, meta={"number": number})


def _failing_rows(result: Any, relation: Relation, expectation: Expectation) -> list[Mapping[str, Any]]:
    rows = result.result.get("unexpected_index_list")
    if not rows:
        reasons = [
            problem["exception_message"]
            for problem in result.exception_info.values()
            if isinstance(problem, dict) and problem.get("exception_message")
        ]
        reason = reasons[0] if reasons else "it fails without naming rows"
        raise EvaluationError(f"{expectation.name} could not be evaluated on {relation.name}: {reason}")
    return [*rows, *([{}] if result.result["unexpected_count"] > len(rows) else [])]
