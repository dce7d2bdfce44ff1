"""The gate: what is pending is judged, and every partition of it is either published or held.

An error holds its partition, whoever found it: an expectation on rows or marts, a test of the transformation, a figure
that two tables tell differently where they must not, or a submission that is held itself. Warnings are published, and
listed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from expectations.cells import cell_of
from expectations.dbt_tests import TestFailure, test_failures
from expectations.evaluate import Failure, evaluate
from expectations.pending import Partition, unmoved
from expectations.relations import candidate_relations, submission_relations
from expectations.store import PlacedFinding, insert, insert_findings, rows
from expectations.submissions import Submission, all_submissions, latest
from quarterdeck.findings import Finding, Severity
from quarterdeck.rules import finding
from quarterdeck.settings import Settings
from quarterdeck.standing import ACCEPTED, HELD
from quarterdeck.warehouse import connect

if TYPE_CHECKING:
    import duckdb

STAGE = "audit"
PUBLISHED = "published"
# Of the rows that fail one expectation in one partition, so many become findings of their own.
ROWS_LISTED = 20

# The rule that a cross-check breaks, by the severity it was given.
TABLE_RULES = {"error": "tables-contradict", "warning": "tables-disagree", "info": "tables-differ"}
_CORRECT = "Say which of the two is right, and correct the other in the next return."
_KNOWN = "Nothing needs to be corrected."
_RESTORE = "Give the row its name back or add it; if it is gone for good, ask the data team to change the check."

PartitionKey = tuple[str, str]


@dataclass(frozen=True)
class Decision:
    """What the gate decided on one partition; a row of `gate.decisions`."""

    organisation_code: str
    quarter: str
    decision: str
    reason: str
    fingerprint: str
    evaluated: int


@dataclass(frozen=True)
class AuditResult:
    """How many expectations were evaluated, what was decided, and the findings of the audit by severity."""

    evaluated: int = 0
    decisions: list[Decision] = field(default_factory=list)
    findings: dict[str, int] = field(default_factory=dict)


def audit(settings: Settings, partitions: Sequence[Partition]) -> AuditResult:
    """Judge those of the partitions whose ground is still the one the candidate was built on; the others stay pending.

    As `judge`. Hold the writer's slot.
    """
    return judge(settings, unmoved(settings, partitions))


def judge(settings: Settings, partitions: Sequence[Partition]) -> AuditResult:
    """Judge these partitions on what the build file holds, and write findings and decisions.

    Replaces the partitions' findings of stage `audit` and their rows of `gate.decisions`. Hold the writer's slot.

    Raises EvaluationError where an expectation could not be evaluated, NotBuiltError where there is no candidate; then
    nothing is decided.
    """
    if not partitions:
        return AuditResult()
    pending = {(part.organisation_code, part.quarter): part for part in partitions}
    with connect(settings, read_only=True) as connection:
        submissions = [one for one in latest(all_submissions(connection)) if one.partition in pending]
        counted = {one.submission_id: one for one in submissions if one.status == ACCEPTED}
        relations = submission_relations(connection, list(counted.values()))
        relations += candidate_relations(connection, partitions, list(counted.values()))
        found = [
            *_from_tests(test_failures(settings, connection), pending),
            *_from_reconciliation(connection, pending, counted),
        ]
    evaluation = evaluate(settings, relations)
    found += _from_failures(evaluation.failures, pending, counted)
    with connect(settings) as connection:
        decisions = _decide(connection, partitions, submissions, found, evaluation.evaluated)
        connection.begin()
        for table, condition in (("raw.findings", f"stage = '{STAGE}'"), ("gate.decisions", "true")):
            connection.executemany(
                f"delete from {table} where {condition} and organisation_code = ? and quarter = ?", list(pending)
            )
        insert_findings(connection, STAGE, found)
        insert(connection, "gate.decisions", [asdict(decision) for decision in decisions])
        connection.commit()
    severities = Counter(placed.finding.severity.value for placed in found)
    return AuditResult(evaluation.evaluated, decisions, {level.value: severities[level.value] for level in Severity})


def _from_tests(failures: Iterable[TestFailure], pending: Iterable[PartitionKey]) -> list[PlacedFinding]:
    return [
        PlacedFinding(
            finding(
                "dbt-test-warned" if failure.warning else "dbt-test-failed",
                f"The test {failure.name} of the transformation: {failure.failing}.",
                remedy="Look at the failing rows in the build file, and mend the model or its source.",
            ),
            *key,
        )
        for failure in failures
        for key in pending
        if not failure.partitions or key in failure.partitions
    ]


def _from_reconciliation(
    connection: "duckdb.DuckDBPyConnection",
    pending: Mapping[PartitionKey, Partition],
    counted: Mapping[str, Submission],
) -> list[PlacedFinding]:
    """What two tables tell differently, and what could not be compared.

    Within a return that was checked, and found, when it was loaded.
    """
    differing = rows(
        connection,
        "from marts.reconciliation where verdict in ('disagrees', 'not_made') and scope <> 'within a return' "
        "order by check_id",
    )
    return [
        PlacedFinding(
            _of_tables(row),
            row["organisation_code"],
            row["quarter"],
            row["submission_id"],
            counted[row["submission_id"]].file_name if row["submission_id"] in counted else None,
        )
        for row in differing
        if (row["organisation_code"], row["quarter"]) in pending
    ]


def _of_tables(row: Mapping[str, Any]) -> Finding:
    where = {"sheet": row["sheet"], "cell": row["printed_cell"]}
    if row["verdict"] == "not_made":
        return finding("tables-not-compared", f"{row['check']}. {row['note']}", remedy=_RESTORE, **where)
    return finding(
        TABLE_RULES[row["severity"]],
        f"{row['check']}: {_plain(row['printed_value'])} is {row['printed_basis']}, "
        f"{_plain(row['recomputed_value'])} is what the other table comes to ({row['unit']}).",
        remedy=_KNOWN if row["severity"] == "info" else _CORRECT,
        **where,
    )


def _from_failures(
    failures: Iterable[Failure], pending: Mapping[PartitionKey, Partition], counted: Mapping[str, Submission]
) -> list[PlacedFinding]:
    grouped: dict[tuple[str, str, PartitionKey], list[Failure]] = defaultdict(list)
    for failure in failures:
        for key in _partitions_of(failure.row, pending, counted):
            grouped[failure.table, failure.expectation.name, key].append(failure)
    found = []
    for (table, _, key), failing in grouped.items():
        listed = [failure for failure in failing[:ROWS_LISTED] if failure.row]
        found += [_placed(failure, key, counted) for failure in listed]
        if len(failing) > len(listed):
            expectation = failing[0].expectation
            many = f"{len(failing) - len(listed)}" if all(failure.row for failure in failing) else "Very many"
            more = f"{many} more rows of {table} fail in the same way."
            found.append(PlacedFinding(finding(expectation.rule, more, remedy=expectation.remedy), *key))
    return found


def _partitions_of(
    row: Mapping[str, Any], pending: Mapping[PartitionKey, Partition], counted: Mapping[str, Submission]
) -> list[PartitionKey]:
    """The partition a failing row counts against; every pending one where the row belongs to nobody."""
    key = (row.get("organisation_code"), row.get("quarter"))
    if key in pending:
        return [key]  # type: ignore[list-item]
    submission = counted.get(row.get("submission_id") or "")
    return [submission.partition] if submission else list(pending)


def _placed(failure: Failure, key: PartitionKey, counted: Mapping[str, Submission]) -> PlacedFinding:
    row, expectation = failure.row, failure.expectation
    submission = counted.get(row.get("submission_id") or "")
    shown = {name: "(blank)" if value is None else value for name, value in row.items()}
    return PlacedFinding(
        finding(
            expectation.rule,
            expectation.says.format_map(shown),
            remedy=expectation.remedy,
            sheet=row.get("sheet"),
            cell=cell_of(row, expectation.field),
        ),
        *key,
        submission.submission_id if submission else None,
        submission.file_name if submission else None,
    )


def _decide(
    connection: "duckdb.DuckDBPyConnection",
    partitions: Iterable[Partition],
    submissions: Sequence[Submission],
    found: Iterable[PlacedFinding],
    evaluated: int,
) -> list[Decision]:
    errors, warnings = defaultdict(list), Counter[PartitionKey]()
    for placed in found:
        if placed.finding.severity == Severity.ERROR:
            errors[placed.organisation_code, placed.quarter].append(placed.finding.message)
        elif placed.finding.severity == Severity.WARNING:
            warnings[placed.organisation_code, placed.quarter] += 1
    said = {
        (submission_id, severity): (count, message)
        for submission_id, severity, count, message in connection.execute(
            "select submission_id, severity, count(*), first(message) from raw.findings where stage <> ? group by all",
            [STAGE],
        ).fetchall()
    }
    for submission in submissions:
        if submission.status == HELD:
            _, message = said.get((submission.submission_id, Severity.ERROR), (0, "it is held"))
            errors[submission.partition].insert(0, f"{submission.file_name}: {message}")
        else:
            warnings[submission.partition] += said.get((submission.submission_id, Severity.WARNING), (0, ""))[0]
    return [
        Decision(
            part.organisation_code,
            part.quarter,
            HELD if errors[key] else PUBLISHED,
            _reason(errors[key], warnings[key]),
            part.fingerprint,
            evaluated,
        )
        for part in partitions
        for key in [(part.organisation_code, part.quarter)]
    ]


def _reason(errors: Sequence[str], warnings: int) -> str:
    """Why a partition is held or published, in one sentence or two."""
    if errors:
        more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
        return f"{errors[0]}{more}"
    listed = {0: "no warnings", 1: "1 warning"}.get(warnings, f"{warnings} warnings")
    return f"No errors, {listed}."


def _plain(value: Any) -> str:
    return "nothing" if value is None else f"{value.normalize():,f}"
