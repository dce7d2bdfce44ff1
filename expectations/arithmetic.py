"""Row and column arithmetic of loaded submissions: what is printed against what it should add up to.

What must add up is declared in `arithmetic.yml`; the comparison is one set of queries, `arithmetic.sql`, over all the
submissions asked for.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.approvals import with_overrides
from expectations.declarations import Arithmetic, RecordArithmetic, arithmetic
from expectations.pending import overrides, pending_partitions
from expectations.store import PlacedFinding, insert, insert_findings, quarter_of, rows
from expectations.submissions import all_submissions
from quarterdeck.findings import Finding, Severity
from quarterdeck.quarantine import folders, quarantine, release
from quarterdeck.rules import catalogue, finding
from quarterdeck.settings import Settings
from quarterdeck.standing import ACCEPTED, HELD, note_releases, supersede
from quarterdeck.warehouse import ARITHMETIC_CHECKS, connect, tune

if TYPE_CHECKING:
    import duckdb

COMPARISON = Path(__file__).with_name("arithmetic.sql")
STAGE = "arithmetic"
_ROW = re.compile(r"row [0-9]+")
_MULTIPLES = {1_000: "k", 1_000_000: "m"}


@dataclass(frozen=True)
class CheckResult:
    """What the arithmetic of a set of submissions came to: comparisons by verdict, and who is held."""

    submissions: int
    agrees: int = 0
    rounds: int = 0
    disagrees: int = 0
    held: list[str] = field(default_factory=list)


def check(settings: Settings, submission_ids: Sequence[str]) -> CheckResult:
    """Compare every printed total and result of these submissions with what it should add up to.

    Writes `raw.arithmetic_checks` (one row a comparison) and findings of stage `arithmetic`, replacing what was there;
    sets the status of each submission (`held` where a finding of loading or arithmetic is an error, else `accepted`);
    and puts held files into quarantine. Hold the writer's slot.
    """
    if not submission_ids:
        return CheckResult(0)
    with connect(settings) as connection:
        tune(connection, len(submission_ids))
        connection.execute("create or replace temp table wanted as select unnest(?) as submission_id", [submission_ids])
        _compare(connection, arithmetic())
        connection.begin()
        _write_checks(connection)
        connection.execute("delete from raw.findings where stage = ? and submission_id in (from wanted)", [STAGE])
        insert_findings(connection, STAGE, with_overrides(_findings(connection), overrides(settings, connection)))
        _set_status(connection)
        supersede(connection)
        held = _move_files(settings, connection)
        connection.commit()
        verdicts = dict(connection.execute("select verdict, count(*) from checked group by verdict").fetchall())
    return CheckResult(len(set(submission_ids)), **verdicts, held=sorted(held))


def check_pending(settings: Settings) -> CheckResult:
    """Check the submissions of every pending partition: what was loaded but not checked, or checked by other rules.

    As `check`. Hold the writer's slot.
    """
    pending = {(part.organisation_code, part.quarter) for part in pending_partitions(settings)}
    if not pending:
        return CheckResult(0)
    with connect(settings, read_only=True) as connection:
        submissions = [one.submission_id for one in all_submissions(connection) if one.partition in pending]
    return check(settings, submissions)


def _places(declared: Arithmetic) -> str:
    """SQL of the tables on the sheets of the wanted submissions, by their hashes."""
    return _all(
        f"select {_place(record)} as place, '{record}' as record, {order} as record_order, * from (select distinct"
        f" submission_id, organisation_code, reporting_period, table_name, sheet {_wanted(record)})"
        for order, record in enumerate(declared.records)
    )


def _kinds(declared: Mapping[str, RecordArithmetic]) -> str:
    """SQL of the kinds of figures, by their hashes: which figure of which record, and the values of its dimensions."""
    return _all(
        f"select {_kind(record, body, figure)} as kind, '{record}' as record, '{figure}' as figure,"
        f" {_listed(body.dimensions)} as dimension_values, map({_listed(map(_quoted, body.dimensions))},"
        f" dimension_values) as dimensions, '{body.label}' as label_field"
        f" from (select distinct {', '.join(body.dimensions) or 'true'} {_wanted(record)})"
        for record, body in declared.items()
        for figure in body.figures
    )


def _figures(declared: Mapping[str, RecordArithmetic]) -> str:
    """SQL of the figures of these records in one shape, a row each, whether something is printed or not."""
    return _all(
        f"select {_place(record)} as place, {_kind(record, body, figure)} as kind, block, source_row, row_type,"
        f" rolls_up_to_row, coalesce({_label(body)}, 'row ' || source_row) as label,"
        f" {figure}::decimal(20, 6) * {figure}_scale as amount, {figure}_scale as scale, {figure}_decimals as decimals,"
        f" {figure}_unit as unit, {_letters(figure)} as letters, {_row_number(figure)} as row_number {_wanted(record)}"
        for record, body in declared.items()
        for figure in body.figures
    )


def _all(queries: Iterable[str]) -> str:
    return "\nunion all by name\n".join(queries)


def _wanted(record: str) -> str:
    return f"from raw.{record} where submission_id in (from wanted)"


def _place(record: str) -> str:
    return f"hash('{record}', submission_id, table_name, sheet)"


def _kind(record: str, body: RecordArithmetic, figure: str) -> str:
    return f"hash({', '.join([_quoted(record), _quoted(figure), *body.dimensions])})"


def _label(body: RecordArithmetic) -> str:
    return f"{body.label}, {body.total_label}" if body.total_label else body.label


def _listed(words: Iterable[str]) -> str:
    return f"[{', '.join(words)}]::varchar[]"


def _quoted(word: str) -> str:
    return f"'{word}'"


# Where a figure stands: the letters of its column, and its row where that is not the row of the record. Patterns of one
# column are worked out once for each text that the column holds; taking JSON apart is not.


def _letters(figure: str) -> str:
    return f"""nullif(regexp_extract(cells, '"{figure}":\\s*"([A-Z]+)', 1), '')"""


def _row_number(figure: str) -> str:
    pattern = f"""'"{figure}":\\s*"[A-Z]+([0-9]+)"'"""
    return f"coalesce(try_cast(nullif(regexp_extract(cells, {pattern}, 1), '') as integer), source_row)"


def _compare(connection: "duckdb.DuckDBPyConnection", declared: Arithmetic) -> None:
    """Leave every comparison in the temporary table `checked`."""
    connection.execute("set variable exact_units = ?", [list(declared.exact_units)])
    connection.execute(f"create or replace temp table places as {_places(declared)}")
    there = {record for (record,) in connection.execute("select distinct record from places").fetchall()}
    records = {record: body for record, body in declared.records.items() if record in there} or declared.records
    connection.execute(f"create or replace temp table kinds as {_kinds(records)}")
    connection.execute(f"create or replace temp view laid_out as {_figures(records)}")
    connection.execute(
        "create or replace temp table identities (identity integer, record varchar, over_field varchar, result varchar,"
        " plus varchar[], minus varchar[], excluded varchar[], needed varchar[], unless_printed varchar,"
        " blank_result varchar, percent_of varchar, within double)"
    )
    connection.execute("create or replace temp table rules (identity integer, rule varchar, says varchar)")
    said = [(0, declared.roll_up.rule, declared.roll_up.says)]
    said += [(number, body.rule, body.says) for number, _, body in declared.identities]
    insert(connection, "rules", [dict(zip(("identity", "rule", "says"), each, strict=True)) for each in said])
    for number, record, body in declared.identities:
        connection.execute(
            "insert into identities values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [number, record, body.over, body.result, body.plus and list(body.plus), list(body.minus),
             list(body.excluded), list(body.needed), body.unless, body.blank_result, body.percent_of, body.within],
        )  # fmt: skip
    connection.execute("set variable rounding_rule = ?", [declared.rounding_rule])
    connection.execute("set variable bounds_rule = ?", [declared.bounds_rule])
    connection.execute(COMPARISON.read_text(encoding="utf-8"))


def _write_checks(connection: "duckdb.DuckDBPyConnection") -> None:
    columns = ", ".join(ARITHMETIC_CHECKS)
    connection.execute("create or replace temp table severities (rule varchar, severity varchar)")
    levels = [{"rule": rule.id, "severity": rule.severity.value} for rule in catalogue().values()]
    insert(connection, "severities", levels)
    connection.execute("delete from raw.arithmetic_checks where submission_id in (from wanted)")
    connection.execute(
        f"insert into raw.arithmetic_checks by name select {columns} from checked inner join severities using (rule)"
    )


def _findings(connection: "duckdb.DuckDBPyConnection") -> list[PlacedFinding]:
    remedies = arithmetic().remedies
    inexact = rows(
        connection,
        "select checked.*, submissions.file_name from checked inner join raw.submissions using (submission_id)"
        " where verdict <> 'agrees' order by submission_id, sheet, printed_cell, rule",
    )
    return [
        PlacedFinding(
            finding(
                row["rule"],
                message(row),
                remedy=remedies[row["rule"]],
                sheet=row["sheet"],
                cell=row["printed_cell"],
            ),
            row["organisation_code"],
            quarter_of(row["reporting_period"]),
            row["submission_id"],
            row["file_name"],
        )
        for row in inexact
    ]


def message(row: Mapping[str, Any]) -> str:
    """A comparison that is not exact, in plain English.

    >>> message({"thing": "Place Totals", "figure": "target 2018-19", "printed_value": Decimal(2185),
    ...          "recomputed_value": Decimal(2184), "difference": Decimal(-1), "decimals": 0, "unit": "gbp",
    ...          "scale": Decimal(1000), "says": "the sum of its rows", "recomputed_from": "E52:E65",
    ...          "printed_cell": "E66", "verdict": "disagrees"})
    "'Place Totals', target 2018-19: £2,185k is printed in E66, but the sum of its rows (E52:E65) is £2,184k. \
The difference is -£1k."
    """
    figure = row["figure"].replace("_", " ")
    named = _named(row["thing"], figure)
    blank = row["printed_value"] is None
    printed = "nothing" if blank else amount(row["printed_value"], row)
    where = f" in {row['printed_cell']}" if row["printed_cell"] else ""
    source = f" ({row['recomputed_from']})" if row["recomputed_from"] else ""
    if row["recomputed_value"] is None or row["difference"] is None:
        return f"{named}: {row['says']}{source} comes to a million million or more."
    explained = ", which rounding explains" if row["verdict"] == "rounds" else ""
    return (
        f"{named}: {printed} is printed{where}, but {row['says']}{source} is "
        f"{amount(row['recomputed_value'], row)}. The difference is {amount(row['difference'], row)}{explained}."
    )


def _named(thing: str | None, figure: str) -> str:
    # A row that nothing names goes by its number, and a table that names nothing by its figure.
    if thing is None:
        return figure.capitalize()
    named = thing.capitalize() if _ROW.fullmatch(thing) else f"'{thing}'"
    return f"{named}, {figure}" if figure else named


def amount(value: Decimal, row: Mapping[str, Any]) -> str:
    """A figure as its table prints it: its decimals, and the unit beside it.

    >>> amount(Decimal("-1.5"), {"decimals": 3, "unit": "gbp", "scale": Decimal(-1_000_000)})
    '-£1.500m'
    """
    prefix, suffix = "", ""
    if row["unit"] == "gbp":
        prefix, suffix = "£", _MULTIPLES.get(abs(int(row["scale"])), "")
    elif row["unit"] in ("percent", "percent_change") and abs(row["scale"]) == 1:
        suffix = "%"
    elif row["unit"] == "fte":
        suffix = " FTE"
    decimals = max(row["decimals"] or 0, -value.normalize().as_tuple().exponent if value else 0)  # type: ignore[operator]
    return f"{'-' if value < 0 else ''}{prefix}{abs(value):,.{decimals}f}{suffix}"


def _set_status(connection: "duckdb.DuckDBPyConnection") -> None:
    """Hold the submissions that have an error by today's rules, accept the others."""
    connection.execute(
        "update raw.findings set severity = severities.severity from severities where findings.rule = severities.rule"
        " and findings.submission_id in (from wanted)"
    )
    connection.execute(
        "update raw.submissions set status = case when submission_id in"
        " (select submission_id from raw.findings where severity = ? and stage in ('load', ?))"
        " then 'held' else 'accepted' end where submission_id in (from wanted) and status in ('accepted', 'held')",
        [Severity.ERROR, STAGE],
    )


def _move_files(settings: Settings, connection: "duckdb.DuckDBPyConnection") -> list[str]:
    """Put the files of held submissions into quarantine, and note what became of those that were there; the held."""
    found = defaultdict(list)
    columns = ", ".join(field.name for field in fields(Finding))
    of_wanted = f"select submission_id, {columns} from raw.findings where submission_id in (from wanted)"
    for row in rows(connection, of_wanted):
        found[row.pop("submission_id")].append(Finding(**row))
    held, now, in_quarantine = [], datetime.now(UTC).isoformat(timespec="seconds"), set(folders(settings))
    for submission_id, status, file_name, sha256 in connection.execute(
        "select submission_id, status, file_name, sha256 from raw.submissions where submission_id in (from wanted)"
    ).fetchall():
        if status == HELD:
            held.append(submission_id)
            quarantine(settings, submission_id, file_name, sha256, found[submission_id])
        elif status == ACCEPTED and submission_id in in_quarantine:
            release(settings, submission_id, by=submission_id, at=now, reason="The file is accepted now.")
    note_releases(settings, connection)
    return held
