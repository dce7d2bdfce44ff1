"""The candidate built on several machines at once, into DuckLake with its catalogue in Postgres.

The marts of every group of organisations are built in a lake of its own beside the shared one, because writers of one
table conflict: a schema of the catalogue for each, and a folder of files. What they are made from stays in a file of
the machine that builds them. `gather` brings the marts of all groups into the shared lake in one transaction, so that
readers see the marts before or after it, and nothing between.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from quarterdeck.settings import Settings
from quarterdeck.warehouse import NEW_FILE, attach, bounds, connect, raw_tables
from transform.project import Project
from transform.scope import belonging

if TYPE_CHECKING:
    import duckdb

SHARED = "shared"
"""The lake that everybody reads: `raw` and `gate` as they were shared, `marts` as they were gathered."""

_EXTENSIONS = ("ducklake", "postgres_scanner")


class LakeError(RuntimeError):
    """There is no lake to build in: no catalogue is set, or the extensions of DuckDB are not installed."""


@dataclass(frozen=True)
class Part:
    """A group of organisations that is built at once: the name of its lake, and their codes."""

    name: str
    organisations: list[str]


def parts(settings: Settings, count: int) -> list[Part]:
    """All organisations that sent something, in at most so many groups of about the same number of raw rows."""
    with connect(settings, read_only=True) as connection:
        found = connection.execute(
            "select organisation_code from raw.submissions group by all order by sum(rows_loaded) desc, 1"
        ).fetchall()
    # Dealt out there and back again, so that no group gets the larger one of every pair.
    dealt = [*range(count), *reversed(range(count))]
    groups: list[list[str]] = [[] for _ in range(count)]
    for number, (organisation,) in enumerate(found):
        groups[dealt[number % len(dealt)]].append(organisation)
    return [Part(f"part_{number}", sorted(group)) for number, group in enumerate(groups, 1) if group]


def share(settings: Settings) -> None:
    """Copy the raw schema and the gate's decisions of the build file into the shared lake, in one transaction."""
    with _lakes(settings, [SHARED]) as connection:
        attach(connection, settings.warehouse, "build", "read_only")
        connection.begin()
        for schema, table in _raw():
            connection.execute(f"create schema if not exists {SHARED}.{schema}")
            connection.execute(f"create or replace table {SHARED}.{schema}.{table} as from build.{schema}.{table}")
        connection.commit()


def build_part(settings: Settings, part: Part) -> int:
    """Build these organisations from the shared raw rows into a lake of their own, anew; returns how many models ran.

    Parts may be built at the same time, on any machine that reaches the catalogue and the folder. The project's tests
    are not run: they judge the candidate in the file. Raises BuildError where a model cannot run.
    """
    _forget(settings, part)
    own = _own(settings, part)
    own.warehouse.parent.mkdir(parents=True)
    with _lakes(settings, [SHARED]) as connection:
        attach(connection, own.warehouse, "own", NEW_FILE)
        connection.execute("set variable scope = ?::varchar[]", [part.organisations])
        for schema, table in _raw():
            connection.execute(f"create schema if not exists own.{schema}")
            within = belonging(table) if "organisation_code" in raw_tables()[f"{schema}.{table}"] else "true"
            connection.execute(f"create table own.{schema}.{table} as from {SHARED}.{schema}.{table} where {within}")
    with _project(settings, part) as dbt:
        dbt.run("seed", "--full-refresh")
        return len(dbt.run("run"))


def gather(settings: Settings, built: Sequence[Part]) -> dict[str, int]:
    """Put the marts of all parts together in the shared lake, in one transaction; returns the rows of each mart.

    What belongs to an organisation that no part built follows from seeds alone, and comes with the first part.
    """
    rows = {}
    with _lakes(settings, [SHARED, *(part.name for part in built)]) as connection:
        connection.begin()
        connection.execute(f"create schema if not exists {SHARED}.marts")
        for mart, has_organisation in _marts(connection, built[0].name).items():
            taken = [f"from {part.name}.marts.{mart} where {_taken(part, built)}" for part in built]
            if not has_organisation:
                taken = [f"from {built[0].name}.marts.{mart}"]
            connection.execute(f"create or replace table {SHARED}.marts.{mart} as {' union all by name '.join(taken)}")
            (rows[mart],) = connection.execute(f"select count(*) from {SHARED}.marts.{mart}").fetchone() or (0,)
        connection.commit()
    for part in built:
        _forget(settings, part)
    return rows


@contextmanager
def marts(settings: Settings) -> Iterator["duckdb.DuckDBPyConnection"]:
    """The shared lake, in use, for reading."""
    with _lakes(settings, [SHARED], read_only=True) as connection:
        connection.execute(f"use {SHARED}")
        yield connection


