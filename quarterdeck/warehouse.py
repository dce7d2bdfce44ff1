"""The build file's raw schema, and how to open it.

Raw tables are declared once, in `loaders/records.yml`; everything here is derived from that. One process writes to the
build file at a time: whoever calls `connect` for writing must hold the writer's slot (Airflow's pool `warehouse`).

A build file has an id, so that a note that something was loaded says into which. The id stands beside the file too,
with the file's inode, for those who may not open it: a file made anew, or put back from a copy, is another one.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quarterdeck.declared import read_yaml
from quarterdeck.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    import duckdb

Columns = dict[str, str]
"""A table's columns, in order, with their SQL types."""

RECORDS_FILE = PROJECT_ROOT / "loaders" / "records.yml"
TEXT, INTEGER, SMALL, BIG = "varchar", "integer", "smallint", "bigint"
QUANTITY = SCALE = "decimal(18, 6)"
_FEW_SUBMISSIONS = 2_000
"""So many one thread loads or checks in less of the processors' time, and no later, than several do together."""
_SIGNS_OF_DAMAGE = ("not a valid DuckDB database", "Could not read enough bytes", "Corrupt database file")
NEW_FILE = "storage_version 'v1.5.0'"
"""How DuckDB is to make a file that no other program reads: texts are written in less time, and take less room, than in
the format that its older versions read too, which is what it makes unless told."""

# Every raw record carries these before its own fields.
PROVENANCE: Columns = {
    "submission_id": TEXT,
    "organisation_code": TEXT,
    "reporting_period": TEXT,
    "table_name": TEXT,
    "sheet": TEXT,
    "block": INTEGER,
    "source_row": INTEGER,
    "row_type": TEXT,
    "rolls_up_to_row": INTEGER,
    "cells": TEXT,
}

SUBMISSIONS: Columns = {
    "submission_id": TEXT,
    "organisation_code": TEXT,
    "feed": TEXT,
    "return_id": TEXT,
    "reporting_period": TEXT,
    "sequence": INTEGER,
    "restates": TEXT,
    "receipt_id": TEXT,
    "sha256": TEXT,
    "content_sha256": TEXT,
    "file_name": TEXT,
    "file_key": TEXT,
    "size_bytes": BIG,
    "received_at": TEXT,
    "layout": TEXT,
    "layout_sha256": TEXT,
    "status": TEXT,
    "released_by": TEXT,
    "released_at": TEXT,
    "release_reason": TEXT,
    "rows_loaded": INTEGER,
}

IDENTITY: Columns = {"warehouse_id": TEXT}

FINDINGS: Columns = {
    "stage": TEXT,
    "submission_id": TEXT,
    "organisation_code": TEXT,
    "quarter": TEXT,
    "severity": TEXT,
    "responsibility": TEXT,
    "dimension": TEXT,
    "rule": TEXT,
    "file_name": TEXT,
    "sheet": TEXT,
    "cell": TEXT,
    "message": TEXT,
    "remedy": TEXT,
}

ARITHMETIC_CHECKS: Columns = {
    "submission_id": TEXT,
    "organisation_code": TEXT,
    "reporting_period": TEXT,
    "rule": TEXT,
    "severity": TEXT,
    "record": TEXT,
    "subject": TEXT,
    "printed_value": QUANTITY,
    "recomputed_value": QUANTITY,
    "difference": QUANTITY,
    "tolerance": QUANTITY,
    "unit": TEXT,
    "scale": SCALE,
    "verdict": TEXT,
    "sheet": TEXT,
    "printed_cell": TEXT,
    "recomputed_from": TEXT,
}

DECISIONS: Columns = {
    "organisation_code": TEXT,
    "quarter": TEXT,
    "decision": TEXT,
    "reason": TEXT,
    "fingerprint": TEXT,
    "evaluated": INTEGER,
    "candidate": TEXT,
    "submissions": TEXT,
}

