"""What has to be judged again: a partition whose ground changed, and no other."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from expectations import pending
from expectations.pending import code_hash, pending_partitions
from quarterdeck.settings import PROJECT_ROOT, Settings
from tests.expectations.build import Build

OTHER = "E10000024"


@pytest.fixture
def project(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """A build file of two organisations, and code of its own to change."""
    for folder in ("loaders", "dbt_project", "expectations"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.sql").write_text("select 1")
    monkeypatch.setattr(pending, "LOADERS", tmp_path / "loaders")
    monkeypatch.setattr(pending, "EXPECTATIONS", tmp_path / "expectations")
    build.settings.dbt_project = tmp_path / "dbt_project"
    for organisation in ("E06000045", OTHER):
        build.submission(organisation=organisation, period="2018-09")
    build.submission("another", period="2018-07")
    build.save()
    return build


def decide_all(build: Build) -> None:
    """Take every pending partition as judged."""
    rows = [[part.organisation_code, part.quarter, part.fingerprint] for part in pending_partitions(build.settings)]
    build.execute("delete from gate.decisions")
    build.execute("insert into gate.decisions (organisation_code, quarter, fingerprint) values (?, ?, ?)", rows)
    build.settings.published.mkdir(parents=True, exist_ok=True)
    build.settings.settled.write_text(json.dumps({f"{row[0]} {row[1]}": row[2] for row in rows}))


def names(build: Build) -> list[tuple[str, str]]:
    return [(part.organisation_code, part.quarter) for part in pending_partitions(build.settings)]


def test_months_of_a_quarter_are_one_partition(project: Build) -> None:
    assert names(project) == [("E06000045", "2018-19 Q2"), (OTHER, "2018-19 Q2")]


def test_nothing_is_pending_once_decided(project: Build) -> None:
    decide_all(project)
    assert names(project) == []


@pytest.mark.parametrize(
    "change",
    ["submission_id = submission_id || '2'", "status = 'held'", "sha256 = 'other'", "layout_sha256 = 'other'"],
)
def test_a_changed_submission_makes_its_own_partition_pending(project: Build, change: str) -> None:
    decide_all(project)
    project.execute(f"update raw.submissions set {change} where organisation_code = '{OTHER}'")
    assert names(project) == [(OTHER, "2018-19 Q2")]


def test_a_decision_that_was_not_carried_out_is_pending(project: Build) -> None:
    decide_all(project)
    project.settings.settled.unlink()
    assert len(names(project)) == 2


def test_a_changed_quarter_makes_the_next_one_pending(project: Build) -> None:
    project.submission(organisation=OTHER, period="2018-12")
    project.save()
    decide_all(project)
    project.execute(
        f"update raw.submissions set sha256 = 'other' where organisation_code = '{OTHER}'"
        " and reporting_period = '2018-09'"
    )
    assert names(project) == [(OTHER, "2018-19 Q2"), (OTHER, "2018-19 Q3")]


def test_another_submission_makes_its_partition_pending(project: Build) -> None:
    decide_all(project)
    project.submission(period="2018-09", sequence=2)
    project.save()
    assert names(project) == [("E06000045", "2018-19 Q2")]


@pytest.mark.parametrize("folder", ["loaders", "dbt_project", "expectations"])
def test_changed_code_makes_everything_pending(project: Build, tmp_path: Path, folder: str) -> None:
    decide_all(project)
    (tmp_path / folder / "model.sql").write_text("select 2")
    assert len(names(project)) == 2


def test_what_tools_leave_behind_changes_nothing(project: Build, tmp_path: Path) -> None:
    decide_all(project)
    for left in ("dbt_project/target/manifest.json", "expectations/__pycache__/audit.pyc", "dbt_project/.user.yml"):
        (tmp_path / left).parent.mkdir(exist_ok=True)
        (tmp_path / left).write_text("anything")
    assert names(project) == []


def test_a_moved_file_is_a_change(project: Build, tmp_path: Path) -> None:
    before = code_hash(project.settings)
    shutil.move(tmp_path / "dbt_project" / "model.sql", tmp_path / "dbt_project" / "renamed.sql")
    assert code_hash(project.settings) != before


def test_without_a_build_file_nothing_is_pending(settings: Settings) -> None:
    assert pending_partitions(settings) == []


def test_it_is_answered_without_great_expectations() -> None:
    program = "import sys, expectations.pending; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT_ROOT, check=False).returncode == 0


def test_it_is_answered_in_less_than_a_second(project: Build) -> None:
    project.settings.dbt_project = PROJECT_ROOT / "dbt_project"
    started = time.process_time()
    pending_partitions(project.settings)
    assert time.process_time() - started < 1
