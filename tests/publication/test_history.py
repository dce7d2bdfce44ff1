from decimal import Decimal

import pytest

from publication import history, store
from publication.changes import TABLE as FIGURE_CHANGES
from publication.manifest import read_manifest
from publication.publish import publish
from publication.store import PublicationError
from tests.publication.candidates import HAMPTON, OXBRIDGE, QUARTER, Candidate, Project, read

TARGETS = "select project, target_gbp from marts.project_status"


@pytest.fixture
def two_versions(candidate: Candidate) -> Candidate:
    """`Fleet` is 250.50 in the first version and 1.00 in the second."""
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    candidate.decide(HAMPTON, "published", "h2")
    candidate.build()
    publish(candidate.settings)
    return candidate


def fleet(candidate: Candidate) -> Decimal:
    return dict(read(candidate.settings, TARGETS))["Fleet"]


def test_versions_are_listed_newest_first(two_versions: Candidate) -> None:
    two_versions.decide(OXBRIDGE, "held", "o2")
    two_versions.change("Fleet", target_gbp=Decimal(2))
    two_versions.decide(HAMPTON, "published", "h3")
    two_versions.build()
    publish(two_versions.settings)

    listed = history.published_versions(two_versions.settings)

    assert [(version.version, version.current) for version in listed] == [
        ("v00003", True),
        ("v00002", False),
        ("v00001", False),
    ]
    assert listed[0].held == [f"{OXBRIDGE} {QUARTER}"]
    assert listed[0].reason == f"decided: {HAMPTON} {QUARTER}; held: {OXBRIDGE} {QUARTER}"


def test_rollback_is_a_new_version_with_the_old_content(two_versions: Candidate) -> None:
    settings = two_versions.settings
    result = history.rollback(settings, "v00001", "wrong column")

    assert (result.version, result.changed, store.current(settings)) == ("v00003", True, "v00003")
    assert fleet(two_versions) == Decimal("250.50")
    old, new = read_manifest(settings, "v00001"), read_manifest(settings, "v00003")
    assert (new.reason, new.rolled_back_to, new.previous) == ("wrong column", "v00001", "v00002")
    for name in old.marts.keys() - {FIGURE_CHANGES}:
        assert new.marts[name].content_sha256 == old.marts[name].content_sha256
    assert store.versions(settings) == ["v00001", "v00002", "v00003"]
    assert all(history.verify(settings, version) == [] for version in store.versions(settings))


def test_rollback_is_told_in_figure_changes(two_versions: Candidate) -> None:
    history.rollback(two_versions.settings, "1", "wrong column")

    query = "select publication, old_value, new_value, reason from marts.figure_changes"
    assert read(two_versions.settings, query) == [
        ("v00002", "250.50", "1.00", "correction"),
        ("v00003", "1.00", "250.50", "correction"),
    ]


def test_rollback_stays_until_the_gate_decides_on_something_new(two_versions: Candidate) -> None:
    settings = two_versions.settings
    history.rollback(settings, "v00001", "wrong column")
    two_versions.resubmit(OXBRIDGE, f"{OXBRIDGE}.report.2018-09.2")
    two_versions.build()
    assert not publish(settings).changed

    two_versions.change("Libraries", target_gbp=Decimal(3))
    two_versions.decide(OXBRIDGE, "published", "o2")
    two_versions.build()
    assert publish(settings).decided == [f"{OXBRIDGE} {QUARTER}"]
    assert fleet(two_versions) == Decimal("250.50")

    two_versions.decide(HAMPTON, "published", "h3")
    two_versions.build()
    publish(settings)
    assert fleet(two_versions) == Decimal("1.00")


def test_rollback_withdraws_a_partition_that_was_not_there_then(candidate: Candidate) -> None:
    publish(candidate.settings)
    candidate.projects.append(Project("E07000003", "Parks", Decimal(5)))
    candidate.decide("E07000003", "published", "p1")
    candidate.build()
    publish(candidate.settings)

    history.rollback(candidate.settings, "v00001", "published too early")

    assert "Parks" not in dict(read(candidate.settings, TARGETS))
    partition = read_manifest(candidate.settings, "v00003").partition(("E07000003", QUARTER))
    assert partition and partition.decision == "published" and partition.published_in is None
    told = read(candidate.settings, "select column_name, old_value, new_value from marts.figure_changes")
    assert told == [("status", "On Target", None), ("target_gbp", "5.00", None)]


def test_rollback_can_be_undone_by_another_one(two_versions: Candidate) -> None:
    history.rollback(two_versions.settings, "v00001", "wrong column")
    history.rollback(two_versions.settings, "v00002", "it was right after all")

    assert fleet(two_versions) == Decimal("1.00")
    assert store.current(two_versions.settings) == "v00004"


def test_rollback_to_what_is_published_changes_nothing(two_versions: Candidate) -> None:
    result = history.rollback(two_versions.settings, "current", "by mistake")

    assert (result.version, result.changed) == ("v00002", False)


@pytest.mark.parametrize(
    ("version", "reason", "message"), [("v00001", " ", "needs a reason"), ("v9", "x", "no version")]
)
def test_rollback_refuses(two_versions: Candidate, version: str, reason: str, message: str) -> None:
    with pytest.raises(PublicationError, match=message):
        history.rollback(two_versions.settings, version, reason)
    assert store.current(two_versions.settings) == "v00002"


def test_damage_is_found_and_never_rolled_back_to(two_versions: Candidate) -> None:
    settings = two_versions.settings
    folder = settings.published / "v00001"
    (folder / "csv" / "organisations.csv").unlink()
    (folder / "csv" / "notes.csv").touch()
    (folder / "marts.duckdb").chmod(0o644)
    with (folder / "marts.duckdb").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"!")

    assert history.verify(settings, "v00002") == []
    assert history.verify(settings, "v00001") == [
        "v00001/csv/organisations.csv is missing",
        "v00001/csv/notes.csv was not published",
        "v00001/marts.duckdb has changed since it was published",
    ]
    with pytest.raises(PublicationError, match="v00001 is damaged"):
        history.rollback(settings, "v00001", "wrong column")
