from decimal import Decimal

import pytest

from publication.diff import diff
from publication.publish import publish
from publication.store import PublicationError
from tests.publication.candidates import HAMPTON, QUARTER, Candidate, Project

NEW_SUBMISSION = f"{HAMPTON}.report.2018-09.2"


def publish_again(candidate: Candidate) -> None:
    candidate.decide(HAMPTON, "published", f"{candidate.decisions[HAMPTON, QUARTER][1]}+")
    candidate.build()
    assert publish(candidate.settings).changed


def test_version_does_not_differ_from_itself(candidate: Candidate) -> None:
    publish(candidate.settings)

    found = diff(candidate.settings, "1", "current")

    assert found.same and found.marts == []


def test_rows_and_values_are_told_by_key(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1), commentary="=late")
    candidate.projects = [row for row in candidate.projects if row.project != "Street lighting"]
    candidate.projects.append(Project(HAMPTON, "Parks", Decimal(5)))
    candidate.resubmit(HAMPTON, NEW_SUBMISSION)
    publish_again(candidate)

    found = diff(candidate.settings, "v00001", "v00002")

    changes, projects, submissions = found.marts
    assert (changes.mart, projects.mart, submissions.mart) == ("figure_changes", "project_status", "submissions")
    assert (projects.rows_added, projects.rows_removed, projects.rows_changed, projects.values_changed) == (1, 1, 1, 2)
    assert [row["project"] for row in projects.added] == ["Parks"]
    assert [(row["project"], row["target_gbp"]) for row in projects.removed] == [
        ("Street lighting", Decimal("1000.00"))
    ]
    key = {"organisation_code": HAMPTON, "quarter": QUARTER, "project": "Fleet"}
    assert projects.changed == [
        {"key": key, "column_name": "commentary", "old_value": None, "new_value": "=late"},
        {"key": key, "column_name": "target_gbp", "old_value": "250.50", "new_value": "1.00"},
    ]
    assert [row["submission_id"] for row in submissions.added] == [NEW_SUBMISSION]


def test_counts_are_complete_where_lists_are_cut(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    candidate.change("Street lighting", target_gbp=Decimal(2))
    publish_again(candidate)

    projects = diff(candidate.settings, "1", "2", limit=1).marts[1]

    assert (projects.values_changed, len(projects.changed)) == (2, 1)


def test_mart_without_a_key_is_compared_row_by_row(candidate: Candidate) -> None:
    candidate.meta["project_status"].pop("key")
    candidate.build()
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    publish_again(candidate)

    (projects,) = diff(candidate.settings, "1", "2").marts

    assert (projects.key, projects.rows_added, projects.rows_removed, projects.rows_changed) == ([], 1, 1, 0)
    assert [row["target_gbp"] for row in (*projects.removed, *projects.added)] == [Decimal("250.50"), Decimal("1.00")]


def test_marts_and_columns_that_come_and_go_are_named(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.meta["risks"] = candidate.meta.pop("organisations") | {"key": []}
    candidate.extra_sql = [
        "create table marts.risks as select 'flood' as risk",
        "create or replace table marts.project_status as "
        "select * exclude (commentary), 'green' as rag from marts.project_status",
    ]
    publish_again(candidate)

    found = diff(candidate.settings, "1", "2")

    assert (found.same, found.marts_added, found.marts_removed) == (False, ["risks"], ["organisations"])
    (projects,) = found.marts
    assert (projects.columns_added, projects.columns_removed) == (["rag"], ["commentary"])
    assert projects.values_changed == 0


def test_file_that_is_gone_is_named(candidate: Candidate) -> None:
    publish(candidate.settings)
    (candidate.settings.published / "v00001" / "marts.duckdb").unlink()

    with pytest.raises(PublicationError, match=r"v00001/marts\.duckdb cannot be opened"):
        diff(candidate.settings, "1", "1")


def test_blank_in_a_key_equals_a_blank(candidate: Candidate) -> None:
    candidate.meta["project_status"]["key"] = ["organisation_code", "quarter", "project", "commentary"]
    candidate.build()
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    publish_again(candidate)

    changes, projects = diff(candidate.settings, "1", "2").marts

    assert (changes.rows_added, projects.rows_added, projects.rows_removed, projects.rows_changed) == (1, 0, 0, 1)
