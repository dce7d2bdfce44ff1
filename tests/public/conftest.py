"""Files of three national publishers, taken through every room: first one vintage, then the next."""

import csv
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from quarterdeck.settings import PROJECT_ROOT, Settings
from tests import pipeline

Table = list[dict[str, str]]

PROJECTS = {
    "2022-03": "gmpp/GMPP_Government_Major_Projects_Portfolio_AR_Data_March_2022.csv",
    "2023-03": "gmpp/GMPP_Government_Major_Projects_Portofolio_AR_Data_March_2023.csv",
}
ABSENCE = {f"2024-{month:02d}": f"nhs_sickness/nhs_sickness_absence_2024-{month:02d}.csv" for month in range(4, 10)}
WORKFORCE = {
    "2023-09": "dfe_csww/v1_2024-02_csww_indicators_2017_to_2023.csv",
    "2024-09": "dfe_csww/v2_2025-02_csww_indicators_2017_to_2024.csv",
}


def raw(path: Path) -> Table:
    """A csv file as its bytes have it, read with nothing of the project's."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="session")
def public() -> Path:
    """The publishers' files: `public/` in `QUARTERDECK_SHARED`, else in `shared` beside the repository."""
    folder = Path(os.environ.get("QUARTERDECK_SHARED", PROJECT_ROOT.parent / "shared")) / "public"
    if not folder.is_dir():
        pytest.skip(f"the public files are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def published(public: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data root with two versions: the second brings the projects of 2023 and the second vintage of the workforce."""
    settings = Settings(home=tmp_path_factory.mktemp("public"))

    def land(file: str, *place: str) -> None:
        target = settings.landing.joinpath(*place)
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(public / file, target)

    land(PROJECTS["2022-03"], "ipa", "highlight_report", "2022-03")
    for month, file in ABSENCE.items():
        land(file, "nhs_england", "hr_metrics", month)
    land(WORKFORCE["2023-09"], "dfe", "hr_metrics", "2023-09")
    first = pipeline.run(settings)
    land(PROJECTS["2023-03"], "ipa", "highlight_report", "2023-03")
    land(WORKFORCE["2024-09"], "dfe", "hr_metrics", "2024-09")
    second = pipeline.run(settings)
    assert first and second and not first.held and not second.held
    return settings


@pytest.fixture(scope="session")
def marts(published: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts, opened as a BI tool opens them."""
    path = published.published / "current" / "marts.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("use marts")
        yield connection
