"""Small things the statements of this room share: quoting, attaching files, columns and their types, rows."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from publication.store import RESTORE, PublicationError

_NUMERIC_TYPES = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
    "FLOAT", "DOUBLE", "DECIMAL",
)  # fmt: skip


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def comma_separated(names: Iterable[str]) -> str:
    """Names as a list of SQL identifiers."""
    return ", ".join(map(quoted, names))


def order_by(key: Iterable[str]) -> str:
    """The clause that puts rows in the order of a key, or of all columns where there is no key."""
    return f"order by {comma_separated(key) or 'all'}"


def attach(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Open another DuckDB file beside the connection's own, read-only, under a name.

    Raises PublicationError where it is missing, damaged, or in use by a writer.
    """
    try:
        connection.execute(f"attach {literal(str(path))} as {quoted(name)} (read_only)")
    except duckdb.IOException as error:
        busy = "lock on file" in str(error)
        todo = "Somebody is writing to it: try again when it is free." if busy else "Restore it from a copy."
        raise PublicationError(f"{path} cannot be opened ({error}). {todo}") from error


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection to a DuckDB file that reads. Raises PublicationError where it is missing or damaged."""
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.IOException as error:
        raise PublicationError(f"{path} cannot be opened ({error}). {RESTORE}") from error


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The columns of a table or view, in order, with their DuckDB types; `relation` is SQL."""
    return {name: kind for name, kind, *_ in connection.execute(f"describe from {relation}").fetchall()}


def is_numeric(kind: str) -> bool:
    """True for the DuckDB types of numbers; an array of numbers is no number."""
    return kind.startswith(_NUMERIC_TYPES) and not kind.endswith("]")


def scalar(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    """The one value of a query that gives one row of one column."""
    ((value,),) = connection.execute(query).fetchall()
    return value


def records(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query, each as a mapping from column names to values."""
    result = connection.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
