"""Files of one return and month that were taken from landing together."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from loaders.numbering import Series, Submission
from quarterdeck.rules import finding
from quarterdeck.standing import UNRECOGNISED

_ONE_TAKE = timedelta(milliseconds=100)
"""Receipts of files that are taken from landing together are a microsecond apart."""


def note_sent_together(submissions: Iterable[Submission]) -> None:
    """Say of every file that another one of its return and month was taken with it, and that it alone counts.

    Files that are taken together come in the order of their names, which nobody chose as that of their corrections;
    so they come here, whatever batches they were read in.
    """
    latest: dict[Series, Submission] = {}
    for submission in submissions:
        if submission.read["return_id"] == UNRECOGNISED:
            continue
        receipt, before = submission.receipt, latest.get(submission.series)
        latest[submission.series] = submission
        if before is None or before.receipt.sha256 == receipt.sha256:
            continue
        earlier, later = (datetime.fromisoformat(each.receipt.received_at) for each in (before, submission))
        if later - earlier < _ONE_TAKE:
            found = finding(
                "return-sent-twice",
                f"'{before.receipt.file_name}' is of the same return and month, and was taken together with "
                f"'{receipt.file_name}', which alone counts.",
                remedy="Compare the two, and send the other one again if that is the right one.",
            )
            submission.read["findings"] = [*submission.read["findings"], vars(found)]
