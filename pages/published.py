"""A published version as the pages read it: `marts.duckdb` and `manifest.json` of one folder, and nothing else."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

MARTS_FILE, MANIFEST_FILE = "marts.duckdb", "manifest.json"

Row = dict[str, Any]
Partition = tuple[str, str]
"""Organisation code and fiscal quarter."""

# Followed by machines, not read by members.
_NOT_SHOWN = {"lineage", "lineage_cells", "lineage_multipliers"}


@dataclass(frozen=True)
class Mart:
    """A mart as the manifest describes it; `columns` maps names to DuckDB types."""

    name: str
    key: list[str]
    columns: dict[str, str]

    def key_of(self, row: Row) -> str:
        """The row's key, as JSON of its values in the order of `key`; a blank is null, a date its ISO form.

        >>> Mart("m", ["a", "b"], {}).key_of({"a": "x", "b": None, "c": 1})
        '["x",null]'
        """
        values = [row[name] for name in self.key]
        return json.dumps(values, default=str, ensure_ascii=False, separators=(",", ":"))


class Published:
    """One version's content. Open it with `with`; it never writes.

    Raises OSError or ValueError where the manifest cannot be read, duckdb.Error where the marts cannot.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text())
        self.marts = {name: Mart(name, mart["key"], mart["columns"]) for name, mart in self.manifest["marts"].items()}
        self._connection = duckdb.connect(str(folder / MARTS_FILE), read_only=True)
        self._connection.execute("set TimeZone = 'UTC'")
        self._connection.execute("set enable_progress_bar = false")

    def __enter__(self) -> "Published":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    @property
    def version(self) -> str:
        """The version's name, `v00001`."""
        return str(self.manifest["version"])

    @cached_property
    def created_at(self) -> datetime:
        """When it was made (UTC)."""
        return datetime.fromisoformat(self.manifest["created_at"])

    @cached_property
    def file_names(self) -> dict[str, str]:
        """The name under which each submission was sent."""
        return {source["submission_id"]: source["file_name"] for source in self.manifest["sources"]}

    @cached_property
    def decisions(self) -> dict[Partition, Row]:
        """The gate's last decision on each partition, as the manifest records it."""
        return {(each["organisation_code"], each["quarter"]): each for each in self.manifest["partitions"]}

    @cached_property
    def how(self) -> dict[tuple[str, str], str]:
        """How a column of a mart is worked out, in words, where it does not stand in a cell of its own."""
        return {(rule["mart"], rule["column_name"]): rule["says"] for rule in self.rows("lineage")}

    def rows(self, mart: str, organisations: Iterable[str] | None = None) -> list[Row]:
        """Rows of a mart in the order of its key, of some organisations or all; none where there is no such mart."""
        if mart not in self.marts:
            return []
        order = ", ".join(f'"{name}"' for name in self.marts[mart].key) or "all"
        query, parameters = f'select * from main."{mart}"', []
        if organisations is not None:
            query += " where list_contains(?, organisation_code)"
            parameters = [list(organisations)]
        found = self._connection.execute(f"{query} order by {order}", parameters)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, values, strict=True)) for values in found.fetchall()]

    def by_partition(self, organisations: Iterable[str]) -> dict[Partition, dict[str, list[Row]]]:
        """Rows of every mart that is about quarters, by partition and mart, of some organisations."""
        wanted = list(organisations)
        found: dict[Partition, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for name, mart in self.marts.items():
            if name not in _NOT_SHOWN and mart.columns.keys() >= {"organisation_code", "quarter"}:
                for row in self.rows(name, wanted):
                    found[row["organisation_code"], row["quarter"]][name].append(row)
        return found
