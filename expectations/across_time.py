"""What must hold from one time to the next, as declared in `across_time.yml`: SQL over the marts, findings out."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from expectations.cells import cell_of
from expectations.store import PlacedFinding, insert, quarters_before, rows
from expectations.submissions import Submission
from quarterdeck.declared import read_yaml
from quarterdeck.rules import finding
from quarterdeck.settings import Settings
from quarterdeck.warehouse import attach

if TYPE_CHECKING:
    import duckdb

    from expectations.pending import Partition

DECLARATIONS = Path(__file__).with_name("across_time.yml")
QUARTER_BEFORE, LAST_PUBLICATION = "quarter before", "last publication"
CANDIDATE, PUBLISHED = "marts", "published.main"
ROW_COUNTS = "row_counts"
# What a finding is placed by, in its partition.
PLACE = ("submission_id", "sheet", "source_row", "cells")
NAME_KEY = r"regexp_replace(lower(coalesce(name, '')), '[^\p{L}\p{N}]+', '', 'g')"
# Nought has no size, and what is small by nature may well be eight times as much.
DIFFERS_IN_SIZE = (
    "one <> 0 and other <> 0 and (sign(one) <> sign(other)"
    " or greatest(abs(one), abs(other)) >= 8 * least(abs(one), abs(other)))"
)


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Comparison(_Declared):
    """What is looked for in a mart's rows, now and before; `of_before` where what is found stood there before."""

    rule: str
    mart: str
    thing: str
    part: str = "''"
    against: tuple[Literal["quarter before", "last publication", "itself"], ...]
    finds: str
    says: str
    remedy: str
    cell: str | None = None
    of_before: bool = False


class Series(_Declared):
    """Figures of a mart that are followed from period to period, and what of their changes counts as unusual."""

    mart: str
    thing: str
    period: str
    values: tuple[str, ...]
    history: int
    times: float
    share: float = Field(gt=0, le=1)


class Usual(_Declared):
    """The rule about unusual changes, and the series it is put to."""

    rule: str
    says: str
    remedy: str
    series: tuple[Series, ...]


class AcrossTime(_Declared):
    """The whole of the declarations."""

    look_back: int
    comparisons: tuple[Comparison, ...]
    not_counted: tuple[str, ...]
    usual: Usual


@cache
def across_time() -> AcrossTime:
    """The declarations.

    Raises pydantic's ValidationError, which names the field, where the file is not of the described shape.
    """
    return AcrossTime(**read_yaml(DECLARATIONS))


def compare(
    settings: Settings,
    connection: "duckdb.DuckDBPyConnection",
    partitions: "Sequence[Partition]",
    submissions: Mapping[str, Submission],
) -> list[PlacedFinding]:
    """Put every declared comparison and series to the candidate's rows of these partitions.

    `submissions` are those that count, by id. A mart that the candidate or the last version does not have is not
    compared. Leaves temporary tables and the last version attached as `published`.
    """
    declared = across_time()
    _prepare(settings, connection, partitions, declared.look_back)
    there = {schema: _marts(connection, schema) for schema in (CANDIDATE, PUBLISHED)}
    if there[PUBLISHED]:
        counted = set.intersection(*there.values()) - set(declared.not_counted)
        for schema, marts in there.items():
            _count_rows(connection, schema, counted)
            marts.add(ROW_COUNTS)
    found: list[PlacedFinding] = []
    for mart in dict.fromkeys(one.mart for one in declared.comparisons):
        comparisons = [one for one in declared.comparisons if one.mart == mart]
        named = _named(comparisons)
        taken = [_take(connection, schema, mart, comparisons, named) for schema in there if mart in there[schema]]
        if not any(taken):
            continue
        if mart in there[CANDIDATE]:
            _find_parts(connection, {named[comparison.part] for comparison in comparisons})
        for comparison in comparisons:
            for against in comparison.against:
                needed = (CANDIDATE, PUBLISHED) if against == LAST_PUBLICATION else (CANDIDATE,)
                if all(mart in there[schema] for schema in needed):
                    found += _found(connection, comparison, against, named, submissions)
    for series in declared.usual.series:
        if series.mart in there[CANDIDATE]:
            found += _unusual(connection, declared.usual, series, submissions)
    return found


