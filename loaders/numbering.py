"""Which submission a file is: a new one, the one it was before, or none because it changes nothing."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loaders.archive import Receipt, Withdrawal
from loaders.names import file_key
from quarterdeck.standing import UNRECOGNISED, WITHDRAWN

if TYPE_CHECKING:
    import duckdb

Series = tuple[str, str, str]
"""Organisation, return and month: what a submission may restate an earlier one of."""


@dataclass
class Submission:
    """A file that was read, or one month of a series, on its way into the raw schema.

    `submission_id` is None where the file changes nothing.
    """

    receipt: Receipt
    read: dict[str, Any]
    withdrawal: Withdrawal | None = None
    submission_id: str | None = None
    sequence: int = 0
    restates: str | None = None

    @property
    def reporting_period(self) -> str:
        """The month it is of; in a series, not always the one that the file was sent for."""
        return str(self.read["reporting_period"])

    @property
    def series(self) -> Series:
        """What it is one of."""
        return self.receipt.organisation_code, str(self.read["return_id"]), self.reporting_period


@dataclass(frozen=True)
class _Known:
    submission_id: str
    sequence: int
    receipt_id: str
    received_at: str
    sha256: str
    content_sha256: str | None
    feed: str
    file_key: str
    withdrawn_at: str | None

    @classmethod
    def of(cls, submission: Submission) -> "_Known":
        """A submission that was just numbered."""
        receipt, withdrawal = submission.receipt, submission.withdrawal
        return cls(
            str(submission.submission_id),
            submission.sequence,
            receipt.receipt_id,
            receipt.received_at,
            receipt.sha256,
            submission.read["content_sha256"],
            receipt.feed,
            file_key(receipt.file_name),
            withdrawal.at if withdrawal else None,
        )

    def stood_when(self, receipt: Receipt) -> bool:
        """Whether it was there, and nobody had taken it back, when another file was received."""
        return self.receipt_id < receipt.receipt_id and not (
            self.withdrawn_at and self.withdrawn_at < receipt.received_at
        )

    def is_named(self, receipt: Receipt) -> bool:
        """Whether another file of its organisation and month bears its name, for its feed."""
        return (self.feed, self.file_key) == (receipt.feed, file_key(receipt.file_name))


@dataclass
class Numbering:
    """The submissions of the months concerned, as they are known so far, oldest first in every series."""

    known: dict[Series, list[_Known]] = field(default_factory=lambda: defaultdict(list))
    read_as: dict[str, set[Series]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, connection: "duckdb.DuckDBPyConnection", months: set[str]) -> "Numbering":
        """What the raw schema knows of these months."""
        numbering = cls()
        for organisation, return_id, month, *known in connection.execute(
            "select organisation_code, return_id, reporting_period, submission_id, sequence, receipt_id, received_at,"
            " sha256, content_sha256, feed, file_key, case when status = ? then released_at end"
            " from raw.submissions where list_contains(?, reporting_period) order by sequence",
            [WITHDRAWN, sorted(months)],
        ).fetchall():
            numbering._add((organisation, return_id, month), _Known(*known))
        return numbering

    def number(self, parts: list[Submission]) -> None:
        """Number the submissions of one file. Files come in the order in which they were received."""
        for submission in parts:
            self._number(submission)
        receipt_id = parts[0].receipt.receipt_id
        if not any(submission.submission_id for submission in parts):
            return
        # The file may have been read as something else before, which it is no longer.
        for series in self.read_as.pop(receipt_id, ()):
            self.known[series] = [known for known in self.known[series] if known.receipt_id != receipt_id]
        for submission in parts:
            if submission.submission_id:
                self._add(submission.series, _Known.of(submission))
                self.known[submission.series].sort(key=lambda each: each.sequence)

    def _add(self, series: Series, known: _Known) -> None:
        self.known[series].append(known)
        self.read_as[known.receipt_id].add(series)

    def _number(self, submission: Submission) -> None:
        receipt, known = submission.receipt, self.known[submission.series]
        own = next((each for each in known if each.receipt_id == receipt.receipt_id), None)
        # A file that is read again is compared with what came before it, not with what has come since.
        before = [each for each in known if each.stood_when(receipt)]
        if submission.read["return_id"] == UNRECOGNISED:
            # Files that nobody recognised are no series of one return, but each a file by itself.
            same = [each for each in before if not self._was_replaced(each, submission)]
            before = [each for each in before if each.is_named(receipt)]
        else:
            same = before[-1:]
        content = submission.read["content_sha256"]
        if own:
            submission.submission_id, submission.sequence = own.submission_id, own.sequence
        elif any(each.sha256 == receipt.sha256 or (content and content == each.content_sha256) for each in same):
            return
        else:
            submission.sequence = known[-1].sequence + 1 if known else 1
            submission.submission_id = ".".join([*submission.series, str(submission.sequence)])
        submission.restates = before[-1].submission_id if before else None

    def _was_replaced(self, earlier: _Known, submission: Submission) -> bool:
        """Whether another file had come under an unrecognised one's name before this one was received."""
        organisation, _, month = submission.series
        return any(
            each.receipt_id > earlier.receipt_id
            and each.stood_when(submission.receipt)
            and (each.feed, each.file_key) == (earlier.feed, earlier.file_key)
            for (whose, _, of), series in self.known.items()
            if (whose, of) == (organisation, month)
            for each in series
        )
