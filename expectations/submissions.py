"""Submissions as the gate sees them: whose they are, of which quarter, and which of them count."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from expectations.store import quarter_of
from quarterdeck.standing import ACCEPTED, HELD, UNRECOGNISED

if TYPE_CHECKING:
    import duckdb


class Submission(NamedTuple):
    """One row of `raw.submissions`, as far as the gate is concerned."""

    submission_id: str
    organisation_code: str
    return_id: str
    reporting_period: str
    sequence: int
    status: str
    sha256: str
    layout_sha256: str | None
    file_name: str

    @property
    def is_accepted(self) -> bool:
        """Whether its rows are read, unless a later one takes its place."""
        return self.status == ACCEPTED

    @property
    def quarter(self) -> str:
        """The fiscal quarter it counts in."""
        return quarter_of(self.reporting_period)

    @property
    def partition(self) -> tuple[str, str]:
        """Organisation and quarter."""
        return self.organisation_code, self.quarter


def all_submissions(connection: "duckdb.DuckDBPyConnection") -> list[Submission]:
    """Every submission there is."""
    found = connection.execute(f"select {', '.join(Submission._fields)} from raw.submissions").fetchall()
    return list(map(Submission._make, found))


def latest(submissions: Iterable[Submission]) -> list[Submission]:
    """The last submission of each return and month that counts or holds, and every one that nobody recognised.

    Those that a later file replaces, or that a person took back, do neither.
    """
    last: dict[tuple[str, str, str, str], Submission] = {}
    for submission in sorted(submissions, key=lambda one: one.sequence):
        if submission.status in (ACCEPTED, HELD):
            by_itself = submission.submission_id if submission.return_id == UNRECOGNISED else ""
            last[submission.organisation_code, submission.return_id, submission.reporting_period, by_itself] = (
                submission
            )
    return list(last.values())


def closing(submissions: Iterable[Submission]) -> list[Submission]:
    """The submissions of the last month of each return in its quarter, which marts that show a state are made from."""
    last: dict[tuple[str, str, str], Submission] = {}
    for submission in sorted(submissions, key=lambda one: one.reporting_period):
        last[submission.organisation_code, submission.return_id, submission.quarter] = submission
    return list(last.values())
