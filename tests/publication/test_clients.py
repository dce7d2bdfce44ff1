"""The clients that `docs/bi.md` shows, as it shows them; and that they agree."""

import json
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import adbc_driver_duckdb.dbapi
import duckdb
import pandas as pd
import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine

from publication import store
from publication.postgres import serve
from publication.publish import publish
from quarterdeck.settings import PROJECT_ROOT
from tests.publication.candidates import HAMPTON, OXBRIDGE, Candidate
from tests.publication.test_postgres import server  # noqa: F401

GUIDE = (PROJECT_ROOT / "docs" / "bi.md").read_text()
SNIPPETS = dict(zip(re.findall(r"^## (.*)$(?=(?:(?!^## )[\s\S])*?```python)", GUIDE, re.M),
                    re.findall(r"```python\n(.*?)```", GUIDE, re.S), strict=True))  # fmt: skip


@pytest.mark.parametrize("client", SNIPPETS)
def test_the_guides_way_of_reading_works(
    candidate: Candidate, client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(candidate.settings)
    (tmp_path / "var").symlink_to(candidate.settings.home)
    monkeypatch.chdir(tmp_path)
    found: dict[str, object] = {}
    exec(SNIPPETS[client], found)

    assert len(found.get("projects", found.get("rows"))) in (2, 4)  # type: ignore[arg-type]


def test_the_guide_shows_every_client() -> None:
    assert list(SNIPPETS) == [
        "DuckDB",
        "SQLAlchemy and pandas",
        "ADBC and Arrow",
        "CSV with its description",
        "Staying on one version",
    ]


def test_every_client_reads_the_same(candidate: Candidate) -> None:
    publish(candidate.settings)
    folder = candidate.settings.published / "current"
    marts = str(folder / store.MARTS_FILE)
    query = "select project, target_gbp from marts.project_status order by project"

    with duckdb.connect(marts, read_only=True) as connection:
        native = connection.execute(query).fetchall()
    engine = create_engine(f"duckdb:///{marts}", connect_args={"read_only": True})
    frame = pd.read_sql(query, engine)
    engine.dispose()
    with adbc_driver_duckdb.dbapi.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"attach '{marts}' as marts (read_only)")
        cursor.execute(query)
        arrow = cursor.fetch_arrow_table()
    parquet = pd.read_parquet(folder / "parquet" / "project_status.parquet").sort_values("project")
    text = pd.read_csv(folder / "csv" / "project_status.csv").sort_values("project")

    expected = [("Fleet", 250.5), ("Highways", None), ("Libraries", 900.0), ("Street lighting", 1000.0)]
    assert [(name, value and float(value)) for name, value in native] == expected
    assert list(zip(*arrow.to_pydict().values(), strict=True)) == native
    for table in (frame, parquet, text):
        found = zip(table["project"], table["target_gbp"], strict=True)
        assert [(name, None if pd.isna(value) else float(value)) for name, value in found] == expected


def test_nobody_can_write_into_a_version(candidate: Candidate) -> None:
    publish(candidate.settings)
    marts = str(candidate.settings.published / "current" / store.MARTS_FILE)

    with duckdb.connect(marts, read_only=True) as connection, pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("delete from marts.project_status")


def test_psql_reads_one_version_in_a_transaction(candidate: Candidate, server: str) -> None:  # noqa: F811
    psql = shutil.which("psql")
    if psql is None:
        pytest.skip("there is no psql on this machine")
    publish(candidate.settings)
    candidate.settings.postgres = SecretStr(server)
    serve(candidate.settings, readers=["by_psql"])
    (transaction,) = re.findall(r"```sql\n(.*?)```", GUIDE, re.S)
    uri = server.replace("user=publisher", "user=by_psql")
    told = subprocess.run([psql, "-qAt", "-F,", uri, "-c", transaction], capture_output=True, text=True, check=True)

    lines = told.stdout.splitlines()
    assert lines[0] == "v00001"
    assert sorted(lines[1:]) == ["Fleet,250.50", "Highways,", "Libraries,900.00", "Street lighting,1000.00"]


def test_a_version_can_be_asked_while_the_next_one_stands(candidate: Candidate) -> None:
    publish(candidate.settings)
    first = candidate.settings.published / "v00001" / store.MARTS_FILE
    with duckdb.connect(str(first), read_only=True) as connection:
        candidate.change("Fleet", target_gbp=Decimal(1))
        candidate.decide(HAMPTON, "published", "h2")
        candidate.decide(OXBRIDGE, "held", "o2")
        candidate.build()
        publish(candidate.settings)
        query = "select target_gbp from marts.project_status where project = 'Fleet'"
        assert connection.execute(query).fetchall() == [(Decimal("250.50"),)]
    manifest = json.loads((candidate.settings.published / "current" / "manifest.json").read_text())
    assert manifest["version"] == "v00002"
