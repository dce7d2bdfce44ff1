"""Building a part: what is built of some organisations is what a whole build makes of them."""

import random
from pathlib import Path
from typing import Any

import pytest

from benchmarks.generate import raw_rows
from benchmarks.generate.installation import install
from benchmarks.generate.world import World
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, records
from tests.transform.conftest import Candidate
from tests.transform.raw_rows import NOTTINGHAMSHIRE, OXFORDSHIRE, SOUTHAMPTON
from transform.candidate import build
from transform.scope import chosen

# Of the tables that dbt makes, those without an organisation: they follow from seeds alone.
OF_SEEDS = {"marts.lineage"}


def test_every_table_says_whose_its_rows_are_or_follows_from_seeds(candidate: Candidate):
    tables = candidate.rows(
        "select schema_name || '.' || table_name, bool_or(column_name = 'organisation_code') from duckdb_tables()"
        " inner join duckdb_columns() using (schema_name, table_name)"
        " where schema_name in ('intermediate', 'marts') group by all"
    )
    assert {table for table, has_organisation in tables if not has_organisation} == OF_SEEDS


def test_a_failure_stays_until_its_organisation_is_built_again(damaged: Settings):
    failing = "select organisation_code, count(*) from dbt_test_failures.project_status_key group by all"
    broken = build(damaged, [NOTTINGHAMSHIRE])
    assert broken.organisations == [NOTTINGHAMSHIRE]
    assert [(each.test, each.failing_rows) for each in broken.failures] == [("project_status_key", 2)]
    assert rows(damaged, failing) == [(NOTTINGHAMSHIRE, 2)]
    other = build(damaged, [SOUTHAMPTON])
    assert (other.organisations, other.failures) == ([SOUTHAMPTON], [])
    assert rows(damaged, failing) == [(NOTTINGHAMSHIRE, 2)]
    with connect(damaged) as connection:
        connection.execute("delete from raw.project_status where source_row = 10")
    assert build(damaged, [NOTTINGHAMSHIRE]).failures == []
    assert rows(damaged, failing) == []


def test_what_moved_is_built_unasked(damaged: Settings):
    with connect(damaged, read_only=True) as connection:
        ((made_with,),) = connection.execute("select distinct made_with from candidate.built").fetchall()
    assert chosen(damaged, made_with, []) == []
    with connect(damaged) as connection:
        connection.execute(f"delete from raw.submissions where organisation_code = '{SOUTHAMPTON}'")
    assert chosen(damaged, made_with, []) == [SOUTHAMPTON]
    assert chosen(damaged, made_with, [NOTTINGHAMSHIRE]) is None, "more than half: all are built"
    assert chosen(damaged, "another project", [OXFORDSHIRE]) is None


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_part_is_what_a_whole_build_makes_of_it(tmp_path: Path, seed: int):
    draw, world = random.Random(seed), World(organisations=9, months=9, seed=str(seed))
    settings = install(tmp_path / "home", world)
    raw_rows.insert(settings, world, months=range(8))
    build(settings)
    sending, restating, silent = draw.sample(range(world.organisations), 3)
    raw_rows.insert(settings, world, organisations=range(sending, sending + 1), months=range(8, 9))
    raw_rows.send_again(settings, raw_rows.code(restating), f"2015-0{draw.randint(4, 9)}")
    forget(settings, raw_rows.code(silent))
    part = build(settings, [raw_rows.code(sending)])
    assert part.organisations == sorted(map(raw_rows.code, (sending, restating, silent)))
    kept = tables(settings)
    assert build(settings, None).organisations is None
    assert sum(map(len, kept.values())) > 1_000
    assert kept == tables(settings)


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query on the build file."""
    with connect(settings, read_only=True) as connection:
        return connection.execute(query).fetchall()


def forget(settings: Settings, organisation: str) -> None:
    """Take away all that an organisation sent."""
    with connect(settings) as connection:
        for table in ("submissions", *records()):
            connection.execute(f"delete from raw.{table} where organisation_code = ?", [organisation])


def tables(settings: Settings) -> dict[str, list[str]]:
    """Every row of every table and view of the candidate, as text, in order."""
    with connect(settings, read_only=True) as connection:
        names = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where schema_name in ('intermediate', 'marts')"
            " union all select schema_name || '.' || view_name from duckdb_views() where schema_name = 'marts'"
        ).fetchall()
        return {
            name: [text for (text,) in connection.execute(f"select t::varchar from {name} as t order by 1").fetchall()]
            for (name,) in names
        }
