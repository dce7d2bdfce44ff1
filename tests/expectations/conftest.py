"""An empty, prepared build file for every test of the gate."""

import shutil
from pathlib import Path

import pytest

from quarterdeck.settings import Settings
from quarterdeck.warehouse import prepare
from tests.expectations.build import Build
from tests.expectations.suite_failures import Failing, suite_failures


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared build file to copy: making one takes longer than most tests."""
    settings = Settings(home=tmp_path_factory.mktemp("prepared"))
    prepare(settings)
    return settings.warehouse


@pytest.fixture
def build(settings: Settings, prepared: Path) -> Build:
    """An empty build file of this test's own."""
    return new_build(settings, prepared)


def new_build(settings: Settings, prepared: Path) -> Build:
    """An empty build file at these settings."""
    settings.warehouse.parent.mkdir(parents=True)
    shutil.copyfile(prepared, settings.warehouse)
    return Build(settings)


@pytest.fixture(scope="session")
def failing(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Failing:
    """Who fails on what, where both suites are put to good and to spoiled rows."""
    return suite_failures(new_build(Settings(home=tmp_path_factory.mktemp("suites") / "home"), prepared))
