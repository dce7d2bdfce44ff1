"""What differs between two versions: mart by mart, row by row, value by value."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from publication import store
from publication.changes import TABLE as FIGURE_CHANGES
from publication.compare import same_key, values_changed
from publication.manifest import MartContent, read_manifest
from publication.sql import attach, comma_separated, order_by, quoted, records, scalar
from quarterdeck.settings import Settings
from quarterdeck.warehouse import bounds

_NOTHING = "(select null as key, null as column_name where false)"


@dataclass(frozen=True)
class MartDiff:
    """How one mart differs. Counts are complete; the lists may be cut to the limit that was asked for.

    `changed` has one entry a value: `key` (a mapping), `column_name`, `old_value`, `new_value` (as text). A mart whose
    versions have no common key knows no changed rows, only removed and added ones.
    """

    mart: str
    key: list[str]
    columns_added: list[str]
    columns_removed: list[str]
    rows_added: int
    rows_removed: int
    rows_changed: int
    values_changed: int
    added: list[dict[str, Any]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Diff:
    """How version `new` differs from version `old`; `marts` are only those that differ.

    `figures` are the rows of `figure_changes` that came in between: what changed, and why.
    """

    old: str
    new: str
    same: bool
    marts_added: list[str]
    marts_removed: list[str]
    marts: list[MartDiff]
    figures: list[dict[str, Any]] = field(default_factory=list)


def diff(settings: Settings, old: str, new: str, limit: int | None = None) -> Diff:
    """Compare two versions, given as `v00003`, `3` or `current`; list at most `limit` rows a list, None for all.

    Raises PublicationError where there is no such version, or it cannot be opened.
    """
    old, new = store.resolve(settings, old), store.resolve(settings, new)
    then, now = read_manifest(settings, old).marts, read_manifest(settings, new).marts
    with duckdb.connect(config=bounds(settings)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_progress_bar = false")
        for name, version in (("old", old), ("new", new)):
            attach(connection, name, settings.published / version / store.MARTS_FILE)
        marts = [
            _mart_diff(connection, name, then[name], now[name], limit)
            for name in sorted(then.keys() & now.keys())
            if then[name].content_sha256 != now[name].content_sha256
        ]
        figures = _figures(connection, old) if FIGURE_CHANGES in now else []
    return Diff(
        old,
        new,
        same=then.keys() == now.keys() and not marts,
        marts_added=sorted(now.keys() - then.keys()),
        marts_removed=sorted(then.keys() - now.keys()),
        marts=marts,
        figures=figures,
    )


def _figures(connection: duckdb.DuckDBPyConnection, old: str) -> list[dict[str, Any]]:
    """What the versions after `old` changed, up to the one that is attached as `new`."""
    changes = f"from new.main.{FIGURE_CHANGES} where publication[2:]::int > {int(old[1:])} order by all"
    return [change | {"key": json.loads(change["key"])} for change in records(connection, changes)]


def _mart_diff(
    connection: duckdb.DuckDBPyConnection, name: str, then: MartContent, now: MartContent, limit: int | None
) -> MartDiff:
    key = now.key if now.key == then.key else []
    common = [column for column in now.columns if column in then.columns]
    if key:
        removed, added = _only_here("old", "new", name, key), _only_here("new", "old", name, key)
        changed = _changed(name, key, then, now, [column for column in common if column not in key])
    else:
        removed, added = _without_equal("old", "new", name, common), _without_equal("new", "old", name, common)
        changed = _NOTHING
    in_order, at_most = order_by(key), "" if limit is None else f"limit {limit}"
    return MartDiff(
        mart=name,
        key=list(key),
        columns_added=[column for column in now.columns if column not in then.columns],
        columns_removed=[column for column in then.columns if column not in now.columns],
        rows_added=scalar(connection, f"select count(*) from {added}"),
        rows_removed=scalar(connection, f"select count(*) from {removed}"),
        rows_changed=scalar(connection, f"select count(distinct key) from {changed}"),
        values_changed=scalar(connection, f"select count(*) from {changed}"),
        added=records(connection, f"select * from {added} {in_order} {at_most}"),
        removed=records(connection, f"select * from {removed} {in_order} {at_most}"),
        changed=records(connection, f"select * from {changed} order by key, column_name {at_most}"),
    )


def _changed(name: str, key: Sequence[str], then: MartContent, now: MartContent, values: Sequence[str]) -> str:
    """SQL of the values that differ in rows that both versions have."""
    if not values:
        return _NOTHING
    relation = f"main.{quoted(name)}"
    query = values_changed(f"old.{relation}", f"new.{relation}", key, then.columns, now.columns, values)
    return f"(select * exclude (in_old, in_new) from ({query}) where in_old and in_new)"


def _only_here(here: str, there: str, name: str, key: Sequence[str]) -> str:
    """SQL of the rows of one version whose key the other does not have."""
    return (
        f"(select o.* from {here}.main.{quoted(name)} as o "
        f"anti join {there}.main.{quoted(name)} as n on {same_key(key)})"
    )


def _without_equal(here: str, there: str, name: str, columns: Sequence[str]) -> str:
    """SQL of the rows of one version that the other does not have in all common columns, as often as they stand."""
    rows = (f"select {comma_separated(columns)} from {version}.main.{quoted(name)}" for version in (here, there))
    return f"({' except all '.join(rows)})"
