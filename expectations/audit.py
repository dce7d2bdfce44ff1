"""The gate: what is pending is judged, and every partition of it is published, held or left waiting for approval.

An error holds its partition, whoever found it: an expectation on rows or marts, a test of the transformation, a figure
that two tables tell differently where they must not, or a submission that is held itself. Warnings are published and
listed, unless the organisation wants a named person to approve them. Nobody else writes decisions.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from expectations.across_time import compare
from expectations.approvals import Approval, in_force, recorded, with_overrides
from expectations.dbt_tests import TestFailure, candidate_id, test_failures
from expectations.evaluate import ONE_THREAD, evaluate
from expectations.failing_rows import PartitionKey, findings_of
from expectations.pending import Partition, unmoved
from expectations.policy import policies
from expectations.relations import candidate_relations, submission_relations
from expectations.store import PlacedFinding, insert, insert_findings, rows
from expectations.submissions import Submission, all_submissions, latest
from expectations.uncollected import uncollected
from quarterdeck.events import tell
from quarterdeck.findings import Finding, Severity
from quarterdeck.quarantine import folders, quarantine, release
from quarterdeck.rules import finding
from quarterdeck.runs import noted
from quarterdeck.settings import Settings
from quarterdeck.standing import ACCEPTED, HELD
from quarterdeck.warehouse import connect

if TYPE_CHECKING:
    from decimal import Decimal

    import duckdb

STAGE = "audit"
PUBLISHED, AWAITING = "published", "awaiting approval"

# The rule that a cross-check breaks, by the severity it was given.
TABLE_RULES = {"error": "tables-contradict", "warning": "tables-disagree", "info": "tables-differ"}
_CORRECT = "Say which of the two is right, and correct the other in the next return."
_KNOWN = "Nothing needs to be corrected."
_WRITTEN = {"gbp": "£{}", "percent": "{}%", "fte": "{} FTE", "count": "{}", "score": "{}"}
_RESTORE = "Give the row its name back or add it; if it is gone for good, ask the data team to change the check."


@dataclass(frozen=True)
class Decision:
    """What the gate decided on one partition, `published`, `held` or `awaiting approval`; a row of `gate.decisions`.

    `candidate` is the build that was judged and `submissions` are the accepted ones it was made from, so that nothing
    else can be published on the strength of it.
    """

    organisation_code: str
    quarter: str
    decision: str
    reason: str
    fingerprint: str
    evaluated: int
    candidate: str | None = None
    submissions: str = ""


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


@noted("audit")
@uncollected()
def judge(settings: Settings, partitions: Sequence[Partition]) -> AuditResult:
    """Judge these partitions on what the build file holds, and write findings and decisions.

    Replaces the partitions' findings of stage `audit` and their rows of `gate.decisions`. Hold the writer's slot.

    Raises EvaluationError where an expectation could not be evaluated, NotBuiltError where there is no candidate; then
    nothing is decided.
    """
    if not partitions:
        return AuditResult()
    pending = {(part.organisation_code, part.quarter): part for part in partitions}
    candidate = candidate_id(settings)
    approvals = [
        one
        for one in recorded(settings)
        if (part := pending.get(one.partition)) and in_force([one], part.ground, part.submitted)
    ]
    with connect(settings, read_only=True) as connection:
        connection.execute(ONE_THREAD)
        everything = all_submissions(connection)
        submissions = [one for one in latest(everything) if one.partition in pending]
        counted = {one.submission_id: one for one in submissions if one.status == ACCEPTED}
        relations = submission_relations(connection, list(counted.values()))
        relations += candidate_relations(connection, partitions, list(counted.values()))
        found = [
            *_from_tests(test_failures(settings, connection), pending),
            *_from_reconciliation(connection, pending, counted),
            *compare(settings, connection, partitions, counted),
        ]
    evaluation = evaluate(settings, relations)
    found = with_overrides([*found, *findings_of(evaluation.failures, pending, counted)], approvals)
    with connect(settings) as connection:
        cases, policy = _cases(connection, submissions, found), policies(settings)
        approved = {one.partition: one for one in approvals if not one.rule}
        made_from = _accepted(everything)
        decisions = [
            Decision(
                *key,
                *cases[key].decide(approved.get(key), policy.needs_approval(part.organisation_code)),
                part.fingerprint,
                evaluation.evaluated,
                candidate,
                ", ".join(sorted(made_from[key])),
            )
            for key, part in pending.items()
        ]
        connection.execute("create temp table judged (organisation_code text, quarter text)")
        insert(connection, "judged", [{"organisation_code": code, "quarter": quarter} for code, quarter in pending])
        connection.begin()
        for table, condition in (
            ("raw.findings", f"stage = '{STAGE}'"),
            ("gate.decisions", "true"),
            ("gate.approvals", "true"),
        ):
            connection.execute(
                f"delete from {table} where {condition} and (organisation_code, quarter) in (from judged)"
            )
        insert_findings(connection, STAGE, found)
        insert(connection, "gate.decisions", [vars(decision) for decision in decisions])
        insert(connection, "gate.approvals", [asdict(approval) for approval in approvals])
        _move_files(settings, connection, counted.values(), found)
        connection.commit()
    for decision in decisions:
        tell(
            __name__,
            "partition decided",
            organisation_code=decision.organisation_code,
            quarter=decision.quarter,
            decision=decision.decision,
            reason=decision.reason,
        )
    severities = Counter(placed.finding.severity.value for placed in found)
    return AuditResult(evaluation.evaluated, decisions, {level.value: severities[level.value] for level in Severity})


def _accepted(submissions: Iterable[Submission]) -> Mapping[PartitionKey, list[str]]:
    """The ids of the accepted submissions, by partition."""
    found: dict[PartitionKey, list[str]] = defaultdict(list)
    for one in submissions:
        if one.is_accepted:
            found[one.partition].append(one.submission_id)
    return found


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
        f"{row['check'][:1].upper()}{row['check'][1:]}: {_amount(row['printed_value'], row['unit'])} "
        f"{row['printed_basis']}, against {_amount(row['recomputed_value'], row['unit'])} from the other table.",
        remedy=_KNOWN if row["severity"] == "info" else _CORRECT,
        **where,
    )


@dataclass
class _Case:
    """What speaks against publishing a partition: the messages of errors, the sender's and the data team's."""

    of_sender: list[str] = field(default_factory=list)
    of_data_team: list[str] = field(default_factory=list)
    warnings: int = 0

    def add(self, found: Finding, file_name: str = "") -> None:
        """Take a finding into account; one about a file that is held names it."""
        if found.severity == Severity.WARNING:
            self.warnings += 1
        elif found.severity == Severity.ERROR:
            errors = self.of_data_team if found.responsibility == "data team" else self.of_sender
            errors.append(f"{file_name}: {found.message}" if file_name else found.message)

    def decide(self, approval: Approval | None, needs_approval: bool) -> tuple[str, str]:
        """The decision and why, in one sentence or two; the sender's errors come first."""
        if errors := self.of_sender + self.of_data_team:
            more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
            return HELD, f"{errors[0]}{more}"
        listed = {0: "no warnings", 1: "1 warning"}.get(self.warnings, f"{self.warnings} warnings")
        if self.warnings and approval:
            return PUBLISHED, f"No errors, {listed}, approved by {approval.approved_by}: {approval.reason}"
        if self.warnings and needs_approval:
            return AWAITING, f"No errors, {listed} that nobody has approved yet."
        return PUBLISHED, f"No errors, {listed}."


