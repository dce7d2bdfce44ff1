"""The same version in a Postgres, for tools that need a server: in one transaction, checked by its content.

Tables keep their identity from version to version: rows are replaced, so that views on them stay and no reader waits.
What has the same content already is left alone. A reader sees the version before, or all of the version after.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from publication import store
from publication.manifest import Manifest, MartContent, read_manifest
from publication.sql import literal, opened, quoted
from publication.store import PublicationError
from quarterdeck.settings import Settings

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Cursor

SCHEMA, READERS = "marts", "marts_reader"
PUBLICATION = "publication"
"""The table of one row that says which version the others are."""

_TYPES = {"VARCHAR": "text", "TINYINT": "smallint", "DOUBLE": "double precision", "FLOAT": "real"}
_LOCK = "select pg_advisory_xact_lock(hashtext('quarterdeck publication'))"


class ServerError(PublicationError):
    """The server did not answer, or did not take the version; it may do so another time."""


@dataclass(frozen=True)
class Served:
    """What was brought to the server: `written` are the marts that it did not have so already."""

    version: str
    content_sha256: str
    rows: int
    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    readers: list[str] = field(default_factory=list)


def serve(settings: Settings, version: str = store.CURRENT, readers: Iterable[str] = ()) -> Served:
    """Bring a version (`v00003`, `3`, `current`, a day) to the Postgres of `settings.postgres`, in one transaction.

    Row count and content hash of every mart are computed again there; where one differs, nothing has changed.
    `readers` are roles that may log in and read; the server's administrator sets their passwords. Raises
    PublicationError where there is no such version, no server is named, or it does not hold what was published;
    ServerError, which is one, where it does not answer.
    """
    if settings.postgres is None:
        raise PublicationError(
            "No server is named. Set QUARTERDECK_POSTGRES, for example to postgresql://publisher@database/reports; "
            "keep the password in PGPASSFILE."
        )
    name = store.resolve(settings, version)
    manifest = read_manifest(settings, name)
    with (
        opened(settings.published / name / store.MARTS_FILE) as source,
        _transaction(settings.postgres.get_secret_value()) as cursor,
    ):
        cursor.execute(_LOCK)
        removed = _prepare(cursor, manifest)
        written = [mart for mart, content in sorted(manifest.marts.items()) if _bring(cursor, source, mart, content)]
        _say_which(cursor, manifest)
        added = [reader for reader in readers if _admit(cursor, reader)]
    return Served(name, manifest.content_sha256, manifest.rows, written, removed, added)


@contextmanager
def _transaction(uri: str) -> "Iterator[Cursor]":
    """A cursor whose work takes effect together, or not at all."""
    from adbc_driver_manager import Error
    from adbc_driver_postgresql import dbapi

    try:
        with dbapi.connect(uri) as connection, connection.cursor() as cursor:
            yield cursor
            connection.commit()
    except Error as error:
        raise ServerError(f"The server did not take the version; nothing changed there: {error}") from error


def _prepare(cursor: "Cursor", manifest: Manifest) -> list[str]:
    """Make the schema and the readers' role, and drop the tables that the version does not have."""
    if not _rows(cursor, f"select 1 from pg_roles where rolname = {literal(READERS)}"):
        cursor.execute(f"create role {quoted(READERS)} nologin")
    cursor.execute(f"create schema if not exists {quoted(SCHEMA)}")
    cursor.execute(f"comment on schema {quoted(SCHEMA)} is 'Published marts: read-only, replaced as a whole'")
    cursor.execute(f"grant usage on schema {quoted(SCHEMA)} to {quoted(READERS)}")
    tables = _rows(cursor, f"select tablename from pg_tables where schemaname = {literal(SCHEMA)} order by 1")
    others = [table for (table,) in tables if table not in {*manifest.marts, PUBLICATION}]
    for table in others:
        cursor.execute(f"drop table {_table(table)}")
    return others


