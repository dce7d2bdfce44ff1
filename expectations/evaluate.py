"""Great Expectations, run on relations of the build file: one validation a table, failing rows given back."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any

from expectations.suites import Expectation, TableSuite
from quarterdeck.settings import Settings

# A finding says where: those of these columns that a relation has are given back with every failing row.
PLACE = (
    "submission_id", "organisation_code", "quarter", "reporting_period", "table_name", "sheet", "source_row", "cells",
)  # fmt: skip

ROWS_GIVEN_BACK = 10_000


class EvaluationError(RuntimeError):
    """An expectation could not be evaluated, so nobody knows whether it holds."""


@dataclass(frozen=True)
class Relation:
    """A table of a suite with the query that gives the rows to judge; the query has the derived columns."""

    name: str
    suite: TableSuite
    query: str
    columns: tuple[str, ...]


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
    source = _data_source(settings, relations)
    try:
        for relation in relations:
            _validate(source, relation, evaluation)
    finally:
        # Both hold the file open, and its writer could not open it.
        source.get_execution_engine().close()
        source.get_engine().dispose()
    if evaluation.evaluated != declared or not declared:
        raise EvaluationError(f"{evaluation.evaluated} of {declared} declared expectations were evaluated.")
    return evaluation


def _data_source(settings: Settings, relations: Sequence[Relation]) -> Any:
    # Set before the import: Great Expectations reads it once, and would else report over the network.
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from expectations.buffered_duckdb import WHOLE, register

    register()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    sources: Any = context.data_sources
    return sources.add_sql(
        "build",
        connection_string=f"duckdb+buffered:///{settings.warehouse}",
        kwargs={"connect_args": {"read_only": True}},
        # All at once: each asset added later would write the whole configuration again.
        assets=[{"type": "query", "name": one.name, "query": f"{WHOLE}* from ({one.query})"} for one in relations],
    )


def _validate(source: Any, relation: Relation, evaluation: Evaluation) -> None:
    asset = source.get_asset(relation.name)
    batch = asset.get_batch(asset.build_batch_request())
    declared = list(enumerate(relation.suite.expectations))
    outcome = _results(batch, declared, {"result_format": "BOOLEAN_ONLY"})
    evaluation.evaluated += len(outcome)
    failed = [(number, expectation) for number, expectation in declared if not outcome[number].success]
    if not failed:
        return
    # To name the failing rows takes as long again, so only those that fail are asked. Even a complete result has no
    # more rows than the partial one is allowed.
    given_back = [column for column in dict.fromkeys((*PLACE, *relation.suite.names)) if column in relation.columns]
    detail = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": given_back,
        "partial_unexpected_count": ROWS_GIVEN_BACK,
    }
    for number, result in _results(batch, failed, detail).items():
        expectation = relation.suite.expectations[number]
        evaluation.failures += [
            Failure(relation.name, expectation, row) for row in _failing_rows(result, relation, expectation)
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
