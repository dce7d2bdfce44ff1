"""A few organisations' part of the build file: cut out, built apart in a file of its own, and put back.

No model reads one organisation's rows to make another's, so that what is built of an organisation apart is what would
be built of it among all. A table without `organisation_code` follows from seeds alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from quarterdeck.settings import Settings
from quarterdeck.warehouse import NEW_FILE, attach, bounds, connect

if TYPE_CHECKING:
    import duckdb

FAILURES_SCHEMA = "dbt_test_failures"
_MADE = ("intermediate", "marts", FAILURES_SCHEMA)
_WITHIN = "organisation_code in (select unnest(getvariable('scope')))"
# A finding may name its organisation only by its submission, whose id begins with it.
_FINDINGS_WITHIN = (
    "coalesce(organisation_code, split_part(submission_id, '.', 1)) in (select unnest(getvariable('scope')))"
)
# Of what an organisation's rows were made: its submissions, as they stood.
_STANDING = """
    select organisation_code, md5(string_agg(submissions::varchar, '|' order by submission_id)) as standing
    from raw.submissions
    group by organisation_code
"""


def chosen(settings: Settings, made_with: str, organisations: Iterable[str]) -> list[str] | None:
    """The organisations to build: these, and those whose submissions are not as when they were last built.

    None where all must be: the candidate was made with something else than `made_with`, or never finished, or more
    than half of it is to be built.
    """
    with connect(settings, read_only=True) as connection:
        if _made_with(connection) != [made_with]:
            return None
        moved = connection.execute(
            f"""
            select organisation_code
            from candidate.built
            full outer join ({_STANDING}) as now using (organisation_code)
            where built.standing is distinct from now.standing
            """
        ).fetchall()
        sending = connection.execute("select distinct organisation_code from raw.submissions").fetchall()
    scope = sorted({*organisations, *(code for (code,) in moved)})
    return scope if 2 * len(scope) <= len(sending) else None


def _made_with(connection: "duckdb.DuckDBPyConnection") -> list[str]:
    """What the parts of the candidate were made with; nothing where it is not whole."""
    if not connection.execute("from duckdb_tables() where schema_name = 'candidate'").fetchall():
        return []
    found = connection.execute("select distinct made_with from candidate.built").fetchall()
    return [made_with for (made_with,) in found]


def note_none(settings: Settings) -> None:
    """Note that the candidate is not whole."""
    with connect(settings) as connection:
        connection.execute("drop schema if exists candidate cascade")


def note_all(settings: Settings, made_with: str) -> None:
    """Note that the candidate holds every organisation as it stands, made with that."""
    with connect(settings) as connection:
        connection.execute("create schema candidate")
        connection.execute(
            f"create table candidate.built as select *, ?::varchar as made_with from ({_STANDING})", [made_with]
        )


def cut_out(settings: Settings, scope: Sequence[str]) -> Path:
    """A new database file with the schemas of the build file, and the raw rows, decisions and seeds of these alone.

    It has the build file's name, in a folder of its own, because dbt and views name tables by it.
    """
    path = settings.work / "scope" / settings.warehouse.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with _beside(settings, path, scope, read_only=True) as connection:
        connection.execute("copy from database build to scope (schema)")
        connection.begin()
        for schema, table, _ in list(_tables(connection, "scope", _MADE)):
            connection.execute(f"drop table scope.{schema}.{table}")
        for schema, table, has_organisation in list(_tables(connection, "build", ("raw", "gate", "seeds"))):
            within = belonging(table) if has_organisation else "true"
            connection.execute(f"insert into scope.{schema}.{table} by name from build.{schema}.{table} where {within}")
        connection.commit()
    return path


def belonging(table: str) -> str:
    """The condition on a raw table that its rows belong to the organisations in the variable `scope`."""
    return _FINDINGS_WITHIN if table.strip('"') == "findings" else _WITHIN


def put_back(settings: Settings, path: Path, scope: Sequence[str], made_with: str) -> None:
    """Exchange these organisations' rows of every table that dbt makes for those in the other file, all or none."""
    with _beside(settings, path, scope, read_only=False) as connection:
        connection.begin()
        for schema, table, has_organisation in list(_tables(connection, "scope", _MADE)):
            if has_organisation:
                connection.execute(f"delete from build.{schema}.{table} where {_WITHIN}")
                connection.execute(
                    f"insert into build.{schema}.{table} by name from scope.{schema}.{table} where {_WITHIN}"
                )
            elif schema == FAILURES_SCHEMA:
                connection.execute(f"create or replace table build.{schema}.{table} as from scope.{schema}.{table}")
        connection.execute(f"delete from build.candidate.built where {_WITHIN}")
        connection.execute(
            f"insert into build.candidate.built by name select *, ? as made_with from ({_STANDING}) where {_WITHIN}",
            [made_with],
        )
        connection.commit()
    path.unlink()


@contextmanager
def _beside(
    settings: Settings, path: Path, scope: Sequence[str], *, read_only: bool
) -> Iterator["duckdb.DuckDBPyConnection"]:
    """The build file as `build`, in use, the other as `scope`, and the variable of that name."""
    import duckdb

    with duckdb.connect(config=bounds(settings)) as connection:
        attach(connection, settings.warehouse, "build", "read_only" if read_only else "read_write")
        attach(connection, path, "scope", NEW_FILE)
        connection.execute("use build")
        connection.execute("set variable scope = ?::varchar[]", [list(scope)])
        yield connection


def _tables(
    connection: "duckdb.DuckDBPyConnection", database: str, schemas: Iterable[str]
) -> Iterator[tuple[str, str, bool]]:
    """The tables of these schemas, quoted, and whether each has `organisation_code`."""
    found = connection.execute(
        """
        select tables.schema_name, tables.table_name, bool_or(columns.column_name = 'organisation_code')
        from duckdb_tables() as tables
        inner join duckdb_columns() as columns using (database_name, schema_name, table_name)
        where tables.database_name = ? and list_contains(?, tables.schema_name)
        group by all
        order by all
        """,
        [database, list(schemas)],
    )
    for schema, table, has_organisation in found.fetchall():
        yield schema, f'"{table}"', has_organisation