APPROVALS: Columns = {
    "approval_id": TEXT,
    "organisation_code": TEXT,
    "quarter": TEXT,
    "rule": TEXT,
    "bound_to": TEXT,
    "approved_by": TEXT,
    "reason": TEXT,
    "approved_at": TEXT,
}


class WarehouseError(RuntimeError):
    """The build file cannot be opened; the message says why, and what to do."""


class MissingWarehouseError(WarehouseError):
    """There is no build file where one was expected."""


class DamagedWarehouseError(WarehouseError):
    """The build file is none that DuckDB can read."""


class BusyWarehouseError(WarehouseError, OSError):
    """Another process has the build file open, which may pass."""


@cache
def records() -> dict[str, dict[str, str]]:
    """Record types and their fields: `{"agency": {"month": "month", "measure": "text", ...}, ...}`."""
    declared = read_yaml(RECORDS_FILE)
    return {name: record["fields"] for name, record in declared.items()}


@cache
def record_columns(record: str) -> Columns:
    """The columns of a raw table, in order: provenance, then the record's own fields."""
    columns = dict(PROVENANCE)
    for field, kind in records()[record].items():
        if kind == "quantity":
            columns |= {
                field: QUANTITY,
                f"{field}_unit": TEXT,
                f"{field}_scale": SCALE,
                f"{field}_decimals": SMALL,
                f"{field}_token": TEXT,
            }
        elif kind == "date":
            columns |= {field: TEXT, f"{field}_token": TEXT}
        else:
            columns[field] = TEXT
    return columns


@cache
def raw_tables() -> dict[str, Columns]:
    """Every table the build file must have before dbt runs, by schema and name."""
    tables = {f"raw.{record}": record_columns(record) for record in records()}
    return tables | {
        "raw.submissions": SUBMISSIONS,
        "raw.findings": FINDINGS,
        "raw.arithmetic_checks": ARITHMETIC_CHECKS,
        "raw.identity": IDENTITY,
        "gate.decisions": DECISIONS,
        "gate.approvals": APPROVALS,
    }


def prepare(settings: Settings) -> None:
    """Create the build file and its raw and gate schemas where they are missing, and columns declared since."""
    prepared(settings).close()


def prepared(settings: Settings) -> "duckdb.DuckDBPyConnection":
    """As `prepare`; the build file, open for writing. Hold the writer's slot."""
    known = warehouse_id(settings)
    if not settings.warehouse.exists():
        _make(settings.warehouse)
    connection = _open(settings, read_only=False)
    try:
        connection.begin()
        for statement in _missing(connection):
            connection.execute(statement)
        identity = _identify(connection, known)
        connection.commit()
        _note_identity(settings, identity)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path) -> None:
    import duckdb

    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        attach(connection, path, "made", NEW_FILE)


def attach(connection: "duckdb.DuckDBPyConnection", path: Path, name: str, how: str = "read_write") -> None:
    """Open another DuckDB file by the side: `read_only` or `read_write`, or as a `NEW_FILE` where there is none."""
    quoted = str(path).replace("'", "''")
    connection.execute(f"attach '{quoted}' as {name} ({how})")


def warehouse_id(settings: Settings) -> str | None:
    """The id of the build file, without opening it; None where there is none, or not the one the note is about."""
    try:
        noted, inode = _identity_note(settings).read_text().split()
        return noted if settings.warehouse.stat().st_ino == int(inode) else None
    except (FileNotFoundError, ValueError):
        return None


def _identify(connection: "duckdb.DuckDBPyConnection", known: str | None) -> str:
    """The file's id: a new one unless it has the one that is known."""
    if known is None or connection.execute("from raw.identity").fetchall() != [(known,)]:
        known = uuid.uuid4().hex
        connection.execute("delete from raw.identity")
        connection.execute("insert into raw.identity values (?)", [known])
    return known


def _note_identity(settings: Settings, identity: str) -> None:
    if warehouse_id(settings) != identity:
        draft = _identity_note(settings).with_suffix(".id.draft")
        draft.write_text(f"{identity} {settings.warehouse.stat().st_ino}\n")
        draft.replace(_identity_note(settings))


