"""Fixtures shared by every room's tests: a data root of one's own, the samples, and the councils' papers if present."""

import os
from pathlib import Path

import pytest

from quarterdeck.settings import PROJECT_ROOT, Settings


def pytest_configure() -> None:
    """Files that tests put into landing are whole: nobody waits to see whether they are."""
    os.environ.setdefault("QUARTERDECK_SETTLE_SECONDS", "0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the end-to-end tests on one worker, so that two schedulers never share the machine."""
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose data root is empty and belongs to this test alone; versions have no workbook, to be quick."""
    return Settings(home=tmp_path / "home", workbook=False)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The samples: `<slug>/<feed>/<YYYY-MM>/<file>`, and the broken ones in `broken/`."""
    return PROJECT_ROOT / "samples"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The councils' papers (`inputs/`, `reference/`): `QUARTERDECK_SHARED`, else `shared` beside the repository."""
    folder = Path(os.environ.get("QUARTERDECK_SHARED", PROJECT_ROOT.parent / "shared"))
    if not (folder / "reference").is_dir():
        pytest.skip(f"the councils' papers are not at {folder}")
    return folder
