"""Fixtures shared by every room's tests: a data root of one's own, the samples, and the councils' papers if present."""

import os
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.settings import PROJECT_ROOT, Settings


def pytest_configure() -> None:
    """Files that tests put into landing are whole: nobody waits to see whether they are."""
    os.environ.setdefault("QUARTERDECK_SETTLE_SECONDS", "0")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep what shares a long preparation on one worker: a file, or one of a few folders.

    The end-to-end tests are one of them, so that two schedulers never share the machine.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByPlace(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            folder = path.split("/")[1] if path.startswith("tests/") else ""
            return folder if folder in {"e2e", "pages", "public", "reference"} else path

    config.option.loadscopereorder = False
    return ByPlace(config, log)


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