def _taken(part: Part, built: Sequence[Part]) -> str:
    """The condition on a mart that its rows are those that this part stands for."""
    if part is built[0]:
        others = [code for other in built[1:] for code in other.organisations]
        return f"not list_contains({_list(others)}, organisation_code)"
    return f"list_contains({_list(part.organisations)}, organisation_code)"


def _list(codes: Sequence[str]) -> str:
    quoted = ", ".join("'" + code.replace("'", "''") + "'" for code in codes)
    return f"[{quoted}]::varchar[]"


def _raw() -> list[tuple[str, str]]:
    return [(schema, table) for schema, _, table in (name.partition(".") for name in raw_tables())]


def _marts(connection: "duckdb.DuckDBPyConnection", lake: str) -> dict[str, bool]:
    """The marts of a lake, views as well, and whether each has `organisation_code`."""
    found = connection.execute(
        "select table_name, bool_or(column_name = 'organisation_code') from duckdb_columns()"
        " where database_name = ? and schema_name = 'marts' group by all order by all",
        [lake],
    )
    return dict(found.fetchall())


@contextmanager
def _project(settings: Settings, part: Part) -> Iterator[Project]:
    """The dbt project, its marts in the lake of a part."""
    own = _own(settings, part)
    told = {
        "QUARTERDECK_TARGET": "ducklake",
        "QUARTERDECK_WAREHOUSE": str(own.warehouse),
        "QUARTERDECK_LAKE_CATALOGUE": _catalogue(settings),
        "QUARTERDECK_LAKE_FILES": str(_files(settings, part.name)),
        "QUARTERDECK_LAKE_PART": part.name,
    }
    _install()
    with _environment(told):
        try:
            yield Project(own)
        finally:
            DuckDBConnectionManager.close_all_connections()


@contextmanager
def _environment(told: Mapping[str, str]) -> Iterator[None]:
    """These variables set, for dbt, which takes its profile from the environment."""
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _lakes(
    settings: Settings, names: Sequence[str], *, read_only: bool = False
) -> Iterator["duckdb.DuckDBPyConnection"]:
    """A connection with these lakes attached, each by its name."""
    import duckdb

    _install()
    with duckdb.connect(config=bounds(settings)) as connection:
        for extension in _EXTENSIONS:
            connection.execute(f"load {extension}")
        for name in names:
            files = _files(settings, name)
            files.mkdir(parents=True, exist_ok=True)
            options = f"data_path '{files}', metadata_schema '{name}'{', read_only' if read_only else ''}"
            connection.execute(f"attach 'ducklake:postgres:{_catalogue(settings)}' as {name} ({options})")
        yield connection


def _forget(settings: Settings, part: Part) -> None:
    """Remove the lake of a part, where there is one."""
    import duckdb

    _install()
    with duckdb.connect() as connection:
        connection.execute("load postgres_scanner")
        connection.execute(f"attach '{_catalogue(settings)}' as catalogue (type postgres)")
        connection.execute(f"drop schema if exists catalogue.{part.name} cascade")
    shutil.rmtree(_files(settings, part.name), ignore_errors=True)
    shutil.rmtree(settings.work / part.name, ignore_errors=True)


def _own(settings: Settings, part: Part) -> Settings:
    """Settings with a data root of the part's own, for what is not shared. Writers of a lake take turns."""
    return settings.model_copy(update={"home": settings.work / part.name, "dbt_threads": 1})


def _files(settings: Settings, lake: str) -> Path:
    return settings.lake / lake


def _catalogue(settings: Settings) -> str:
    """The address of the catalogue's Postgres. Raises LakeError where none is set."""
    if not settings.lake_catalogue:
        raise LakeError("No lake is set: QUARTERDECK_LAKE_CATALOGUE names its Postgres, as postgresql://user@host/db.")
    address = settings.lake_catalogue.get_secret_value()
    password = urlsplit(address).password
    if password is None:
        return address
    # Told apart from the address, which stands in the messages of what cannot connect.
    os.environ["PGPASSWORD"] = unquote(password)
    return address.replace(f":{password}@", "@", 1)


def _install() -> None:
    """Put DuckDB's extensions, which come as packages, where it looks for them; nothing is fetched.

    Raises LakeError where a package is missing.
    """
    import duckdb

    with duckdb.connect() as connection:
        for name in _EXTENSIONS:
            try:
                package = Path(str(import_module(f"duckdb_extension_{name}").__file__)).parent
            except ModuleNotFoundError as error:
                raise LakeError(f"DuckDB's extension {name} is not installed: see requirements/server.in.") from error
            (extension,) = package.rglob("*.duckdb_extension")
            connection.execute(f"install '{extension}'")
