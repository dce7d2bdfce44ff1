"""Every declared expectation is put to a row that it must fail on, and to rows that it must not."""

from collections import defaultdict
from pathlib import Path
from string import Formatter

import pytest

from expectations.evaluate import evaluate
from expectations.pending import Partition
from expectations.relations import candidate_relations, submission_relations
from expectations.submissions import all_submissions
from expectations.suites import CANDIDATE, SUBMISSIONS, suite
from quarterdeck.rules import catalogue
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, records
from tests.expectations import marts, submission_rows
from tests.expectations.build import ORGANISATION
from tests.expectations.conftest import new_build

DECLARED = [
    (name, table, expectation)
    for name in (SUBMISSIONS, CANDIDATE)
    for table, body in suite(name).tables.items()
    for expectation in body.expectations
]
SUMMED_FROM = {"portfolio_savings": "project_status", "agency_workforce_quarterly": "agency_workforce"}
ARRIVALS = ("arrivals", "mart-empty (rows_published)")

# Who fails on what: by suite, table and expectation, the organisations of the failing rows.
Failing = dict[tuple[str, str, str], set[str | None]]


def owner(number: int) -> str:
    """An organisation of its own for every spoiled row."""
    return f"E{number:08d}"


OWNERS = {
    key: owner(number)
    for number, key in enumerate(
        [(SUBMISSIONS, *key) for key in submission_rows.BAD] + [(CANDIDATE, *key) for key in [*marts.BAD, ARRIVALS]], 1
    )
}


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Failing:
    """One evaluation of both suites over one good row a table and one spoiled row an expectation."""
    build = new_build(Settings(home=tmp_path_factory.mktemp("suites") / "home"), prepared)
    good = build.submission()
    for record, row in submission_rows.GOOD.items():
        build.row(record, good, 6, **row)
    for key, (record, changes) in submission_rows.BAD.items():
        submission = build.submission(organisation=OWNERS[SUBMISSIONS, *key])
        for row in range(6, 8 if changes.get("twice") else 7):
            spoiled = {name: value for name, value in changes.items() if name != "twice"}
            build.row(record, submission, row, **{**submission_rows.GOOD[record], **spoiled})
    lost = build.submission(organisation=OWNERS[CANDIDATE, *ARRIVALS])
    build.row("risk", lost, 6, risk="Lost on the way")
    build.save()

    marts.create_candidate(build)
    rows: list[tuple[str, marts.Row]] = [(mart, {}) for mart in marts.GOOD]
    for key, changes in marts.BAD.items():
        mart = "risks" if key[0] == "every_row" else key[0]
        organisation = OWNERS[CANDIDATE, *key]
        rows.append((mart, {"organisation_code": organisation, **changes}))
        if mart in SUMMED_FROM:
            rows.append((SUMMED_FROM[mart], {"organisation_code": organisation}))
    marts.insert_rows(build, *rows)

    partitions = [
        Partition(organisation, quarter, "")
        for organisation in [ORGANISATION, *OWNERS.values()]
        for quarter in (marts.QUARTER, "2018-19 Q5")
    ]
    with connect(build.settings, read_only=True) as connection:
        submissions = all_submissions(connection)
        arriving = [one for one in submissions if one.organisation_code in (ORGANISATION, OWNERS[CANDIDATE, *ARRIVALS])]
        relations = {
            SUBMISSIONS: submission_relations(connection, submissions),
            CANDIDATE: candidate_relations(connection, partitions, arriving),
        }
    found: Failing = defaultdict(set)
    for name, put_to in relations.items():
        evaluation = evaluate(build.settings, put_to)
        assert evaluation.evaluated == sum(declared[0] == name for declared in DECLARED)
        for failure in evaluation.failures:
            table = failure.table.split(".")[1]
            found[name, table, failure.expectation.name].add(failure.row["organisation_code"])
    return found


def test_every_declared_expectation_has_a_row_that_it_must_fail_on() -> None:
    assert set(OWNERS) == {(name, table, expectation.name) for name, table, expectation in DECLARED}


def test_expectations_of_a_table_are_told_apart_by_rule_and_columns() -> None:
    assert len(DECLARED) == len({(name, table, expectation.name) for name, table, expectation in DECLARED})


@pytest.mark.parametrize("key", OWNERS, ids=": ".join)
def test_an_expectation_fails_on_the_row_spoiled_for_it(failing: Failing, key: tuple[str, str, str]) -> None:
    organisation = None if key[2] == "key-missing (organisation_code)" else OWNERS[key]
    assert organisation in failing[key]


@pytest.mark.parametrize("key", OWNERS, ids=": ".join)
def test_an_expectation_is_silent_on_good_rows(failing: Failing, key: tuple[str, str, str]) -> None:
    assert ORGANISATION not in failing[key]


@pytest.mark.parametrize(("name", "table", "expectation"), DECLARED, ids=lambda value: getattr(value, "name", value))
def test_an_expectation_refers_to_a_rule_and_speaks_of_columns_it_is_given(name, table, expectation) -> None:  # type: ignore[no-untyped-def]
    body = suite(name).tables[table]
    assert expectation.rule in catalogue()
    assert expectation.says and expectation.remedy
    spoken = {field for _, field, _, _ in Formatter().parse(expectation.says) if field}
    own = {str(value) for key, value in expectation.arguments.items() if key.startswith("column")}
    place = {"quarter", "quarter_start"}
    assert spoken <= {*body.names, *own, *place}


def test_every_raw_record_with_a_key_and_every_figure_is_looked_at() -> None:
    assert set(suite(SUBMISSIONS).tables) >= set(records()) - {"commentary", "narrative", "score"}
    assert set(suite(CANDIDATE).fed_by.values()) <= set(records())
