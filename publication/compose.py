"""The marts of a new version: decided partitions from the candidate, everything else as it was last published.

While a version is composed these databases are open: `marts`, the new file; `drafts`, in memory, for marts that
something may be hidden in; the candidate, under the name of its own file (its views say it); and `previous`, the last
version, where there is one.

A version's marts stand in the default schema of a file called `marts`, so that readers write `marts.project_status`:
DuckDB takes the file's name for the first part, and calls the name ambiguous where there is a schema `marts` too.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from publication import changes, disclosure
from publication.contract import PARTITION, PARTITION_KEY, WHOLE, Mart
from publication.disclosure import Policy
from publication.manifest import Disclosure, Manifest, MartContent, PartitionKey
from publication.sql import attach, columns_of, comma_separated, order_by, quoted, scalar
from publication.store import MARTS_FILE, PublicationError

# A quarter of DuckDB's own: a version of many short marts is less than half as large, a long one as quick to read.
_BLOCK_SIZE = 65536
_AT_ONCE = 100_000
"""Hashes of rows that are in memory at once."""


@dataclass(frozen=True)
class Composition:
    """What a version under composition holds, and how much of it had to be hidden."""

    marts: dict[str, MartContent]
    disclosure: Disclosure
    withheld: frozenset[str]
    """Sentences that must not be told anywhere: decisions repeat those of findings."""


@contextmanager
def composing(folder: Path, attached: Mapping[str, Path], memory_limit: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the new `marts.duckdb` in a staging folder, with other files attached, read-only, by name.

    DuckDB holds no more in memory than `memory_limit`, such as 1GB. Leaves one whole file behind, without a log beside
    it. Raises PublicationError where one cannot be opened.
    """
    with duckdb.connect(str(folder / MARTS_FILE), config={"default_block_size": _BLOCK_SIZE}) as connection:
        connection.execute(f"set memory_limit = '{memory_limit}'")
        connection.execute("set TimeZone = 'UTC'")
        # It would be drawn into what a command prints.
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"attach ':memory:' as {quoted(disclosure.DRAFTS_FILE)}")
        for name, path in attached.items():
            attach(connection, name, path)
        yield connection
        connection.execute("checkpoint marts")


def compose(
    connection: duckdb.DuckDBPyConnection,
    version: str,
    marts: Sequence[Mart],
    candidate: str,
    previous: Manifest | None,
    refreshed: Mapping[PartitionKey, bool],
    public: Manifest | None = None,
) -> Composition:
    """Write every mart of a version and `figure_changes`, with nothing in it that must not leave.

    `candidate` is the schema, as SQL, that new rows come from; `refreshed` are the partitions whose rows come from
    there, and whether new submissions are behind them. Where the candidate is a version itself, `public` is its
    manifest: what it shows is known already. Raises PublicationError where a mart breaks its contract.
    """
    earlier = previous.marts if previous else {}
    policy = disclosure.policy()
    connection.execute("create temp table refreshed (organisation_code text, quarter text)")
    if refreshed:
        connection.executemany("insert into refreshed values (?, ?)", list(refreshed))
    publishes = {
        mart.name: _compose_mart(connection, mart, candidate, earlier.get(mart.name), policy) for mart in marts
    }
    keys = {mart.name: mart.key for mart in marts}
    shown = public.marts if public else earlier
    hidden, withheld = disclosure.apply(
        connection,
        policy,
        keys,
        {name: mart.columns for name, mart in shown.items()},
        candidate if public else disclosure.PREVIOUS,
        previous,
    )
    for mart in marts:
        if policy.may_hide_in(mart.name):
            _take_over(connection, mart)
    by_partition = [mart for mart in marts if publishes[mart.name] == PARTITION]
    contents = {mart.name: describe(connection, mart.name, PARTITION, mart.key) for mart in by_partition}
    statuses = data_statuses(connection, contents)
    for mart in marts:
        if mart.name not in contents:
            _say_status(connection, mart.name, statuses)
            contents[mart.name] = describe(connection, mart.name, publishes[mart.name], mart.key)
    contents = {
        mart.name: contents[mart.name].model_copy(
            update={"description": mart.description, "descriptions": _descriptions(mart, policy)}
        )
        for mart in marts
    }
    compared = {
        key: resubmitted
        for key, resubmitted in refreshed.items()
        if previous and (known := previous.partition(key)) and known.published_in
    }
    changes.create(connection, version, contents, earlier, compared)
    contents[changes.TABLE] = describe(connection, changes.TABLE, WHOLE, changes.KEY).model_copy(
        update={"description": changes.DESCRIPTION, "descriptions": dict(changes.DESCRIPTIONS)}
    )
    return Composition(contents, hidden, frozenset(withheld))


