"""One rule set, two doors: single files are held against the gate's own suite, with the same outcome."""

from pathlib import Path

import pytest

from expectations.at_the_door import look
from expectations.evaluate import EvaluationError, Relation, evaluate
from expectations.in_sql import evaluate_in_sql
from expectations.relations import submission_relations
from expectations.submissions import all_submissions
from expectations.suites import SUBMISSIONS, Expectation, TableSuite, suite
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect
from tests import pipeline
from tests.expectations import submission_rows
from tests.expectations.build import Build
from tests.expectations.conftest import new_build


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory, prepared: Path, samples: Path) -> Settings:
    """The samples, and beside them a good row a table and one spoiled row an expectation, an organisation each."""
    settings = Settings(home=tmp_path_factory.mktemp("doors") / "home")
    build = new_build(settings, prepared)
    pipeline.land(settings, samples)
    pipeline.ingest(settings)
    good = build.submission()
    for record, row in submission_rows.GOOD.items():
        build.row(record, good, 6, **row)
    for number, (record, changes) in enumerate(submission_rows.BAD.values(), 1):
        submission = build.submission(organisation=f"E{number:08d}")
        for row in range(6, 8 if changes.get("twice") else 7):
            own = {name: value for name, value in changes.items() if name != "twice"}
            build.row(record, submission, row, **{**submission_rows.GOOD[record], **own})
    build.save()
    return settings


def test_both_doors_find_the_same(spoiled: Settings) -> None:
    with connect(spoiled, read_only=True) as connection:
        relations = submission_relations(connection, all_submissions(connection))
        at_the_door = evaluate_in_sql(connection, relations)
    at_the_gate = evaluate(spoiled, relations)
    assert at_the_door.evaluated == at_the_gate.evaluated > 40
    seen, judged = (
        sorted(
            (failure.table, failure.expectation.name, str(sorted(failure.row.items())))
            for failure in evaluation.failures
        )
        for evaluation in (at_the_door, at_the_gate)
    )
    assert seen == judged
    assert len(seen) >= len(submission_rows.BAD)


def test_every_expectation_on_submissions_is_understood_at_both_doors(build: Build) -> None:
    with connect(build.settings, read_only=True) as connection:
        evaluation = evaluate_in_sql(connection, submission_relations(connection, []))
    assert evaluation.evaluated == sum(len(table.expectations) for table in suite(SUBMISSIONS).tables.values())
    assert evaluation.failures == []


def test_an_expectation_that_is_not_understood_never_passes(build: Build) -> None:
    odd = Expectation(expect="column_values_to_be_unique", column="word", rule="row-duplicated", says="-", remedy="-")
    relation = Relation("words", TableSuite(expectations=(odd,)), "select 'a' as word", ("word",))
    with connect(build.settings, read_only=True) as connection, pytest.raises(EvaluationError, match="not understood"):
        evaluate_in_sql(connection, [relation])


def test_a_file_is_told_of_its_own_rows_alone(build: Build) -> None:
    mine, other = build.submission(), build.submission("another")
    for submission in (mine, other):
        build.row("risk", submission, 6, risk=None, cells={"risk": "A"})
    build.save()
    [finding] = look(build.settings, [mine])
    assert (finding.rule, finding.sheet, finding.cell) == ("value-required", "A sheet", "A6")
