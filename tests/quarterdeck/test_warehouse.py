import duckdb
import pytest

from quarterdeck.settings import Settings
from quarterdeck.warehouse import (
    FINDINGS,
    NEW_FILE,
    DamagedWarehouseError,
    attach,
    connect,
    insert_rows,
    prepare,
    prepared,
    raw_tables,
    tune,
)


def columns(settings):
    with connect(settings, read_only=True) as connection:
        return set(
            connection.execute(
                "select table_schema || '.' || table_name, column_name, data_type from information_schema.columns"
            ).fetchall()
        )


def test_a_build_file_made_before_a_column_was_declared_gets_it_and_keeps_its_rows(settings):
    prepare(settings)
    whole = columns(settings)
    with connect(settings) as connection:
        connection.execute("alter table raw.workforce_indicator drop column value_token")
        connection.execute("insert into raw.workforce_indicator (submission_id) values ('kept')")
    assert columns(settings) != whole
    prepare(settings)
    assert columns(settings) == whole
    with connect(settings, read_only=True) as connection:
        assert connection.execute("select submission_id, value_token from raw.workforce_indicator").fetchall() == [
            ("kept", None)
        ]


@pytest.mark.parametrize(("limit", "told"), [("512MB", "488.2 MiB"), ("1 gb", "953.6 MiB"), ("2GiB", "2.0 GiB")])
def test_memory_is_bounded(settings, limit, told):
    settings = Settings(home=settings.home, memory_limit=limit)
    prepare(settings)
    with connect(settings) as connection:
        assert connection.execute("select current_setting('memory_limit')").fetchone() == (told,)


@pytest.mark.parametrize("limit", ["", "1024", "80%", "banana", "-1", "none", "0GB"])
def test_a_bound_that_is_none_is_refused_with_the_name_of_the_setting(settings, limit):
    with pytest.raises(ValueError, match="memory_limit"):
        Settings(home=settings.home, memory_limit=limit)


def test_every_declared_column_is_there(settings):
    prepare(settings)
    there = {(table, column) for table, column, _ in columns(settings)}
    assert there == {(table, column) for table, declared in raw_tables().items() for column in declared}


def test_what_a_load_commits_is_in_the_file_and_in_no_log_beside_it(settings):
    log = settings.warehouse.with_suffix(".duckdb.wal")
    with prepared(settings) as connection:
        tune(connection, 1)
        connection.begin()
        insert_rows(connection, "raw.findings", FINDINGS, [dict.fromkeys(FINDINGS, "word")] * 3_000)
        connection.commit()
        assert not log.exists()
    with connect(settings, read_only=True) as connection:
        assert connection.execute("select count(*), min(rule), max(cell) from raw.findings").fetchall() == [
            (3_000, "word", "word")
        ]


def test_a_new_build_file_is_of_the_format_that_texts_are_written_fast_in(settings):
    prepare(settings)
    with connect(settings) as connection:
        connection.execute(
            "insert into raw.commentary (submission_id) select 'S' || (i % 9) from range(10_000) as t(i)"
        )
        connection.execute("checkpoint")
        assert ("DICT_FSST",) in connection.execute(
            "select distinct compression from pragma_storage_info('raw.commentary')"
        ).fetchall()


def test_a_file_is_attached_whatever_its_folder_is_called(tmp_path):
    with duckdb.connect() as connection:
        attach(connection, tmp_path / "o'brien.duckdb", "other", NEW_FILE)
        connection.execute("create table other.kept as select 1 as one")
        assert connection.execute("from other.kept").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "harm", [lambda whole: whole[:5_000], lambda whole: whole[:4_096] + b"x" * 100 + whole[4_196:]]
)
def test_a_build_file_that_is_cut_off_or_overwritten_is_said_to_be_damaged(settings, harm):
    prepare(settings)
    settings.warehouse.write_bytes(harm(settings.warehouse.read_bytes()))
    with pytest.raises(DamagedWarehouseError, match="Delete it"):
        connect(settings, read_only=True)