def _say_status(connection: duckdb.DuckDBPyConnection, name: str, statuses: Mapping[PartitionKey, str]) -> None:
    """Let a mart that tells of quarters as a whole tell the status of the figures that are published of them.

    The candidate's is that of what was sent, which a quarter that is held does not show.
    """
    table = f"marts.main.{quoted(name)}"
    if not statuses or not columns_of(connection, table).keys() >= {*PARTITION_KEY, "data_status"}:
        return
    connection.executemany(
        f"update {table} set data_status = ? where organisation_code = ? and quarter = ? and data_status <> ?",
        [(status, *key, status) for key, status in statuses.items()],
    )


def describe(connection: duckdb.DuckDBPyConnection, name: str, publish: str, key: Sequence[str]) -> MartContent:
    """What a composed mart holds. The hash is over its columns and the sorted hashes of its rows.

    A value counts as `<characters>:<text>`, a blank as `-`, so that no two rows can be taken for each other and
    anybody can recompute it.
    """
    table = f"marts.main.{quoted(name)}"
    columns = columns_of(connection, table)
    values = ", ".join(
        f"coalesce(length(cast({column} as varchar)) || ':' || cast({column} as varchar), '-')"
        for column in map(quoted, columns)
    )
    header = "\n".join(f"{column} {kind}" for column, kind in columns.items())
    rows, content = 0, hashlib.sha256(header.encode())
    # DuckDB sorts on disk where it must; it would put all of them together in memory.
    hashes = connection.execute(f"select sha256(concat({values})) as row_hash from {table} order by row_hash")
    while some := hashes.fetchmany(_AT_ONCE):
        rows += len(some)
        content.update("".join(row_hash for (row_hash,) in some).encode())
    return MartContent(publish=publish, key=list(key), rows=rows, columns=columns, content_sha256=content.hexdigest())


def _descriptions(mart: Mart, policy: Policy) -> dict[str, str]:
    """What the columns mean: dbt's words, and those for the columns that publication adds."""
    return dict.fromkeys(policy.tokens(mart.name), disclosure.TOKEN_DESCRIPTION) | dict(mart.descriptions)


def data_statuses(connection: duckdb.DuckDBPyConnection, marts: Mapping[str, MartContent]) -> dict[PartitionKey, str]:
    """How firm each composed partition's figures are: provisional or revised where any of them is, else final."""
    found: dict[PartitionKey, set[str]] = {}
    for name, mart in marts.items():
        if mart.publish == PARTITION and "data_status" in mart.columns:
            table = f"marts.main.{quoted(name)}"
            query = (
                f"select distinct organisation_code, quarter, data_status from {table} where data_status is not null"
            )
            for organisation_code, quarter, status in connection.execute(query).fetchall():
                found.setdefault((organisation_code, quarter), set()).add(status)
    return {
        key: next(status for status in ("provisional", "revised", *sorted(statuses)) if status in statuses)
        for key, statuses in found.items()
    }


def partitions_in(
    connection: duckdb.DuckDBPyConnection, candidate: str, marts: Mapping[str, MartContent]
) -> set[PartitionKey]:
    """The partitions that the candidate has rows of."""
    names = [name for name, mart in marts.items() if mart.publish == PARTITION]
    queries = (f"select organisation_code, quarter from {candidate}.{quoted(name)}" for name in names)
    return set(connection.execute(" union ".join(queries)).fetchall()) if names else set()


