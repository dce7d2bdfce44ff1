"""The build file's raw schema, and how to open it.

Raw tables are declared once, in `loaders/records.yml`; everything here is derived from that. One process writes to the
build file at a time: whoever calls `connect` for writing must hold the writer's slot (Airflow's pool `warehouse`).
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
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
    "size_bytes": BIG,
    "received_at": TEXT,
    "layout": TEXT,
    "layout_sha256": TEXT,
    "status": TEXT,
    "rows_loaded": INTEGER,
}

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


@cache
def records() -> dict[str, dict[str, str]]:
    """Record types and their fields: `{"agency": {"month": "month", "measure": "text", ...}, ...}`."""
    declared = read_yaml(RECORDS_FILE)
    return {name: record["fields"] for name, record in declared.items()}


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
        "gate.decisions": DECISIONS,
        "gate.approvals": APPROVALS,
    }


def prepare(settings: Settings) -> None:
    """Create the build file and its raw and gate schemas where they are missing, and columns declared since."""
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with connect(settings) as connection:
        connection.begin()
        for schema in ("raw", "gate"):
            connection.execute(f"create schema if not exists {schema}")
        for table, columns in raw_tables().items():
            body = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table if not exists {table} ({body})")
        for table, column, kind in _missing_columns(connection):
            connection.execute(f"alter table {table} add column {column} {kind}")
        connection.commit()


def _missing_columns(connection: "duckdb.DuckDBPyConnection") -> list[tuple[str, str, str]]:
    """Columns that were declared after their table was made, with table and type."""
    there = connection.execute("select table_schema || '.' || table_name, column_name from information_schema.columns")
    known = set(there.fetchall())
    return [
        (table, column, kind)
        for table, columns in raw_tables().items()
        for column, kind in columns.items()
        if (table, column) not in known
    ]


def connect(settings: Settings, *, read_only: bool = False) -> "duckdb.DuckDBPyConnection":
    """Open the build file. For writing, hold the writer's slot."""
    import duckdb

    return duckdb.connect(str(settings.warehouse), read_only=read_only)


def insert_rows(
    connection: "duckdb.DuckDBPyConnection", table: str, columns: Columns, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Add rows to a table in one statement, as one JSON document from column to values."""
    listed = list(rows)
    if listed:
        document = {name: [row[name] for row in listed] for name in columns}
        connection.execute(
            f"insert into {table} by name select {unnested(columns)} from (select unnest(from_json(?, ?)))",
            [json.dumps(document, default=str), json.dumps(listed_types(columns))],
        )


def listed_types(columns: Columns) -> dict[str, list[str]]:
    """The structure of a JSON object from column to values."""
    return {name: [kind] for name, kind in columns.items()}


def unnested(columns: Iterable[str]) -> str:
    """SQL that makes rows of such an object."""
    return ", ".join(f"unnest({name}) as {name}" for name in columns)
