"""What the suites are put to: queries over the build file, cut to what is pending."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from expectations.evaluate import EvaluationError, Relation
from expectations.pending import Partition
from expectations.submissions import Submission, closing
from expectations.suites import CANDIDATE, SUBMISSIONS, TableSuite, suite
from quarterdeck.warehouse import records

if TYPE_CHECKING:
    import duckdb


def submission_relations(connection: "duckdb.DuckDBPyConnection", submissions: Sequence[Submission]) -> list[Relation]:
    """The tables of suite `submissions`, cut to these submissions."""
    wanted = _among_all(connection, {one.submission_id for one in submissions})
    return [
        _relation(connection, f"raw.{name}", table, figures_query(), wanted, extremes_query(wanted))
        if name == "figures"
        else _relation(connection, f"raw.{name}", table, f"select * from raw.{name}", wanted)
        for name, table in suite(SUBMISSIONS).tables.items()
    ]


def candidate_relations(
    connection: "duckdb.DuckDBPyConnection", partitions: Sequence[Partition], submissions: Sequence[Submission]
) -> list[Relation]:
    """The tables of suite `candidate`, cut to these partitions; `submissions` are those that feed them.

    Rows without organisation or quarter belong to nobody and are always looked at.
    """
    keys = _unnested(f"{part.organisation_code} {part.quarter}" for part in partitions)
    wanted = f"coalesce(organisation_code || ' ' || quarter in {keys}, true)"
    own = {"arrivals": arrivals_query(submissions), "every_row": every_row_query(connection)}
    return [
        _relation(connection, f"marts.{name}", table, own.get(name, f"select * from marts.{name}"), wanted)
        for name, table in suite(CANDIDATE).tables.items()
    ]


def figures_query() -> str:
    """SQL for every printed figure of every record, in canonical units: one row a figure."""
    return "\nunion all by name\n".join(
        f"""select
            submission_id, organisation_code, reporting_period, table_name, sheet, source_row,
            json_object('amount', cells ->> '{field}', 'unit', cells ->> '{field}')::varchar as cells,
            '{field.replace("_", " ")} in {record.replace("_", " ")}' as figure,
            {field}::decimal(20, 6) * {field}_scale as amount, {field}_unit as unit
        from raw.{record} where {field} is not null"""
        for record, field in _figures()
    )


def extremes_query(wanted: str) -> str:
    """SQL for the smallest and the largest printed figure of each kind and unit, in canonical units."""
    return "\nunion all by name\n".join(
        f"""select
            '{field.replace("_", " ")} in {record.replace("_", " ")}' as figure, {field}_unit as unit,
            unnest([min({field}), max({field})])::decimal(20, 6) * {field}_scale as amount
        from raw.{record} where {field} is not null and {wanted}
        group by {field}_unit, {field}_scale"""
        for record, field in _figures()
    )


def _figures() -> list[tuple[str, str]]:
    """Every record and field that is a figure."""
    return [
        (record, field) for record, fields in records().items() for field, kind in fields.items() if kind == "quantity"
    ]


def arrivals_query(submissions: Iterable[Submission]) -> str:
    """SQL for one row a quarter and mart that must have rows, with how many went in and how many came out.

    Rows of totals, and of months that a later one of the quarter replaces, need not arrive.
    """
    counted = ", ".join(f"({_list((one.submission_id, *one.partition))})" for one in closing(submissions))
    fed = f"(values {counted or '(null, null, null)'}) as closing (submission_id, organisation_code, quarter)"
    arrived = "\nunion all by name\n".join(
        f"""select
            fed.organisation_code, fed.quarter, '{mart}' as mart, '{record}' as record, count(*) as rows_loaded,
            coalesce(any_value(rows_out.counted), 0) as rows_published
        from fed
        inner join raw.{record} as rows_in on fed.submission_id = rows_in.submission_id
        left join (
            select organisation_code, quarter, count(*) as counted from marts.{mart} group by all
        ) as rows_out on fed.organisation_code = rows_out.organisation_code and fed.quarter = rows_out.quarter
        where rows_in.row_type = 'detail'
        group by fed.organisation_code, fed.quarter"""
        for mart, record in suite(CANDIDATE).fed_by.items()
    )
    return f"with fed as (from {fed})\n{arrived}"


def every_row_query(connection: "duckdb.DuckDBPyConnection") -> str:
    """SQL for every row of every mart that has quarters, with the columns they share."""
    shared = ("organisation_code", "quarter", "quarter_start", "data_status")
    marts = connection.execute(
        f"""
        select table_name from information_schema.columns
        where table_schema = 'marts' and column_name in ({_list(shared)})
        group by table_name having count(*) = {len(shared)} order by table_name
        """
    ).fetchall()
    if not marts:
        raise EvaluationError("There are no marts with quarters in the build file. Build the candidate first.")
    return "\nunion all\n".join(f"select '{mart}' as mart, {', '.join(shared)} from marts.{mart}" for (mart,) in marts)


def _relation(
    connection: "duckdb.DuckDBPyConnection",
    name: str,
    table: TableSuite,
    base: str,
    wanted: str,
    few: str | None = None,
) -> Relation:
    """A relation of a suite; `few` is SQL for fewer rows on which its expectations fail if they fail on any."""
    query = _rows(table, base, wanted)
    columns = [column for column, *_ in connection.execute(f"describe {query}").fetchall()]
    looked_at = _looked_at(table, few, "true") if few else _looked_at(table, base, wanted)
    return Relation(name, table, query, tuple(columns), looked_at)


def _rows(table: TableSuite, base: str, wanted: str, times: str | None = None) -> str:
    """SQL for the rows to judge, with the derived columns; `times` for how often a row's key stands among them."""
    derived = dict(table.columns)
    if table.key:
        derived["times"] = times or f"count(*) over (partition by {table.key})"
    listed = "".join(f", {expression} as {column}" for column, expression in derived.items())
    return f"select t.*{listed} from ({base}) as t where {wanted}"


