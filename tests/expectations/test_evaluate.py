"""Great Expectations on DuckDB: rows come back, and what could not be evaluated never passes."""

from typing import Any

import pytest

from expectations.evaluate import EvaluationError, Relation, evaluate
from expectations.suites import Expectation, TableSuite
from tests.expectations.build import Build

REGEX = {"expect": "column_values_to_match_regex", "column": "word", "regex": "^[a-z]+$"}


def relation(query: str, *expectations: dict[str, Any]) -> Relation:
    said = {"rule": "code-malformed", "says": "-", "remedy": "-"}
    declared = tuple(Expectation(**said, **one) for one in expectations)
    return Relation("words", TableSuite(expectations=declared), query, ("submission_id", "word"))


def test_failing_rows_come_back_with_their_place(build: Build) -> None:
    query = "select 'a submission' as submission_id, unnest(['good', 'BAD']) as word"
    evaluation = evaluate(build.settings, [relation(query, REGEX)])
    assert evaluation.evaluated == 1
    assert [dict(failure.row) for failure in evaluation.failures] == [{"submission_id": "a submission", "word": "BAD"}]


def test_it_holds_no_more_in_memory_than_it_may(build: Build) -> None:
    settings = build.settings.model_copy(update={"memory_limit": "512MB"})
    query = "select '1' as submission_id, current_setting('memory_limit') as word"
    assert [one.row["word"] for one in evaluate(settings, [relation(query, REGEX)]).failures] == ["488.2 MiB"]


def test_an_expectation_that_holds_fails_on_nothing(build: Build) -> None:
    evaluation = evaluate(build.settings, [relation("select '1' as submission_id, 'good' as word", REGEX)])
    assert (evaluation.evaluated, evaluation.failures) == (1, [])


def test_an_expectation_holds_where_there_are_no_rows(build: Build) -> None:
    evaluation = evaluate(build.settings, [relation("select '1' as submission_id, 'BAD' as word where false", REGEX)])
    assert (evaluation.evaluated, evaluation.failures) == (1, [])


def test_more_rows_fail_than_any_page_of_results_holds(build: Build) -> None:
    query = "select i::varchar as submission_id, 'BAD' as word from range(1000) as numbers (i)"
    assert len(evaluate(build.settings, [relation(query, REGEX)]).failures) == 1000


def test_only_rows_under_the_condition_are_looked_at(build: Build) -> None:
    query = "select '1' as submission_id, unnest(['good', 'BAD']) as word, unnest(['in', 'out']) as kind"
    evaluation = evaluate(build.settings, [relation(query, {**REGEX, "where": {"kind": "in"}})])
    assert (evaluation.evaluated, evaluation.failures) == (1, [])


def test_a_suite_without_expectations_does_not_pass(build: Build) -> None:
    with pytest.raises(EvaluationError, match="0 of 0"):
        evaluate(build.settings, [relation("select '1' as submission_id, 'good' as word")])


def test_an_expectation_that_cannot_be_evaluated_does_not_pass(build: Build) -> None:
    misnamed = {**REGEX, "column": "absent"}
    with pytest.raises(EvaluationError, match="could not be evaluated on words"):
        evaluate(build.settings, [relation("select '1' as submission_id, 'good' as word", misnamed)])


def test_the_file_can_be_written_to_afterwards(build: Build) -> None:
    evaluate(build.settings, [relation("select '1' as submission_id, 'BAD' as word", REGEX)])
    build.execute("create table written (x integer)")