def _compose_mart(
    connection: duckdb.DuckDBPyConnection, mart: Mart, candidate: str, earlier: MartContent | None, policy: Policy
) -> str:
    """Write the table of a mart, nothing hidden yet; return how it travels."""
    source = f"{candidate}.{quoted(mart.name)}"
    try:
        columns = columns_of(connection, source)
    except duckdb.CatalogException as error:
        raise PublicationError(f"Mart {mart.name} is declared but not built. Build the candidate first.") from error
    # A mart that does not say how it travels must not carry a held partition's rows past the gate.
    publish = mart.publish or (PARTITION if columns.keys() >= set(PARTITION_KEY) else WHOLE)
    added = [name for name in policy.tokens(mart.name) if name not in columns]
    blanks = "".join(f", null::varchar as {quoted(name)}" for name in added)
    rows = f"select {comma_separated(columns)}{blanks} from {source}"
    columns |= dict.fromkeys(added, "VARCHAR")
    if publish == PARTITION:
        _check_partitioned(connection, mart.name, source, columns)
        rows += " semi join refreshed using (organisation_code, quarter)"
        if earlier and earlier.columns.keys() >= set(PARTITION_KEY):
            rows += f" union all {_kept_rows(connection, mart.name, columns, earlier.columns)}"
    _check_key_columns(mart, columns)
    schema = disclosure.DRAFTS if policy.may_hide_in(mart.name) else "marts.main"
    table = f"{schema}.{quoted(mart.name)}"
    connection.execute(f"create table {table} as select * from ({rows}) {order_by(mart.key)}")
    _check_key_unique(connection, mart, table)
    return publish


def _take_over(connection: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    """Write into the version what is left of a draft when all is hidden that must not leave."""
    draft = f"{disclosure.DRAFTS}.{quoted(mart.name)}"
    # Where a finding stood would tell its former name.
    in_order = order_by(mart.key) if disclosure.FINDING_ID in mart.key else ""
    connection.execute(f"create table marts.main.{quoted(mart.name)} as from {draft} {in_order}; drop table {draft}")


def _kept_rows(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], earlier: Mapping[str, str]
) -> str:
    """SQL of the last version's rows of all other partitions, column by name, in the candidate's columns.

    A column that is new is blank in them. Raises PublicationError where a column's new type would change a value.
    """
    kept = f"previous.main.{quoted(name)} anti join refreshed using (organisation_code, quarter)"
    for column, kind in columns.items():
        was = earlier.get(column, kind)
        if was == kind:
            continue
        there_and_back = f"try_cast(try_cast({quoted(column)} as {kind}) as {was})"
        if scalar(connection, f"select count(*) from {kept} where {there_and_back} is distinct from {quoted(column)}"):
            raise PublicationError(
                f"Mart {name}: column {column} was {was} and is now {kind}, which would change figures of partitions "
                "that keep their published rows. Choose a type that holds both."
            )
    values = (f"cast({quoted(column) if column in earlier else 'null'} as {kind})" for column, kind in columns.items())
    return f"select {', '.join(values)} from {kept}"


def _check_partitioned(connection: duckdb.DuckDBPyConnection, name: str, source: str, columns: Collection[str]) -> None:
    if not set(columns) >= set(PARTITION_KEY):
        raise PublicationError(f"Mart {name} is published by partition but lacks organisation_code or quarter.")
    nowhere = scalar(connection, f"select count(*) from {source} where organisation_code is null or quarter is null")
    if nowhere:
        raise PublicationError(
            f"Mart {name}: {nowhere} row(s) without organisation_code or quarter belong to no partition, "
            "so they would be lost. Give them both, or publish the mart whole."
        )


def _check_key_columns(mart: Mart, columns: Collection[str]) -> None:
    missing = [column for column in mart.key if column not in columns]
    if missing:
        raise PublicationError(f"Mart {mart.name}: meta.key names {', '.join(missing)}, which it does not have.")


def _check_key_unique(connection: duckdb.DuckDBPyConnection, mart: Mart, table: str) -> None:
    if not mart.key:
        return
    key = comma_separated(mart.key)
    twice = connection.execute(
        f"select {key} from {table} group by all having count(*) > 1 {order_by(mart.key)}"
    ).fetchone()
    if twice:
        raise PublicationError(
            f"Mart {mart.name}: more than one row has the key {dict(zip(mart.key, twice, strict=True))}. "
            "Mend the model, or its meta.key."
        )