def _looked_at(table: TableSuite, base: str, wanted: str) -> str:
    """SQL for what the table's expectations look at, each combination of values once.

    To count the rows of each key takes far longer than everything else. So only those are counted whose key has the
    hash of another's, and the others stand once.
    """
    looked_at = [name for one in table.expectations for name in (*one.columns, *one.where)]
    values = {
        name
        for one in table.expectations
        for name in (*one.where, *(() if one.expect == "column_values_to_not_be_null" else one.columns))
    }
    shown = ", ".join(
        name if name in values else f"case when {name} is not null then '' end as {name}"
        for name in dict.fromkeys(looked_at)
    )
    if not table.key:
        return f"select distinct {shown} from ({_rows(table, base, wanted)})"
    hashed = f"select hash({table.key}) from ({base}) as t where {wanted} group by all having count(*) > 1"
    alike = f"{wanted} and hash({table.key}) in ({hashed})"
    return (
        f"select distinct {shown} from ({_rows(table, base, wanted, times='1')})"
        f" union all select {shown} from ({_rows(table, base, alike)})"
    )


def _among_all(connection: "duckdb.DuckDBPyConnection", ids: Collection[str]) -> str:
    """SQL that is true for the rows of these submissions; it names them or all others, whichever are fewer."""
    known = connection.execute("select submission_id from raw.submissions").fetchall()
    others = [one for (one,) in known if one not in ids]
    if not others:
        return "true"
    if len(others) < len(ids):
        return f"submission_id not in {_unnested(others)}"
    return f"submission_id in {_unnested(ids)}"


def _unnested(values: Iterable[str]) -> str:
    """SQL for texts as the rows of a subquery: thousands of them in a plain list are planned anew for every table."""
    return f"(select unnest([{_list(values)}]::varchar[]))"


def _list(values: Iterable[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
