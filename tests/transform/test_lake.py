"""The marts in DuckLake, built by several processes at once: those of one file, and of Postgres, cell by cell."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from benchmarks.generate.files import write
from benchmarks.generate.installation import install
from benchmarks.generate.world import World
from publication.postgres import serve
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect
from tests import pipeline, postgres
from transform import lake

pytest.importorskip("duckdb_extension_ducklake", reason="requirements/server.txt has DuckDB's extensions")

pytestmark = pytest.mark.server

WORLD = World(organisations=3, months=1)

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """What three councils sent, published from the file, and a Postgres with nothing in it."""
    settings = install(tmp_path_factory.mktemp("lake") / "home", WORLD)
    settings.settle_seconds, settings.workbook = 0, False
    write(settings.landing, WORLD)
    published = pipeline.run(settings)
    assert published and not published.held
    with postgres.server("lake") as address:
        settings.lake_catalogue = settings.postgres = SecretStr(address)
        yield settings


@pytest.fixture(scope="module")
def gathered(settings: Settings) -> dict[str, int]:
    """Two processes built two groups at the same time, and their marts were put together; the rows of each mart."""
    lake.share(settings)
    parts = lake.parts(settings, 2)
    # Not forked: DuckDB's threads do not survive that.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        assert all(processes.map(lake.build_part, [settings] * 2, parts))
    return lake.gather(settings, parts)


@pytest.fixture(scope="module")
def served(settings: Settings) -> Settings:
    """The version brought to the Postgres."""
    serve(settings)
    return settings


def marts_in_file(settings: Settings) -> Rows:
    with connect(settings, read_only=True) as connection:
        return rows(connection, "build")


def marts_in_lake(settings: Settings) -> Rows:
    with lake.marts(settings) as connection:
        return rows(connection, lake.SHARED)


def rows(connection: Any, database: str) -> Rows:
    """Every row of every mart, in order, with its columns' names first."""
    names = connection.execute(
        "select table_name, list(column_name order by column_name) from duckdb_columns()"
        f" where database_name = '{database}' and schema_name = 'marts' group by all"
    ).fetchall()
    return {
        mart: [tuple(columns)]
        + connection.execute(f"select {listed(columns)} from {database}.marts.{mart} order by all").fetchall()
        for mart, columns in names
    }


def listed(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def test_groups_are_disjoint_and_hold_everybody(settings: Settings) -> None:
    groups = [part.organisations for part in lake.parts(settings, 2)]
    assert sorted(len(group) for group in groups) == [1, 2]
    assert sorted(code for group in groups for code in group) == [f"B{number:08d}" for number in range(1, 4)]
    assert len(lake.parts(settings, 9)) == 3


def test_the_marts_are_those_of_one_file_cell_by_cell(settings: Settings, gathered: dict[str, int]) -> None:
    ours, theirs = marts_in_lake(settings), marts_in_file(settings)
    assert ours.keys() == theirs.keys()
    assert [mart for mart in theirs if ours[mart] != theirs[mart]] == []
    assert gathered == {mart: len(found) - 1 for mart, found in theirs.items()}
    assert sum(gathered.values()) > 300


def test_the_marts_are_those_of_a_served_postgres_cell_by_cell(served: Settings, gathered: dict[str, int]) -> None:
    assert served.postgres
    with lake.marts(served) as connection:
        connection.execute(f"attach '{served.postgres.get_secret_value()}' as served (type postgres, read_only)")
        compared = 0
        for mart, columns, kinds in connection.execute(
            "select table_name, list(column_name order by column_name), list(data_type order by column_name)"
            " from duckdb_columns() where database_name = 'shared' and schema_name = 'marts' group by all order by 1"
        ).fetchall():
            # Postgres has fewer types, in which the same values are written.
            written = ", ".join(f'cast("{name}" as {kind})' for name, kind in zip(columns, kinds, strict=True))
            ours = connection.execute(f"select {written} from shared.marts.{mart} order by all").fetchall()
            theirs = connection.execute(f"select {written} from served.marts.{mart} order by all").fetchall()
            assert ours == theirs, mart
            compared += len(ours) * len(columns)
        assert compared > 5_000


def test_what_parts_left_is_removed(settings: Settings, gathered: dict[str, int]) -> None:
    assert [folder.name for folder in settings.lake.iterdir()] == [lake.SHARED]


def test_readers_keep_the_marts_they_began_with(settings: Settings, gathered: dict[str, int]) -> None:
    with lake.marts(settings) as reader:
        count = "select count(*) from marts.project_status"
        reader.begin()
        before = reader.execute(count).fetchone()
        with lake._lakes(settings, [lake.SHARED]) as writer:
            writer.execute("delete from shared.marts.project_status")
        assert reader.execute(count).fetchone() == before != (0,)
        reader.commit()
        assert reader.execute(count).fetchone() == (0,)


def test_without_a_catalogue_it_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(lake.LakeError, match="QUARTERDECK_LAKE_CATALOGUE"), lake.marts(Settings(home=tmp_path)):
        pass


def test_a_password_does_not_stand_in_the_message_of_what_cannot_connect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "")
    settings = Settings(home=tmp_path, lake_catalogue=SecretStr("postgresql://ann:a%20secret@127.0.0.1:1/marts"))
    with pytest.raises(duckdb.IOException) as refused, lake.marts(settings):
        pass
    assert "ann@127.0.0.1" in str(refused.value) and "secret" not in str(refused.value)
    assert os.environ["PGPASSWORD"] == "a secret"
