"""What the suites are put to: queries over the build file, cut to what is pending."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from expectations.evaluate import EvaluationError, Relation
from expectations.failing_rows import PartitionKey
from expectations.pending import Partition
from expectations.submissions import Submission, closing
from expectations.suites import CANDIDATE, SUBMISSIONS, TableSuite, suite
from quarterdeck.warehouse import TEXT, listed_types, records, unnested

if TYPE_CHECKING:
    import duckdb

# What each suite is cut to, and keys begin with.
SUBMISSION, PARTITION = "submission_id", "organisation_code, quarter"
# What every mart with quarters has.
SHARED = ("organisation_code", "quarter", "quarter_start", "data_status")


class Cut(NamedTuple):
    """What rows are cut to: the clause that does it, and the rows of `listed`, which it looks into.

    One that `leaves_most` lists those that are not wanted.
    """

    clause: str = ""
    listed: str = ""
    leaves_most: bool = False

    def of(self, query: str) -> str:
        """SQL for the rows of a query that are left; it stands within `around`."""
        return f"select * from ({query}) as t {self.clause}"

    def around(self, query: str) -> str:
        """A query with rows that are cut. What is listed, thousands of rows, is read once for all of it."""
        return f"with listed as materialized ({self.listed}) {query}" if self.listed else query


EVERYTHING = Cut()


def submission_relations(connection: "duckdb.DuckDBPyConnection", submissions: Sequence[Submission]) -> list[Relation]:
    """The tables of suite `submissions`, cut to these submissions."""
    wanted = _of_submissions(connection, {one.submission_id for one in submissions})
    return [
        _relation(connection, f"raw.{name}", table, SUBMISSION, figures_query(), wanted, extremes_query(wanted))
        if name == "figures"
        else _relation(connection, f"raw.{name}", table, SUBMISSION, f"select * from raw.{name}", wanted)
        for name, table in suite(SUBMISSIONS).tables.items()
    ]


def candidate_relations(
    connection: "duckdb.DuckDBPyConnection", partitions: Sequence[Partition], submissions: Sequence[Submission]
) -> list[Relation]:
    """The tables of suite `candidate`, cut to these partitions; `submissions` are those that feed them.

    Rows without organisation or quarter belong to nobody and are always looked at.
    """
    cuts = _of_partitions(connection, {(one.organisation_code, one.quarter) for one in partitions})
    each_once = every_row_query(connection, each_once=True)
    fed = fed_query(submissions)
    own = {
        "arrivals": (arrivals_query(fed), arrivals_query(fed, missing=True)),
        "every_row": (every_row_query(connection), cuts["every_row"].around(cuts["every_row"].of(each_once))),
    }
    return [
        _relation(connection, f"marts.{name}", table, PARTITION, base, cuts.get(name, EVERYTHING), few)
        for name, table in suite(CANDIDATE).tables.items()
        for base, few in [own.get(name, (f"select * from marts.{name}", None))]
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


def extremes_query(wanted: Cut) -> str:
    """SQL for the smallest and the largest printed figure of each kind and unit, in canonical units."""
    extremes = "\nunion all by name\n".join(
        f"""select
            '{field.replace("_", " ")} in {record.replace("_", " ")}' as figure, {field}_unit as unit,
            unnest([min({field}), max({field})])::decimal(20, 6) * {field}_scale as amount
        from ({wanted.of(f"from raw.{record}")}) where {field} is not null
        group by {field}_unit, {field}_scale"""
        for record, field in _figures()
    )
    return wanted.around(extremes)


def _figures() -> list[tuple[str, str]]:
    """Every record and field that is a figure."""
    return [
        (record, field) for record, fields in records().items() for field, kind in fields.items() if kind == "quantity"
    ]


def fed_query(submissions: Iterable[Submission]) -> str:
    """SQL for the submissions that marts which show a state are made from, with their partitions."""
    return _listed(
        ("submission_id", "organisation_code", "quarter"),
        [(one.submission_id, *one.partition) for one in closing(submissions)],
    )


def arrivals_query(fed: str, *, missing: bool = False) -> str:
    """SQL for one row a quarter and mart that must have rows, with how many went in and how many came out.

    Rows of totals, and of months that a later one of the quarter replaces, need not arrive. With `missing`, only those
    of which none came out.
    """
    empty = "from fed anti join marts.{mart} using (organisation_code, quarter)" if missing else "from fed"
    published = (
        "0"
        if missing
        else "(select count(*) from marts.{mart} as rows_out"
        " where rows_out.organisation_code = fed.organisation_code and rows_out.quarter = fed.quarter)"
    )
    arrived = "\nunion all by name\n".join(
        f"""select
            fed.organisation_code, fed.quarter, '{mart}' as mart, '{record}' as record, count(*) as rows_loaded,
            {published.format(mart=mart)} as rows_published
        from ({empty.format(mart=mart)}) as fed
        inner join raw.{record} as rows_in on fed.submission_id = rows_in.submission_id
        where rows_in.row_type = 'detail'
        group by fed.organisation_code, fed.quarter"""
        for mart, record in suite(CANDIDATE).fed_by.items()
    )
    return f"with fed as ({fed})\n{arrived}"


def every_row_query(connection: "duckdb.DuckDBPyConnection", *, each_once: bool = False) -> str:
    """SQL for every row of every mart that has quarters, with the columns they share; or each once."""
    select = f"select {'distinct ' if each_once else ''}{', '.join(SHARED)}"
    return "\nunion all\n".join(
        f"select '{mart}' as mart, * from ({select} from marts.{mart})" for mart in _with_quarters(connection)
    )


def _with_quarters(connection: "duckdb.DuckDBPyConnection") -> list[str]:
    """The marts that have quarters, by name."""
    marts = connection.execute(
        f"""
        select table_name from information_schema.columns
        where table_schema = 'marts' and column_name in ({_list(SHARED)})
        group by table_name having count(*) = {len(SHARED)} order by table_name
        """
    ).fetchall()
    if not marts:
        raise EvaluationError("There are no marts with quarters in the build file. Build the candidate first.")
    return [mart for (mart,) in marts]


def _relation(
    connection: "duckdb.DuckDBPyConnection",
    name: str,
    table: TableSuite,
    within: str,
    base: str,
    wanted: Cut,
    few: str | None = None,
) -> Relation:
    """A relation of a suite; `few` is SQL for fewer rows on which its expectations fail if they fail on any."""
    columns = [column for column, *_ in connection.execute(f"describe {_rows(table, base, EVERYTHING)}").fetchall()]
    looked_at = _looked_at(table, within, few, EVERYTHING) if few else _looked_at(table, within, base, wanted)
    return Relation(name, table, wanted.around(_rows(table, base, wanted)), tuple(columns), wanted.around(looked_at))


def _rows(table: TableSuite, base: str, wanted: Cut, *, counted: bool = True) -> str:
    """SQL for the rows to judge, with the derived columns: of a table with a key, also how often a row's key stands."""
    derived = dict(table.columns)
    if table.key and counted:
        derived["times"] = f"count(*) over (partition by {table.key})"
    listed = "".join(f", {expression} as {column}" for column, expression in derived.items())
    beside = f" cross join lateral ({table.beside}) as beside" if table.beside else ""
    return f"select t.*{listed} from ({wanted.of(base)}) as t{beside}"


