"""Both suites put, once, to one good row a table and one spoiled row an expectation."""

from collections import defaultdict

from expectations.evaluate import evaluate
from expectations.pending import Partition
from expectations.relations import candidate_relations, submission_relations
from expectations.submissions import all_submissions
from expectations.suites import CANDIDATE, SUBMISSIONS, suite
from quarterdeck.warehouse import connect
from tests.expectations import marts, submission_rows
from tests.expectations.build import ORGANISATION, Build

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


def suite_failures(build: Build) -> Failing:
    """One evaluation of both suites over one good row a table and one spoiled row an expectation."""
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
