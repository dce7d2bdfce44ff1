"""A published version as the pages read it: `marts.duckdb` and `manifest.json` of one folder, and nothing else."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

MARTS_FILE, MANIFEST_FILE = "marts.duckdb", "manifest.json"

Row = dict[str, Any]
Partition = tuple[str, str]
"""Organisation code and fiscal quarter."""
Fingerprints = dict[Partition, dict[str, str]]
"""Hashes of what marts have of partitions."""
Data = dict[str, list[Row]]
"""Rows by mart."""

_compact = json.JSONEncoder(default=str, ensure_ascii=False, separators=(",", ":")).encode
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
        return _compact([row[name] for name in self.key])


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

    def edition(self, partition: Partition) -> tuple[str, datetime]:
        """The version that brought the figures of a partition, and when; this one where that is not known.

        An earlier version is known by its manifest beside this one, or by the record of a removed one.
        """
        brought = self.decisions.get(partition, {}).get("published_in") or self.version
        if brought != self.version and (made := _made_at(self.folder.parent, brought)):
            return brought, datetime.fromisoformat(made)
        return self.version, self.created_at

    def rows(self, mart: str, organisations: Iterable[str] | None = None) -> list[Row]:
        """Rows of a mart in the order of its key, of some organisations or all; none where there is no such mart."""
        if mart not in self.marts:
            return []
        order = ", ".join(f'"{name}"' for name in self.marts[mart].key) or "all"
        codes = [] if organisations is None else list(organisations)
        where = f" where organisation_code in ({', '.join('?' * len(codes))})" if codes else ""
        found = self._connection.execute(f'select * from main."{mart}"{where} order by {order}', codes)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, values, strict=True)) for values in found.fetchall()]

    def counts(self, mart: str, columns: Sequence[str]) -> list[Row]:
        """How many rows a mart has of each of the values of some columns, in their order, as column `rows`."""
        if mart not in self.marts:
            return []
        listed = ", ".join(f'"{name}"' for name in columns)
        query = f'select {listed}, count(*) from main."{mart}" group by all order by all'
        names = [*columns, "rows"]
        return [dict(zip(names, values, strict=True)) for values in self._connection.execute(query).fetchall()]

    def by_partition(self, organisations: Iterable[str]) -> dict[Partition, Data]:
        """Rows of every mart that is about quarters, by partition and mart, of some organisations."""
        wanted = list(organisations)
        found: dict[Partition, Data] = defaultdict(lambda: defaultdict(list))
        for name in self._about_quarters:
            for row in self.rows(name, wanted):
                found[row["organisation_code"], row["quarter"]][name].append(row)
        return found

    def fingerprints(self) -> Fingerprints:
        """A hash of what each mart has of each partition."""
        found: dict[Partition, dict[str, str]] = defaultdict(dict)
        for name in self._about_quarters:
            # The length before each value keeps the next one from running into it.
            values = [f"""cast("{column}" as varchar)""" for column in self.marts[name].columns]
            row = ", ".join(f"coalesce(strlen({value}) || ':' || {value}, '-')" for value in values)
            query = f"""
                select organisation_code, quarter, sha256(string_agg(row, '' order by row))
                from (select organisation_code, quarter, md5(concat({row})) as row from main."{name}")
                group by all
            """
            for code, quarter, fingerprint in self._connection.execute(query).fetchall():
                found[code, quarter][name] = fingerprint
        return found

    @cached_property
    def _about_quarters(self) -> list[str]:
        return [
            name
            for name, mart in self.marts.items()
            if name not in _NOT_SHOWN and mart.columns.keys() >= {"organisation_code", "quarter"}
        ]


@cache
def _made_at(versions: Path, name: str) -> str | None:
    """When a version was made, in ISO form; None where nothing tells. Large manifests take a while to read."""
    for path in (versions / name / MANIFEST_FILE, versions / "removed" / f"{name}.json"):
        # A damaged one tells nothing, and keeps no later version from being published.
        with suppress(OSError, ValueError, LookupError, TypeError):
            return str(json.loads(path.read_text())["created_at"])
    return None
