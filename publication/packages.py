"""Metadata beside the CSV files: a Frictionless data package (version 2), CSVW, and an ODCS data contract."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from publication.manifest import MartContent
from publication.outlets import Outlets, has_token
from publication.sql import is_numeric
from publication.store import MARTS_FILE

DATA_PACKAGE, CSVW, CONTRACT = "datapackage.json", "csv-metadata.json", "marts.odcs.yaml"
_Json = dict[str, Any]
# The compiled writer, where the library has it, is some five times faster.
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def write(
    folder: Path, version: str, marts: Mapping[str, MartContent], outlets: Outlets, keyed: Callable[[str], bool]
) -> None:
    """Write the three files of a version. `keyed` says of a mart whether no column of its key is ever blank."""
    ordered = sorted(marts.items())
    _write_json(folder / "csv" / DATA_PACKAGE, _data_package(version, ordered, outlets, keyed))
    _write_json(folder / "csv" / CSVW, _csvw(ordered, outlets, keyed))
    contract = _contract(version, ordered, outlets, keyed)
    with (folder / CONTRACT).open("w", encoding="utf-8") as file:
        yaml.dump(contract, file, _Dumper, sort_keys=False, allow_unicode=True, width=120)


def _write_json(path: Path, document: _Json) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


_Marts = Sequence[tuple[str, MartContent]]


def _data_package(version: str, marts: _Marts, outlets: Outlets, keyed: Callable[[str], bool]) -> _Json:
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": outlets.name,
        "title": outlets.title,
        "description": outlets.description,
        "version": f"{int(version[1:])}.0.0",
        "resources": [
            {
                "name": name,
                "type": "table",
                "path": f"{name}.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "description": mart.description,
                "schema": {
                    "fields": [_field(column, mart, outlets) for column in mart.columns],
                    **_frictionless_key(name, mart, keyed),
                },
            }
            for name, mart in marts
        ],
    }


def _field(column: str, mart: MartContent, outlets: Outlets) -> _Json:
    kind = _logical(mart.columns[column])
    described = {"name": column, "type": kind, "description": mart.descriptions.get(column, "")}
    missing = [{"value": "", "label": "blank"}]
    if has_token(mart, column):
        missing += [{"value": value, "label": label} for value, label in outlets.shorthand_means.items()]
    return described | {"missingValues": missing}


def _frictionless_key(name: str, mart: MartContent, keyed: Callable[[str], bool]) -> _Json:
    if not mart.key:
        return {}
    return {"primaryKey": mart.key} if keyed(name) else {"uniqueKeys": [mart.key]}


def _csvw(marts: _Marts, outlets: Outlets, keyed: Callable[[str], bool]) -> _Json:
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": outlets.title,
        "dc:description": outlets.description,
        "dialect": {"encoding": "utf-8", "lineTerminators": ["\r\n"], "header": True},
        "tables": [
            {
                "url": f"{name}.csv",
                "dc:description": mart.description,
                "tableSchema": {
                    "columns": [
                        {
                            "name": column,
                            "titles": column,
                            "dc:description": mart.descriptions.get(column, ""),
                            "datatype": _CSVW_TYPES[_logical(kind)],
                            "null": ["", *(outlets.shorthand_means if has_token(mart, column) else ())],
                        }
                        for column, kind in mart.columns.items()
                    ],
                    **({"primaryKey": mart.key} if mart.key and keyed(name) else {}),
                },
            }
            for name, mart in marts
        ],
    }


def _contract(version: str, marts: _Marts, outlets: Outlets, keyed: Callable[[str], bool]) -> _Json:
    return {
        "apiVersion": "v3.0.2",
        "kind": "DataContract",
        "id": outlets.name,
        "name": outlets.title,
        "version": f"{int(version[1:])}.0.0",
        "status": "active",
        "domain": outlets.domain,
        "description": {
            "purpose": outlets.purpose,
            "limitations": outlets.limitations,
            "usage": outlets.usage,
        },
        "servers": [
            # Not the CSV files: shorthand stands among their numbers, which their own metadata tell.
            {"server": "duckdb", "type": "duckdb", "database": MARTS_FILE},
            {"server": "parquet", "type": "local", "path": "parquet/{model}.parquet", "format": "parquet"},
        ],
        "schema": [
            {
                "name": name,
                "physicalName": name,
                "physicalType": "table",
                "logicalType": "object",
                "description": mart.description,
                "properties": [_property(column, name, mart, keyed) for column in mart.columns],
            }
            for name, mart in marts
        ],
        "slaProperties": [{"property": "frequency", "value": 3, "unit": "m"}],
    }


def _property(column: str, name: str, mart: MartContent, keyed: Callable[[str], bool]) -> _Json:
    kind = mart.columns[column]
    found: _Json = {
        "name": column,
        "logicalType": _logical(kind),
        "physicalType": kind,
        "description": mart.descriptions.get(column, ""),
    }
    if column in mart.key and keyed(name):
        found |= {"primaryKey": True, "primaryKeyPosition": mart.key.index(column) + 1, "required": True}
    return found


_CSVW_TYPES = {"number": "decimal", "integer": "integer", "boolean": "boolean", "date": "date", "string": "string"}


def _logical(kind: str) -> str:
    """A DuckDB type in the words that Frictionless and ODCS share."""
    if is_numeric(kind):
        return "number" if kind.startswith(("DECIMAL", "FLOAT", "DOUBLE")) else "integer"
    return {"BOOLEAN": "boolean", "DATE": "date"}.get(kind, "string")
