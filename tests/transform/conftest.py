"""One candidate for all tests of the transformation: building it takes longer than everything else here."""

import shutil
from dataclasses import dataclass
from typing import Any

import pytest

from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect
from tests.transform.raw_rows import fill, insert, project
from transform.candidate import BuildResult, build


@dataclass(frozen=True)
class Candidate:
    """A built candidate, the files of the dbt project before it was built, and a way to read it."""

    settings: Settings
    result: BuildResult
    project_files: set[str]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with connect(self.settings, read_only=True) as connection:
            return connection.execute(query).fetchall()


def project_files(settings: Settings) -> set[str]:
    """Every file below the dbt project."""
    return {str(path) for path in settings.dbt_project.rglob("*")}


@pytest.fixture(scope="session")
def candidate(tmp_path_factory: pytest.TempPathFactory) -> Candidate:
    """The candidate of the rows in `raw_rows`."""
    settings = Settings(home=tmp_path_factory.mktemp("candidate"))
    fill(settings)
    files = project_files(settings)
    return Candidate(settings, build(settings), files)


@pytest.fixture(scope="module")
def damaged(candidate: Candidate, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the candidate, of which Nottinghamshire has a project twice."""
    settings = Settings(home=tmp_path_factory.mktemp("damaged"))
    shutil.copytree(candidate.settings.home, settings.home, dirs_exist_ok=True)
    insert(settings, "raw.project_status", project(2, 10, "Road Lighting Energy", "On Target", "On Target", 225, None))
    return settings
