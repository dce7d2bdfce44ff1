import json
from decimal import Decimal

import pytest

from publication.publish import publish
from tests.publication.candidates import HAMPTON, OXBRIDGE, QUARTER, Candidate, Project, read

CHANGES = """
    select publication, mart, organisation_code, quarter, key, column_name, old_value, new_value, reason
    from marts.figure_changes
"""


def changes(candidate: Candidate) -> list[tuple[str, ...]]:
    """Project, column, old value, new value and reason of every recorded change."""
    return [(json.loads(row[4])["project"], *row[5:]) for row in read(candidate.settings, CHANGES)]


def publish_again(candidate: Candidate, organisation_code: str = HAMPTON) -> None:
    fingerprint = f"{candidate.decisions[organisation_code, QUARTER][1]}+"
    candidate.decide(organisation_code, "published", fingerprint)
    candidate.build()
    assert publish(candidate.settings).changed


def test_first_version_changes_nothing(candidate: Candidate) -> None:
    publish(candidate.settings)

    assert read(candidate.settings, CHANGES) == []


def test_figure_changed_by_a_new_submission_is_a_revision(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal("99.10"))
    candidate.resubmit(HAMPTON, f"{HAMPTON}.report.2018-09.2")
    publish_again(candidate)

    assert read(candidate.settings, CHANGES) == [
        (
            "v00002",
            "project_status",
            HAMPTON,
            QUARTER,
            '{"project":"Fleet"}',
            "target_gbp",
            "250.50",
            "99.10",
            "revision",
        )
    ]


def test_figure_changed_without_a_new_submission_is_a_correction(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.change("Fleet", status="Compromised")
    publish_again(candidate)

    assert changes(candidate) == [("Fleet", "status", "On Target", "Compromised", "correction")]


def test_blank_filled_by_a_new_submission_came_late(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.change("Highways", target_gbp=Decimal(12))
    candidate.resubmit(OXBRIDGE, f"{OXBRIDGE}.report.2018-09.2")
    publish_again(candidate, OXBRIDGE)

    assert changes(candidate) == [("Highways", "target_gbp", None, "12.00", "late")]


def test_rows_that_come_and_go_are_told_figure_by_figure(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.projects = [row for row in candidate.projects if row.project != "Fleet"]
    candidate.projects.append(Project(HAMPTON, "Parks", Decimal(5), commentary="A new one"))
    candidate.resubmit(HAMPTON, f"{HAMPTON}.report.2018-09.2")
    publish_again(candidate)

    assert changes(candidate) == [
        ("Fleet", "status", "On Target", None, "revision"),
        ("Fleet", "target_gbp", "250.50", None, "revision"),
        ("Parks", "status", None, "On Target", "late"),
        ("Parks", "target_gbp", None, "5.00", "late"),
    ]


def test_partition_published_for_the_first_time_changes_nothing(candidate: Candidate) -> None:
    candidate.decide(HAMPTON, "held", "h1")
    candidate.build()
    publish(candidate.settings)
    publish_again(candidate)

    assert read(candidate.settings, "select count(*) from marts.project_status") == [(4,)]
    assert changes(candidate) == []


@pytest.mark.parametrize("values", [{"commentary": "Other words"}, {"data_status": "provisional"}])
def test_words_and_the_data_status_are_no_figures(candidate: Candidate, values: dict[str, str]) -> None:
    publish(candidate.settings)
    candidate.change("Fleet", **values)
    publish_again(candidate)

    assert changes(candidate) == []


def test_every_version_adds_to_what_the_last_one_held(candidate: Candidate) -> None:
    publish(candidate.settings)
    for target in (1, 2):
        candidate.change("Fleet", target_gbp=Decimal(target))
        publish_again(candidate)
    candidate.change("Fleet", commentary="Only words")
    publish_again(candidate)

    told = read(candidate.settings, "select publication, old_value, new_value from marts.figure_changes")
    assert told == [("v00002", "250.50", "1.00"), ("v00003", "1.00", "2.00")]


def test_column_that_is_only_stored_differently_has_not_changed(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.extra_sql = ["alter table marts.project_status alter target_gbp type decimal(18, 6)"]
    publish_again(candidate)

    assert changes(candidate) == []


def test_mart_whose_key_became_another_cannot_be_compared(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    candidate.meta["project_status"]["key"] = ["organisation_code", "quarter", "project", "status"]
    publish_again(candidate)

    assert changes(candidate) == []