def _prepare(
    settings: Settings, connection: "duckdb.DuckDBPyConnection", partitions: "Sequence[Partition]", look_back: int
) -> None:
    """A table of what is judged and what it is compared with, what declarations call by name, the last version."""
    judged = {(part.organisation_code, part.quarter) for part in partitions}
    earlier = {(code, before) for code, quarter in judged for before in quarters_before(quarter, look_back)}
    connection.execute(
        "create temp table within_reach"
        " (partition_number integer, organisation_code text, quarter text, earliest text, is_judged boolean)"
    )
    insert(
        connection,
        "within_reach",
        [
            {
                "partition_number": number,
                "organisation_code": code,
                "quarter": quarter,
                "earliest": quarters_before(quarter, look_back)[-1],
                "is_judged": (code, quarter) in judged,
            }
            for number, (code, quarter) in enumerate(judged | earlier)
        ],
    )
    connection.execute("create temp view judged as from within_reach where is_judged")
    connection.execute(f"create temp macro name_key(name) as {NAME_KEY}")
    connection.execute(f"create temp macro differs_in_size(one, other) as {DIFFERS_IN_SIZE}")
    current = settings.published / "current" / "marts.duckdb"
    if current.exists():
        attach(connection, current.resolve(), "published", "read_only")


def _count_rows(connection: "duckdb.DuckDBPyConnection", schema: str, marts: Iterable[str]) -> None:
    """A table with the rows of these marts by judged partition, named as `_relation` names it."""
    counted = [
        f"select organisation_code, quarter, '{mart}' as mart, count(*) as rows from {schema}.{mart}"
        " semi join judged using (organisation_code, quarter) group by all"
        for mart in sorted(marts)
    ]
    nothing = "select null::text as organisation_code, null::text as quarter, null::text as mart, 0::bigint as rows"
    query = " union all ".join([f"{nothing} where false", *counted])
    connection.execute(f"create temp table {_relation(schema, ROW_COUNTS)} as {query}")


def _marts(connection: "duckdb.DuckDBPyConnection", schema: str) -> set[str]:
    """The marts of a schema that have quarters."""
    database, _, name = schema.rpartition(".")
    found = connection.execute(
        "select table_name from information_schema.columns where table_schema = ?"
        " and table_catalog = coalesce(nullif(?, ''), current_database())"
        " and column_name in ('organisation_code', 'quarter') group by table_name having count(*) = 2",
        [name, database],
    )
    return {mart for (mart,) in found.fetchall()}


def _is_view(connection: "duckdb.DuckDBPyConnection", mart: str) -> bool:
    """Whether a mart of the candidate is a view: the rows of one have no numbers, and no place of their own."""
    return bool(
        connection.execute(
            "select 1 from duckdb_views() where (schema_name, view_name) = (?, ?)", [CANDIDATE, mart]
        ).fetchall()
    )


def _relation(schema: str, mart: str) -> str:
    return f"{mart}_of_{schema.replace('.', '_')}" if mart == ROW_COUNTS else f"{schema}.{mart}"


def _taken(schema: str) -> str:
    return f"taken_from_{schema.replace('.', '_')}"


def _named(comparisons: Sequence[Comparison]) -> dict[str, str]:
    """Names for the columns of a mart's things and parts, by the SQL that works them out."""
    expressions = dict.fromkeys(expression for one in comparisons for expression in (one.thing, one.part))
    return {expression: f"named_{number}" for number, expression in enumerate(expressions)}


def _take(
    connection: "duckdb.DuckDBPyConnection",
    schema: str,
    mart: str,
    comparisons: Sequence[Comparison],
    named: Mapping[str, str],
) -> int:
    """A table of a mart's rows within reach, with what these comparisons look at, and their things and parts.

    To work out what a row is about takes longer than to compare it; so that is done once. Things and parts are only
    told apart, which goes faster by hashes than by texts; the few thousand of a partition do not share one. What a
    message tells besides, and where a row came from, is looked up for those that are found. Returns how many rows it
    has.
    """
    has_numbers = schema == CANDIDATE and not _is_view(connection, mart)
    words = {"partition_number", "is_judged"}
    for one in comparisons:
        words |= {*re.findall(r"\w+", one.finds), *(() if has_numbers else _spoken_of_in(one.says))}
    worked_out = "".join(
        f", case when {expression} is not null then hash({expression}) end as {name}"
        for expression, name in named.items()
    )
    row_number = "mart_rows.rowid" if has_numbers else "null::bigint"
    made = connection.execute(
        f"create or replace temp table {_taken(schema)} as"
        f" select {_columns(words)}, {row_number} as at_row{worked_out}"
        f" from {_relation(schema, mart)} as mart_rows inner join within_reach using (organisation_code, quarter)"
    ).fetchone()
    return made[0] if made else 0


