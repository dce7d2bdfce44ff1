"""The build file's raw schema, and how to open it.

Raw tables are declared once, in `loaders/records.yml`; everything here is derived from that. One process writes to the
build file at a time: whoever calls `connect` for writing must hold the writer's slot (Airflow's pool `warehouse`).
"""

from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from sqlalchemy import Column, Integer, MetaData, Numeric, SmallInteger, Table, Text, create_engine, text
from sqlalchemy.types import BigInteger, TypeEngine

from quarterdeck.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    import duckdb

Columns = dict[str, TypeEngine[Any]]
"""A table's columns, in order, with their types."""

RECORDS_FILE = PROJECT_ROOT / "loaders" / "records.yml"
QUANTITY = Numeric(18, 6)
_SCALE = Numeric(18, 6)

# Every raw record carries these before its own fields.
PROVENANCE: Columns = {
    "submission_id": Text(),
    "organisation_code": Text(),
    "reporting_period": Text(),
    "table_name": Text(),
    "sheet": Text(),
    "block": Integer(),
    "source_row": Integer(),
    "row_type": Text(),
    "rolls_up_to_row": Integer(),
    "cells": Text(),
}

SUBMISSIONS: Columns = {
    "submission_id": Text(),
    "organisation_code": Text(),
    "feed": Text(),
    "return_id": Text(),
    "reporting_period": Text(),
    "sequence": Integer(),
    "restates": Text(),
    "receipt_id": Text(),
    "sha256": Text(),
    "file_name": Text(),
    "size_bytes": BigInteger(),
    "received_at": Text(),
    "layout": Text(),
    "layout_sha256": Text(),
    "status": Text(),
    "rows_loaded": Integer(),
}

FINDINGS: Columns = {
    "stage": Text(),
    "submission_id": Text(),
    "organisation_code": Text(),
    "quarter": Text(),
    "severity": Text(),
    "responsibility": Text(),
    "dimension": Text(),
    "rule": Text(),
    "file_name": Text(),
    "sheet": Text(),
    "cell": Text(),
    "message": Text(),
    "remedy": Text(),
}

ARITHMETIC_CHECKS: Columns = {
    "submission_id": Text(),
    "organisation_code": Text(),
    "reporting_period": Text(),
    "rule": Text(),
    "severity": Text(),
    "record": Text(),
    "subject": Text(),
    "printed_value": QUANTITY,
    "recomputed_value": QUANTITY,
    "difference": QUANTITY,
    "tolerance": QUANTITY,
    "unit": Text(),
    "scale": _SCALE,
    "verdict": Text(),
    "sheet": Text(),
    "printed_cell": Text(),
    "recomputed_from": Text(),
}

DECISIONS: Columns = {
    "organisation_code": Text(),
    "quarter": Text(),
    "decision": Text(),
    "reason": Text(),
    "fingerprint": Text(),
    "evaluated": Integer(),
}


@cache
def records() -> dict[str, dict[str, str]]:
    """Record types and their fields: `{"agency": {"month": "month", "measure": "text", ...}, ...}`."""
    declared = yaml.safe_load(RECORDS_FILE.read_text())
    return {name: record["fields"] for name, record in declared.items()}


def record_columns(record: str) -> Columns:
    """The columns of a raw table, in order: provenance, then the record's own fields."""
    columns = dict(PROVENANCE)
    for field, kind in records()[record].items():
        if kind == "quantity":
            columns |= {
                field: QUANTITY,
                f"{field}_unit": Text(),
                f"{field}_scale": _SCALE,
                f"{field}_decimals": SmallInteger(),
            }
        else:
            columns[field] = Text()
    return columns


@cache
def raw_metadata() -> MetaData:
    """Every table the build file must have before dbt runs, as SQLAlchemy metadata."""
    metadata = MetaData()

    def add(schema: str, name: str, columns: Columns) -> None:
        Table(name, metadata, *(Column(column, kind) for column, kind in columns.items()), schema=schema)

    for record in records():
        add("raw", record, record_columns(record))
    add("raw", "submissions", SUBMISSIONS)
    add("raw", "findings", FINDINGS)
    add("raw", "arithmetic_checks", ARITHMETIC_CHECKS)
    add("gate", "decisions", DECISIONS)
    return metadata


def prepare(settings: Settings) -> None:
    """Create the build file and its raw and gate schemas where they are missing."""
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"duckdb:///{settings.warehouse}")
    with engine.begin() as connection:
        for schema in ("raw", "gate"):
            connection.execute(text(f"create schema if not exists {schema}"))
        raw_metadata().create_all(connection)
    engine.dispose()


def connect(settings: Settings, *, read_only: bool = False) -> "duckdb.DuckDBPyConnection":
    """Open the build file. For writing, hold the writer's slot."""
    import duckdb

    return duckdb.connect(str(settings.warehouse), read_only=read_only)
