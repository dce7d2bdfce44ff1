"""The councils' own files, taken through every room once, and what came out of it."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from quarterdeck.settings import Settings
from tests import pipeline


@pytest.fixture(scope="session")
def published_home(shared: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data root in which every submitted file is published, and beside them what the papers say elsewhere."""
    settings = Settings(home=tmp_path_factory.mktemp("reference"))
    pipeline.land(settings, shared / "inputs")
    pipeline.land(settings, samples, "Report figures *")
    pipeline.land(settings, samples, "*work programme*")
    pipeline.run(settings)
    return settings


@pytest.fixture(scope="session")
def marts(published_home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts, opened as a BI tool opens them."""
    path = published_home.published / "current" / "marts.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("use marts")
        yield connection
