"""Whether a submission counts, holds its quarter, or does neither any more.

What was found in a file makes it `accepted` or `held`. A held one holds its quarter until it is released, which takes
something that names it: a later file that replaces it (`superseded`), or a person (`withdrawn`).
"""

from typing import TYPE_CHECKING

from quarterdeck.quarantine import folders, hold_again, release
from quarterdeck.settings import Settings

if TYPE_CHECKING:
    import duckdb

ACCEPTED, HELD, SUPERSEDED, WITHDRAWN = "accepted", "held", "superseded", "withdrawn"
"""The words of `raw.submissions.status`."""

UNRECOGNISED = "unrecognised"
"""What stands for the return of a file that no layout describes. Such files are no series: each is one by itself."""

REPLACED = "A later file replaces it."

# A later file replaces a held one
# * of the same return and month, whatever is found in it: then it is the one that counts, or holds;
# * that nobody recognised, by coming under the same name for the same feed and month;
# * by being the same bytes, accepted: the file was sent to the wrong place at first.
_SUPERSEDE = f"""
    update raw.submissions as earlier
    set status = '{SUPERSEDED}', released_by = later.by, released_at = later.at, release_reason = '{REPLACED}'
    from (
        select
            held.submission_id,
            arg_min(other.submission_id, other.receipt_id) as by,
            arg_min(other.received_at, other.receipt_id) as at
        from raw.submissions as held
        inner join raw.submissions as other
            on other.receipt_id > held.receipt_id
            and other.status <> '{WITHDRAWN}'
            and (
                (
                    held.return_id <> '{UNRECOGNISED}'
                    and other.organisation_code = held.organisation_code
                    and other.return_id = held.return_id
                    and other.reporting_period = held.reporting_period
                )
                or (
                    held.return_id = '{UNRECOGNISED}'
                    and other.organisation_code = held.organisation_code
                    and other.feed = held.feed
                    and other.reporting_period = held.reporting_period
                    and other.file_key = held.file_key
                )
                or (other.status = '{ACCEPTED}' and other.sha256 = held.sha256)
            )
        where held.status = '{HELD}'
        group by held.submission_id
    ) as later
    where earlier.submission_id = later.submission_id
"""


def supersede(connection: "duckdb.DuckDBPyConnection") -> None:
    """Work out anew which held submissions a later file replaces. Within the caller's transaction."""
    connection.execute(
        "update raw.submissions set status = ?, released_by = null, released_at = null, release_reason = null"
        " where status = ?",
        [HELD, SUPERSEDED],
    )
    connection.execute(_SUPERSEDE)


def note_releases(settings: Settings, connection: "duckdb.DuckDBPyConnection") -> None:
    """Bring the notes on the folders in quarantine to what `raw.submissions` says."""
    for submission_id, status, by, at, reason in connection.execute(
        "select submission_id, status, released_by, released_at, release_reason from raw.submissions"
        " where list_contains(?, submission_id)",
        [folders(settings)],
    ).fetchall():
        if status in (SUPERSEDED, WITHDRAWN):
            release(settings, submission_id, by=by, at=at, reason=reason)
        elif status == HELD:
            hold_again(settings, submission_id)
