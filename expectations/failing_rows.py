"""From rows that fail an expectation to findings about them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from expectations.cells import cell_of
from expectations.evaluate import Failure
from expectations.store import PlacedFinding
from expectations.submissions import Submission
from quarterdeck.rules import finding

# Of the rows that fail one expectation in one partition, so many become findings of their own.
ROWS_LISTED = 20

PartitionKey = tuple[str, str]


def findings_of(
    failures: Iterable[Failure], pending: Collection[PartitionKey], counted: Mapping[str, Submission]
) -> list[PlacedFinding]:
    """A finding a failing row, up to a number an expectation and partition; `counted` are the submissions by id."""
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
    row: Mapping[str, Any], pending: Collection[PartitionKey], counted: Mapping[str, Submission]
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
