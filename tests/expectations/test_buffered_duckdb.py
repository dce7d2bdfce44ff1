"""The dialect keeps a statement's rows, whatever happens to its connection before they are read."""

import sqlalchemy

from expectations.buffered_duckdb import WHOLE, register
from tests.expectations.build import Build


def engine_of(build: Build) -> sqlalchemy.Engine:
    register()
    address = f"duckdb+buffered:///{build.settings.warehouse}"
    return sqlalchemy.create_engine(address, connect_args={"read_only": True})


def test_rows_survive_the_return_of_their_connection(build: Build) -> None:
    engine = engine_of(build)
    with engine.connect() as connection:
        result = connection.execute(sqlalchemy.text("select i from range(3) as numbers (i)"))
        connection.connection.dbapi_connection.rollback()
        assert result.fetchall() == [(0,), (1,), (2,)]
    engine.dispose()


def test_statements_without_rows_pass(build: Build) -> None:
    engine = engine_of(build)
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("set threads = 1"))
        assert connection.execute(sqlalchemy.text("select 1")).scalar() == 1
    engine.dispose()


def test_a_query_asked_for_its_columns_reads_no_rows(build: Build) -> None:
    engine = engine_of(build)
    with engine.connect() as connection:
        alone = connection.execute(sqlalchemy.text(f"{WHOLE}* from range(3) as numbers (i)"))
        assert (list(alone.keys()), alone.fetchall()) == (["i"], [])
        inside = connection.execute(sqlalchemy.text(f"select count(*) from ({WHOLE}* from range(3) as numbers (i))"))
        assert inside.scalar() == 3
    engine.dispose()
