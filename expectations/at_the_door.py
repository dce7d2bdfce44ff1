"""The suite for submissions put to single files, before anybody builds anything of them."""

from collections.abc import Sequence

from expectations.failing_rows import findings_of
from expectations.in_sql import evaluate_in_sql
from expectations.relations import submission_relations
from expectations.submissions import all_submissions
from quarterdeck.findings import Finding
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect


def look(settings: Settings, submission_ids: Sequence[str]) -> list[Finding]:
    """What the gate's suite for submissions finds in these submissions. Reads the build file and changes nothing."""
    with connect(settings, read_only=True) as connection:
        submissions = {
            one.submission_id: one for one in all_submissions(connection) if one.submission_id in submission_ids
        }
        evaluation = evaluate_in_sql(connection, submission_relations(connection, list(submissions.values())))
    partitions = {one.partition for one in submissions.values()}
    return [placed.finding for placed in findings_of(evaluation.failures, partitions, submissions)]