def _find_parts(connection: "duckdb.DuckDBPyConnection", parts: Iterable[str]) -> None:
    """Tables of the parts that each partition reports of the mart taken, and of when they were last reported before.

    First which quarter that is, so that no row is looked at for more quarters than those that compare with it. Goes by
    the names of the columns with the parts.
    """
    for part in parts:
        connection.execute(
            f"create or replace temp table {_parts(part)} as"
            f" select distinct partition_number, {part} as part from {_taken(CANDIDATE)}"
        )
        connection.execute(
            f"""
            create or replace temp table {_parts_before(part)} as
            select judged.partition_number as judged, reported.part, max(reported.quarter) as quarter_before,
                arg_max(reported.partition_number, reported.quarter) as number_before
            from (from {_parts(part)} inner join within_reach using (partition_number)) as reported
            inner join judged on reported.organisation_code = judged.organisation_code
                and reported.quarter < judged.quarter and reported.quarter >= judged.earliest
            group by all
            """
        )


def _parts(part: str) -> str:
    return f"parts_{part}"


def _parts_before(part: str) -> str:
    return f"parts_before_{part}"


def _found(
    connection: "duckdb.DuckDBPyConnection",
    comparison: Comparison,
    against: str,
    named: Mapping[str, str],
    submissions: Mapping[str, Submission],
) -> Iterator[PlacedFinding]:
    shown = f"*, {named[comparison.thing]} as thing, {named[comparison.part]} as part"
    now = f"select {shown} from {_taken(CANDIDATE)}"
    connection.execute(
        f"create or replace temp view now as select *, partition_number as judged from ({now}) where is_judged"
    )
    part = named[comparison.part]
    connection.execute(
        "create or replace temp view reported as"
        f" select partition_number as judged, part from {_parts(part)} semi join judged using (partition_number)"
    )
    if against == QUARTER_BEFORE:
        connection.execute(
            f"""
            create or replace temp view before as
            select t.*, quarter_before.judged, quarter_before.quarter_before
            from ({now}) as t
            inner join {_parts_before(part)} as quarter_before on t.partition_number = quarter_before.number_before
                and t.part is not distinct from quarter_before.part
            """
        )
    elif against == LAST_PUBLICATION:
        connection.execute(
            "create or replace temp view before as"
            " select t.*, partition_number as judged, judged.quarter as quarter_before"
            f" from (select {shown} from {_taken(PUBLISHED)}) as t inner join judged using (partition_number)"
        )
    # A mart has many columns, and a finding speaks of few.
    spoken_of = _columns(("judged", "at_row", *_spoken_of_in(comparison.says)))
    found = rows(
        connection,
        f"select found.*, judged.organisation_code, judged.quarter from (select {spoken_of} from ({comparison.finds}))"
        " as found inner join judged on judged.partition_number = found.judged",
    )
    told = {*_spoken_of_in(comparison.says)} - {name for row in found[:1] for name in row}
    looked_up = told if comparison.of_before else {*told, "organisation_code", *PLACE}
    there = _looked_up(connection, comparison.mart, looked_up, [row.get("at_row") for row in found])
    for row in found:
        placed = {**row, **there.get(row.get("at_row"), {})}
        yield _placed(comparison.rule, comparison.says, comparison.remedy, placed, submissions, comparison)


def _looked_up(
    connection: "duckdb.DuckDBPyConnection", mart: str, names: Collection[str], at_rows: Sequence[int | None]
) -> dict[int | None, dict[str, Any]]:
    """These columns of rows of the candidate, by their number in the mart."""
    wanted = sorted({number for number in at_rows if number is not None})
    if not wanted or not names:
        return {}
    query = (
        f"select rowid as at_row, {_columns(names)} from {_relation(CANDIDATE, mart)}"
        " where rowid in (select unnest(from_json(?, '[\"bigint\"]')))"
    )
    return {row["at_row"]: row for row in rows(connection, query, [json.dumps(wanted)])}