def _looked_at(table: TableSuite, within: str, base: str, wanted: Cut) -> str:
    """SQL for what the table's expectations look at, each combination of values once.

    To count the rows of each key takes far longer than everything else. So they are counted only in submissions or
    partitions in which two keys have the same hash; in the others each stands once. Where many have the same lines, as
    returns have from month to month, one of them is looked through.
    """
    if not table.key:
        return _combinations(table, _rows(table, base, wanted))
    others = table.key.removeprefix(within).removeprefix(", ") or "''"
    # Of a cut that leaves most, groups are cut: there are fewer than rows.
    cut_first, cut_after = (EVERYTHING, wanted) if wanted.leaves_most else (wanted, EVERYTHING)
    grouped = (
        f"select {within}, list(hash({others})) as hashes, bit_xor(hash(hash({others}))) as lines"
        f" from ({cut_first.of(base)}) group by {within}"
    )
    hashed = f"select hash({within}) as place, hashes, lines from ({cut_after.of(grouped)})"
    doubled = (
        f"select unnest(places) from (select list(place) as places, any_value(hashes) as hashes from ({hashed})"
        " group by lines, len(hashes)) where len(hashes) > list_unique(hashes)"
    )
    with_doubled = f"select * from ({wanted.of(base)}) where hash({within}) in ({doubled})"
    return (
        f"{_combinations(table, _rows(table, base, wanted, counted=False), '1')}"
        f" union all by name {_combinations(table, _rows(table, with_doubled, EVERYTHING))}"
    )


