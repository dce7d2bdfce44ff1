"""Declared expectations put to rows as SQL: what one file takes a moment for, without Great Expectations' start.

The declarations are those of the suites, read by the same code; only what the suite for submissions uses is understood,
and anything else is an error. A test holds both ways of evaluating against each other.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from expectations.evaluate import PLACE, ROWS_GIVEN_BACK, Evaluation, EvaluationError, Failure, Relation
from expectations.store import rows
from expectations.suites import Expectation

if TYPE_CHECKING:
    import duckdb


def evaluate_in_sql(connection: "duckdb.DuckDBPyConnection", relations: Sequence[Relation]) -> Evaluation:
    """Put every declared expectation to its relation, as `evaluate` does.

    Raises EvaluationError for a kind of expectation that is not understood here.
    """
    evaluation = Evaluation()
    for relation in relations:
        given_back = [name for name in dict.fromkeys((*PLACE, *relation.suite.names)) if name in relation.columns]
        for expectation in relation.suite.expectations:
            shown = ", ".join(dict.fromkeys((*given_back, *expectation.columns)))
            failing = rows(
                connection,
                f"select {shown} from ({relation.query}) where {_fails(expectation)} limit {ROWS_GIVEN_BACK + 1}",
            )
            evaluation.evaluated += 1
            evaluation.failures += [
                Failure(relation.name, expectation, row if number < ROWS_GIVEN_BACK else {})
                for number, row in enumerate(failing)
            ]
    return evaluation


def _fails(expectation: Expectation) -> str:
    """SQL that is true for the rows that an expectation fails on. A blank fails only where it must be filled."""
    conditions = [f"{column} = {_literal(value)}" for column, value in expectation.where.items()]
    return " and ".join([*conditions, f"({_broken(expectation.expect, expectation.arguments)})"])


def _broken(kind: str, arguments: Mapping[str, Any]) -> str:
    column = arguments.get("column")
    if kind == "column_values_to_not_be_null":
        return f"{column} is null"
    if kind == "column_values_to_be_between":
        limits = [("min_value", "<"), ("max_value", ">")]
        return " or ".join(f"{column} {sign} {arguments[name]}" for name, sign in limits if name in arguments)
    if kind == "column_values_to_match_regex":
        return f"not regexp_matches({column}, {_literal(arguments['regex'])})"
    if kind == "column_values_to_be_in_set":
        return f"{column} not in ({', '.join(map(_literal, arguments['value_set']))})"
    raise EvaluationError(f"expect_{kind} is not understood outside Great Expectations.")


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