def _bring(cursor: "Cursor", source: duckdb.DuckDBPyConnection, mart: str, content: MartContent) -> bool:
    """Let the server's table of a mart hold what was published; True where it did not."""
    if _columns(cursor, mart) != {name: _type(kind) for name, kind in content.columns.items()}:
        # Views of an earlier form stop this, and the message names them.
        cursor.execute(f"drop table if exists {_table(mart)}")
        columns = ", ".join(f"{quoted(name)} {_type(kind)}" for name, kind in content.columns.items())
        cursor.execute(f"create table {_table(mart)} ({columns})")
        cursor.execute(f"grant select on {_table(mart)} to {quoted(READERS)}")
    elif _held(cursor, mart, content.columns) == (content.rows, content.content_sha256):
        return False
    cursor.execute(f"comment on table {_table(mart)} is {literal(content.description)}")
    for name, words in content.descriptions.items():
        if name in content.columns:
            cursor.execute(f"comment on column {_table(mart)}.{quoted(name)} is {literal(words)}")
    cursor.execute(f"delete from {_table(mart)}")
    if content.rows:
        reader = source.execute(f"select * from main.{quoted(mart)}").to_arrow_reader()
        cursor.adbc_ingest(mart, reader, mode="append", db_schema_name=SCHEMA)
    held = _held(cursor, mart, content.columns)
    if held != (content.rows, content.content_sha256):
        raise PublicationError(
            f"The Postgres server holds {held[0]} rows of {mart} with other content than the {content.rows} published. "
            "Nothing was changed there. Its database must be in UTF-8."
        )
    return True


def _held(cursor: "Cursor", mart: str, columns: Mapping[str, str]) -> tuple[int, str]:
    """Rows and content hash of a server's table, worked out there the way a version's own are."""
    values = ", ".join(
        f"coalesce(length({column}::text) || ':' || {column}::text, '-')" for column in map(quoted, columns)
    )
    header = "\n".join(f"{column} {kind}" for column, kind in columns.items())
    ((rows, content),) = _rows(
        cursor,
        f"""
        select count(*), encode(sha256(convert_to(
            {literal(header)} || coalesce(string_agg(row_hash, '' order by row_hash collate "C"), ''), 'UTF8')), 'hex')
        from (select encode(sha256(convert_to(concat({values}), 'UTF8')), 'hex') as row_hash from {_table(mart)}) as r
        """,
    )
    return rows, content


def _say_which(cursor: "Cursor", manifest: Manifest) -> None:
    """Write the one row that names the version."""
    table = _table(PUBLICATION)
    cursor.execute(
        f"create table if not exists {table} (version text, published_at timestamptz, content_sha256 text, "
        "served_at timestamptz)"
    )
    cursor.execute(f"grant select on {table} to {quoted(READERS)}")
    cursor.execute(f"comment on table {table} is 'One row: the version that the marts of this schema are'")
    cursor.execute(f"delete from {table}")
    values = ", ".join(map(literal, (manifest.version, manifest.created_at.isoformat(), manifest.content_sha256)))
    cursor.execute(f"insert into {table} values ({values}, now())")


def _admit(cursor: "Cursor", reader: str) -> bool:
    """Let a role of its own read; True where it had to be made."""
    new = not _rows(cursor, f"select 1 from pg_roles where rolname = {literal(reader)}")
    if new:
        cursor.execute(f"create role {quoted(reader)} login")
        cursor.execute(f"alter role {quoted(reader)} set default_transaction_read_only = on")
    cursor.execute(f"grant {quoted(READERS)} to {quoted(reader)}")
    return new


def _columns(cursor: "Cursor", mart: str) -> dict[str, str]:
    """The columns of a server's table with their types; none where there is no such table."""
    return dict(
        _rows(
            cursor,
            f"""
            select attname::text, format_type(atttypid, atttypmod) from pg_attribute
            where attrelid = to_regclass({literal(_table(mart))}) and attnum > 0 and not attisdropped order by attnum
            """,
        )
    )


def _type(kind: str) -> str:
    """The Postgres type of a DuckDB type, in Postgres' own words."""
    if kind.startswith("DECIMAL"):
        return kind.lower().replace("decimal", "numeric").replace(" ", "")
    return _TYPES.get(kind, kind.lower())


def _table(name: str) -> str:
    return f"{quoted(SCHEMA)}.{quoted(name)}"


def _rows(cursor: "Cursor", query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return cursor.fetchall()