def _columns(names: Iterable[str]) -> str:
    """SQL for those of these columns that there are; there must be one."""
    listed = ", ".join(f"'{name}'" for name in sorted(set(names)))
    return f"columns(name -> name in ({listed}))"


def _spoken_of_in(says: str) -> Iterator[str]:
    """The fields that a message is filled from."""
    return (name for _, name, _, _ in Formatter().parse(says) if name)


def _unusual(
    connection: "duckdb.DuckDBPyConnection", usual: Usual, series: Series, submissions: Mapping[str, Submission]
) -> Iterator[PlacedFinding]:
    for row in rows(connection, _changes(series)):
        yield _placed(usual.rule, usual.says, usual.remedy, row, submissions)


def _changes(series: Series) -> str:
    """SQL for the unusual changes of a series, one row a change that a judged quarter reports."""
    figures = ", ".join(
        f"{{'measure': '{value.removesuffix('_gbp').replace('_', ' ')}', 'figure': {value}::double}}"
        for value in series.values
    )
    return f"""
        with figures as (
            select *, dense_rank() over (order by thing, measure) as series,
                dense_rank() over (order by at_period) as period_number
            from (
                select organisation_code, quarter, {series.thing} as thing, {series.period} as at_period,
                    unnest([{figures}], recursive := true)
                from marts.{series.mart}
            )
            where figure is not null
        ),

        -- Where even the largest and the smallest figure are no such change apart, no two others are.
        moving as (
            select organisation_code, series, min(figure) as least, max(figure) as most
            from figures
            group by all
            having most - least > {series.share} * greatest(abs(least), abs(most))
        ),

        told as (
            select *, lead(quarter) over again as told_again
            from figures
            semi join moving using (organisation_code, series)
            window again as (partition by organisation_code, series, period_number order by quarter)
        ),

        -- As they were last told by then.
        points as (
            select judged.partition_number as judged, t.series, t.at_period as period, t.period_number,
                t.figure as value, t.quarter = judged.quarter as reported_now,
            from told as t
            inner join judged on t.organisation_code = judged.organisation_code
                and t.quarter between judged.earliest and judged.quarter
                and (t.told_again is null or t.told_again > judged.quarter)
        ),

        steps as (
            select *, lag(value) over followed as value_before, abs(value - value_before) as change,
                reported_now or lag(reported_now) over followed as is_new
            from points
            window followed as (partition by judged, series order by period_number)
        ),

        changes as (
            select judged, series, list(change) as all_changes,
                list({{'period': period, 'value': value, 'value_before': value_before, 'change': change}}) filter (
                    where is_new and change > {series.share} * greatest(abs(value), abs(value_before))
                ) as new_ones,
            from steps
            where change is not null
            group by all
            having len(all_changes) > {series.history} and new_ones is not null
        ),

        large as (select * exclude (new_ones), unnest(new_ones, recursive := true) from changes)

        select organisation_code, quarter, thing, period, value, value_before, change, measure,
            list_median(list_filter(all_changes, (other, i) -> i <> list_position(all_changes, change))) as usual
        from large
        inner join judged on large.judged = judged.partition_number
        inner join (select distinct series, thing, measure from figures) using (series)
        where change > {series.times} * usual
        order by all
    """


def _placed(
    rule: str,
    says: str,
    remedy: str,
    row: Mapping[str, Any],
    submissions: Mapping[str, Submission],
    comparison: Comparison | None = None,
) -> PlacedFinding:
    here = comparison is not None and not comparison.of_before
    submission = submissions.get(row.get("submission_id") or "") if here else None
    shown = {name: "blank" if value is None else value for name, value in row.items()}
    return PlacedFinding(
        finding(
            rule,
            says.format_map(shown),
            remedy=remedy,
            sheet=row.get("sheet") if submission else None,
            cell=cell_of(row, comparison.cell) if submission and comparison and comparison.cell else None,
        ),
        row["organisation_code"],
        row["quarter"],
        submission.submission_id if submission else None,
        submission.file_name if submission else None,
    )