def _identity_note(settings: Settings) -> Path:
    return settings.warehouse.with_suffix(".id")


def _missing(connection: "duckdb.DuckDBPyConnection") -> Iterator[str]:
    """Statements that make what is declared and not there: schemas, tables, and columns of tables made before."""
    there: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() where not internal"
    ).fetchall():
        there.setdefault(table, set()).add(column)
    for schema in ("raw", "gate"):
        yield f"create schema if not exists {schema}"
    for table, columns in raw_tables().items():
        if table not in there:
            yield f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
            continue
        for name, kind in columns.items():
            if name not in there[table]:
                yield f"alter table {table} add column {name} {kind}"


def connect(settings: Settings, *, read_only: bool = False) -> "duckdb.DuckDBPyConnection":
    """Open the build file. For writing, hold the writer's slot.

    Raises WarehouseError; where there is none, too: only `prepare` makes one, with its schemas.
    """
    if not settings.warehouse.exists():
        raise MissingWarehouseError(f"{settings.warehouse} is gone. `quarterdeck run` makes it anew from the archive.")
    return _open(settings, read_only=read_only)


def _open(settings: Settings, *, read_only: bool) -> "duckdb.DuckDBPyConnection":
    import duckdb

    try:
        connection = duckdb.connect(str(settings.warehouse), read_only=read_only)
    except duckdb.IOException as error:
        # DuckDB has one kind of error for all of this.
        if "Could not set lock" in str(error):
            raise BusyWarehouseError(f"{settings.warehouse} is in use. Try again when nothing runs.") from error
        if any(sign in str(error) for sign in _SIGNS_OF_DAMAGE):
            raise DamagedWarehouseError(
                f"{settings.warehouse} is damaged. Delete it and what lies beside it: `quarterdeck run` makes it anew"
                " from the archive."
            ) from error
        raise
    # What takes longer than two seconds would draw one into what a command prints.
    connection.execute("set enable_progress_bar = false")
    connection.execute(f"set memory_limit = '{settings.memory_limit}'")
    return connection


def tune(connection: "duckdb.DuckDBPyConnection", submissions: int) -> None:
    """Set up a connection that is to load or check so many submissions."""
    if submissions <= _FEW_SUBMISSIONS:
        connection.execute("set threads = 1")
    # What is committed goes into the file at once, as it does when that is closed, and not into a log before.
    connection.execute("set checkpoint_threshold = '0B'")


def bounds(settings: Settings) -> dict[str, str | bool | int | float | list[str]]:
    """DuckDB's configuration for how much it holds in memory, and where it puts what is more."""
    return {"memory_limit": settings.memory_limit, "temp_directory": f"{settings.warehouse}.tmp"}


def insert_rows(
    connection: "duckdb.DuckDBPyConnection", table: str, columns: Columns, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Add rows to a table in one statement, as one JSON document from column to values.

    JSON takes neither a statement a row nor pandas, which Arrow and lists of parameters ask for. A list of values a
    column is taken apart in one go; a list of rows would be walked through again for every two thousand of them. The
    document comes as a row, for what is made of a parameter itself is worked out in planning, value by value.
    """
    listed = list(rows)
    if listed:
        document = {name: [row[name] for row in listed] for name in columns}
        connection.execute(
            f"insert into {table} by name select {unnested(columns)}"
            f" from (select unnest(from_json(document, '{json.dumps(listed_types(columns))}'))"
            " from (values (?)) as given (document))",
            [json.dumps(document, default=str)],
        )


def listed_types(columns: Columns) -> dict[str, list[str]]:
    """The structure of a JSON object from column to values."""
    return {name: [kind] for name, kind in columns.items()}


def unnested(columns: Iterable[str]) -> str:
    """SQL that makes rows of such an object."""
    return ", ".join(f"unnest({name}) as {name}" for name in columns)