def _cases(
    connection: "duckdb.DuckDBPyConnection", submissions: Sequence[Submission], found: Iterable[PlacedFinding]
) -> Mapping[PartitionKey, _Case]:
    """What was found now and, of the submissions that count, when they were loaded and checked."""
    cases: dict[PartitionKey, _Case] = defaultdict(_Case)
    counting = {one.submission_id: one for one in submissions}
    unexplained = {one.submission_id for one in submissions if one.status == HELD}
    for row in rows(connection, "from raw.findings where stage <> ?", [STAGE]):
        if submission := counting.get(row["submission_id"]):
            name = submission.file_name if submission.status == HELD else ""
            earlier = Finding(row["rule"], Severity(row["severity"]), row["responsibility"], row["message"])
            if (earlier.severity == Severity.ERROR) == (submission.status == HELD):
                cases[submission.partition].add(earlier, name)
                unexplained.discard(submission.submission_id)
    for submission_id in unexplained:
        submission = counting[submission_id]
        cases[submission.partition].of_sender.append(f"{submission.file_name}: it is held.")
    for placed in found:
        cases[placed.organisation_code, placed.quarter].add(placed.finding)
    return cases


def _move_files(
    settings: Settings,
    connection: "duckdb.DuckDBPyConnection",
    submissions: Iterable[Submission],
    found: Iterable[PlacedFinding],
) -> None:
    """Put the files whose own rows have an error into quarantine, and note that the others hold nothing any more."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    broken = {placed.submission_id for placed in found if placed.finding.severity == Severity.ERROR}
    known = set(folders(settings))
    columns = ", ".join(one.name for one in fields(Finding))
    for submission in submissions:
        if submission.submission_id in broken:
            of_file = f"select {columns} from raw.findings where submission_id = ?"
            said = [Finding(**row) for row in rows(connection, of_file, [submission.submission_id])]
            quarantine(settings, submission.submission_id, submission.file_name, submission.sha256, said)
        elif submission.submission_id in known:
            submission_id = submission.submission_id
            release(settings, submission_id, by=submission_id, at=now, reason="The file is accepted now.")


def _amount(value: "Decimal | None", unit: str | None) -> str:
    """A figure for people: `-£100,000`, `47.619%`, `2.5 FTE`, `12 months`."""
    if value is None:
        return "nothing"
    written = _WRITTEN.get(unit or "count") or f"{{}} {unit}".replace("_", " ")
    return f"{'-' if value < 0 else ''}{written.format(f'{abs(value).normalize():,f}')}"