def _combinations(table: TableSuite, rows: str, times: str | None = None) -> str:
    """SQL for the combinations of values that the table's expectations look at; `times` if it is the same everywhere.

    Of a column of which they look only whether it is filled, there is '' and nothing, as they occur with values of the
    others: no expectation looks at two of that kind.
    """
    values, filled = dict[str, None](), dict[str, None]()
    for one in table.expectations:
        only_filled = one.expect == "column_values_to_not_be_null"
        values |= dict.fromkeys((*one.where, *(() if only_filled else one.columns)))
        filled |= dict.fromkeys(one.columns if only_filled else ())
    # DuckDB groups by a single column far faster than by two, of which one is always the same.
    grouped = [name for name in values if not (times and name == "times")]
    shown = [f"{times} as times" if name not in grouped else name for name in values]
    for name in (name for name in filled if name not in values):
        everywhere, somewhere = (f"case when count({name}) {sign} then '' end" for sign in ("= count(*)", "> 0"))
        shown.append(f"unnest([{everywhere}, {somewhere}]) as {name}")
    by = f" group by {', '.join(grouped)}" if grouped else ""
    return f"select {', '.join(shown)} from ({rows}){by} having count(*) > 0"


def _of_submissions(connection: "duckdb.DuckDBPyConnection", ids: Collection[str]) -> Cut:
    """The cut to these submissions; it lists them or all others, whichever are fewer."""
    known = connection.execute("select submission_id from raw.submissions").fetchall()
    others = [one for one in known if one[0] not in ids]
    if not others:
        return EVERYTHING
    join, rows = ("anti", others) if len(others) < len(ids) else ("semi", [(one,) for one in ids])
    return Cut(f"{join} join listed using ({SUBMISSION})", _listed([SUBMISSION], rows), join == "anti")


def _of_partitions(connection: "duckdb.DuckDBPyConnection", partitions: Collection[PartitionKey]) -> dict[str, Cut]:
    """The cut to rows of these partitions and of nobody, by mart that has others; and for every row of every mart."""
    others = defaultdict(set)
    # Mostly there are none: joined first, there is little to tell apart.
    of_others = "\nunion all\n".join(
        f"select distinct '{mart}' as mart, {PARTITION} from marts.{mart} anti join judged using ({PARTITION})"
        " where organisation_code is not null and quarter is not null"
        for mart in _with_quarters(connection)
    )
    judged = _listed(PARTITION.split(", "), partitions)
    for mart, *partition in connection.execute(f"with judged as materialized ({judged}) {of_others}").fetchall():
        others[mart].add(tuple(partition))
    others["every_row"] = set().union(*others.values())
    return {mart: _of_wanted(partitions, these) for mart, these in others.items()}


def _of_wanted(partitions: Collection[PartitionKey], others: Collection[PartitionKey]) -> Cut:
    """The cut to partitions, and to nobody's; it lists them or all others, whichever are fewer."""
    columns = PARTITION.split(", ")
    if len(others) < len(partitions):
        return Cut(f"anti join listed using ({PARTITION})", _listed(columns, others), True) if others else EVERYTHING
    of_nobody = " or ".join(f"{column} is null" for column in columns)
    return Cut(f"where {of_nobody} or ({PARTITION}) in (from listed)", _listed(columns, partitions))


def _listed(columns: Sequence[str], rows: Collection[tuple[str, ...]]) -> str:
    """SQL for texts as rows: thousands of them, each a constant, would take long to plan."""
    document = {name: [row[number] for row in rows] for number, name in enumerate(columns)}
    types = listed_types(dict.fromkeys(columns, TEXT))
    quoted = ", ".join(_quoted(json.dumps(one)) for one in (document, types))
    return f"select {unnested(columns)} from (select unnest(from_json({quoted})))"


def _list(values: Iterable[str]) -> str:
    return ", ".join(map(_quoted, values))


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
